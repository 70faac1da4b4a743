"""The demo LMS's own pages: as accessible, as narrow and as quiet as the tool's."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.browser.looking import Console, Look, look
from tests.browser.walking import TUTOR, Campus
from tests.requirements import needs_chromium, needs_node

pytestmark = [needs_chromium, needs_node]

PAGES = {
    "who are you": (None, "/"),
    "course": (TUTOR, "/"),
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

    looks: list[Look]


@pytest.fixture(params=PAGES)
def looked(request: pytest.FixtureRequest, campus: Campus) -> Looked:
    """A page of the LMS, seen by whoever it is for."""
    who, path = PAGES[request.param]
    page = campus.page()
    if who == "admin":
        campus.become_admin(page)
    elif who:
        campus.become(page, who)
    seen = Looked([])
    for language in ("en", "fr"):
        console = Console(page)
        page.goto(f"{campus.place.lms_url}{path}{'&' if '?' in path else '?'}lang={language}")
        found = look(page, f"{request.param}, {language}")
        found.console = console.said
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
