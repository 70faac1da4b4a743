"""LTI Platform Storage: a browser that keeps no cookie proves by the platform's page that the login was its own.

What the two pages' script says to the platform is tested in Chromium (``tests/browser/test_cookie_modes.py``).
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from lti_tool.app import create_app
from lti_tool.composition.services import Services, make_services
from lti_tool.database import utcnow
from lti_tool.lti.launch.login_states import secret_hash
from lti_tool.lti.launch.models import LaunchHandoff, LaunchSession, UsedNonce
from schemas.login import STATE_LENGTH
from tests.certification.verdicts import assert_refused, opened, refusals
from tests.platform.platform import Browser, Login, Platform

NewBrowser = Callable[..., Browser]
FRAME = "post_message_forwarding"
SHOWS_PAGES = {"Sec-Fetch-Mode": "navigate"}
"""What browsers say where they go to a page."""


def data_of(response: TestResponse) -> dict[str, str]:
    """The ``data-`` attributes of the page's control, its ``href`` and its ``action``."""
    assert response.status_code == 200, response.text
    [control] = re.findall(r"<(?:a|form) [^>]*data-storage=[^>]*>", response.text)
    return {
        name.removeprefix("data-"): html.unescape(value)
        for name, value in re.findall(r'([\w-]+)="([^"]*)"', control)
    }


def login_at(address: str, response: TestResponse) -> Login:
    query = parse_qs(urlsplit(address).query)
    return Login(response, {name: values[0] for name, values in query.items()})


def page_of_login(platform: Platform, browser: Browser, target: str = FRAME) -> TestResponse:
    """What answers a login that names a frame of the platform."""
    parameters = platform.login_parameters(lti_storage_target=target)
    return browser.get("/lti/login", query_string=parameters, headers=SHOWS_PAGES)


@dataclass
class Asked:
    """A launch that waits for its proof."""

    proof: str
    """What the platform keeps for this browser."""
    address: str
    """Where the proof is posted to."""
    launch: TestResponse


def ask(platform: Platform, browser: Browser, **claims: Any) -> Asked:
    """Log in, have the platform keep the proof, and launch, in a browser without cookies."""
    page = page_of_login(platform, browser)
    stored = data_of(page)
    login = login_at(stored["address-once-kept"], page)
    response = browser.launch(login.state, platform.token(login.nonce, **claims))
    wanted = data_of(response)
    assert [wanted[name] for name in ("key", "origin", "target")] == [
        stored[name] for name in ("key", "origin", "target")
    ]
    return Asked(stored["value"], wanted["action"], response)


@pytest.fixture
def frame(new_browser: NewBrowser) -> Browser:
    """A browser that refuses every cookie."""
    return new_browser(cookies=False)


def test_the_first_login_is_answered_by_a_page_for_the_frame_and_the_origin_of_the_endpoint(
    platform: Platform, frame: Browser
) -> None:
    shown = data_of(page_of_login(platform, frame))
    assert (shown["storage"], shown["target"], shown["origin"]) == ("put", FRAME, "https://lms.example")
    assert shown["href"].startswith("https://lms.example/auth?")


def test_the_page_has_no_script_of_its_own_and_may_be_framed_by_a_school_not_known_yet(
    platform: Platform, frame: Browser
) -> None:
    page = page_of_login(platform, frame)
    policy = page.headers["Content-Security-Policy"]
    assert ("script-src 'self';" in policy, policy.endswith("frame-ancestors 'self' *")) == (True, True)
    assert re.findall(r"<script(?![^>]* src=)|\son\w+=|style=", page.text) == []


def test_the_page_gives_the_cookie_too_and_another_secret_than_the_cookies(
    platform: Platform, browser: Browser
) -> None:
    page = page_of_login(platform, browser)
    assert browser.cookie() not in (None, data_of(page)["value"])
    login = login_at(data_of(page)["href"], page)
    assert browser.launch(login.state, platform.token(login.nonce)).status_code == 303


def test_a_cookie_is_enough_where_the_platform_has_kept_the_proof_too(
    services: Services, platform: Platform, browser: Browser
) -> None:
    page = page_of_login(platform, browser)
    login = login_at(data_of(page)["address-once-kept"], page)
    assert opened(services, browser.launch(login.state, platform.token(login.nonce)))


def test_a_browser_with_a_cookie_and_a_platform_without_storage_are_redirected_at_once(
    platform: Platform, browser: Browser, frame: Browser
) -> None:
    platform.begin(frame)
    platform.begin(browser)
    assert page_of_login(platform, browser).status_code == 302


def test_a_client_that_is_no_browser_is_redirected(platform: Platform, frame: Browser) -> None:
    assert platform.begin(frame, lti_storage_target=FRAME).nonce


def test_the_storage_target_opener_is_the_parent(platform: Platform, frame: Browser) -> None:
    assert data_of(page_of_login(platform, frame, "opener"))["target"] == "_parent"


@pytest.mark.parametrize("target", ['"><script>alert(1)</script>', "a frame", "ſtorage", "x" * 101, "\u202e"])
def test_a_target_that_can_name_no_frame_is_none(platform: Platform, frame: Browser, target: str) -> None:
    assert page_of_login(platform, frame, target).status_code == 302


def test_the_state_with_a_target_is_no_longer_than_a_state_may_be(platform: Platform, frame: Browser) -> None:
    parameters = platform.login_parameters(lti_storage_target="x" * 100, lti_deployment_id="é" * 255)
    page = frame.get("/lti/login", query_string=parameters, headers=SHOWS_PAGES)
    assert len(login_at(data_of(page)["address-once-kept"], page).state) <= STATE_LENGTH


def test_the_proof_opens_the_launch_in_its_frame_without_any_cookie(
    services: Services, platform: Platform, frame: Browser
) -> None:
    asked = ask(platform, frame)
    answer = frame.post(asked.address, data={"proof": asked.proof})
    assert opened(services, answer)
    home = answer.headers["Location"]
    assert "." in home
    assert frame.get(home).status_code == 200
    assert refusals(services) == []


def test_the_page_that_asks_appears_in_the_platform_alone(platform: Platform, frame: Browser) -> None:
    policy = ask(platform, frame).launch.headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors 'self' https://lms.example https://sso.lms.example")


def test_a_launch_that_waits_for_its_proof_uses_its_nonce_up(
    services: Services, platform: Platform, frame: Browser
) -> None:
    page = page_of_login(platform, frame)
    login = login_at(data_of(page)["address-once-kept"], page)
    token = platform.token(login.nonce)
    data_of(frame.launch(login.state, token))
    assert_refused(services, frame.launch(login.state, token), "state_used")
    with services.database.reading() as db:
        counts = [
            db.scalars(sa.select(sa.func.count()).select_from(one)).one()
            for one in (UsedNonce, LaunchHandoff)
        ]
    assert counts == [1, 1]


def test_the_proof_opens_the_launch_once(services: Services, platform: Platform, frame: Browser) -> None:
    asked = ask(platform, frame)
    frame.post(asked.address, data={"proof": asked.proof})
    assert_refused(
        services, frame.post(asked.address, data={"proof": asked.proof}), "handoff_unknown", status=410
    )
    with services.database.reading() as db:
        assert db.scalars(sa.select(sa.func.count()).select_from(LaunchSession)).one() == 1


def test_a_proof_that_comes_after_two_minutes_opens_nothing(
    services: Services, platform: Platform, frame: Browser
) -> None:
    asked = ask(platform, frame)
    with services.database.transaction() as db:
        db.execute(sa.update(LaunchHandoff).values(expires_at=utcnow()))
    answer = frame.post(asked.address, data={"proof": asked.proof})
    assert_refused(services, answer, "handoff_unknown", status=410)


def no_answer(_platform: Platform, _frame: Browser, _asked: Asked) -> dict[str, str]:
    return {"proof": ""}


def forged(_platform: Platform, _frame: Browser, _asked: Asked) -> dict[str, str]:
    return {"proof": "A" * 43}


def hash_of_the_proof(_platform: Platform, _frame: Browser, asked: Asked) -> dict[str, str]:
    return {"proof": secret_hash(asked.proof)}


def of_another_tab(platform: Platform, frame: Browser, _asked: Asked) -> dict[str, str]:
    return {"proof": ask(platform, frame).proof}


@pytest.mark.parametrize("data", [no_answer, forged, hash_of_the_proof, of_another_tab])
def test_without_the_launchs_own_proof_there_is_one_click_to_a_new_tab(
    services: Services,
    platform: Platform,
    frame: Browser,
    data: Callable[[Platform, Browser, Asked], dict[str, str]],
) -> None:
    asked = ask(platform, frame)
    answer = frame.post(asked.address, data=data(platform, frame, asked))
    assert_refused(services, answer, "no_browser_proof")
    assert "https://lms.example" in answer.headers["Content-Security-Policy"]
    found = re.search(r'href="(/lti/continue/[^"]+)" target="_blank"', answer.text)
    assert found
    assert frame.post(found.group(1)).status_code == 303


def test_two_tabs_open_each_with_its_own_proof(
    services: Services, platform: Platform, frame: Browser
) -> None:
    first, second = ask(platform, frame), ask(platform, frame)
    for asked in (first, second):
        assert opened(services, frame.post(asked.address, data={"proof": asked.proof}))


def test_a_platform_that_has_not_kept_the_proof_is_not_asked_for_it(
    services: Services, platform: Platform, frame: Browser
) -> None:
    page = page_of_login(platform, frame)
    login = login_at(data_of(page)["href"], page)
    response = frame.launch(login.state, platform.token(login.nonce))
    assert_refused(services, response, "no_browser_proof")
    [address] = re.findall(r'href="(/lti/continue/[^"]+)"', response.text)
    proof = data_of(page)["value"]
    assert frame.post(f"{address}/stored-proof", data={"proof": proof}).status_code == 403


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
def test_a_proof_that_a_page_of_another_site_sends_opens_nothing(
    services: Services, platform: Platform, frame: Browser, headers: dict[str, str]
) -> None:
    asked = ask(platform, frame)
    answer = frame.post(asked.address, data={"proof": asked.proof}, headers=headers)
    assert_refused(services, answer, "handoff_forged")


def test_another_browsers_cookie_is_refused_whatever_the_platform_keeps(
    services: Services, platform: Platform, frame: Browser, browser: Browser
) -> None:
    page = page_of_login(platform, frame)
    login = login_at(data_of(page)["address-once-kept"], page)
    platform.begin(browser)
    assert_refused(services, browser.launch(login.state, platform.token(login.nonce)), "other_browser")


@pytest.mark.parametrize("proof", ["x" * 101, ["A" * 43, "A" * 43]], ids=["too long", "twice"])
def test_a_malformed_proof_is_refused(
    services: Services, platform: Platform, frame: Browser, proof: str | list[str]
) -> None:
    asked = ask(platform, frame)
    assert_refused(services, frame.post(asked.address, data={"proof": proof}), "launch_malformed", status=400)


def test_each_step_may_be_answered_by_another_process(
    services: Services, platform: Platform, frame: Browser
) -> None:
    others = [make_services(services.config) for _ in range(2)]
    launching, proving = (Browser(create_app(one.config, one), cookies=False) for one in others)
    page = page_of_login(platform, frame)
    stored = data_of(page)
    login = login_at(stored["address-once-kept"], page)
    wanted = data_of(launching.launch(login.state, platform.token(login.nonce)))
    answer = proving.post(wanted["action"], data={"proof": stored["value"]})
    home = answer.headers["Location"]
    assert frame.get(home).status_code == 200
    for one in others:
        one.http.close()
        one.database.dispose()
