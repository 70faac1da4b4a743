"""A browser that refuses every cookie of the tool: the frame offers a new tab, and everything works there.

That it refuses them is proved in ``test_cookie_settings.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.browser.demo_course import (
    TUTOR,
    DemoCourse,
    accept,
    confirm_session,
    join,
    log_session,
    pair,
    sign,
)
from tests.requirements import needs_chromium

pytestmark = needs_chromium


@dataclass
class Arrived:
    """A person's way from the course page to the activity, in a tab of the tool's own."""

    course: Page
    tab: Page


def arrive(course: DemoCourse, page: Page, name: str | None) -> Arrived:
    """Open the activity as somebody; go on in the new tab that the frame offers."""
    frame = course.open_activity(page, name)
    with course.context.expect_page() as opened:
        frame.locator("a[target=_blank]").click()
    tab = opened.value
    tab.locator("main button.btn-primary").click()
    tab.wait_for_url("**/l/**")
    return Arrived(page, tab)


@pytest.fixture
def learner(course_without_cookies: DemoCourse) -> Arrived:
    """Somebody new, in their own tab."""
    page = course_without_cookies.page()
    [name] = course_without_cookies.enrol(page, "Noé")
    return arrive(course_without_cookies, page, name)


def test_every_cookie_refused_the_frame_shows_a_page_that_offers_a_tab(
    course_without_cookies: DemoCourse,
) -> None:
    frame = course_without_cookies.open_activity(course_without_cookies.page(), TUTOR)
    expect(frame.get_by_role("heading", level=1)).to_have_text("Open this page in a new tab")


def test_every_cookie_refused_the_new_tab_asks_whose_launch_it_is(course_without_cookies: DemoCourse) -> None:
    page = course_without_cookies.page()
    frame = course_without_cookies.open_activity(page, TUTOR)
    with course_without_cookies.context.expect_page() as opened:
        frame.locator("a[target=_blank]").click()
    expect(opened.value.get_by_role("heading", level=1)).to_have_text(f"Continue as {TUTOR}?")


def test_every_cookie_refused_the_whole_loop_works_in_the_new_tabs(
    course_without_cookies: DemoCourse,
) -> None:
    course = course_without_cookies
    page = course.page()
    mentor, mentee = course.enrol(page, "Inès", "Paul")
    join(arrive(course, page, mentor).tab, "mentor")
    join(arrive(course, page, mentee).tab, "mentee")
    pair(arrive(course, page, TUTOR).tab, mentee, mentor)
    of_mentor = arrive(course, page, mentor).tab
    accept(of_mentor)
    of_mentee = arrive(course, page, mentee).tab
    accept(of_mentee)
    sign(of_mentee)
    of_mentor.bring_to_front()
    of_mentor.reload()
    sign(of_mentor)
    log_session(of_mentor)
    of_mentee.bring_to_front()
    of_mentee.reload()
    confirm_session(of_mentee)
    for name in (mentor, mentee):
        _state, grade = course.completion(page, name)
        assert "100 / 100" in grade, name


def test_every_cookie_refused_a_reload_of_the_tab_shows_the_same_page(learner: Arrived) -> None:
    before = learner.tab.locator("h1").inner_text()
    learner.tab.reload()
    assert learner.tab.locator("h1").inner_text() == before


def test_every_cookie_refused_no_cookie_of_the_tool_is_kept(
    learner: Arrived, course_without_cookies: DemoCourse
) -> None:
    assert course_without_cookies.context.cookies(course_without_cookies.demo_settings.tool_url) == []


def test_every_cookie_refused_the_address_is_sent_to_nobody(learner: Arrived) -> None:
    answer = learner.tab.reload()
    assert answer is not None
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_every_cookie_refused_the_new_tab_opens_once_only(course_without_cookies: DemoCourse) -> None:
    page = course_without_cookies.page()
    frame = course_without_cookies.open_activity(page, TUTOR)
    address = frame.locator("a[target=_blank]").get_attribute("href")
    tab = course_without_cookies.page()
    tab.goto(f"{course_without_cookies.demo_settings.tool_url}{address}")
    tab.locator("main button.btn-primary").click()
    tab.wait_for_url("**/l/**")
    again = tab.goto(f"{course_without_cookies.demo_settings.tool_url}{address}")
    assert again is not None
    assert again.status in (403, 410)
