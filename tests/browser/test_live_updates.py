"""The tutor's page keeps itself up to date in its frame, without a reload and without disturbing whoever is at it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import FrameLocator, Page, Response, expect

from tests.browser.walking import (
    TUTOR,
    Campus,
    confirm_session,
    join,
    log_session,
    pair,
    sign,
    tool_frame,
)
from tests.requirements import needs_chromium

pytestmark = needs_chromium

WITHIN = 10_000
"""Milliseconds in which the tutor sees what happened."""


@dataclass
class Watching:
    """A tutor's page that has been left open while a pair met and confirmed it."""

    page: Page
    frame: FrameLocator
    pair: str
    campus: Campus
    statuses: list[int] = field(default_factory=list)


@pytest.fixture
def watching(campus: Campus) -> Iterator[Watching]:
    """The tutor at the page; a pair of people who have signed, and whose mentor has noted a meeting."""
    course = campus.page()
    mentor, mentee = campus.enrol(course, "Inès", "Paul")
    for name, role in ((mentor, "mentor"), (mentee, "mentee")):
        join(campus.open_activity(course, name), role)
    pair(campus.open_activity(course, TUTOR), mentee, mentor)
    for name in (mentor, mentee):
        sign(campus.open_activity(course, name))
    log_session(campus.open_activity(course, mentor))
    page = campus.page()
    frame = campus.open_activity(page, TUTOR)
    frame.get_by_role("row", name=mentee).first.wait_for()
    seen = Watching(page, frame, mentee, campus)

    def note(answer: Response) -> None:
        if "/cohort/live" in answer.url:
            seen.statuses.append(answer.status)

    page.on("response", note)
    yield seen
    page.remove_listener("response", note)


def confirm(watching: Watching) -> None:
    """The mentee confirms, in another tab."""
    other = watching.campus.page()
    confirm_session(watching.campus.open_activity(other, watching.pair))


def test_the_tutor_sees_a_confirmed_session_without_a_reload(watching: Watching) -> None:
    row = watching.frame.locator("[aria-labelledby=pairs] tr", has_text=watching.pair)
    expect(row).to_contain_text("1 waiting for a yes")
    tool_frame(watching.page, watching.campus.place).evaluate("window.notReloaded = true")
    confirm(watching)
    expect(row).to_contain_text("1 confirmed", timeout=WITHIN)
    assert tool_frame(watching.page, watching.campus.place).evaluate("window.notReloaded") is True


def test_the_focus_stays_on_its_control_through_a_live_update(watching: Watching) -> None:
    row = watching.frame.locator("[aria-labelledby=pairs] tr", has_text=watching.pair)
    summary = watching.frame.locator("[aria-labelledby=everyone] summary").first
    details = summary.locator("xpath=..").get_attribute("id")
    button = watching.frame.locator("#pair-them")
    control = button if button.count() else summary
    control.focus()
    focused = control.get_attribute("id") or details
    confirm(watching)
    expect(row).to_contain_text("1 confirmed", timeout=WITHIN)
    here = tool_frame(watching.page, watching.campus.place)
    assert here.evaluate("document.activeElement.id || document.activeElement.parentElement.id") == focused


def test_the_tutor_is_told_not_modified_while_nothing_changes(watching: Watching) -> None:
    for _ in range(2):
        with watching.page.expect_response(lambda answer: "/cohort/live" in answer.url):
            pass
    assert watching.statuses[:2] == [304, 304]
