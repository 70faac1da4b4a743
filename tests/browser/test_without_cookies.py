"""A browser that refuses every cookie of the tool: the frame offers a new tab, and everything works there.

That it refuses them is proved in ``test_cookie_settings.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.browser.walking import TUTOR, Campus, confirm_session, join, log_session, pair, sign
from tests.requirements import needs_chromium

pytestmark = needs_chromium


@dataclass
class Arrived:
    """A person's way from the course page to the activity, in a tab of the tool's own."""

    course: Page
    tab: Page


def arrive(campus: Campus, page: Page, name: str | None) -> Arrived:
    """Open the activity as somebody; go on in the new tab that the frame offers."""
    frame = campus.open_activity(page, name)
    with campus.context.expect_page() as opened:
        frame.locator("a[target=_blank]").click()
    tab = opened.value
    tab.locator("main button.btn-primary").click()
    tab.wait_for_url("**/l/**")
    return Arrived(page, tab)


@pytest.fixture
def learner(cookieless_campus: Campus) -> Arrived:
    """Somebody new, in their own tab."""
    page = cookieless_campus.page()
    [name] = cookieless_campus.enrol(page, "Noé")
    return arrive(cookieless_campus, page, name)


def test_every_cookie_refused_the_frame_shows_a_friendly_page(cookieless_campus: Campus) -> None:
    frame = cookieless_campus.open_activity(cookieless_campus.page(), TUTOR)
    expect(frame.get_by_role("heading", level=1)).to_have_text("One more step")


def test_every_cookie_refused_the_new_tab_asks_whose_launch_it_is(cookieless_campus: Campus) -> None:
    page = cookieless_campus.page()
    frame = cookieless_campus.open_activity(page, TUTOR)
    with cookieless_campus.context.expect_page() as opened:
        frame.locator("a[target=_blank]").click()
    expect(opened.value.get_by_role("heading", level=1)).to_have_text(f"Continue as {TUTOR}?")


def test_every_cookie_refused_the_whole_loop_works_in_the_new_tabs(cookieless_campus: Campus) -> None:
    campus = cookieless_campus
    page = campus.page()
    mentor, mentee = campus.enrol(page, "Inès", "Paul")
    join(arrive(campus, page, mentor).tab, "mentor")
    join(arrive(campus, page, mentee).tab, "mentee")
    pair(arrive(campus, page, TUTOR).tab, mentee, mentor)
    of_mentor = arrive(campus, page, mentor).tab
    sign(of_mentor)
    of_mentee = arrive(campus, page, mentee).tab
    sign(of_mentee)
    of_mentor.bring_to_front()
    of_mentor.reload()
    log_session(of_mentor)
    of_mentee.bring_to_front()
    of_mentee.reload()
    confirm_session(of_mentee)
    for name in (mentor, mentee):
        _state, grade = campus.completion(page, name)
        assert "100 / 100" in grade, name


def test_every_cookie_refused_a_reload_of_the_tab_shows_the_same_page(learner: Arrived) -> None:
    before = learner.tab.locator("h1").inner_text()
    learner.tab.reload()
    assert learner.tab.locator("h1").inner_text() == before


def test_every_cookie_refused_no_cookie_of_the_tool_is_kept(
    learner: Arrived, cookieless_campus: Campus
) -> None:
    assert cookieless_campus.context.cookies(cookieless_campus.place.tool_url) == []


def test_every_cookie_refused_the_address_is_sent_to_nobody(learner: Arrived) -> None:
    answer = learner.tab.reload()
    assert answer is not None
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_every_cookie_refused_the_new_tab_opens_once_only(cookieless_campus: Campus) -> None:
    page = cookieless_campus.page()
    frame = cookieless_campus.open_activity(page, TUTOR)
    address = frame.locator("a[target=_blank]").get_attribute("href")
    tab = cookieless_campus.page()
    tab.goto(f"{cookieless_campus.place.tool_url}{address}")
    tab.locator("main button.btn-primary").click()
    tab.wait_for_url("**/l/**")
    again = tab.goto(f"{cookieless_campus.place.tool_url}{address}")
    assert again is not None
    assert again.status in (403, 410)
