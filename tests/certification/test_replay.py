"""State, nonce, browser, issuer, client and deployment belong together, and serve once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from lti_tool.composition.services import Services
from lti_tool.lti.launch.login_states import LOGIN_LIFETIME, LoginStates
from lti_tool.lti.launch.models import LaunchHandoff, LaunchSession, UsedNonce
from tests.certification.verdicts import assert_refused, opened, refusals
from tests.platform.keys import key
from tests.platform.platform import ABSENT, TOOL, Browser, Platform


def test_an_unmodified_launch_is_let_in(services: Services, platform: Platform, browser: Browser) -> None:
    assert opened(services, platform.launch(browser))


def test_a_replay_in_the_same_browser_is_refused(
    services: Services, platform: Platform, browser: Browser
) -> None:
    login = platform.begin(browser)
    token = platform.token(login.nonce)
    browser.launch(login.state, token)
    assert_refused(services, browser.launch(login.state, token), "state_used")


def test_a_replay_in_another_browser_is_refused(
    services: Services, platform: Platform, browser: Browser, new_browser: Callable[..., Browser]
) -> None:
    login = platform.begin(browser)
    token = platform.token(login.nonce)
    browser.launch(login.state, token)
    assert_refused(services, new_browser().launch(login.state, token), "state_used")


def test_a_stolen_launch_is_refused_in_a_browser_with_a_secret_of_its_own(
    services: Services, platform: Platform, browser: Browser, new_browser: Callable[..., Browser]
) -> None:
    login = platform.begin(browser)
    thief = new_browser()
    platform.begin(thief)
    assert_refused(services, thief.launch(login.state, platform.token(login.nonce)), "other_browser")


def test_a_state_without_the_cookie_opens_nothing(
    services: Services, platform: Platform, browser: Browser, new_browser: Callable[..., Browser]
) -> None:
    login = platform.begin(browser)
    response = new_browser().launch(login.state, platform.token(login.nonce))
    assert_refused(services, response, "no_browser_proof")


def test_a_state_without_the_cookie_makes_no_session(
    services: Services, platform: Platform, new_browser: Callable[..., Browser]
) -> None:
    platform.launch(new_browser(cookies=False))
    with services.database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(LaunchSession)) == 0


def test_two_launches_with_one_state_at_once_open_one_session(
    services: Services, platform: Platform, browser: Browser, new_browser: Callable[..., Browser]
) -> None:
    login = platform.begin(browser)
    token = platform.token(login.nonce)
    twins = [new_browser() for _ in range(4)]
    for twin in twins:
        twin.set_cookie(browser.cookie() or "")
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda twin: twin.launch(login.state, token).status_code, twins))
    assert sorted(statuses) == [303, 403, 403, 403]


def test_a_state_that_nobody_made_is_refused(
    services: Services, platform: Platform, browser: Browser
) -> None:
    login = platform.begin(browser)
    assert_refused(services, browser.launch("made-up", platform.token(login.nonce)), "state_unknown")


def test_a_state_is_refused_after_ten_minutes(
    services: Services, platform: Platform, browser: Browser
) -> None:
    with time_machine.travel(dt.datetime.now(dt.UTC) - LOGIN_LIFETIME - dt.timedelta(seconds=1)):
        login = platform.begin(browser)
    assert_refused(services, browser.launch(login.state, platform.token(login.nonce)), "state_expired")


def test_a_state_signed_with_another_key_is_refused(
    services: Services, platform: Platform, browser: Browser
) -> None:
    others = LoginStates(services.tool_config, "the secret of another installation, long enough")
    registration = services.tool_config.registration(platform.registration_id)
    assert registration is not None
    platform.begin(browser)
    state, nonce = others.begin(
        registration,
        browser_secret=browser.cookie() or "",
        deployment_hint=None,
        target_link_uri=f"{TOOL}/lti/launch",
    )
    assert_refused(services, browser.launch(state, platform.token(nonce)), "state_unknown")


@pytest.mark.parametrize("position", [0, 40, -3])
def test_a_state_that_was_changed_is_refused(
    services: Services, platform: Platform, browser: Browser, position: int
) -> None:
    login = platform.begin(browser)
    letters = list(login.state)
    letters[position] = "A" if letters[position] != "A" else "B"
    assert_refused(services, browser.launch("".join(letters), platform.token(login.nonce)), "state_unknown")


def nonces_used(services: Services) -> int:
    with services.database.reading() as db:
        return db.scalars(sa.select(sa.func.count()).select_from(UsedNonce)).one()


def test_what_fails_its_signature_without_proof_uses_nothing_up(
    services: Services, platform: Platform, browser: Browser, new_browser: Callable[..., Browser]
) -> None:
    login = platform.begin(browser)
    forged = platform.token(login.nonce, signing=key("key-1", owner="forger"))
    assert_refused(services, new_browser().launch(login.state, forged), "signature_wrong")
    assert nonces_used(services) == 0
    assert opened(services, browser.launch(login.state, platform.token(login.nonce)))


def test_a_launch_of_another_browser_uses_nothing_up(
    services: Services, platform: Platform, browser: Browser, new_browser: Callable[..., Browser]
) -> None:
    login, thief = platform.begin(browser), new_browser()
    platform.begin(thief)
    thief.launch(login.state, platform.token(login.nonce))
    assert opened(services, browser.launch(login.state, platform.token(login.nonce)))


def test_a_launch_without_proof_is_handed_off_once(
    services: Services, platform: Platform, browser: Browser, new_browser: Callable[..., Browser]
) -> None:
    login = platform.begin(browser)
    token = platform.token(login.nonce)
    first, second = (new_browser().launch(login.state, token) for _ in range(2))
    assert "/lti/continue/" in first.text
    assert "/lti/continue/" not in second.text
    with services.database.reading() as db:
        assert db.scalars(sa.select(sa.func.count()).select_from(LaunchHandoff)).one() == 1


def test_a_thousand_refusals_are_one_row(services: Services, platform: Platform, browser: Browser) -> None:
    for number in range(1000):
        parameters = platform.login_parameters(iss=f"https://{number}.example")
        browser.get("/lti/login", query_string=parameters)
    row = assert_refused(services, browser.get("/lti/login", query_string=parameters), "issuer_unknown")
    assert (row.count, row.issuer) == (1001, "https://999.example")


def test_refusals_of_two_registrations_are_counted_apart(
    services: Services, platform: Platform, other_platform: Platform, browser: Browser
) -> None:
    for one in (platform, other_platform, other_platform):
        one.launch(browser, nonce="made-up")
    counts = {row.client_id: row.count for row in refusals(services)}
    assert counts == {platform.client_id: 1, other_platform.client_id: 2}


def test_an_old_nonce_with_a_new_state_is_refused(
    services: Services, platform: Platform, browser: Browser
) -> None:
    old, new = platform.begin(browser), platform.begin(browser)
    assert_refused(services, browser.launch(new.state, platform.token(old.nonce)), "nonce_wrong")


def test_a_nonce_that_nobody_made_is_refused(
    services: Services, platform: Platform, browser: Browser
) -> None:
    assert_refused(services, platform.launch(browser, nonce="made-up"), "nonce_wrong")


def test_a_token_of_another_issuer_is_refused(
    services: Services, platform: Platform, other_platform: Platform, browser: Browser
) -> None:
    login = platform.begin(browser)
    response = browser.launch(login.state, other_platform.token(login.nonce))
    assert_refused(services, response, "issuer_mismatch")


def test_a_token_of_another_issuer_that_claims_to_be_this_one_is_refused(
    services: Services, platform: Platform, other_platform: Platform, browser: Browser
) -> None:
    login = platform.begin(browser)
    forged = other_platform.token(login.nonce, iss=platform.issuer, aud=platform.client_id)
    assert_refused(services, browser.launch(login.state, forged), "kid_unknown")


def test_a_token_for_another_tenant_of_the_issuer_is_refused(
    services: Services, platform: Platform, other_tenant: Platform, browser: Browser
) -> None:
    login = platform.begin(browser)
    assert_refused(services, browser.launch(login.state, other_tenant.token(login.nonce)), "audience_wrong")


def test_the_issuer_whose_login_it_was_is_recorded(
    services: Services, platform: Platform, browser: Browser
) -> None:
    row = assert_refused(services, platform.launch(browser, nonce="made-up"), "nonce_wrong")
    assert (row.issuer, row.client_id) == (platform.issuer, platform.client_id)


def test_no_state_is_refused(services: Services, platform: Platform, browser: Browser) -> None:
    login = platform.begin(browser)
    response = browser.post("/lti/launch", data={"id_token": platform.token(login.nonce)})
    assert_refused(services, response, "launch_malformed", status=400)


def test_no_token_is_refused(services: Services, platform: Platform, browser: Browser) -> None:
    response = browser.post("/lti/launch", data={"state": platform.begin(browser).state})
    assert_refused(services, response, "launch_malformed", status=400)


@pytest.mark.parametrize("name", ["state", "id_token"])
def test_a_parameter_that_is_there_twice_is_refused(
    services: Services, platform: Platform, browser: Browser, name: str
) -> None:
    login = platform.begin(browser)
    data = {"state": [login.state], "id_token": [platform.token(login.nonce)]}
    data[name] *= 2
    assert_refused(services, browser.post("/lti/launch", data=data), "launch_malformed", status=400)


def test_a_launch_by_get_is_no_launch(platform: Platform, browser: Browser) -> None:
    login = platform.begin(browser)
    query = {"state": login.state, "id_token": platform.token(login.nonce)}
    assert browser.get("/lti/launch", query_string=query).status_code == 405


def test_a_refused_token_uses_its_state_up(services: Services, platform: Platform, browser: Browser) -> None:
    login = platform.begin(browser)
    browser.launch(login.state, platform.token(login.nonce, sub="x" * 256))
    assert browser.launch(login.state, platform.token(login.nonce)).status_code == 403


FORMS: dict[str, Callable[[str], dict[str, Any]]] = {
    "without a token": lambda state: {"state": state},
    "with an empty token": lambda state: {"state": state, "id_token": ""},
    "with a token of 300 kilobytes": lambda state: {"state": state, "id_token": "x" * 300_000},
    "with two tokens": lambda state: {"state": state, "id_token": ["a.b.c", "a.b.c"]},
    "with a NUL in the token": lambda state: {"state": state, "id_token": "a.\0.c"},
    "with an error that is too long": lambda state: {"state": state, "error": "x" * 300},
}


@pytest.mark.parametrize("form", FORMS)
def test_a_malformed_launch_of_its_browser_uses_its_state_up(
    services: Services, platform: Platform, browser: Browser, form: str
) -> None:
    login = platform.begin(browser)
    for _ in range(2):
        response = browser.post("/lti/launch", data=FORMS[form](login.state))
        assert (response.status_code, nonces_used(services)) == (400, 1)
    assert {row.reason for row in refusals(services)} == {"launch_malformed"}
    assert browser.launch(login.state, platform.token(login.nonce)).status_code == 403


def test_a_malformed_launch_without_its_browsers_proof_uses_nothing_up(
    services: Services, platform: Platform, browser: Browser, new_browser: Callable[..., Browser]
) -> None:
    login, thief = platform.begin(browser), new_browser()
    platform.begin(thief)
    for other in (thief, new_browser(cookies=False)):
        assert other.post("/lti/launch", data={"state": login.state}).status_code == 400
    for state in ("made-up", "\0", [login.state] * 2, "x" * 9_000):
        assert browser.post("/lti/launch", data={"state": state}).status_code == 400
    with time_machine.travel(dt.datetime.now(dt.UTC) + LOGIN_LIFETIME + dt.timedelta(seconds=1)):
        assert browser.post("/lti/launch", data={"state": login.state}).status_code == 400
    assert nonces_used(services) == 0
    assert opened(services, browser.launch(login.state, platform.token(login.nonce)))


def test_two_logins_of_one_browser_may_be_under_way(
    services: Services, platform: Platform, browser: Browser
) -> None:
    first, second = platform.begin(browser), platform.begin(browser)
    for login in (second, first):
        assert opened(services, browser.launch(login.state, platform.token(login.nonce)))


def test_an_error_of_the_platform_gets_a_friendly_page(
    services: Services, platform: Platform, browser: Browser
) -> None:
    state = platform.begin(browser).state
    response = browser.post("/lti/launch", data={"state": state, "error": "login_required"})
    assert_refused(services, response, "platform_refused")
    assert "Sign in" in response.text


def test_an_error_of_the_platform_without_a_state_gets_the_same_page(
    services: Services, platform: Platform, browser: Browser
) -> None:
    response = browser.post("/lti/launch", data={"error": "invalid_request_object", "error_description": "x"})
    assert_refused(services, response, "platform_refused")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("login_required", "Sign in to your learning platform"),
        ("interaction_required", "Sign in to your learning platform"),
        ("launch_no_longer_valid", "open the activity again"),
        ("temporarily_unavailable", "open the activity again"),
        ("unauthorized_client", "the reference below"),
        ("invalid_request_object", "the reference below"),
        ("something new", "the reference below"),
    ],
)
def test_the_page_of_an_error_says_what_can_be_done(
    services: Services, platform: Platform, browser: Browser, error: str, words: str
) -> None:
    form = {"state": platform.begin(browser).state, "error": error, "error_description": "as Canvas <says>"}
    response = browser.post("/lti/launch", data=form)
    assert_refused(services, response, "platform_refused")
    assert words in response.text
    assert "as Canvas" not in response.text


def test_an_error_beside_a_token_opens_nothing(
    services: Services, platform: Platform, browser: Browser
) -> None:
    login = platform.begin(browser)
    form = {"state": login.state, "id_token": platform.token(login.nonce), "error": "login_required"}
    assert_refused(services, browser.post("/lti/launch", data=form), "platform_refused")


def test_a_token_of_a_megabyte_is_not_read(services: Services, platform: Platform, browser: Browser) -> None:
    response = browser.launch(platform.begin(browser).state, "x" * 1024 * 1024)
    assert_refused(services, response, "too_large", status=413)


def test_a_token_of_300_kilobytes_is_refused(
    services: Services, platform: Platform, browser: Browser
) -> None:
    response = browser.launch(platform.begin(browser).state, "x" * 300_000)
    assert_refused(services, response, "launch_malformed", status=400)


def test_a_login_of_a_megabyte_is_not_read(services: Services, platform: Platform, browser: Browser) -> None:
    response = browser.post("/lti/login", data=platform.login_parameters(login_hint="x" * 1024 * 1024))
    assert_refused(services, response, "too_large", status=413)


def test_an_approved_deployment_may_launch(services: Services, platform: Platform, browser: Browser) -> None:
    with services.database.transaction() as db:
        platform.add_deployment(db, "deployment-9")
    login = {"lti_deployment_id": "deployment-9"}
    assert opened(services, platform.launch(browser, login=login, deployment_id="deployment-9"))


def test_a_login_need_not_name_the_deployment(
    services: Services, platform: Platform, browser: Browser
) -> None:
    assert opened(services, platform.launch(browser, login={"lti_deployment_id": ABSENT}))
