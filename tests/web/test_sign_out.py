"""Ending one's own session: at once, in every tab of the browser, and with a way back to the course."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.identity.models import Membership
from lti_tool.lti.forms.models import KeptForm
from lti_tool.lti.launch.models import LaunchSession
from tests.builder import situations
from tests.certification.verdicts import refusals
from tests.platform.platform import ABSENT, Browser, Platform
from tests.sql_counter import counting
from tests.web.visiting import Visit

NewBrowser = Callable[..., Browser]
Come = Callable[..., Visit]
BACK = "https://lms.example/course?lti_msg=You+have+signed+out"


def home_of(platform: Platform, browser: Browser, **launch: object) -> str:
    """Launch; the address of the first page."""
    return platform.launch(browser, **launch).headers["Location"]


def home_by_address(platform: Platform, browser: Browser, **launch: object) -> str:
    """The same where the browser keeps no cookie: the secret is in the address."""
    found = re.search(r'href="(/lti/continue/[^"]+)"', platform.launch(browser, **launch).text)
    assert found
    home = browser.post(found[1]).headers["Location"]
    assert "." in home
    return home


def sign_out(browser: Browser, home: str) -> TestResponse:
    """Press the button of the first page; the page that follows."""
    page = browser.get(home).text
    assert f'action="{home}sign-out"' in page
    token = re.search(r'name="csrf_token" value="([0-9a-f]+)"', page)
    assert token
    answer = browser.post(f"{home}sign-out", data={"csrf_token": token[1]})
    assert answer.status_code == 303
    return browser.get(answer.headers["Location"])


@pytest.fixture(params=["by cookie", "by address"])
def person(
    request: pytest.FixtureRequest, platform: Platform, new_browser: NewBrowser
) -> tuple[Browser, str]:
    """Somebody at work: their browser, and the address of their first page."""
    if request.param == "by cookie":
        browser = new_browser()
        return browser, home_of(platform, browser)
    browser = new_browser(cookies=False)
    return browser, home_by_address(platform, browser)


def test_the_page_after_signing_out_says_so_and_leads_back_to_the_course(
    person: tuple[Browser, str],
) -> None:
    page = sign_out(*person)
    assert page.status_code == 200
    assert "<h1>You have signed out</h1>" in page.text
    assert f'href="{BACK}" target="_top"' in page.text
    assert "sign out there too" in page.text


def test_nothing_of_the_session_opens_any_more(services: Services, person: tuple[Browser, str]) -> None:
    browser, home = person
    sign_out(browser, home)
    for below in ("", "objectives", "nothing-here", "cohort/live"):
        other_tab = browser.get(home + below)
        assert other_tab.status_code == 410
        assert "<h1>You have signed out</h1>" in other_tab.text
        assert f'href="{BACK}" target="_top"' in other_tab.text
    assert {row.reason for row in refusals(services)} - {"no_browser_proof"} == {"session_signed_out"}


def test_the_page_after_signing_out_may_be_shown_in_the_platform_s_frame(person: tuple[Browser, str]) -> None:
    policy = sign_out(*person).headers["Content-Security-Policy"]
    assert "frame-ancestors 'self' https://lms.example" in policy


def test_signing_out_twice_says_the_same(person: tuple[Browser, str]) -> None:
    browser, home = person
    sign_out(browser, home)
    again = browser.post(f"{home}sign-out")
    assert again.status_code == 200
    assert "<h1>You have signed out</h1>" in again.text


def test_the_page_after_signing_out_is_the_first_page_while_the_session_lasts(
    person: tuple[Browser, str],
) -> None:
    browser, home = person
    answer = browser.get(f"{home}signed-out")
    assert (answer.status_code, answer.headers["Location"]) == (302, home)


def test_signing_out_needs_the_token_of_the_session(services: Services, person: tuple[Browser, str]) -> None:
    browser, home = person
    assert browser.post(f"{home}sign-out", data={"csrf_token": "made-up"}).status_code == 403
    assert browser.get(f"{home}sign-out").status_code == 405
    assert browser.get(home).status_code == 200


def test_signing_out_of_a_session_that_has_expired_says_that(
    services: Services, person: tuple[Browser, str]
) -> None:
    browser, home = person
    with services.database.transaction() as db:
        db.execute(sa.update(LaunchSession).values(expires_at=utcnow()))
    answer = browser.post(f"{home}sign-out")
    assert answer.status_code == 410
    assert "Your session has expired" in answer.text
    assert "was not saved" not in answer.text
    assert 'href="https://lms.example/course?lti_errormsg=Your+session+has+expired' in answer.text


def test_without_the_secret_nobody_is_told_that_somebody_signed_out(
    platform: Platform, new_browser: NewBrowser
) -> None:
    browser = new_browser()
    home = home_of(platform, browser)
    sign_out(browser, home)
    stranger = new_browser().get(home)
    assert stranger.status_code == 403
    assert "signed out" not in stranger.text
    assert "lms.example/course" not in stranger.text


def test_without_a_return_address_the_page_says_where_to_go(platform: Platform, browser: Browser) -> None:
    home = home_of(platform, browser, launch_presentation={"locale": "en"})
    page = sign_out(browser, home).text
    assert "open the activity from your course" in page
    assert "_top" not in page


def test_an_earlier_session_of_the_same_person_in_the_browser_ends_too(
    platform: Platform, browser: Browser
) -> None:
    """The next person at this computer finds its address in the history, and the browser still has the cookie."""
    earlier, latest = home_of(platform, browser), home_of(platform, browser)
    sign_out(browser, latest)
    assert browser.get(earlier).status_code == 410


def test_other_people_and_other_browsers_go_on(platform: Platform, new_browser: NewBrowser) -> None:
    browser, elsewhere = new_browser(), new_browser()
    mine, colleague = home_of(platform, browser), home_of(platform, browser, sub="person-2")
    at_home, by_address = home_of(platform, elsewhere), home_by_address(platform, new_browser(cookies=False))
    sign_out(browser, mine)
    assert [browser.get(colleague).status_code, elsewhere.get(at_home).status_code] == [200, 200]
    assert new_browser(cookies=False).get(by_address).status_code == 200


def test_the_same_person_can_launch_again(platform: Platform, browser: Browser) -> None:
    sign_out(browser, home_of(platform, browser))
    assert browser.get(home_of(platform, browser)).status_code == 200


def test_whoever_launched_without_a_name_can_sign_out(platform: Platform, browser: Browser) -> None:
    personal = ("sub", "name", "given_name", "family_name", "email")
    home = home_of(platform, browser, **dict.fromkeys(personal, ABSENT))
    assert "You have signed out" in sign_out(browser, home).text


def test_whoever_has_left_the_course_can_sign_out(
    services: Services, platform: Platform, browser: Browser
) -> None:
    home = home_of(platform, browser)
    token = re.search(r'name="csrf_token" value="([0-9a-f]+)"', browser.get(home).text)
    assert token
    with services.database.transaction() as db:
        db.execute(sa.update(Membership).values(active=False))
    page = browser.get(home)
    assert page.status_code == 403
    assert f'action="{home}sign-out"' in page.text
    assert browser.post(f"{home}sign-out", data={"csrf_token": token[1]}).status_code == 303
    assert browser.get(home).status_code == 410


def test_a_form_of_another_tab_is_kept_for_its_person(services: Services, visit: Come) -> None:
    """As after any other end of a session; only their own next launch offers it."""
    here = visit(situations.begins)
    page = here.get("objectives").text
    form = dict(re.findall(r'name="(csrf_token|form_key|form_id)" value="([^"]+)"', page))
    assert here.post("sign-out").status_code == 303
    late = here.client.post(
        f"{here.home}objectives", data={**form, "form_id": "objective", "title": "Lire un bilan"}
    )
    assert late.status_code == 410
    assert "Your session has expired" in late.text
    with services.database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(KeptForm)) == 1


@pytest.mark.parametrize(
    "below", ["objectives", "sessions", "sessions/new", "agreement", "nothing-here", "programme/audit"]
)
def test_every_other_page_has_the_button(visit: Come, below: str) -> None:
    here = visit(situations.under_way)
    assert here.text(below).count(f'action="{here.home}sign-out"') == 1


def test_the_picker_has_the_button(platform: Platform, browser: Browser) -> None:
    settings = {
        "deep_link_return_url": "https://lms.example/deep_links",
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["iframe"],
    }
    address = home_of(
        platform,
        browser,
        roles=["http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"],
        message_type="LtiDeepLinkingRequest",
        **{"https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings": settings},
    )
    page = browser.get(address)
    assert page.status_code == 200
    assert "/sign-out" in page.text


def test_the_words_are_french_in_french(visit: Come) -> None:
    here = visit(situations.under_way, locale="fr")
    assert "Se déconnecter" in here.text()
    here.post("sign-out")
    page = html.unescape(here.get("signed-out").text)
    assert "<h1>Déconnexion effectuée</h1>" in page
    assert "Revenir au cours" in page


def test_signing_out_takes_two_statements(services: Services, platform: Platform, browser: Browser) -> None:
    home = home_of(platform, browser)
    token = re.search(r'name="csrf_token" value="([0-9a-f]+)"', browser.get(home).text)
    assert token
    with counting(services.database) as counter:
        assert browser.post(f"{home}sign-out", data={"csrf_token": token[1]}).status_code == 303
    counter.require_at_most(3)  # with the one that finds the session
