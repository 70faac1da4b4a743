"""The login: what is refused before the browser is sent anywhere, and what the browser is sent with."""

from __future__ import annotations

from typing import Any

import pytest
from itsdangerous.encoding import base64_decode

from lti_tool.composition.services import Services
from lti_tool.lti.launch.login_states import secret_hash
from schemas.login import STATE_LENGTH, LoginSchema
from tests.certification.verdicts import assert_refused, opened
from tests.platform.platform import ABSENT, TOOL, Browser, Platform
from tests.sql_counter import counting


def test_an_unmodified_login_leads_to_a_launch(
    services: Services, platform: Platform, browser: Browser
) -> None:
    assert opened(services, platform.launch(browser))


REFUSED: dict[str, tuple[dict[str, Any], str, int]] = {
    "an unknown issuer": ({"iss": "https://nobody.example"}, "issuer_unknown", 403),
    "an issuer in other letters": ({"iss": "https://LMS.example"}, "issuer_unknown", 403),
    "a wrong client id": ({"client_id": "client-9"}, "client_unknown", 403),
    "no issuer": ({"iss": ABSENT}, "login_malformed", 400),
    "an empty issuer": ({"iss": ""}, "login_malformed", 400),
    "no login hint": ({"login_hint": ABSENT}, "login_malformed", 400),
    "no target": ({"target_link_uri": ABSENT}, "login_malformed", 400),
    "an issuer of 10,000 characters": ({"iss": "https://" + "x" * 10_000}, "login_malformed", 400),
    "a NUL in the issuer": ({"iss": "https://lms.example\x00"}, "login_malformed", 400),
    "a NUL in the hint": ({"login_hint": "a\x00b"}, "login_malformed", 400),
    "a deployment of 256 characters": ({"lti_deployment_id": "x" * 256}, "login_malformed", 400),
}


@pytest.mark.parametrize(("changes", "reason", "status"), REFUSED.values(), ids=list(REFUSED))
def test_a_login_is_refused_with(
    services: Services,
    platform: Platform,
    browser: Browser,
    changes: dict[str, Any],
    reason: str,
    status: int,
) -> None:
    response = browser.get("/lti/login", query_string=platform.login_parameters(**changes))
    assert_refused(services, response, reason, status=status)


@pytest.mark.parametrize("name", sorted(LoginSchema().fields))
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_login_is_refused_with_a_parameter_twice(
    services: Services, platform: Platform, browser: Browser, name: str, method: str
) -> None:
    parameters = {**platform.login_parameters(), name: ["_parent", "_parent"]}
    response = (
        browser.get("/lti/login", query_string=parameters)
        if method == "GET"
        else browser.post("/lti/login", data=parameters)
    )
    assert_refused(services, response, "login_malformed", status=400)


TARGETS = {
    "on another host": "https://evil.example/lti/launch",
    "on another port": "http://127.0.0.1:5001/lti/launch",
    "by another scheme": "https://127.0.0.1:5000/lti/launch",
    "behind a backslash": "http://127.0.0.1:5000\\@evil.example/",
    "behind our name as user": "http://127.0.0.1:5000@evil.example/",
    "with user information": "http://someone@127.0.0.1:5000/lti/launch",
    "with our host as its beginning": "http://127.0.0.1:5000.evil.example/",
    "with a line end": "http://127.0.0.1:5000\n.evil.example/",
    "without a scheme": "//127.0.0.1:5000/lti/launch",
    "that is a script": "javascript:alert(1)",
    "with a port that is none": "http://127.0.0.1:five/",
    "with a broken bracket": "http://[127.0.0.1:5000/",
}


@pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))
def test_a_login_is_refused_for_a_target(
    services: Services, platform: Platform, browser: Browser, target: str
) -> None:
    response = browser.get("/lti/login", query_string=platform.login_parameters(target_link_uri=target))
    assert_refused(services, response, "target_elsewhere", status=400)


def test_a_target_in_capitals_is_still_ours(platform: Platform, browser: Browser) -> None:
    assert platform.begin(browser, target_link_uri="HTTP://127.0.0.1:5000/anything?x=1#y").state


def test_the_client_id_may_be_left_out_where_the_issuer_has_one_registration(
    platform: Platform, browser: Browser
) -> None:
    assert platform.begin(browser, client_id=ABSENT).query["client_id"] == platform.client_id


def test_the_client_id_is_needed_where_the_issuer_has_several(
    services: Services, platform: Platform, other_tenant: Platform, browser: Browser
) -> None:
    response = browser.get("/lti/login", query_string=platform.login_parameters(client_id=ABSENT))
    assert_refused(services, response, "client_ambiguous", status=400)


@pytest.mark.parametrize("tenant", ["platform", "other_tenant"])
def test_each_tenant_of_an_issuer_can_log_in(
    platform: Platform, other_tenant: Platform, browser: Browser, tenant: str
) -> None:
    chosen = platform if tenant == "platform" else other_tenant
    assert chosen.begin(browser).query["client_id"] == chosen.client_id


def test_the_storage_target_opener_is_read_as_the_parent(platform: Platform) -> None:
    parameters = platform.login_parameters(lti_storage_target="opener")
    assert LoginSchema().load(parameters)["lti_storage_target"] == "_parent"


def test_a_storage_target_by_name_is_kept(platform: Platform) -> None:
    parameters = platform.login_parameters(lti_storage_target="storage_frame")
    assert LoginSchema().load(parameters)["lti_storage_target"] == "storage_frame"


HTML = '"><script>alert(1)</script>'


def test_html_in_the_hints_is_escaped(platform: Platform, browser: Browser) -> None:
    response = platform.begin(browser, login_hint=HTML, lti_message_hint=HTML).response
    assert "<script>" not in response.headers["Location"] + response.text


def test_html_in_the_hints_reaches_the_platform_as_it_was(platform: Platform, browser: Browser) -> None:
    login = platform.begin(browser, login_hint=HTML, lti_message_hint=HTML)
    assert (login.query["login_hint"], login.query["lti_message_hint"]) == (HTML, HTML)


def test_html_in_a_refused_login_is_not_shown(
    services: Services, platform: Platform, browser: Browser
) -> None:
    response = browser.get("/lti/login", query_string=platform.login_parameters(iss=HTML))
    assert_refused(services, response, "issuer_unknown")
    assert "<script>alert" not in response.text
    assert "does not recognise your learning platform" in response.text


QUERY = {
    "scope": "openid",
    "response_type": "id_token",
    "response_mode": "form_post",
    "prompt": "none",
    "client_id": "client-1",
    "redirect_uri": f"{TOOL}/lti/launch",
    "login_hint": "hint of the person",
    "lti_message_hint": "hint of the message",
}


@pytest.mark.parametrize("name", QUERY)
def test_the_browser_is_sent_to_the_platform_with_the_right(
    platform: Platform, browser: Browser, name: str
) -> None:
    assert platform.begin(browser).query[name] == QUERY[name]


def test_no_message_hint_is_made_up(platform: Platform, browser: Browser) -> None:
    assert "lti_message_hint" not in platform.begin(browser, lti_message_hint=ABSENT).query


def test_every_login_has_a_state_and_a_nonce_of_its_own(platform: Platform, browser: Browser) -> None:
    first, second = platform.begin(browser), platform.begin(browser)
    assert len({first.state, first.nonce, second.state, second.nonce}) == 4


def test_the_parameters_of_the_platform_s_own_address_are_kept(
    services: Services, platform: Platform, browser: Browser
) -> None:
    platform.auth_login_url = "https://lms.example/auth?site=7"
    platform.client_id = "client-with-site"
    platform.registration_id = type(platform.registration_id)(int=7)
    platform.register(services.database)
    assert platform.begin(browser).query["site"] == "7"


@pytest.mark.parametrize("part", ["Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/"])
def test_the_browser_s_cookie_is(platform: Platform, browser: Browser, part: str) -> None:
    cookie = platform.begin(browser).response.headers["Set-Cookie"]
    assert part in cookie.split("; ")


def test_a_browser_keeps_its_secret_from_login_to_login(platform: Platform, browser: Browser) -> None:
    platform.begin(browser)
    secret = browser.cookie()
    platform.begin(browser)
    assert browser.cookie() == secret


def test_a_secret_that_is_none_of_ours_is_replaced(platform: Platform, browser: Browser) -> None:
    browser.set_cookie("weak")
    platform.begin(browser)
    assert browser.cookie() != "weak"


def test_the_secret_itself_is_not_in_the_state(platform: Platform, browser: Browser) -> None:
    login = platform.begin(browser)
    secret = browser.cookie() or ""
    assert secret not in login.state
    assert secret_hash(secret) in decoded(login.state)


def test_the_state_is_short_enough_for_an_address(platform: Platform, browser: Browser) -> None:
    login = platform.begin(browser, target_link_uri=f"{TOOL}/{'x' * 1900}", lti_deployment_id="é" * 255)
    assert len(login.state) < STATE_LENGTH


def test_a_login_stores_nothing(services: Services, platform: Platform, browser: Browser) -> None:
    browser.get("/lti/login", query_string=platform.login_parameters())
    with counting(services.database) as counter:
        browser.get("/lti/login", query_string=platform.login_parameters())
    assert (counter.statements, counter.transactions) == ([], 0)


def test_the_first_login_of_a_platform_only_reads(
    services: Services, platform: Platform, browser: Browser
) -> None:
    with services.database.transaction():  # nobody else can write on SQLite now
        assert platform.begin(browser).state


def decoded(state: str) -> str:
    """What a state says, without looking at its signature."""
    return base64_decode(state.rpartition(".")[0]).decode()
