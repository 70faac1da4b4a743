"""The authentication endpoint: each refusal, with the launch that passes beside it."""

from __future__ import annotations

import time

import jwt
import pytest
import requests

from lti_tool.demo.lms.course import Link
from lti_tool.demo.lms.server import RunningLms
from tests.demo.lms.tool import LTI, Browser, TestTool, form_of, reason_of


def test_a_right_launch_gives_a_signed_token_with_the_nonce(
    browser: Browser, tool: TestTool, activity: Link
) -> None:
    browser.log_in_as("lina.haddad")
    assert tool.launch(browser, f"/launch/{activity.id}")["nonce"] == "nonce-1"


def test_the_state_comes_back_as_it_was(browser: Browser, tool: TestTool, activity: Link) -> None:
    browser.log_in_as("lina.haddad")
    login = tool.start_launch(browser, f"/launch/{activity.id}")
    page = browser.get("/oidc/auth", params=tool.authentication(login, state='a"<b>&amp;'))
    assert form_of(page)[1]["state"] == 'a"<b>&amp;'


def test_the_authentication_request_may_be_posted(browser: Browser, tool: TestTool, activity: Link) -> None:
    browser.log_in_as("lina.haddad")
    login = tool.start_launch(browser, f"/launch/{activity.id}")
    page = browser.post("/oidc/auth", data=tool.authentication(login))
    assert "id_token" in form_of(page)[1]


def test_the_token_is_valid_for_sixty_seconds(browser: Browser, tool: TestTool, activity: Link) -> None:
    browser.log_in_as("lina.haddad")
    claims = tool.launch(browser, f"/launch/{activity.id}")
    assert claims["exp"] - claims["iat"] == 60


def test_login_initiation_names_issuer_client_deployment_and_target(
    browser: Browser, tool: TestTool, activity: Link
) -> None:
    person_id = browser.log_in_as("lina.haddad")
    login = tool.start_launch(browser, f"/launch/{activity.id}")
    del login["lti_message_hint"]
    assert login == {
        "iss": browser.lms.base_url,
        "client_id": "client-1",
        "lti_deployment_id": tool.registered.deployment_id,
        "target_link_uri": tool.registered.target_link_uri,
        "login_hint": person_id,
    }


@pytest.mark.parametrize(
    ("parameter", "value", "reason"),
    [
        ("scope", "openid email", "bad_scope"),
        ("scope", None, "missing_scope"),
        ("response_type", "code", "bad_response_type"),
        ("response_type", None, "missing_response_type"),
        ("response_mode", "query", "bad_response_mode"),
        ("response_mode", None, "missing_response_mode"),
        ("prompt", "login", "bad_prompt"),
        ("prompt", None, "missing_prompt"),
        ("nonce", None, "missing_nonce"),
        ("nonce", "", "missing_nonce"),
        ("state", None, "missing_state"),
        ("login_hint", None, "missing_login_hint"),
        ("login_hint", "6", "wrong_login_hint"),
        ("lti_message_hint", None, "missing_lti_message_hint"),
        ("lti_message_hint", "invented", "unknown_hint"),
        ("client_id", None, "missing_client_id"),
        ("client_id", "someone-else", "unknown_client_id"),
        ("redirect_uri", None, "missing_redirect_uri"),
        ("redirect_uri", "https://attacker.example/launch", "unregistered_redirect_uri"),
    ],
)
def test_a_wrong_parameter_is_refused(
    browser: Browser, tool: TestTool, activity: Link, parameter: str, value: str | None, reason: str
) -> None:
    browser.log_in_as("lina.haddad")
    login = tool.start_launch(browser, f"/launch/{activity.id}")
    page = browser.get("/oidc/auth", params=tool.authentication(login, **{parameter: value}))
    assert (page.status_code, reason_of(page)) == (400, reason)


@pytest.mark.parametrize("suffix", ["/", "?x=1", "#x", "%2e"])
def test_a_redirect_uri_must_be_exactly_the_registered_one(
    browser: Browser, tool: TestTool, activity: Link, suffix: str
) -> None:
    browser.log_in_as("lina.haddad")
    login = tool.start_launch(browser, f"/launch/{activity.id}")
    wrong = tool.registered.redirect_uris[0] + suffix
    page = browser.get("/oidc/auth", params=tool.authentication(login, redirect_uri=wrong))
    assert (page.status_code, reason_of(page)) == (400, "unregistered_redirect_uri")


def test_an_unregistered_redirect_uri_is_never_written_into_the_page(
    browser: Browser, tool: TestTool, activity: Link
) -> None:
    browser.log_in_as("lina.haddad")
    login = tool.start_launch(browser, f"/launch/{activity.id}")
    wrong = "https://attacker.example/launch"
    page = browser.get("/oidc/auth", params=tool.authentication(login, redirect_uri=wrong))
    assert "attacker.example" not in page.text


def test_a_parameter_given_twice_is_refused(browser: Browser, tool: TestTool, activity: Link) -> None:
    browser.log_in_as("lina.haddad")
    login = tool.start_launch(browser, f"/launch/{activity.id}")
    twice = [*tool.authentication(login).items(), ("nonce", "another")]
    page = browser.get("/oidc/auth", params=twice)
    assert (page.status_code, reason_of(page)) == (400, "repeated_nonce")


def test_a_hint_works_once(browser: Browser, tool: TestTool, activity: Link) -> None:
    browser.log_in_as("lina.haddad")
    login = tool.start_launch(browser, f"/launch/{activity.id}")
    browser.get("/oidc/auth", params=tool.authentication(login)).raise_for_status()
    page = browser.get("/oidc/auth", params=tool.authentication(login))
    assert (page.status_code, reason_of(page)) == (400, "unknown_hint")


def test_a_hint_is_bound_to_its_person(browser: Browser, tool: TestTool, activity: Link) -> None:
    browser.log_in_as("lina.haddad")
    login = tool.start_launch(browser, f"/launch/{activity.id}")
    other = browser.log_in_as("tomas.ferreira")
    page = browser.get("/oidc/auth", params=tool.authentication(login, login_hint=other))
    assert (page.status_code, reason_of(page)) == (400, "unknown_hint")


def test_a_hint_expires(browser: Browser, tool: TestTool, activity: Link) -> None:
    browser.log_in_as("lina.haddad")
    login = tool.start_launch(browser, f"/launch/{activity.id}")
    with browser.lms.lms.store.transaction() as db:
        db.execute("UPDATE hints SET expires_at = ?", (time.time() - 1,))
    page = browser.get("/oidc/auth", params=tool.authentication(login))
    assert (page.status_code, reason_of(page)) == (400, "expired_hint")


def test_a_request_without_our_cookie_is_posted_again_from_our_own_page(
    browser: Browser, tool: TestTool, activity: Link
) -> None:
    browser.log_in_as("lina.haddad")
    login = tool.start_launch(browser, f"/launch/{activity.id}")
    crossed = requests.get(f"{browser.lms.base_url}/oidc/auth", params=tool.authentication(login), timeout=10)
    action, fields = form_of(crossed)
    assert "id_token" in form_of(browser.http.post(action, data=fields))[1]


def test_nobody_logged_in_is_login_required(browser: Browser, tool: TestTool, activity: Link) -> None:
    browser.log_in_as("lina.haddad")
    login = tool.start_launch(browser, f"/launch/{activity.id}")
    asked = {**tool.authentication(login), "repost": "1"}
    page = requests.post(f"{browser.lms.base_url}/oidc/auth", data=asked, timeout=10)
    assert (page.status_code, form_of(page)[1]["error"]) == (401, "login_required")


def test_an_error_goes_back_to_the_tool_with_its_state(
    browser: Browser, tool: TestTool, activity: Link
) -> None:
    browser.log_in_as("lina.haddad")
    login = tool.start_launch(browser, f"/launch/{activity.id}")
    page = browser.get("/oidc/auth", params=tool.authentication(login, scope="email"))
    action, fields = form_of(page)
    assert (action, fields["error"], fields["state"]) == (
        tool.registered.redirect_uris[0],
        "invalid_scope",
        "state-1",
    )


def test_a_pending_tool_cannot_be_launched(browser: Browser, tool: TestTool, activity: Link) -> None:
    browser.log_in_as("lina.haddad")
    with browser.lms.lms.store.transaction() as db:
        db.execute("UPDATE tools SET state = 'pending'")
    page = browser.get(f"/launch/{activity.id}")
    assert (page.status_code, reason_of(page)) == (409, "tool_not_active")


def test_launching_needs_a_person(browser: Browser, activity: Link) -> None:
    page = browser.get(f"/launch/{activity.id}")
    assert (page.status_code, reason_of(page)) == (401, "not_logged_in")


def test_the_token_names_its_key(browser: Browser, tool: TestTool, activity: Link, lms: RunningLms) -> None:
    browser.log_in_as("lina.haddad")
    login = tool.start_launch(browser, f"/launch/{activity.id}")
    page = browser.get("/oidc/auth", params=tool.authentication(login))
    header = jwt.get_unverified_header(form_of(page)[1]["id_token"])
    keys = requests.get(f"{lms.base_url}/oauth/jwks", timeout=10).json()["keys"]
    assert (header["alg"], header["kid"]) == ("RS256", keys[0]["kid"])


def test_a_refused_launch_is_in_the_activity_log(browser: Browser, tool: TestTool, activity: Link) -> None:
    browser.log_in_as("amelie.roux")
    login = tool.start_launch(browser, f"/launch/{activity.id}")
    browser.get("/oidc/auth", params=tool.authentication(login, prompt="login"))
    newest = browser.get("/activity.json").json()[0]
    assert (newest["tool"], newest["status"], newest["reason"]) == ("client-1", 400, "bad_prompt")


@pytest.mark.parametrize(
    ("username", "roles"),
    [
        ("lina.haddad", ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"]),
        ("claire.dubreuil", ["http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"]),
        (
            "amelie.roux",
            [
                "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor",
                "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator",
                "http://purl.imsglobal.org/vocab/lis/v2/system/person#Administrator",
            ],
        ),
    ],
)
def test_roles_are_full_addresses(
    browser: Browser, tool: TestTool, activity: Link, username: str, roles: list[str]
) -> None:
    browser.log_in_as(username)
    assert tool.launch(browser, f"/launch/{activity.id}")[LTI + "roles"] == roles


def test_known_variables_are_replaced_and_unknown_ones_arrive_as_written(
    browser: Browser, tool: TestTool, activity: Link
) -> None:
    browser.log_in_as("lina.haddad")
    custom = tool.launch(browser, f"/launch/{activity.id}")[LTI + "custom"]
    assert custom == {"history": "", "old": "$ResourceLink.id.history", "plain": "x"}


def test_a_launch_carries_every_claim_that_moodle_sends(
    browser: Browser, tool: TestTool, activity: Link
) -> None:
    person_id = browser.log_in_as("lina.haddad")
    claims = tool.launch(browser, f"/launch/{activity.id}")
    base = browser.lms.base_url
    wanted = {
        "sub": person_id,
        "name": "Lina Haddad",
        "given_name": "Lina",
        "family_name": "Haddad",
        "email": "lina.haddad@campus-horizon.example",
        LTI + "deployment_id": tool.registered.deployment_id,
        LTI + "message_type": "LtiResourceLinkRequest",
        LTI + "version": "1.3.0",
        LTI + "target_link_uri": tool.registered.target_link_uri,
        LTI + "resource_link": {"id": str(activity.id), "title": "Mentorat inversé"},
        LTI + "context": {
            "id": "1",
            "label": "CN-2026",
            "title": "Cultures numériques",
            "type": ["CourseSection"],
        },
        "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice": {
            "context_memberships_url": f"{base}/services/1/bindings/1/memberships",
            "service_versions": ["2.0"],
        },
    }
    assert {name: claims[name] for name in wanted} == wanted


def test_the_endpoint_claim_couples_the_line_item(browser: Browser, tool: TestTool, activity: Link) -> None:
    browser.log_in_as("lina.haddad")
    endpoint = tool.launch(browser, f"/launch/{activity.id}")[
        "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
    ]
    base = f"{browser.lms.base_url}/services/1/lineitems"
    assert (endpoint["lineitems"], endpoint["lineitem"]) == (
        f"{base}?type_id=1",
        f"{base}/1/lineitem?type_id=1",
    )


def test_the_presentation_follows_frame_and_language(
    browser: Browser, tool: TestTool, activity: Link
) -> None:
    browser.log_in_as("lina.haddad")
    browser.post("/language", data={"lang": "en"})
    claims = tool.launch(browser, f"/launch/{activity.id}?target=window")
    presentation = claims[LTI + "launch_presentation"]
    assert (presentation["locale"], presentation["document_target"]) == ("en", "window")


def test_names_that_were_not_asked_for_are_not_sent(browser: Browser, tool: TestTool, activity: Link) -> None:
    with browser.lms.lms.store.transaction() as db:
        db.execute('UPDATE tools SET claims = \'["sub", "given_name"]\'')
    browser.log_in_as("lina.haddad")
    claims = tool.launch(browser, f"/launch/{activity.id}")
    assert {"name", "given_name", "family_name", "email"} & claims.keys() == {"given_name"}


def test_a_teacher_reviews_a_students_work_from_the_gradebook(
    browser: Browser, tool: TestTool, activity: Link
) -> None:
    student = browser.log_in_as("lina.haddad")
    assert browser.get(f"/launch/{activity.id}/review/{student}").status_code == 403
    browser.log_in_as("claire.dubreuil")
    claims = tool.launch(browser, f"/launch/{activity.id}/review/{student}?target=window")
    assert claims[LTI + "message_type"] == "LtiSubmissionReviewRequest"
    assert claims[LTI + "for_user"] == {"user_id": student}
    assert claims[LTI + "resource_link"]["id"]
