"""The independent platform alone: its environment, its token endpoint and its launches, as Open edX does them."""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.openedx import browserless
from tests.openedx.fixtures import PlatformFailed, openedx_python, start_openedx
from tests.openedx.tiny_tool import (
    CLAIM,
    DEEP_LINKING,
    LINE_ITEM,
    MEMBERSHIP,
    RESULT,
    ROSTER,
    SCORE,
    TinyTool,
)

# The environment


def test_a_missing_environment_fails_and_names_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TANDEM_OPENEDX_VENV", str(tmp_path / "nowhere"))
    with pytest.raises(pytest.fail.Exception, match=r"make \.venv-openedx"):
        openedx_python()


def test_a_wrong_configuration_stops_the_platform_with_its_reason() -> None:
    with pytest.raises(PlatformFailed, match="the role of tess is one of student, staff"):
        start_openedx(openedx_python(), {"people": [{"username": "tess", "role": "wizard"}]})


# The token endpoint


def test_a_signed_assertion_is_granted_the_grade_and_roster_scopes(tiny: TinyTool) -> None:
    granted = tiny.ask_token(LINE_ITEM, RESULT, SCORE, ROSTER)
    assert granted.json()["scope"].split() == [LINE_ITEM, RESULT, SCORE, ROSTER]


def test_an_assertion_signed_by_another_key_is_refused(tiny: TinyTool, stranger: rsa.RSAPrivateKey) -> None:
    refused = tiny.ask_token(SCORE, assertion=tiny.assertion(stranger))
    assert (refused.status_code, refused.json()) == (400, {"error": "invalid_client"})


def test_an_expired_assertion_is_refused(tiny: TinyTool) -> None:
    assert tiny.ask_token(SCORE, assertion=tiny.assertion(exp=int(time.time()) - 120)).status_code == 400


def test_another_grant_type_is_refused(tiny: TinyTool) -> None:
    refused = tiny.ask_token(SCORE, grant_type="password")
    assert (refused.status_code, refused.json()) == (400, {"error": "unsupported_grant_type"})


def test_a_scope_that_does_not_exist_is_left_out_of_the_grant(tiny: TinyTool) -> None:
    assert tiny.ask_token(SCORE, "https://example.org/everything").json()["scope"] == SCORE


# The authorization endpoint


def authorization(tiny: TinyTool, browser: requests.Session, user: str, **changes: str) -> requests.Response:
    """Asks for an id_token as the tool would after a login, but for `changes`."""
    hints = dict(parse_qsl(urlsplit(browserless.initiation_url(tiny.platform, user, browser)).query))
    asked = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": hints["client_id"],
        "redirect_uri": tiny.launch_url,
        "login_hint": hints["login_hint"],
        "lti_message_hint": hints["lti_message_hint"],
        "state": "a-state",
        "nonce": "a-nonce",
    }
    return browser.get(
        f"{tiny.platform.info['auth_login_url']}?{urlencode({**asked, **changes})}", timeout=30
    )


def id_token_of(tiny: TinyTool, page: requests.Response) -> dict[str, Any]:
    """The claims of the page's id_token, its signature checked against the platform's published keys."""
    form = browserless.read_form(page)
    assert form is not None
    token = form.fields["id_token"]
    published = jwt.PyJWKSet.from_dict(tiny.http.get(tiny.platform.info["jwks_url"], timeout=30).json())
    claims: dict[str, Any] = jwt.decode(
        token,
        published[jwt.get_unverified_header(token)["kid"]],
        algorithms=["RS256"],
        audience=tiny.platform.info["client_id"],
        issuer=tiny.platform.info["issuer"],
    )
    return claims


def test_a_proper_request_is_answered_by_a_form_to_the_redirect_uri_with_the_state(tiny: TinyTool) -> None:
    form = browserless.read_form(authorization(tiny, browserless.Browser(), "maya"))
    assert form is not None
    assert (form.action, form.method, form.fields["state"]) == (tiny.launch_url, "post", "a-state")


def test_the_id_token_is_signed_and_says_who_launches_what(tiny: TinyTool) -> None:
    claims = id_token_of(tiny, authorization(tiny, browserless.Browser(), "maya"))
    assert {
        "nonce": claims["nonce"],
        "sub": claims["sub"],
        "name": claims["name"],
        "link": claims[CLAIM + "resource_link"]["id"],
        "context": claims[CLAIM + "context"]["id"],
        "learner": MEMBERSHIP + "Learner" in claims[CLAIM + "roles"],
    } == {
        "nonce": "a-nonce",
        "sub": tiny.platform.user_id("maya"),
        "name": "Maya Mentor",
        "link": tiny.platform.info["resource_link_id"],
        "context": tiny.platform.info["context_id"],
        "learner": True,
    }


def test_the_launch_of_an_enrolled_teacher_says_teacher_and_not_learner(tiny: TinyTool) -> None:
    roles = id_token_of(tiny, authorization(tiny, browserless.Browser(), "tess"))[CLAIM + "roles"]
    assert {role for role in roles if role.startswith(MEMBERSHIP)} == {
        MEMBERSHIP + "Instructor",
        MEMBERSHIP + "Administrator",
    }


def test_the_id_token_names_the_grade_and_roster_services(tiny: TinyTool) -> None:
    claims = id_token_of(tiny, authorization(tiny, browserless.Browser(), "maya"))
    grades = claims["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"]
    roster = claims["https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"]
    known = tiny.platform.info
    assert (grades["lineitems"], roster["context_memberships_url"]) == (
        known["line_items_url"],
        known["memberships_url"],
    )


@pytest.mark.parametrize(
    "change",
    [
        {"redirect_uri": "https://evil.example/launch"},
        {"client_id": "another"},
        {"nonce": ""},
        {"state": ""},
        {"lti_message_hint": "unknown"},
        {"login_hint": ""},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_request_with_a_wrong_parameter_gets_no_id_token(tiny: TinyTool, change: dict[str, str]) -> None:
    refused = authorization(tiny, browserless.Browser(), "maya", **change)
    assert (refused.status_code, browserless.read_form(refused)) == (400, None)


# Whole launches, the tool being a test server


def serve_tiny_tool(tiny: TinyTool, httpserver: HTTPServer) -> None:
    """Makes the test server answer logins, with a Secure cookie, and launches, with what it was told."""

    def login(request: Request) -> Response:
        asked = {
            "client_id": request.values["client_id"],
            "redirect_uri": tiny.launch_url,
            "login_hint": request.values["login_hint"],
            "lti_message_hint": request.values["lti_message_hint"],
            "state": "tiny-state",
            "nonce": "tiny-nonce",
        }
        answer = Response(
            status=302, headers={"Location": f"{tiny.platform.info['auth_login_url']}?{urlencode(asked)}"}
        )
        answer.headers["Set-Cookie"] = "tiny=tiny-state; Path=/; Secure; HttpOnly; SameSite=None; Partitioned"
        return answer

    def launch(request: Request) -> Response:
        if request.cookies.get("tiny") != request.form["state"]:
            return Response("the cookie did not come back", status=400)
        claims = jwt.decode(request.form["id_token"], options={"verify_signature": False})
        return Response(json.dumps(claims), content_type="application/json")

    httpserver.expect_request("/login").respond_with_handler(login)
    httpserver.expect_request("/launch").respond_with_handler(launch)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_launch_without_a_browser_brings_the_person_and_the_cookie_to_the_tool(
    tiny: TinyTool, httpserver: HTTPServer, method: str
) -> None:
    serve_tiny_tool(tiny, httpserver)
    seen = browserless.launch(tiny.platform, "omar", method=method)
    assert (seen.status_code, seen.json()["sub"]) == (200, tiny.platform.user_id("omar"))


def test_a_teacher_chooses_content_by_a_deep_linking_launch(tiny: TinyTool, httpserver: HTTPServer) -> None:
    serve_tiny_tool(tiny, httpserver)
    claims = browserless.launch(tiny.platform, "tess", deep_link=True).json()
    assert claims[CLAIM + "message_type"] == "LtiDeepLinkingRequest"


def test_the_content_that_a_teacher_chose_is_what_learners_launch(
    tiny: TinyTool, httpserver: HTTPServer
) -> None:
    serve_tiny_tool(tiny, httpserver)
    browser = browserless.Browser()
    claims = browserless.launch(tiny.platform, "tess", browser, deep_link=True).json()
    chosen = {
        "type": "ltiResourceLink",
        "title": "Mentoring",
        "url": tiny.launch_url,
        "custom": {"content": "abc"},
    }
    now = int(time.time())
    response = {
        "iss": tiny.platform.info["client_id"],
        "aud": [tiny.platform.info["issuer"]],
        "iat": now,
        "exp": now + 60,
        "nonce": str(uuid.uuid4()),
        CLAIM + "message_type": "LtiDeepLinkingResponse",
        CLAIM + "version": "1.3.0",
        CLAIM + "deployment_id": tiny.platform.info["deployment_id"],
        DEEP_LINKING + "content_items": [chosen],
    }
    back = claims[DEEP_LINKING + "deep_linking_settings"]["deep_link_return_url"]
    saved = browser.post(back, data={"JWT": tiny.sign(response)}, timeout=30)
    assert saved.status_code == 200
    assert browserless.launch(tiny.platform, "maya").json()[CLAIM + "custom"] == {"content": "abc"}
