"""Dynamic registration: the right one, and everything Moodle would refuse."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import requests

from lti_tool.demo.lms.schemas import TOOL_CONFIGURATION
from lti_tool.demo.lms.server import RunningLms
from tests.demo.lms.tool import Browser, TestTool, query_of, reason_of

JSON = {"Accept": "application/json"}


@pytest.fixture
def admin(browser: Browser) -> Browser:
    browser.log_in_as("amelie.roux")
    return browser


@pytest.fixture
def started(admin: Browser) -> dict[str, str]:
    form = {"registration_url": "https://tool.example/lti/register?invite=abc"}
    started: dict[str, str] = admin.post("/admin/registrations", data=form, headers=JSON).json()
    return started


def register(lms: RunningLms, token: str | None, body: Any) -> requests.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return requests.post(f"{lms.base_url}/oauth/register", json=body, headers=headers, timeout=10)


def test_the_tools_address_keeps_its_own_query(lms: RunningLms, started: dict[str, str]) -> None:
    assert query_of(started["url"]) == {
        "invite": "abc",
        "openid_configuration": f"{lms.base_url}/.well-known/openid-configuration",
        "registration_token": started["registration_token"],
    }


def test_the_page_opens_the_tool_in_a_frame(admin: Browser) -> None:
    form = {"registration_url": "https://tool.example/lti/register"}
    page = admin.post("/admin/registrations", data=form)
    assert 'src="https://tool.example/lti/register?openid_configuration=' in page.text


def test_the_configuration_names_the_issuer_that_serves_it(lms: RunningLms) -> None:
    configuration = requests.get(f"{lms.base_url}/.well-known/openid-configuration", timeout=10).json()
    assert configuration["issuer"] == lms.base_url


def test_a_right_registration_gives_client_and_deployment(
    lms: RunningLms, tool: TestTool, started: dict[str, str]
) -> None:
    answer = register(lms, started["registration_token"], tool.registration_request())
    assert answer.status_code == 200
    assert (len(answer.json()["client_id"]), answer.json()[TOOL_CONFIGURATION]["deployment_id"]) == (15, "2")


def test_a_registered_tool_waits_for_activation(
    lms: RunningLms, tool: TestTool, started: dict[str, str], admin: Browser
) -> None:
    register(lms, started["registration_token"], tool.registration_request())
    before = admin.get("/admin/tools.json").json()[-1]
    admin.post(f"/admin/tools/{before['id']}/activate")
    assert (before["state"], admin.get("/admin/tools.json").json()[-1]["state"]) == ("pending", "active")


def test_an_activated_tool_gets_tokens(
    lms: RunningLms, tool: TestTool, started: dict[str, str], admin: Browser
) -> None:
    client_id = register(lms, started["registration_token"], tool.registration_request()).json()["client_id"]
    admin.post("/admin/tools/2/activate")
    claims = tool.assertion_claims(iss=client_id, sub=client_id)
    assert tool.ask_token(tool.sign(claims)).status_code == 200


def test_scopes_and_claims_are_narrowed_to_those_known(
    lms: RunningLms, tool: TestTool, started: dict[str, str]
) -> None:
    body = tool.registration_request(scope="openid score", configuration={"claims": ["name", "shoe_size"]})
    answer = register(lms, started["registration_token"], body).json()
    assert (answer["scope"], answer[TOOL_CONFIGURATION]["claims"]) == ("", ["name"])


def test_a_registration_token_works_once(lms: RunningLms, tool: TestTool, started: dict[str, str]) -> None:
    register(lms, started["registration_token"], tool.registration_request()).raise_for_status()
    answer = register(lms, started["registration_token"], tool.registration_request())
    assert (answer.status_code, reason_of(answer)) == (401, "used_registration_token")


def test_a_refused_registration_does_not_use_up_the_token(
    lms: RunningLms, tool: TestTool, started: dict[str, str]
) -> None:
    register(lms, started["registration_token"], tool.registration_request(client_name=None))
    answer = register(lms, started["registration_token"], tool.registration_request())
    assert answer.status_code == 200


def test_an_expired_token_is_refused(lms: RunningLms, tool: TestTool, started: dict[str, str]) -> None:
    with lms.lms.store.transaction() as db:
        db.execute("UPDATE registration_tokens SET expires_at = ?", (time.time() - 1,))
    answer = register(lms, started["registration_token"], tool.registration_request())
    assert (answer.status_code, reason_of(answer)) == (401, "expired_registration_token")


@pytest.mark.parametrize(
    ("token", "reason"), [(None, "missing_registration_token"), ("invented", "unknown_registration_token")]
)
def test_registration_needs_a_token_of_ours(
    lms: RunningLms, tool: TestTool, token: str | None, reason: str
) -> None:
    answer = register(lms, token, tool.registration_request())
    assert (answer.status_code, reason_of(answer)) == (401, reason)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"response_types": None}, "bad_response_types"),
        ({"response_types": []}, "bad_response_types"),
        ({"response_types": ["code"]}, "bad_response_types"),
        ({"initiate_login_uri": None}, "bad_initiate_login_uri"),
        ({"initiate_login_uri": "javascript:x"}, "bad_initiate_login_uri"),
        ({"redirect_uris": None}, "bad_redirect_uris"),
        ({"redirect_uris": []}, "bad_redirect_uris"),
        ({"redirect_uris": ["not an address"]}, "bad_redirect_uris.0"),
        ({"client_name": None}, "bad_client_name"),
        ({"jwks_uri": None}, "bad_jwks_uri"),
        ({"token_endpoint_auth_method": None}, "bad_token_endpoint_auth_method"),
        ({"token_endpoint_auth_method": "client_secret_post"}, "bad_token_endpoint_auth_method"),
        ({TOOL_CONFIGURATION: None}, "bad_tool_configuration"),
        ({"configuration": {"domain": None}}, "bad_tool_configuration.domain"),
        ({"configuration": {"domain": "localhost"}}, "bad_tool_configuration.domain"),
        ({"configuration": {"target_link_uri": None}}, "bad_tool_configuration.target_link_uri"),
        ({"configuration": {"claims": None}}, "bad_tool_configuration.claims"),
        ({"configuration": {"messages": [{}]}}, "bad_tool_configuration.messages.0.type"),
    ],
)
def test_a_wrong_registration_is_refused(
    lms: RunningLms, tool: TestTool, started: dict[str, str], changes: dict[str, Any], reason: str
) -> None:
    answer = register(lms, started["registration_token"], tool.registration_request(**changes))
    assert (answer.status_code, reason_of(answer)) == (400, reason)


@pytest.mark.parametrize("body", [[], "x", 7, None])
def test_a_body_that_is_no_object_is_refused(lms: RunningLms, started: dict[str, str], body: Any) -> None:
    headers = {"Authorization": f"Bearer {started['registration_token']}", "Content-Type": "application/json"}
    data = json.dumps(body)
    answer = requests.post(f"{lms.base_url}/oauth/register", data=data, headers=headers, timeout=10)
    assert (answer.status_code, reason_of(answer)) == (400, "malformed_json")


@pytest.mark.parametrize("username", ["claire.dubreuil", "lina.haddad"])
def test_only_the_administrator_adds_tools(browser: Browser, username: str) -> None:
    browser.log_in_as(username)
    page = browser.post("/admin/registrations", data={"registration_url": "https://tool.example/"})
    assert (page.status_code, reason_of(page)) == (403, "administrators_only")


@pytest.mark.parametrize("address", ["", "tool.example", "file:///etc/passwd", "https://u:p@tool.example/"])
def test_a_registration_address_must_be_a_web_address(admin: Browser, address: str) -> None:
    page = admin.post("/admin/registrations", data={"registration_url": address})
    assert (page.status_code, reason_of(page)) == (400, "bad_registration_url")


def test_a_canvas_platform_answers_201(canvas: RunningLms, tool: TestTool) -> None:
    admin = Browser(canvas)
    admin.log_in_as("amelie.roux")
    form = {"registration_url": "https://tool.example/"}
    token = admin.post("/admin/registrations", data=form, headers=JSON).json()["registration_token"]
    admin.http.close()
    assert register(canvas, token, tool.registration_request()).status_code == 201
