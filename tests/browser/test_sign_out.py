"""Signing out in a browser: in the frame, without any cookie, and what other tabs and the Back button then show."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.demo_course import TUTOR, DemoCourse, tap, tool_frame
from tests.requirements import needs_chromium

pytestmark = needs_chromium

OVER = "You have signed out"


def sign_out_button(where: Locator | Page) -> Locator:
    return where.get_by_role("button", name="Sign out")


def heading(where: Locator | Page) -> Locator:
    return where.get_by_role("heading", level=1)


def test_in_the_frame_it_leads_back_to_the_course(course: DemoCourse) -> None:
    page = course.page()
    [name] = course.enrol(page, "Zoé")
    course.open_activity(page, name)
    frame = page.frame_locator("iframe.tool").locator("body")
    tap(sign_out_button(frame))
    expect(heading(frame)).to_have_text(OVER)
    tap(frame.get_by_role("link", name="Back to the course"))
    page.wait_for_url(f"{course.demo_settings.lms_url}/?lti_msg=*")
    expect(page.locator("iframe.tool")).to_have_count(0)


def test_where_every_cookie_is_refused_the_address_opens_nothing_any_more(
    course_without_cookies: DemoCourse,
) -> None:
    page = course_without_cookies.page()
    [name] = course_without_cookies.enrol(page, "Noé")
    frame = course_without_cookies.open_activity(page, name)
    with course_without_cookies.context.expect_page() as opened:
        frame.locator("a[target=_blank]").click()
    tab = opened.value
    tab.locator("main button.btn-primary").click()
    tab.wait_for_url("**/l/**")
    address = tab.url
    sign_out_button(tab).click()
    expect(heading(tab)).to_have_text(OVER)
    answer = tab.goto(address)
    assert answer is not None
    assert answer.status == 410


@pytest.fixture
def two_tabs(course: DemoCourse) -> tuple[DemoCourse, Page, Page]:
    """A tutor's page that keeps itself up to date, and the same page in a second tab."""
    page = course.page()
    course.open_activity(page, TUTOR).locator("[data-live]").wait_for()
    other = course.page()
    course.open_activity(other).locator("[data-live]").wait_for()
    return course, page, other


def test_a_page_that_another_tab_has_left_open_shows_it_by_itself(
    two_tabs: tuple[DemoCourse, Page, Page],
) -> None:
    _course, page, other = two_tabs
    other.bring_to_front()
    tap(sign_out_button(other.frame_locator("iframe.tool").locator("body")))
    page.bring_to_front()
    expect(heading(page.frame_locator("iframe.tool").locator("body"))).to_have_text(OVER, timeout=20_000)


def test_what_was_typed_in_another_tab_stays_there_to_be_sent(
    two_tabs: tuple[DemoCourse, Page, Page],
) -> None:
    course, page, other = two_tabs
    frame = tool_frame(page, course.demo_settings)
    # The tutor's page has a text to type only once somebody has completed.
    frame.evaluate(
        "document.querySelector('main').append(Object.assign(document.createElement('input'), {id: 'x'}))"
    )
    frame.locator("#x").fill("half a reason")
    # The page asks once more and then no longer: its answer may come before it is in front again.
    with page.expect_response(lambda answer: "/cohort/live" in answer.url and answer.status == 410):
        other.bring_to_front()
        tap(sign_out_button(other.frame_locator("iframe.tool").locator("body")))
        page.bring_to_front()
    page.wait_for_timeout(500)
    assert frame.locator("#x").input_value() == "half a reason"


def test_a_page_that_the_browser_kept_for_its_back_button_is_not_shown_again(
    two_tabs: tuple[DemoCourse, Page, Page],
) -> None:
    """Playwright's Chromium keeps none, so the event of such a return is sent here."""
    course, page, other = two_tabs
    frame = tool_frame(page, course.demo_settings)
    frame.evaluate("document.querySelector('[data-live]').remove()")
    other.bring_to_front()
    tap(sign_out_button(other.frame_locator("iframe.tool").locator("body")))
    expect(heading(other.frame_locator("iframe.tool").locator("body"))).to_have_text(OVER)
    page.bring_to_front()
    frame.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(heading(page.frame_locator("iframe.tool").locator("body"))).to_have_text(OVER)
