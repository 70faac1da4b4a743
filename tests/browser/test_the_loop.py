"""The whole loop as people do it, in the LMS's cross-site frame, in a browser that blocks third-party cookies.

What blocking means is proved in ``test_cookie_settings.py``. The three people take turns at one browser, as whoever
tries the demo does.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Playwright

from lti_tool.demo.run import DemoSettings
from tests.browser.chromium import NO_THIRD_PARTY_COOKIES, chromium
from tests.browser.demo_course import (
    TUTOR,
    DemoCourse,
    TapCounter,
    accept,
    confirm_session,
    join,
    log_session,
    pair,
    sign,
    tool_frame,
)
from tests.browser.demo_process import lrs_statements, running_demo
from tests.requirements import needs_chromium

pytestmark = needs_chromium

ATTENDED = "http://adlnet.gov/expapi/verbs/attended"
CONFIRMED = "http://activitystrea.ms/confirm"
COMPLETED = "http://adlnet.gov/expapi/verbs/completed"


@dataclass
class LoopResult:
    """What the walk left behind, for each test to make its own claim about."""

    taps_to_log: int
    taps_to_confirm: int
    framed_by: str | None
    tool_url: str
    lms_url: str
    verbs_told: list[str]
    seen_in_course: dict[str, tuple[str, str]]
    seen_in_gradebook: dict[str, str]


def walk(course: DemoCourse) -> LoopResult:
    """Enrol two people, and do all of it in the frame."""
    demo_settings = course.demo_settings
    taps = TapCounter(course.context)
    page = course.page()
    mentor, mentee = course.enrol(page, "Inès", "Paul")
    course.open_activity(page, TUTOR).locator("h1").wait_for()
    parent = tool_frame(page, demo_settings).parent_frame
    framed_by = parent.url if parent else None
    for name, role in ((mentor, "mentor"), (mentee, "mentee")):
        join(course.open_activity(page, name), role)
    pair(course.open_activity(page, TUTOR), mentee, mentor)
    for name in (mentor, mentee):
        accept(course.open_activity(page, name))
    for name in (mentor, mentee):
        sign(course.open_activity(page, name))
    before = lrs_statements(demo_settings).keys()
    home = course.open_activity(page, mentor)
    home.locator("#we-met").wait_for()
    with taps.counted() as taps_to_log:
        log_session(home)
    home = course.open_activity(page, mentee)
    home.locator("#next").wait_for()
    with taps.counted() as taps_to_confirm:
        confirm_session(home)
    in_course = {name: course.completion(page, name) for name in (mentor, mentee)}
    course.log_in_as(page, TUTOR)
    page.goto(f"{demo_settings.lms_url}/gradebook")
    rows = {name: page.get_by_role("row", name=name).inner_text() for name in (mentor, mentee)}
    return LoopResult(
        taps_to_log[0],
        taps_to_confirm[0],
        framed_by,
        demo_settings.tool_url,
        demo_settings.lms_url,
        _new_verbs(demo_settings, set(before)),
        in_course,
        rows,
    )


def _new_verbs(demo_settings: DemoSettings, before: set[str]) -> list[str]:
    """The verbs of the statements that are new to the LRS, once the last of them has come."""
    deadline = time.monotonic() + 30
    while True:
        verbs = [verb for key, verb in lrs_statements(demo_settings).items() if key not in before]
        if verbs.count(COMPLETED) >= 2 or time.monotonic() > deadline:
            return verbs
        time.sleep(0.3)


@pytest.fixture(scope="module")
def walked(
    database_kind: str,
    playwright: Playwright,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[LoopResult]:
    """The loop, walked once on each database."""
    folder = tmp_path_factory.mktemp("loop")
    if database_kind == "sqlite":
        demo_settings = request.getfixturevalue("browser_demo")
        with chromium(playwright, folder / "profile", NO_THIRD_PARTY_COOKIES) as context:
            yield walk(DemoCourse(demo_settings, context))
        return
    url = request.getfixturevalue("demo_postgresql_url")
    with (
        running_demo(folder / "demo", url) as demo_settings,
        chromium(playwright, folder / "profile", NO_THIRD_PARTY_COOKIES) as context,
    ):
        yield walk(DemoCourse(demo_settings, context))


def test_the_loop_runs_in_a_frame_of_another_site(walked: LoopResult) -> None:
    assert walked.framed_by is not None
    assert walked.framed_by.startswith(walked.lms_url)
    assert "//localhost:" in walked.lms_url
    assert "//127.0.0.1:" in walked.tool_url


def test_the_loop_logs_a_session_in_at_most_three_taps_from_home(walked: LoopResult) -> None:
    assert 1 <= walked.taps_to_log <= 3


def test_the_loop_confirms_a_session_in_one_tap(walked: LoopResult) -> None:
    assert walked.taps_to_confirm == 1


@pytest.mark.parametrize(("verb", "times"), [(ATTENDED, 2), (CONFIRMED, 1), (COMPLETED, 2)])
def test_the_record_store_has_each_statement_of_the_loop_once(
    walked: LoopResult, verb: str, times: int
) -> None:
    assert walked.verbs_told.count(verb) == times


def test_the_loop_ends_with_completion_on_both_peoples_course_page(walked: LoopResult) -> None:
    assert [state for state, _grade in walked.seen_in_course.values()] == ["Done", "Done"]


def test_the_loop_ends_with_a_grade_on_both_peoples_course_page(walked: LoopResult) -> None:
    assert all("100 / 100" in grade for _state, grade in walked.seen_in_course.values())


def test_the_loop_ends_with_both_grades_in_the_gradebook(walked: LoopResult) -> None:
    assert all("100 / 100" in row for row in walked.seen_in_gradebook.values())
