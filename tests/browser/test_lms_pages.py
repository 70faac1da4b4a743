"""The demo LMS's own pages: as accessible, as narrow and as quiet as the tool's."""

from __future__ import annotations

from dataclasses import dataclass, field

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

HEADER_LINES = {390: 2, 1280: 1}
"""How many lines of the header there may be, by the width of the window."""
LINE_HEIGHT = 60


@dataclass
class Looked:
    """One page, in both languages."""

    looks: list[PageInspection]
    tall: list[str] = field(default_factory=list)
    """Where the header has more lines than :data:`HEADER_LINES` says."""


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
        for width, lines in HEADER_LINES.items() if page.locator("header.top").count() else ():
            page.set_viewport_size({"width": width, "height": 800})
            if page.locator("header.top").evaluate("(header) => header.offsetHeight") > lines * LINE_HEIGHT:
                seen.tall.append(f"the header has more than {lines} lines at {width} px, {language}")
    return seen


def test_the_lms_page_is_as_it_should_be(looked: Looked) -> None:
    """One claim in five parts, because each page is opened once: accessible, narrow enough, quiet, in its language, and
    with a low header."""
    faults = [
        *(finding for seen in looked.looks for finding in seen.axe),
        *(
            f"{where} is {by} px too wide"
            for seen in looked.looks
            for where, by in seen.overflow.items()
            if by > 0
        ),
        *(said for seen in looked.looks for said in seen.console),
        *looked.tall,
    ]
    assert faults == []
    assert [seen.language for seen in looked.looks] == ["en", "fr"]
