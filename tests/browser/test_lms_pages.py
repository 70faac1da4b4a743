"""The demo LMS's own pages: as accessible, as narrow and as quiet as the tool's."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.browser.axe_runs import AxeRuns
from tests.browser.demo_course import TUTOR, DemoCourse
from tests.browser.page_inspection import Console, PageInspection, inspect_page
from tests.requirements import needs_chromium, needs_node

pytestmark = [needs_chromium, needs_node]

PAGES = {
    "who are you": (None, "/"),
    "course": (TUTOR, "/"),
    "side by side": (None, "/side-by-side"),
    "activity": (TUTOR, "/activities/1"),
    "settings of the activity": (TUTOR, "/activities/1/edit"),
    "new activity": (TUTOR, "/activities/new"),
    "content picker": (TUTOR, "/activities/new?tool=1"),
    "gradebook": (TUTOR, "/gradebook"),
    "people": ("admin", "/people"),
    "tools": ("admin", "/admin/tools"),
    "log": ("admin", "/activity"),
    "refusal": (None, "/gradebook"),
}


@dataclass
class Looked:
    """One page, in both languages."""

    looks: list[PageInspection]


@pytest.fixture(params=PAGES)
def looked(request: pytest.FixtureRequest, course: DemoCourse) -> Looked:
    """A page of the LMS, seen by whoever it is for."""
    who, path = PAGES[request.param]
    page = course.page()
    if who == "admin":
        course.log_in_as_admin(page)
    elif who:
        course.log_in_as(page, who)
    seen, axe_runs = Looked([]), AxeRuns()
    for language in ("en", "fr"):
        console = Console(page)
        page.goto(f"{course.demo_settings.lms_url}{path}{'&' if '?' in path else '?'}lang={language}")
        found = inspect_page(page, f"{request.param}, {language}", axe_runs=axe_runs)
        found.console = console.messages
        seen.looks.append(found)
    return seen


def test_the_lms_page_is_as_it_should_be(looked: Looked) -> None:
    """One claim in four parts, because each page is opened once: accessible, narrow enough, quiet, in its language."""
    faults = [
        *(finding for seen in looked.looks for finding in seen.axe),
        *(
            f"{where} is {by} px too wide"
            for seen in looked.looks
            for where, by in seen.overflow.items()
            if by > 0
        ),
        *(said for seen in looked.looks for said in seen.console),
    ]
    assert faults == []
    assert [seen.language for seen in looked.looks] == ["en", "fr"]
