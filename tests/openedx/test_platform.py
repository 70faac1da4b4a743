"""The independent platform alone: it grants, refuses and signs as Open edX does, before any tool of ours meets it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.openedx import browserless
from tests.openedx.fixtures import (
    PEOPLE,
    PlatformFailed,
    RunningPlatform,
    direct_http,
    openedx_python,
    start_openedx,
)

AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
LINE_ITEM, RESULT, SCORE = AGS + "lineitem", AGS + "result.readonly", AGS + "score"
ROSTER = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"

LINE_ITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
LINE_ITEMS_TYPE = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
RESULTS_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"
ROSTER_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"


@dataclass
class TinyTool:
    """The least tool: one key, its JWKS and one launch address on a test server, and a client for services."""

    platform: RunningPlatform
    key: rsa.RSAPrivateKey
    http: requests.Session
    launch_url: str
    login_url: str

    def sign(self, claims: dict[str, Any], key: rsa.RSAPrivateKey | None = None) -> str:
        """Signs with the tool's key, or with another one under the same kid."""
        return jwt.encode(claims, key or self.key, algorithm="RS256", headers={"kid": "tiny"})

    def assertion(self, key: rsa.RSAPrivateKey | None = None, **changes: Any) -> str:
        """A client assertion as the security framework wants it, but for `changes`."""
        now = int(time.time())
        client = self.platform.info["client_id"]
        claims = {
            "iss": client,
            "sub": client,
            "aud": self.platform.info["auth_token_url"],
            "iat": now,
            "exp": now + 60,
            "jti": str(uuid.uuid4()),
        }
        return self.sign({**claims, **changes}, key)

    def ask_token(self, *scopes: str, assertion: str | None = None, **changes: str) -> requests.Response:
        """Asks the token endpoint for the scopes."""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion or self.assertion(),
            "scope": " ".join(scopes),
        }
        return self.http.post(self.platform.info["auth_token_url"], data={**form, **changes}, timeout=30)

    def call(self, method: str, url: str, scope: str, **sent: Any) -> requests.Response:
        """Calls a service with a token for the one scope."""
        token = self.ask_token(scope).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}", **sent.pop("headers", {})}
        return self.http.request(method, url, headers=headers, timeout=30, **sent)

    def roster(self, **query: Any) -> requests.Response:
        """Asks for the roster."""
        url = self.platform.info["memberships_url"]
        return self.call("GET", url, ROSTER, params=query, headers={"Accept": ROSTER_TYPE})

    def make_line_item(self, **changes: Any) -> requests.Response:
        """Makes a line item tied to the block."""
        link = self.platform.info["resource_link_id"]
        item = {"label": "Mentoring", "scoreMaximum": 100, "resourceId": "programme", "resourceLinkId": link}
        headers = {"Content-Type": LINE_ITEM_TYPE, "Accept": LINE_ITEM_TYPE}
        body = json.dumps({**item, **changes})
        return self.call("POST", self.platform.info["line_items_url"], LINE_ITEM, data=body, headers=headers)

    def send_score(self, line_item: str, **changes: Any) -> requests.Response:
        """Sends Maya a final score of 80 out of 100, but for `changes`; a change to None leaves the field out."""
        score = {
            "userId": self.platform.user_id("maya"),
            "scoreGiven": 80,
            "scoreMaximum": 100,
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
            "timestamp": datetime.now(UTC).isoformat(),
        }
        sent = {name: value for name, value in {**score, **changes}.items() if value is not None}
        headers = {"Content-Type": SCORE_TYPE}
        return self.call("POST", f"{line_item}/scores", SCORE, data=json.dumps(sent), headers=headers)


@pytest.fixture(scope="module")
def keys() -> tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]:
    """The tool's key and a stranger's."""
    return (
        rsa.generate_private_key(public_exponent=65537, key_size=2048),
        rsa.generate_private_key(public_exponent=65537, key_size=2048),
    )


@pytest.fixture
def tool(
    openedx: RunningPlatform, httpserver: HTTPServer, keys: tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]
) -> Iterator[TinyTool]:
    """The tiny tool, known to a platform without any activity."""
    public = {
        **json.loads(RSAAlgorithm.to_jwk(keys[0].public_key())),
        "kid": "tiny",
        "use": "sig",
        "alg": "RS256",
    }
    httpserver.expect_request("/jwks.json").respond_with_json({"keys": [public]})
    launch_url, login_url = httpserver.url_for("/launch"), httpserver.url_for("/login")
    openedx.connect_tool(
        login_url=login_url,
        launch_url=launch_url,
        jwks_url=httpserver.url_for("/jwks.json"),
        deep_linking_url=launch_url,
    )
    openedx.reset()
    with direct_http() as http:
        yield TinyTool(openedx, keys[0], http, launch_url, login_url)


@pytest.fixture
def stranger(keys: tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]) -> rsa.RSAPrivateKey:
    """A key that the tool does not publish."""
    return keys[1]


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


def test_a_signed_assertion_is_granted_the_grade_and_roster_scopes(tool: TinyTool) -> None:
    granted = tool.ask_token(LINE_ITEM, RESULT, SCORE, ROSTER)
    assert granted.json()["scope"].split() == [LINE_ITEM, RESULT, SCORE, ROSTER]


def test_an_assertion_signed_by_another_key_is_refused(tool: TinyTool, stranger: rsa.RSAPrivateKey) -> None:
    refused = tool.ask_token(SCORE, assertion=tool.assertion(stranger))
    assert (refused.status_code, refused.json()) == (400, {"error": "invalid_client"})


def test_an_expired_assertion_is_refused(tool: TinyTool) -> None:
    assert tool.ask_token(SCORE, assertion=tool.assertion(exp=int(time.time()) - 120)).status_code == 400


def test_another_grant_type_is_refused(tool: TinyTool) -> None:
    refused = tool.ask_token(SCORE, grant_type="password")
    assert (refused.status_code, refused.json()) == (400, {"error": "unsupported_grant_type"})


def test_a_scope_that_does_not_exist_is_left_out_of_the_grant(tool: TinyTool) -> None:
    assert tool.ask_token(SCORE, "https://example.org/everything").json()["scope"] == SCORE


# The roster


def test_the_roster_holds_everyone_in_one_answer_when_no_limit_is_given(tool: TinyTool) -> None:
    answer = tool.roster()
    assert (len(answer.json()["members"]), answer.headers.get("Link")) == (
        len(tool.platform.info["people"]),
        None,
    )


def test_the_roster_gives_the_names_and_addresses_of_people(tool: TinyTool) -> None:
    members = {member["user_id"]: member for member in tool.roster().json()["members"]}
    zoe = members[tool.platform.user_id("zoé")]
    assert (zoe["name"], zoe["email"]) == ("Zoé Ørsted", "zoe@example.org")


def test_the_roster_pages_to_everyone_once_when_a_limit_is_given(tool: TinyTool) -> None:
    pages, seen = 0, []
    page = tool.roster(limit=2)
    while True:
        pages += 1
        seen += [member["user_id"] for member in page.json()["members"]]
        if "next" not in page.links:
            break
        page = tool.call("GET", page.links["next"]["url"], ROSTER, headers={"Accept": ROSTER_TYPE})
    everyone = [person["user_id"] for person in tool.platform.info["people"].values()]
    assert (pages, sorted(seen)) == (-(-len(everyone) // 2), sorted(everyone))


def test_the_roster_calls_an_enrolled_teacher_a_learner_as_well(tool: TinyTool) -> None:
    members = {member["user_id"]: member for member in tool.roster().json()["members"]}
    assert set(members[tool.platform.user_id("tess")]["roles"]) == {
        MEMBERSHIP + "Learner",
        MEMBERSHIP + "Instructor",
        MEMBERSHIP + "Administrator",
    }


def test_the_roster_is_refused_to_a_token_without_its_scope(tool: TinyTool) -> None:
    assert tool.call("GET", tool.platform.info["memberships_url"], SCORE).status_code == 403


def test_the_roster_is_refused_without_a_token(tool: TinyTool) -> None:
    assert tool.http.get(tool.platform.info["memberships_url"], timeout=30).status_code == 403


def test_the_roster_is_not_given_as_plain_json(tool: TinyTool) -> None:
    url = tool.platform.info["memberships_url"]
    assert tool.call("GET", url, ROSTER, headers={"Accept": "application/json"}).status_code == 406


def test_a_course_over_the_limit_of_members_has_no_roster(tool: TinyTool) -> None:
    small = start_openedx(openedx_python(), {"people": PEOPLE, "course": {"member_limit": 2}})
    try:
        jwks_url = tool.launch_url.replace("/launch", "/jwks.json")
        small.connect_tool(login_url=tool.login_url, launch_url=tool.launch_url, jwks_url=jwks_url)
        refused = TinyTool(small, tool.key, tool.http, tool.launch_url, tool.login_url).roster()
    finally:
        small.stop()
    assert (refused.status_code, refused.json()["error"]) == (403, "above_response_limit")


# Line items


def test_a_line_item_made_by_the_tool_is_in_the_list(tool: TinyTool) -> None:
    made = tool.make_line_item().json()
    url = tool.platform.info["line_items_url"]
    listed = tool.call("GET", url, LINE_ITEM, headers={"Accept": LINE_ITEMS_TYPE})
    assert listed.json() == [made]


def test_the_list_of_line_items_is_filtered_by_resource_id(tool: TinyTool) -> None:
    tool.make_line_item()
    url = tool.platform.info["line_items_url"]
    headers = {"Accept": LINE_ITEMS_TYPE}
    found = tool.call("GET", url, LINE_ITEM, params={"resource_id": "another"}, headers=headers)
    assert found.json() == []


def test_a_line_item_is_refused_to_a_token_for_scores_alone(tool: TinyTool) -> None:
    headers = {"Content-Type": LINE_ITEM_TYPE, "Accept": LINE_ITEM_TYPE}
    item = json.dumps({"label": "Mentoring", "scoreMaximum": 100, "resourceId": "programme"})
    url = tool.platform.info["line_items_url"]
    assert tool.call("POST", url, SCORE, data=item, headers=headers).status_code == 403


def test_a_line_item_of_another_media_type_is_refused(tool: TinyTool) -> None:
    item = json.dumps({"label": "Mentoring", "scoreMaximum": 100, "resourceId": "programme"})
    headers = {"Content-Type": "application/json", "Accept": LINE_ITEM_TYPE}
    url = tool.platform.info["line_items_url"]
    assert tool.call("POST", url, LINE_ITEM, data=item, headers=headers).status_code == 415


def test_a_line_item_tied_to_nothing_is_refused(tool: TinyTool) -> None:
    assert tool.make_line_item(resourceId=None, resourceLinkId=None).status_code == 400


def test_a_declarative_course_has_its_line_item_before_any_launch() -> None:
    course = {"ags_mode": "declarative", "points": 20}
    platform = start_openedx(openedx_python(), {"people": PEOPLE, "course": course})
    try:
        assert platform.info["line_item_url"].startswith(platform.info["line_items_url"] + "/")
    finally:
        platform.stop()


# Scores


def test_a_final_score_is_accepted(tool: TinyTool) -> None:
    assert tool.send_score(tool.make_line_item().json()["id"]).status_code == 201


def test_a_final_score_is_published_to_the_gradebook_in_the_course_s_points(tool: TinyTool) -> None:
    tool.send_score(tool.make_line_item().json()["id"], scoreGiven=8, scoreMaximum=10)
    assert tool.platform.published("maya") == [80.0]


def test_a_score_in_progress_is_kept_and_not_published(tool: TinyTool) -> None:
    tool.send_score(
        tool.make_line_item().json()["id"], gradingProgress="Pending", activityProgress="InProgress"
    )
    kept = tool.platform.grades()
    assert ([score["grading_progress"] for score in kept["scores"]], kept["published"]) == (["Pending"], [])


def test_a_score_for_a_line_item_that_is_not_the_block_s_is_not_published(tool: TinyTool) -> None:
    headers = {"Content-Type": LINE_ITEM_TYPE, "Accept": LINE_ITEM_TYPE}
    item = json.dumps({"label": "Loose", "scoreMaximum": 100, "resourceId": "loose"})
    made = tool.call("POST", tool.platform.info["line_items_url"], LINE_ITEM, data=item, headers=headers)
    assert (tool.send_score(made.json()["id"]).status_code, tool.platform.published("maya")) == (201, [])


@pytest.mark.parametrize("missing", ["userId", "timestamp", "activityProgress", "gradingProgress"])
def test_a_score_that_lacks_a_required_field_is_refused(tool: TinyTool, missing: str) -> None:
    refused = tool.send_score(tool.make_line_item().json()["id"], **{missing: None})
    assert (refused.status_code, list(refused.json())) == (400, [missing])


def test_a_score_without_its_maximum_is_refused(tool: TinyTool) -> None:
    assert tool.send_score(tool.make_line_item().json()["id"], scoreMaximum=0).status_code == 400


@pytest.mark.parametrize("timestamp", ["yesterday", "2026-13-01T00:00:00Z", "1763800000"])
def test_a_score_with_a_timestamp_that_is_no_time_is_refused(tool: TinyTool, timestamp: str) -> None:
    refused = tool.send_score(tool.make_line_item().json()["id"], timestamp=timestamp)
    assert (refused.status_code, list(refused.json())) == (400, ["timestamp"])


@pytest.mark.parametrize("later_by", [timedelta(0), timedelta(seconds=-1)], ids=["same", "earlier"])
def test_a_score_no_later_than_the_last_is_refused(tool: TinyTool, later_by: timedelta) -> None:
    line_item, first = tool.make_line_item().json()["id"], datetime.now(UTC)
    tool.send_score(line_item, timestamp=first.isoformat())
    refused = tool.send_score(line_item, timestamp=(first + later_by).isoformat())
    assert (refused.status_code, list(refused.json())) == (400, ["timestamp"])


def test_a_score_for_nobody_of_the_course_leaves_nothing_behind(tool: TinyTool) -> None:
    refused = tool.send_score(tool.make_line_item().json()["id"], userId=str(uuid.uuid4()))
    assert (refused.status_code, tool.platform.grades()["scores"]) == (500, [])


def test_a_result_is_read_back(tool: TinyTool) -> None:
    line_item = tool.make_line_item().json()["id"]
    tool.send_score(line_item, comment="Bien joué")
    results = tool.call("GET", f"{line_item}/results", RESULT, headers={"Accept": RESULTS_TYPE}).json()
    assert [(found["userId"], found["resultScore"], found["comment"]) for found in results] == [
        (tool.platform.user_id("maya"), 80.0, "Bien joué")
    ]


# The authorization endpoint


def authorization(tool: TinyTool, browser: requests.Session, user: str, **changes: str) -> requests.Response:
    """Asks for an id_token as the tool would after a login, but for `changes`."""
    hints = dict(parse_qsl(urlsplit(browserless.initiation_url(tool.platform, user, browser)).query))
    asked = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": hints["client_id"],
        "redirect_uri": tool.launch_url,
        "login_hint": hints["login_hint"],
        "lti_message_hint": hints["lti_message_hint"],
        "state": "a-state",
        "nonce": "a-nonce",
    }
    return browser.get(
        f"{tool.platform.info['auth_login_url']}?{urlencode({**asked, **changes})}", timeout=30
    )


def id_token_of(tool: TinyTool, page: requests.Response) -> dict[str, Any]:
    """The claims of the page's id_token, its signature checked against the platform's published keys."""
    form = browserless.read_form(page)
    assert form is not None
    token = form.fields["id_token"]
    published = jwt.PyJWKSet.from_dict(tool.http.get(tool.platform.info["jwks_url"], timeout=30).json())
    claims: dict[str, Any] = jwt.decode(
        token,
        published[jwt.get_unverified_header(token)["kid"]],
        algorithms=["RS256"],
        audience=tool.platform.info["client_id"],
        issuer=tool.platform.info["issuer"],
    )
    return claims


def test_a_proper_request_is_answered_by_a_form_to_the_redirect_uri_with_the_state(tool: TinyTool) -> None:
    form = browserless.read_form(authorization(tool, browserless.Browser(), "maya"))
    assert form is not None
    assert (form.action, form.method, form.fields["state"]) == (tool.launch_url, "post", "a-state")


def test_the_id_token_is_signed_and_says_who_launches_what(tool: TinyTool) -> None:
    claims = id_token_of(tool, authorization(tool, browserless.Browser(), "maya"))
    assert {
        "nonce": claims["nonce"],
        "sub": claims["sub"],
        "name": claims["name"],
        "link": claims[CLAIM + "resource_link"]["id"],
        "context": claims[CLAIM + "context"]["id"],
        "learner": MEMBERSHIP + "Learner" in claims[CLAIM + "roles"],
    } == {
        "nonce": "a-nonce",
        "sub": tool.platform.user_id("maya"),
        "name": "Maya Mentor",
        "link": tool.platform.info["resource_link_id"],
        "context": tool.platform.info["context_id"],
        "learner": True,
    }


def test_the_launch_of_an_enrolled_teacher_says_teacher_and_not_learner(tool: TinyTool) -> None:
    roles = id_token_of(tool, authorization(tool, browserless.Browser(), "tess"))[CLAIM + "roles"]
    assert {role for role in roles if role.startswith(MEMBERSHIP)} == {
        MEMBERSHIP + "Instructor",
        MEMBERSHIP + "Administrator",
    }


def test_the_id_token_names_the_grade_and_roster_services(tool: TinyTool) -> None:
    claims = id_token_of(tool, authorization(tool, browserless.Browser(), "maya"))
    grades = claims["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"]
    roster = claims["https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"]
    known = tool.platform.info
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
def test_a_request_with_a_wrong_parameter_gets_no_id_token(tool: TinyTool, change: dict[str, str]) -> None:
    refused = authorization(tool, browserless.Browser(), "maya", **change)
    assert (refused.status_code, browserless.read_form(refused)) == (400, None)


# Whole launches, the tool being a test server


def serve_tiny_tool(tool: TinyTool, httpserver: HTTPServer) -> None:
    """Makes the test server answer logins, with a Secure cookie, and launches, with what it was told."""

    def login(request: Request) -> Response:
        asked = {
            "client_id": request.values["client_id"],
            "redirect_uri": tool.launch_url,
            "login_hint": request.values["login_hint"],
            "lti_message_hint": request.values["lti_message_hint"],
            "state": "tiny-state",
            "nonce": "tiny-nonce",
        }
        answer = Response(
            status=302, headers={"Location": f"{tool.platform.info['auth_login_url']}?{urlencode(asked)}"}
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
    tool: TinyTool, httpserver: HTTPServer, method: str
) -> None:
    serve_tiny_tool(tool, httpserver)
    seen = browserless.launch(tool.platform, "omar", method=method)
    assert (seen.status_code, seen.json()["sub"]) == (200, tool.platform.user_id("omar"))


def test_a_teacher_chooses_content_by_a_deep_linking_launch(tool: TinyTool, httpserver: HTTPServer) -> None:
    serve_tiny_tool(tool, httpserver)
    claims = browserless.launch(tool.platform, "tess", deep_link=True).json()
    assert claims[CLAIM + "message_type"] == "LtiDeepLinkingRequest"


def test_the_content_that_a_teacher_chose_is_what_learners_launch(
    tool: TinyTool, httpserver: HTTPServer
) -> None:
    serve_tiny_tool(tool, httpserver)
    browser = browserless.Browser()
    claims = browserless.launch(tool.platform, "tess", browser, deep_link=True).json()
    chosen = {
        "type": "ltiResourceLink",
        "title": "Mentoring",
        "url": tool.launch_url,
        "custom": {"content": "abc"},
    }
    now = int(time.time())
    response = {
        "iss": tool.platform.info["client_id"],
        "aud": [tool.platform.info["issuer"]],
        "iat": now,
        "exp": now + 60,
        "nonce": str(uuid.uuid4()),
        CLAIM + "message_type": "LtiDeepLinkingResponse",
        CLAIM + "version": "1.3.0",
        CLAIM + "deployment_id": tool.platform.info["deployment_id"],
        DEEP_LINKING + "content_items": [chosen],
    }
    back = claims[DEEP_LINKING + "deep_linking_settings"]["deep_link_return_url"]
    saved = browser.post(back, data={"JWT": tool.sign(response)}, timeout=30)
    assert saved.status_code == 200
    assert browserless.launch(tool.platform, "maya").json()[CLAIM + "custom"] == {"content": "abc"}


def test_the_log_of_requests_says_what_the_tool_asked(tool: TinyTool) -> None:
    tool.roster(limit=2)
    last = tool.platform.requests()[-1]
    assert (last["method"], last["query"], last["accept"], last["status"]) == (
        "GET",
        "limit=2",
        ROSTER_TYPE,
        200,
    )
