"""Deep linking: what the picker is told, and every way of answering wrongly."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa

from lti_tool.demo.lms.server import RunningLms
from tests.demo.lms.tool import DL, LTI, Browser, TestTool, reason_of

ITEM = {
    "type": "ltiResourceLink",
    "title": "Mentorat inversé",
    "custom": {"content": "programme-1"},
    "lineItem": {"scoreMaximum": 100, "label": "Mentorat", "resourceId": "programme-1"},
}


@pytest.fixture
def picker(browser: Browser, tool: TestTool) -> dict[str, Any]:
    """The claims of a deep-linking request, started by the tutor."""
    browser.log_in_as("claire.dubreuil")
    return tool.launch(browser, f"/deep-link/{tool.registered.id}")


Send = Callable[..., requests.Response]


@pytest.fixture
def send(lms: RunningLms) -> Send:
    """Post an answer as the tool's page does: without the LMS's cookie."""
    return lambda token: requests.post(f"{lms.base_url}/deep-link/return", data={"JWT": token}, timeout=10)


def test_the_picker_gets_what_moodle_sends(lms: RunningLms, picker: dict[str, Any]) -> None:
    settings = picker[DL + "deep_linking_settings"]
    assert {
        name: settings[name]
        for name in (
            "accept_types",
            "accept_multiple",
            "accept_lineitem",
            "auto_create",
            "deep_link_return_url",
        )
    } == {
        "accept_types": ["ltiResourceLink"],
        "accept_multiple": True,
        "accept_lineitem": True,
        "auto_create": False,
        "deep_link_return_url": f"{lms.base_url}/deep-link/return",
    }


def test_the_request_is_for_the_picker(tool: TestTool, picker: dict[str, Any]) -> None:
    assert (picker[LTI + "message_type"], picker[LTI + "target_link_uri"]) == (
        "LtiDeepLinkingRequest",
        tool.registered.deep_link_uri,
    )


def test_the_request_names_no_activity(picker: dict[str, Any]) -> None:
    assert LTI + "resource_link" not in picker


def test_a_learner_cannot_start_it(browser: Browser, tool: TestTool) -> None:
    browser.log_in_as("lina.haddad")
    page = browser.get(f"/deep-link/{tool.registered.id}")
    assert (page.status_code, reason_of(page)) == (403, "tutors_only")


def test_a_tool_without_a_picker_has_none(browser: Browser, tool: TestTool) -> None:
    with browser.lms.lms.store.transaction() as db:
        db.execute("UPDATE tools SET deep_link_uri = NULL")
    browser.log_in_as("claire.dubreuil")
    page = browser.get(f"/deep-link/{tool.registered.id}")
    assert (page.status_code, reason_of(page)) == (409, "no_content_picker")


def test_a_right_answer_makes_activities_with_their_line_items(
    browser: Browser, tool: TestTool, picker: dict[str, Any], send: Send
) -> None:
    second = {"type": "ltiResourceLink"}
    assert send(tool.sign(tool.deep_link_claims(picker, [ITEM, second]))).status_code == 200
    activities = browser.get("/course.json").json()["activities"]
    assert [(activity["title"], activity["accepts_grades"]) for activity in activities] == [
        ("Mentorat inversé", True),
        ("Test tool", False),
    ]


def test_the_made_activity_launches_with_its_custom_parameters(
    browser: Browser, tool: TestTool, picker: dict[str, Any], send: Send
) -> None:
    send(tool.sign(tool.deep_link_claims(picker, [ITEM])))
    browser.log_in_as("lina.haddad")
    assert tool.launch(browser, "/launch/1")[LTI + "custom"] == {"content": "programme-1"}


def test_choosing_nothing_adds_nothing(
    browser: Browser, tool: TestTool, picker: dict[str, Any], send: Send
) -> None:
    assert send(tool.sign(tool.deep_link_claims(picker, []))).status_code == 200
    assert browser.get("/course.json").json()["activities"] == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "client-2"}, "unknown_issuer"),
        ({"iss": None}, "unknown_issuer"),
        ({"aud": "http://another.example"}, "wrong_audience"),
        ({"aud": None}, "missing_aud"),
        ({"azp": "http://another.example"}, "wrong_audience"),
        ({"exp": 1}, "expired"),
        ({"exp": None}, "missing_exp"),
        ({"iat": None}, "missing_iat"),
        ({"iat": 4_000_000_000}, "malformed_jwt"),
        ({"nonce": None}, "missing_nonce"),
        ({"nonce": 7}, "bad_nonce"),
        ({LTI + "deployment_id": "77"}, "wrong_deployment"),
        ({LTI + "deployment_id": None}, "bad_deployment_id"),
        ({LTI + "message_type": "LtiResourceLinkRequest"}, "bad_message_type"),
        ({LTI + "message_type": None}, "bad_message_type"),
        ({LTI + "version": "1.1"}, "bad_version"),
        ({DL + "data": "invented"}, "unknown_data"),
        ({DL + "data": None}, "bad_data"),
        ({DL + "content_items": {"type": "ltiResourceLink"}}, "bad_content_items"),
        ({DL + "content_items": [{"type": "html", "html": "<b>x</b>"}]}, "bad_content_items.0.type"),
        ({DL + "content_items": [{"title": "x"}]}, "bad_content_items.0.type"),
        ({DL + "content_items": [{**ITEM, "url": "javascript:alert(1)"}]}, "bad_content_items.0.url"),
        ({DL + "content_items": [{**ITEM, "url": "https://elsewhere.example/"}]}, "foreign_address"),
        ({DL + "content_items": [{**ITEM, "custom": {"a": 1}}]}, "bad_content_items.0.custom.a.value"),
        ({DL + "content_items": [{**ITEM, "lineItem": {}}]}, "bad_content_items.0.lineItem.scoreMaximum"),
        (
            {DL + "content_items": [{**ITEM, "lineItem": {"scoreMaximum": 0}}]},
            "bad_content_items.0.lineItem.scoreMaximum",
        ),
    ],
)
def test_a_wrong_answer_is_refused(
    tool: TestTool, picker: dict[str, Any], send: Send, changes: dict[str, Any], reason: str
) -> None:
    page = send(tool.sign(tool.deep_link_claims(picker, [ITEM], **changes)))
    assert (page.status_code, reason_of(page)) == (400, reason)


def test_a_refused_answer_adds_nothing(
    browser: Browser, tool: TestTool, picker: dict[str, Any], send: Send
) -> None:
    send(tool.sign(tool.deep_link_claims(picker, [ITEM, {"type": "html"}])))
    assert browser.get("/course.json").json()["activities"] == []


def test_a_forged_answer_is_refused(
    tool: TestTool, picker: dict[str, Any], send: Send, other_key: rsa.RSAPrivateKey
) -> None:
    page = send(tool.sign(tool.deep_link_claims(picker, [ITEM]), key=other_key))
    assert (page.status_code, reason_of(page)) == (400, "bad_signature")


@pytest.mark.parametrize(
    ("signing", "reason"),
    [
        ({"headers": {}}, "missing_kid"),
        ({"headers": {"kid": "key-9"}}, "unknown_key"),
        ({"algorithm": "RS512"}, "wrong_algorithm"),
        ({"algorithm": "none", "key": None}, "wrong_algorithm"),
    ],
)
def test_a_wrongly_signed_answer_is_refused(
    tool: TestTool, picker: dict[str, Any], send: Send, signing: dict[str, Any], reason: str
) -> None:
    page = send(tool.sign(tool.deep_link_claims(picker, [ITEM]), **signing))
    assert (page.status_code, reason_of(page)) == (400, reason)


@pytest.mark.parametrize(("token", "reason"), [("", "missing_jwt"), ("x.y.z", "malformed_jwt")])
def test_no_jwt_is_refused(send: Send, token: str, reason: str) -> None:
    page = send(token)
    assert (page.status_code, reason_of(page)) == (400, reason)


def test_an_answer_works_once(tool: TestTool, picker: dict[str, Any], send: Send) -> None:
    token = tool.sign(tool.deep_link_claims(picker, [ITEM]))
    send(token).raise_for_status()
    page = send(token)
    assert (page.status_code, reason_of(page)) == (400, "unknown_data")


def test_a_nonce_works_once(browser: Browser, tool: TestTool, picker: dict[str, Any], send: Send) -> None:
    nonce = uuid.uuid4().hex
    send(tool.sign(tool.deep_link_claims(picker, [ITEM], nonce=nonce))).raise_for_status()
    again = tool.launch(browser, f"/deep-link/{tool.registered.id}")
    page = send(tool.sign(tool.deep_link_claims(again, [ITEM], nonce=nonce)))
    assert (page.status_code, reason_of(page)) == (400, "repeated_nonce")


def test_a_picker_left_open_too_long_is_refused(
    lms: RunningLms, tool: TestTool, picker: dict[str, Any], send: Send
) -> None:
    with lms.lms.store.transaction() as db:
        db.execute("UPDATE deep_links SET expires_at = ?", (time.time() - 1,))
    page = send(tool.sign(tool.deep_link_claims(picker, [ITEM])))
    assert (page.status_code, reason_of(page)) == (400, "expired_data")
