"""``/lti/canvas.json``, as Canvas reads it: names, types and values of its own schema."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from lti_tool.demo.lms.canvas.developer_key import DeveloperKeySchema
from lti_tool.lti.registration.dynamic import SCOPES

TOOL = "http://127.0.0.1:5000"


@pytest.fixture
def configuration(client: FlaskClient) -> dict[str, Any]:
    answer = client.get("/lti/canvas.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    found: dict[str, Any] = answer.get_json()
    return found


def extension(configuration: dict[str, Any]) -> dict[str, Any]:
    [found] = configuration["extensions"]
    return dict(found)


def test_canvas_accepts_it(configuration: dict[str, Any]) -> None:
    assert DeveloperKeySchema().validate(configuration) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", "Reverse mentoring"),
        ("target_link_uri", f"{TOOL}/lti/launch"),
        ("oidc_initiation_url", f"{TOOL}/lti/login"),
        ("public_jwk_url", f"{TOOL}/.well-known/jwks.json"),
        ("scopes", list(SCOPES)),
    ],
)
def test_it_says(configuration: dict[str, Any], name: str, value: object) -> None:
    assert configuration[name] == value


def test_the_redirect_uri_that_canvas_makes_of_it_is_the_real_one(configuration: dict[str, Any]) -> None:
    """Without ``redirect_uris`` it is the target."""
    assert "redirect_uris" not in configuration
    assert configuration["target_link_uri"] == f"{TOOL}/lti/launch"


def test_people_come_with_their_names(configuration: dict[str, Any]) -> None:
    found = extension(configuration)
    assert (found["platform"], found["privacy_level"], found["domain"]) == (
        "canvas.instructure.com",
        "public",
        "127.0.0.1:5000",
    )


def test_the_placements_are_those_of_dynamic_registration(configuration: dict[str, Any]) -> None:
    placements = extension(configuration)["settings"]["placements"]
    assert [(one["placement"], one["message_type"], one.get("default")) for one in placements] == [
        ("course_navigation", "LtiResourceLinkRequest", "disabled"),
        ("assignment_selection", "LtiDeepLinkingRequest", None),
        ("link_selection", "LtiDeepLinkingRequest", None),
    ]


def test_every_label_is_there_in_both_languages(configuration: dict[str, Any]) -> None:
    for placement in extension(configuration)["settings"]["placements"]:
        assert placement["labels"] == {"en": "Reverse mentoring", "fr": "Mentorat inversé"}


def test_the_title_is_in_the_language_of_the_address(client: FlaskClient) -> None:
    assert client.get("/lti/canvas.json?lang=fr").get_json()["title"] == "Mentorat inversé"


def test_the_course_s_history_is_asked_for_in_text(configuration: dict[str, Any]) -> None:
    assert configuration["custom_fields"] == {"context_id_history": "$Context.id.history"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("title",), None),
        (("public_jwk_url",), None),
        (("extensions", 0, "platform"), None),
        (("extensions", 0, "settings", "placements"), None),
        (("extensions", 0, "settings", "placements", 0, "placement"), "content_area"),
        (("extensions", 0, "settings", "placements", 0, "windowTarget"), "_top"),
        (("extensions", 0, "settings", "placements", 1, "selection_width"), "800"),
        (("extensions", 0, "privacy_level"), "full"),
        (("scopes",), ["openid"]),
    ],
    ids=str,
)
def test_canvas_would_refuse_it_with(
    configuration: dict[str, Any], path: tuple[Any, ...], value: object
) -> None:
    """The double of Canvas that accepts it does refuse what Canvas refuses."""
    at: Any = configuration
    for step in path[:-1]:
        at = at[step]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    assert DeveloperKeySchema().validate(configuration)
