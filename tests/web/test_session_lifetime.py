"""How long a session lasts whose secret is in the address: an hour after its last use, half a day in all."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.lti.launch import sessions
from lti_tool.lti.launch.models import LaunchSession
from lti_tool.web import launch_session
from tests.platform.platform import Browser, Platform
from tests.sql_counter import counting

NewBrowser = Callable[..., Browser]
MINUTE = dt.timedelta(minutes=1)
TUTOR = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the clock by so many minutes."""
    passed = dt.timedelta()

    def move(minutes: float) -> None:
        nonlocal passed
        passed += minutes * MINUTE

    monkeypatch.setattr(launch_session, "utcnow", lambda: utcnow() + passed)
    return move


@pytest.fixture
def browser(new_browser: NewBrowser) -> Browser:
    """One that keeps no cookie."""
    return new_browser(cookies=False)


@pytest.fixture
def home(platform: Platform, browser: Browser) -> str:
    """The first page of a tutor, whose address is the secret."""
    opens = {"roles": [TUTOR], "custom": {"template": "demo"}}
    found = re.search(r'href="(/lti/continue/[^"]+)"', platform.launch(browser, **opens).text)
    assert found
    address = browser.post(found[1]).headers["Location"]
    assert "." in address
    return address


def expires_at(services: Services, home: str) -> dt.datetime:
    with services.database.reading() as db:
        return db.get_one(LaunchSession, uuid.UUID(home.split("/")[2].partition(".")[0])).expires_at


def test_it_lasts_an_hour(services: Services, home: str) -> None:
    remaining = expires_at(services, home) - utcnow()
    assert 59 * MINUTE < remaining <= 60 * MINUTE


def test_it_is_over_an_hour_after_the_launch_when_nobody_used_it(
    browser: Browser, home: str, later: Callable[[float], None]
) -> None:
    later(60)
    page = browser.get(home)
    assert page.status_code == 410
    assert "Your session has expired" in page.text
    assert (
        'href="https://lms.example/course?lti_errormsg=Your+session+has+expired&amp;lti_errorlog='
        in page.text
    )


def test_each_use_gives_it_another_hour(browser: Browser, home: str, later: Callable[[float], None]) -> None:
    for _ in range(4):
        later(59)
        assert browser.get(home).status_code == 200
    later(61)
    assert browser.get(home).status_code == 410


def test_a_form_is_a_use(browser: Browser, home: str, later: Callable[[float], None]) -> None:
    token = re.search(r'name="csrf_token" value="([0-9a-f]+)"', browser.get(home).text)
    assert token
    later(59)
    form = {"csrf_token": token[1], "lang": "fr", "back": home}
    assert browser.post(f"{home}language", data=form).status_code == 302
    later(59)
    assert browser.get(home).status_code == 200


def test_a_form_without_its_token_is_no_use(
    browser: Browser, home: str, later: Callable[[float], None]
) -> None:
    later(59)
    assert browser.post(f"{home}language", data={"lang": "fr"}).status_code == 403
    later(2)
    assert browser.get(home).status_code == 410


def test_a_page_that_is_left_open_and_asks_by_itself_does_not_use_it(
    browser: Browser, home: str, later: Callable[[float], None]
) -> None:
    assert browser.get(home).status_code == 200
    for _ in range(6):
        later(9)
        assert browser.get(f"{home}cohort/live").status_code == 200
    later(9)
    assert browser.get(f"{home}cohort/live").status_code == 410
    assert browser.get(home).status_code == 410


def test_uses_that_follow_one_another_write_once(
    services: Services, browser: Browser, home: str, later: Callable[[float], None]
) -> None:
    browser.get(home)
    browser.get(home)
    later(2)

    def written() -> list[str]:
        with counting(services.database) as counter:
            assert browser.get(home).status_code == 200
        return [
            statement for statement in counter.statements if statement.startswith("UPDATE launch_session")
        ]

    assert [len(written()) for _ in range(3)] == [1, 0, 0]


def test_it_lasts_half_a_day_in_all(
    services: Services, browser: Browser, home: str, later: Callable[[float], None]
) -> None:
    for _ in range(14):
        later(50)
        assert browser.get(home).status_code == 200
    later(25)  # 12 hours and 5 minutes after the launch
    assert browser.get(home).status_code == 410
    with services.database.reading() as db:
        launch = db.get_one(LaunchSession, uuid.UUID(home.split("/")[2].partition(".")[0]))
    assert launch.expires_at == launch.created_at + launch_session.LIFETIME


def test_a_use_after_signing_out_does_not_bring_it_back(services: Services, home: str) -> None:
    """As when another tab asks while this one signs out."""
    with services.database.reading() as db:
        launch = db.get_one(LaunchSession, uuid.UUID(home.split("/")[2].partition(".")[0]))
    now = utcnow()
    sessions.sign_out(services.database, launch, now)
    sessions.extend(services.database, launch, now + 60 * MINUTE)
    assert expires_at(services, home) == now


def test_a_session_by_cookie_lasts_half_a_day_whatever_happens(
    services: Services, platform: Platform, new_browser: NewBrowser, later: Callable[[float], None]
) -> None:
    browser = new_browser()
    home = platform.launch(browser).headers["Location"]
    before = expires_at(services, home)
    later(11 * 60)
    assert browser.get(home).status_code == 200
    assert expires_at(services, home) == before
    later(61)
    assert browser.get(home).status_code == 410


def test_a_session_of_an_earlier_version_keeps_its_end(
    services: Services, browser: Browser, home: str
) -> None:
    half_a_day = utcnow() + dt.timedelta(hours=11)
    with services.database.transaction() as db:
        db.execute(sa.update(LaunchSession).values(expires_at=half_a_day))
    assert browser.get(home).status_code == 200
    assert expires_at(services, home) == half_a_day
