"""A launch can be used once, a page after it as often as one likes: reload, back, several tabs, several people."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.demo_course import TUTOR, DemoCourse, join, tool_frame
from tests.requirements import needs_chromium

pytestmark = needs_chromium


def reload_frame(page: Page, course: DemoCourse) -> int:
    """Reload what the frame shows, not the page around it; returns the status of the answer."""
    frame = tool_frame(page, course.demo_settings)
    with page.expect_response(lambda answer: answer.frame == frame and "/l/" in answer.url) as answered:
        frame.evaluate("location.reload()")
    return answered.value.status


@pytest.fixture
def newcomer(course: DemoCourse) -> Page:
    """A new learner who looks at their first page, in the frame."""
    page = course.page()
    [name] = course.enrol(page, "Zoé")
    course.open_activity(page, name).locator("#choose-mentee").wait_for()
    return page


def test_a_reload_of_the_frame_shows_the_page_again(newcomer: Page, course: DemoCourse) -> None:
    assert reload_frame(newcomer, course) == 200


def test_a_reload_of_the_frame_needs_no_new_launch(newcomer: Page, course: DemoCourse) -> None:
    address = tool_frame(newcomer, course.demo_settings).url
    reload_frame(newcomer, course)
    assert tool_frame(newcomer, course.demo_settings).url == address


def test_a_reload_of_the_page_around_the_frame_launches_again(newcomer: Page) -> None:
    newcomer.reload()
    expect(newcomer.frame_locator("iframe.tool").locator("#choose-mentee")).to_be_visible()


def test_a_reload_after_a_form_does_not_send_it_again(newcomer: Page, course: DemoCourse) -> None:
    join(newcomer.frame_locator("iframe.tool"), "mentee")
    assert reload_frame(newcomer, course) == 200


def test_a_reload_in_a_window_of_its_own_shows_the_page_again(course: DemoCourse) -> None:
    page = course.page()
    course.open_activity(page, TUTOR)
    with course.context.expect_page() as opened:
        page.locator("a[target=_blank]").click()
    opened.value.wait_for_url("**/l/**")
    answer = opened.value.reload()
    assert answer is not None
    assert answer.status == 200


def test_the_back_button_leads_to_the_page_before_within_the_frame(course: DemoCourse) -> None:
    page = course.page()
    frame = course.open_activity(page, TUTOR)
    frame.locator("#set-up").click()
    expect(frame.locator("#cohort")).to_have_count(0)
    tool_frame(page, course.demo_settings).evaluate("history.back()")
    expect(frame.locator("#cohort")).to_be_visible()


def test_the_back_button_after_a_form_leads_to_a_page_that_works(newcomer: Page, course: DemoCourse) -> None:
    frame = newcomer.frame_locator("iframe.tool")
    join(frame, "mentor")
    tool_frame(newcomer, course.demo_settings).evaluate("history.back()")
    expect(frame.locator("#next, #choose-mentor").first).to_be_visible()


def test_two_people_in_two_tabs_of_one_browser_stay_themselves(course: DemoCourse) -> None:
    one, other = course.page(), course.page()
    names = course.enrol(one, "Ana", "Bob")
    frames = [course.open_activity(page, name) for page, name in zip((one, other), names, strict=True)]
    for frame in frames:
        frame.locator("#choose-mentee").wait_for()
    for page in (one, other):
        reload_frame(page, course)
    greetings = [frame.locator("#take-part").inner_text() for frame in frames]
    assert ["Ana" in greetings[0], "Bob" in greetings[1]] == [True, True]


def test_what_one_of_two_people_does_is_not_done_by_the_other(course: DemoCourse) -> None:
    one, other = course.page(), course.page()
    names = course.enrol(one, "Ana", "Bob")
    frames = [course.open_activity(page, name) for page, name in zip((one, other), names, strict=True)]
    for frame in frames:
        frame.locator("#choose-mentee").wait_for()
    join(frames[0], "mentor")
    reload_frame(other, course)
    expect(frames[1].locator("#choose-mentee")).to_be_visible()
