"""What Canvas refuses of a registration, and what it makes of one: rules that are functions of the request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from marshmallow import ValidationError

from lti_tool.demo.lms.canvas.registration import (
    EXTENSION,
    RegistrationSchema,
    deployment_id,
    placements,
    privacy_level,
    scopes_of,
    sends,
)
from lti_tool.demo.lms.schemas import TOOL_CONFIGURATION
from lti_tool.demo.lms.tools import SUPPORTED_SCOPES

TOOL = "https://tool.example"


def request_body() -> dict[str, Any]:
    """A right registration request."""
    return {
        "application_type": "web",
        "grant_types": ["client_credentials", "implicit"],
        "response_types": ["id_token"],
        "redirect_uris": [f"{TOOL}/launch"],
        "initiate_login_uri": f"{TOOL}/login",
        "client_name": "Tool",
        "jwks_uri": f"{TOOL}/jwks",
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": "",
        TOOL_CONFIGURATION: {
            "domain": "tool.example:8443",
            "messages": [message("LtiResourceLinkRequest", "course_navigation")],
            "claims": ["sub"],
            "custom_parameters": {"history": "$Context.id.history"},
        },
    }


def message(kind: str, *names: str, **changes: Any) -> dict[str, Any]:
    return {"type": kind, "target_link_uri": f"{TOOL}/launch", "placements": list(names), **changes}


def configured(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda body: body[TOOL_CONFIGURATION].update(changes)


def with_message(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda body: body[TOOL_CONFIGURATION]["messages"][0].update(changes)


def without(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda body: body.pop(name, None) or body[TOOL_CONFIGURATION].pop(name, None)


def test_a_right_request_is_taken() -> None:
    assert RegistrationSchema().validate(request_body()) == {}


REFUSED: dict[str, Callable[[dict[str, Any]], None]] = {
    **{
        f"no {name}": without(name)
        for name in (
            "application_type",
            "grant_types",
            "response_types",
            "redirect_uris",
            "initiate_login_uri",
            "client_name",
            "jwks_uri",
            "token_endpoint_auth_method",
            TOOL_CONFIGURATION,
            "domain",
            "messages",
            "claims",
        )
    },
    "a native application": lambda body: body.update(application_type="native"),
    "no client credentials": lambda body: body.update(grant_types=["implicit"]),
    "no implicit grant": lambda body: body.update(grant_types=["client_credentials"]),
    "another response type": lambda body: body.update(response_types=["code"]),
    "no redirect address": lambda body: body.update(redirect_uris=[]),
    "a redirect address that is none": lambda body: body.update(redirect_uris=["launch"]),
    "a secret instead of a key": lambda body: body.update(token_endpoint_auth_method="client_secret_post"),
    "a domain with its scheme": configured(domain="https://tool.example"),
    "a domain with a path": configured(domain="tool.example/launch"),
    "a custom parameter that is a number": configured(custom_parameters={"level": 3}),
    "a message of another type": with_message(type="LtiSubmissionReviewRequest"),
    "an unknown placement": with_message(placements=["course_menu"]),
    "a placement with a prefix of somebody else": with_message(placements=["https://x/lti/link_selection"]),
    "an icon that is no address": with_message(icon_uri="icon.svg"),
    "a label that is no text": with_message(label=3),
    "a custom parameter of a message that is null": with_message(custom_parameters={"a": None}),
    "an unknown visibility": with_message(**{EXTENSION + "visibility": "teachers"}),
    "an unknown display": with_message(**{EXTENSION + "display_type": "popup"}),
    "a default that is text": with_message(**{EXTENSION + "course_navigation/default_enabled": "false"}),
    "a width that is a list": with_message(**{EXTENSION + "launch_width": [800]}),
    "an unknown privacy level": configured(**{EXTENSION + "privacy_level": "full"}),
    "a tool id that is a number": configured(**{EXTENSION + "tool_id": 7}),
}


@pytest.mark.parametrize("change", REFUSED.values(), ids=list(REFUSED))
def test_canvas_refuses(change: Callable[[dict[str, Any]], None]) -> None:
    body = request_body()
    change(body)
    assert RegistrationSchema().validate(body)


ACCEPTED: dict[str, Callable[[dict[str, Any]], None]] = {
    "placements with Canvas's prefix": with_message(placements=[EXTENSION + "link_selection"]),
    "the specification's placements": with_message(placements=["ContentArea", "RichTextEditor"]),
    "a width that is text": with_message(**{EXTENSION + "launch_width": "800px"}),
    "a translated label": with_message(**{"label#fr": "Outil"}),
    "a host without a dot": configured(domain="localhost"),
    "nothing but null where that is allowed": with_message(label=None, icon_uri=None, target_link_uri=None),
}


@pytest.mark.parametrize("change", ACCEPTED.values(), ids=list(ACCEPTED))
def test_canvas_takes(change: Callable[[dict[str, Any]], None]) -> None:
    body = request_body()
    change(body)
    assert RegistrationSchema().validate(body) == {}


def made(*messages: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    body = request_body()
    body[TOOL_CONFIGURATION]["messages"] = list(messages)
    loaded = RegistrationSchema().load(body)["tool_configuration"]["messages"]
    return [(one["placement"], one["message_type"], one["default"]) for one in placements(loaded)]


def test_the_first_message_of_a_placement_wins() -> None:
    first = message("LtiResourceLinkRequest", "link_selection")
    assert made(first, message("LtiDeepLinkingRequest", "ContentArea")) == [
        ("link_selection", "LtiResourceLinkRequest", None)
    ]


def test_a_message_without_placements_is_link_selection() -> None:
    assert made(message("LtiDeepLinkingRequest")) == [("link_selection", "LtiDeepLinkingRequest", None)]


def test_the_menu_may_be_left_as_it_is() -> None:
    hidden = {EXTENSION + "course_navigation/default_enabled": False}
    both = message("LtiResourceLinkRequest", "course_navigation", "link_selection", **hidden)
    assert made(both) == [
        ("course_navigation", "LtiResourceLinkRequest", "disabled"),
        ("link_selection", "LtiResourceLinkRequest", None),
    ]


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("LtiDeepLinkingRequest", "course_navigation", False),
        ("LtiResourceLinkRequest", "course_navigation", True),
        ("LtiDeepLinkingRequest", "assignment_selection", True),
        ("LtiResourceLinkRequest", "editor_button", False),
    ],
)
def test_a_placement_is_launched_with_a_message_that_it_has(kind: str, name: str, expected: bool) -> None:
    assert sends({"placement": name, "message_type": kind}) is expected


@pytest.mark.parametrize(
    ("asked", "claims", "expected"),
    [
        ("name_only", ["picture"], "name_only"),
        (None, ["picture"], "public"),
        (None, ["name", "email"], "public"),
        (None, ["given_name"], "name_only"),
        (None, ["email"], "email_only"),
        (None, ["sub"], "anonymous"),
    ],
)
def test_the_privacy_level_is_as_asked_or_inferred(
    asked: str | None, claims: list[str], expected: str
) -> None:
    assert privacy_level({"privacy_level": asked, "claims": claims}) == expected


def test_openid_is_no_scope() -> None:
    assert scopes_of(f"openid {SUPPORTED_SCOPES[0]}", SUPPORTED_SCOPES) == [SUPPORTED_SCOPES[0]]


def test_an_unknown_scope_is_refused() -> None:
    with pytest.raises(ValidationError):
        scopes_of("https://canvas.instructure.com/lti/data_services/scope/create", SUPPORTED_SCOPES)


def test_a_deployment_id_is_a_number_and_forty_hexadecimal_digits() -> None:
    number, _, digits = deployment_id(7, "school").partition(":")
    assert (number, len(digits), int(digits, 16) > 0) == ("7", 40, True)
