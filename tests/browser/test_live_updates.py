"""The tutor's page keeps itself up to date in its frame, without a reload and without disturbing whoever is at it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from playwright.sync_api import BrowserContext, expect

from lti_tool.demo.run import DemoSettings
from tests.browser.demo_course import (
    TUTOR,
    DemoCourse,
    confirm_session,
    log_session,
    tool_frame,
)
from tests.browser.demo_pair import signed_pair
from tests.requirements import needs_chromium

pytestmark = needs_chromium

WITHIN = 10_000
"""Milliseconds in which the tutor sees what happened."""


@dataclass
class Watched:
    """What happened on a tutor's open page while a pair's session was confirmed elsewhere."""

    before: str
    after: str
    reloaded: bool
    focus_before: str
    focus_after: str
    statuses: list[int]
    """Of the answers to the page's questions while nothing changed."""


@pytest.fixture(scope="module")
def watched(browser_demo: DemoSettings, third_party_blocked: BrowserContext) -> Watched:
    """A tutor leaves the page open, in the frame; a pair meets, and the mentee confirms it in another tab."""
    third_party_blocked.clear_cookies()
    course = DemoCourse(browser_demo, third_party_blocked)
    tab = course.page()
    mentor, mentee = signed_pair(browser_demo)
    log_session(course.open_activity(tab, mentor))
    page = course.page()
    shown = course.open_activity(page, TUTOR)
    row = shown.locator("[data-list=pairs] .pair-row", has_text=mentee)
    row.wait_for()
    before = row.inner_text()
    statuses = []
    for _ in range(2):
        with page.expect_response(lambda answer: "/cohort/live" in answer.url) as asked:
            pass
        statuses.append(asked.value.status)
    frame = tool_frame(page, browser_demo)
    frame.evaluate("window.sameDocument = true")
    shown.locator("#find").focus()
    focus_before = frame.evaluate("document.activeElement.id")
    confirm_session(course.open_activity(tab, mentee))
    expect(row).not_to_contain_text("to confirm", timeout=WITHIN)
    seen = Watched(
        before,
        row.inner_text(),
        not frame.evaluate("window.sameDocument === true"),
        focus_before,
        frame.evaluate("document.activeElement.id"),
        statuses,
    )
    tab.close()
    page.close()
    return seen


def test_the_tutor_sees_a_confirmed_session_within_ten_seconds(watched: Watched) -> None:
    assert ("to confirm" in watched.before, "to confirm" in watched.after) == (True, False)


def test_the_tutor_sees_it_without_a_reload(watched: Watched) -> None:
    assert not watched.reloaded


def test_the_focus_stays_on_its_control_through_a_live_update(watched: Watched) -> None:
    assert (watched.focus_before, watched.focus_after) == ("find", "find")


def test_the_page_is_answered_304_while_nothing_changes(watched: Watched) -> None:
    assert watched.statuses == [304, 304]
