"""After the launch: the session, how it travels, and who may use it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.identity.models import Membership
from lti_tool.lti.launch.handoffs import SENT_TWICE_WITHIN
from lti_tool.lti.launch.models import LaunchHandoff, LaunchSession
from lti_tool.web.launch import opening_session
from tests.certification.verdicts import assert_refused, opened, refusals
from tests.platform.platform import LEARNER, TOOL, Browser, Platform

NewBrowser = Callable[..., Browser]


def test_the_page_of_a_launch_opens_and_reloads(platform: Platform, browser: Browser) -> None:
    home = platform.launch(browser).headers["Location"]
    assert [browser.get(home).status_code for _ in range(2)] == [200, 200]


def test_the_launch_itself_is_not_repeated_by_a_reload(platform: Platform, browser: Browser) -> None:
    assert platform.launch(browser).status_code == 303


def test_two_people_in_one_browser_stand_side_by_side(
    services: Services, platform: Platform, browser: Browser
) -> None:
    pages = [platform.launch(browser, sub=sub).headers["Location"] for sub in ("person-1", "person-2")]
    assert [browser.get(page).status_code for page in pages] == [200, 200]


def test_another_person_s_session_is_refused_in_another_browser(
    services: Services, platform: Platform, browser: Browser, new_browser: NewBrowser
) -> None:
    home = platform.launch(browser).headers["Location"]
    stranger = new_browser()
    platform.launch(stranger, sub="person-2")
    assert_refused(services, stranger.get(home), "session_of_another_browser")


def test_a_cookie_of_another_tool_of_the_host_may_hold_any_byte(
    platform: Platform, browser: Browser, new_browser: NewBrowser
) -> None:
    home = platform.launch(browser).headers["Location"]
    cookies = {"HTTP_COOKIE": f"theirs=caf\xe9; tandem_browser={browser.cookie()}"}
    assert new_browser(cookies=False).get(home, environ_overrides=cookies).status_code == 200


def test_a_session_is_refused_without_a_cookie(
    services: Services, platform: Platform, browser: Browser, new_browser: NewBrowser
) -> None:
    home = platform.launch(browser).headers["Location"]
    assert_refused(services, new_browser().get(home), "session_of_another_browser")


@pytest.mark.parametrize("key", ["00000000-0000-4000-8000-000000000000", "x", "x.y", "..", "%00"])
def test_a_session_that_nobody_opened_is_refused(
    services: Services, platform: Platform, browser: Browser, key: str
) -> None:
    assert_refused(services, browser.get(f"/l/{key}/"), "session_unknown")


def test_a_session_ends_after_twelve_hours(services: Services, platform: Platform, browser: Browser) -> None:
    response = platform.launch(browser)
    remaining = opened(services, response).expires_at - utcnow()
    assert dt.timedelta(hours=11, minutes=59) < remaining <= dt.timedelta(hours=12)


def test_a_session_that_is_over_sends_its_person_back_to_the_course(
    services: Services, platform: Platform, browser: Browser
) -> None:
    home = platform.launch(browser).headers["Location"]
    with services.database.transaction() as db:
        db.execute(sa.update(LaunchSession).values(expires_at=utcnow()))
    page = browser.get(home)
    assert_refused(services, page, "session_expired", status=410)
    assert "open the activity again" in page.text


def csrf_token(page: TestResponse) -> str:
    """The token in a page's forms."""
    found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', page.text)
    assert found, page.text
    return found.group(1)


def test_a_form_with_its_token_is_taken(platform: Platform, browser: Browser) -> None:
    home = platform.launch(browser).headers["Location"]
    form = {"csrf_token": csrf_token(browser.get(home)), "lang": "fr", "back": home}
    assert browser.post(f"{home}language", data=form).status_code == 302


def test_a_form_without_a_token_is_refused(services: Services, platform: Platform, browser: Browser) -> None:
    home = platform.launch(browser).headers["Location"]
    response = browser.post(f"{home}language", data={"lang": "fr", "back": home})
    assert_refused(services, response, "csrf_token_wrong")


def test_the_token_of_another_launch_is_refused(
    services: Services, platform: Platform, browser: Browser
) -> None:
    first, second = (platform.launch(browser).headers["Location"] for _ in range(2))
    form = {"csrf_token": csrf_token(browser.get(first)), "lang": "fr", "back": second}
    assert_refused(services, browser.post(f"{second}language", data=form), "csrf_token_wrong")


def test_a_token_of_strange_letters_is_refused(
    services: Services, platform: Platform, browser: Browser
) -> None:
    home = platform.launch(browser).headers["Location"]
    response = browser.post(f"{home}language", data={"csrf_token": "é\x00", "lang": "fr"})
    assert_refused(services, response, "csrf_token_wrong")


def ancestors(response: TestResponse) -> list[str]:
    """Who may frame a page."""
    policy = response.headers["Content-Security-Policy"]
    return next(part for part in policy.split("; ") if part.startswith("frame-ancestors")).split()[1:]


def test_a_page_may_be_framed_by_the_registration_s_origins_alone(
    platform: Platform, browser: Browser
) -> None:
    page = browser.get(platform.launch(browser).headers["Location"])
    assert ancestors(page) == ["'self'", "https://lms.example", "https://sso.lms.example"]


def test_a_page_that_no_launch_opened_may_be_framed_by_nobody(app: object, browser: Browser) -> None:
    assert ancestors(browser.get("/")) == ["'self'"]


def test_a_refused_launch_shows_its_page_inside_the_platform(platform: Platform, browser: Browser) -> None:
    assert "https://lms.example" in ancestors(platform.launch(browser, nonce="made-up"))


def test_a_page_of_a_launch_is_kept_by_no_cache(platform: Platform, browser: Browser) -> None:
    page = browser.get(platform.launch(browser).headers["Location"])
    assert "no-store" in page.headers["Cache-Control"]


def test_a_page_of_a_launch_sends_no_referrer(platform: Platform, browser: Browser) -> None:
    page = browser.get(platform.launch(browser).headers["Location"])
    assert page.headers["Referrer-Policy"] == "no-referrer"


# Where the frame keeps no cookie


def hand_off(platform: Platform, frame: Browser, **claims: object) -> str:
    """Launch in a frame without cookies; the address to continue at."""
    response = platform.launch(frame, **claims)
    assert response.status_code == 403
    found = re.search(r'href="(/lti/continue/[^"]+)" target="_blank"', response.text)
    assert found, response.text
    return found.group(1)


def test_a_frame_without_cookies_offers_a_new_tab(
    services: Services, platform: Platform, new_browser: NewBrowser
) -> None:
    response = platform.launch(new_browser(cookies=False))
    assert "Open in a new tab" in response.text
    assert_refused(services, response, "no_browser_proof")


def test_the_new_tab_asks_who_it_is_first(
    services: Services, platform: Platform, browser: Browser, new_browser: NewBrowser
) -> None:
    page = browser.get(hand_off(platform, new_browser(cookies=False)))
    assert "Continue as Amina Okafor?" in page.text
    with services.database.reading() as db:
        assert db.scalars(sa.select(Membership)).all() == []


def test_the_new_tab_shows_html_in_a_name_as_text(
    platform: Platform, browser: Browser, new_browser: NewBrowser
) -> None:
    response = platform.launch(new_browser(cookies=False), name="<script>alert(1)</script>")
    found = re.search(r'href="(/lti/continue/[^"]+)"', response.text)
    assert found
    assert "<script>alert" not in browser.get(found.group(1)).text


def test_the_new_tab_works_by_cookie_where_it_keeps_one(
    platform: Platform, browser: Browser, new_browser: NewBrowser
) -> None:
    address = hand_off(platform, new_browser(cookies=False))
    browser.get(address)
    home = browser.post(address).headers["Location"]
    assert "." not in home
    assert browser.get(home).status_code == 200


def test_the_new_tab_works_by_its_address_where_no_cookie_is_kept(
    platform: Platform, new_browser: NewBrowser
) -> None:
    browser = new_browser(cookies=False)
    address = hand_off(platform, browser)
    browser.get(address)
    home = browser.post(address).headers["Location"]
    assert "." in home
    assert browser.get(home).status_code == 200


def test_the_links_of_a_page_keep_the_secret_of_its_address(
    platform: Platform, new_browser: NewBrowser
) -> None:
    browser = new_browser(cookies=False)
    home = browser.post(hand_off(platform, browser)).headers["Location"]
    assert f'action="{home}language"' in browser.get(home).text


def test_an_address_with_a_wrong_secret_is_refused(
    services: Services, platform: Platform, new_browser: NewBrowser
) -> None:
    browser = new_browser(cookies=False)
    home = browser.post(hand_off(platform, browser)).headers["Location"]
    response = browser.get(f"{home.partition('.')[0]}.wrong/")
    assert response.status_code == 403
    assert refusals(services)[-1].reason == "session_of_another_browser"


def test_the_new_tab_can_be_continued_once(
    services: Services, platform: Platform, new_browser: NewBrowser
) -> None:
    browser = new_browser(cookies=False)
    course = f"{platform.issuer}/course/1"
    address = hand_off(platform, browser, launch_presentation={"return_url": course})
    browser.post(address)
    for answer in (browser.post(address), browser.get(address)):
        assert answer.status_code == 410
        assert refusals(services)[-1].reason == "handoff_unknown"
        # Nothing is opened, and the way back to the course is there.
        assert re.search(rf'href="{re.escape(course)}\?[^"]*" target="_top">Back to the course', answer.text)
    assert "Back to the course" not in browser.get(f"{address}x").text


def test_a_second_tap_leads_its_browser_into_the_session(
    services: Services, platform: Platform, browser: Browser, new_browser: NewBrowser
) -> None:
    address = hand_off(platform, new_browser(cookies=False))
    browser.get(address)
    homes = [browser.post(address).headers["Location"] for _ in range(3)]
    assert len(set(homes)) == 1
    assert browser.get(homes[0]).status_code == 200
    with services.database.reading() as db:
        assert len(db.scalars(sa.select(LaunchSession.id)).all()) == 1


def test_two_taps_at_the_same_moment_open_one_session(
    services: Services, platform: Platform, browser: Browser, new_browser: NewBrowser
) -> None:
    address = hand_off(platform, new_browser(cookies=False))
    browser.get(address)
    with ThreadPoolExecutor(2) as taps:
        answers = list(taps.map(lambda _number: browser.post(address), range(2)))
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len({answer.headers["Location"] for answer in answers}) == 1


def test_a_second_tap_is_refused_in_another_browser(
    services: Services, platform: Platform, browser: Browser, new_browser: NewBrowser
) -> None:
    address = hand_off(platform, new_browser(cookies=False))
    other = new_browser()
    for each in (browser, other):
        each.get(address)
    browser.post(address)
    assert other.post(address).status_code == 410
    assert new_browser(cookies=False).post(address).status_code == 410
    assert refusals(services)[-1].reason == "handoff_unknown"


def test_a_second_tap_is_refused_when_it_comes_late(
    services: Services, platform: Platform, browser: Browser, new_browser: NewBrowser
) -> None:
    address = hand_off(platform, new_browser(cookies=False))
    browser.get(address)
    browser.post(address)
    with services.database.transaction() as db:
        db.execute(sa.update(LaunchHandoff).values(used_at=utcnow() - SENT_TWICE_WITHIN))
    assert browser.post(address).status_code == 410


def test_a_session_that_could_not_be_opened_leaves_the_token_unused(
    platform: Platform, browser: Browser, new_browser: NewBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = hand_off(platform, new_browser(cookies=False))
    browser.get(address)
    with monkeypatch.context() as broken:
        broken.setattr(opening_session, "persist_launch", lambda *_args, **_options: 1 / 0)
        assert browser.post(address).status_code == 500
    assert browser.post(address).status_code == 303


def test_the_new_tab_can_be_continued_for_two_minutes(
    services: Services, platform: Platform, browser: Browser, new_browser: NewBrowser
) -> None:
    address = hand_off(platform, new_browser(cookies=False))
    with services.database.transaction() as db:
        db.execute(sa.update(LaunchHandoff).values(expires_at=utcnow()))
    assert (browser.get(address).status_code, browser.post(address).status_code) == (410, 410)


FORGED = {
    "another site": {"Sec-Fetch-Site": "cross-site"},
    "another host of the same site": {"Sec-Fetch-Site": "same-site"},
    "another origin": {"Origin": "https://evil.example"},
    "an origin that is hidden": {"Origin": "null"},
}


@pytest.mark.parametrize("headers", FORGED.values(), ids=list(FORGED))
def test_a_confirmation_is_refused_from(
    services: Services, platform: Platform, browser: Browser, new_browser: NewBrowser, headers: dict[str, str]
) -> None:
    address = hand_off(platform, new_browser(cookies=False))
    assert browser.post(address, headers=headers).status_code == 403
    assert refusals(services)[-1].reason == "handoff_forged"


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": TOOL}])
def test_a_confirmation_is_taken_from_our_own_page(
    platform: Platform, browser: Browser, new_browser: NewBrowser, headers: dict[str, str]
) -> None:
    address = hand_off(platform, new_browser(cookies=False))
    assert browser.post(address, headers=headers).status_code == 303


def test_the_confirming_page_lets_the_browser_send_its_origin(
    platform: Platform, browser: Browser, new_browser: NewBrowser
) -> None:
    page = browser.get(hand_off(platform, new_browser(cookies=False)))
    assert page.headers["Referrer-Policy"] == "same-origin"


def test_a_refused_token_is_not_handed_off(
    services: Services, platform: Platform, new_browser: NewBrowser
) -> None:
    response = platform.launch(new_browser(cookies=False), roles="not a list")
    assert_refused(services, response, "claims_malformed", status=400)


def test_a_learner_is_refused_a_tutor_s_page(
    services: Services, platform: Platform, browser: Browser
) -> None:
    response = platform.launch(
        browser,
        roles=[LEARNER],
        message_type="LtiDeepLinkingRequest",
        **{
            "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings": {
                "deep_link_return_url": "https://lms.example/deep_links",
                "accept_types": ["ltiResourceLink"],
                "accept_presentation_document_targets": ["iframe"],
            }
        },
    )
    assert_refused(services, browser.get(response.headers["Location"]), "tutor_needed")
