"""Every page of the URL map: accessible in both themes, at both widths, in both languages; whole on a small phone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page

from lti_tool.web.launch_session import OF_GROUP
from tests.browser.axe_runs import AxeRuns, keep_axe_at_hand
from tests.browser.cases import CASES, NOT_PAGES, Case, Visit
from tests.browser.chromium import TIMEOUT
from tests.browser.page_inspection import Console, PageInspection, english_in, inspect_page, report_violations
from tests.browser.served_tool import ServedTool
from tests.requirements import needs_chromium, needs_node

pytestmark = [needs_chromium, needs_node]

_NO_MORE_NEWS = "() => { for (let timer = setTimeout(() => {}); timer > 0; timer -= 1) clearTimeout(timer); }"
"""Some pages ask for news of themselves as long as they are open."""

THEMES = ("moodle", "canvas", "neutral")
LANGUAGES = ("en", "fr")


@pytest.fixture(scope="module")
def tabs(browser: Browser) -> Iterator[dict[str, Page]]:
    """A tab for each language. All pages are opened in it: a new one for each would cost three times."""
    made = {}
    for language in LANGUAGES:
        context = browser.new_context(locale=language, reduced_motion="reduce")
        keep_axe_at_hand(report_violations(context))
        context.set_default_timeout(TIMEOUT)
        made[language] = context.new_page()
    yield made
    for page in made.values():
        page.context.close()


@pytest.fixture(scope="module")
def axe_runs() -> AxeRuns:
    """What axe has looked at, on one page or another."""
    return AxeRuns()


@dataclass
class Looked:
    """One case, in each language and theme."""

    case: Case
    looks: list[PageInspection]
    routes: set[tuple[str, str]]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.name)
def looked(
    request: pytest.FixtureRequest, served_tool: ServedTool, tabs: dict[str, Page], axe_runs: AxeRuns
) -> Looked:
    """Each page is opened once for all the claims about it."""
    case: Case = request.param
    seen = Looked(case, [], set())
    for language in LANGUAGES:
        page = tabs[language]
        console = Console(page)
        case.go(Visit(page, served_tool, language))
        seen.routes.add(next(route for route in reversed(served_tool.pages) if route not in NOT_PAGES))
        found = inspect_page(page, f"{case.name}, {language}", THEMES if case.themed else (), axe_runs)
        found.console = console.messages
        seen.looks.append(found)
        console.close()
        page.unroute_all()
        page.evaluate(_NO_MORE_NEWS)
    return seen


def test_the_page_is_of_the_route_it_stands_for(looked: Looked) -> None:
    assert looked.routes == {looked.case.route}


def test_axe_finds_nothing(looked: Looked) -> None:
    assert [finding for seen in looked.looks for finding in seen.axe] == []


def test_nothing_scrolls_sideways(looked: Looked) -> None:
    wide = {(seen.name, width): by for seen in looked.looks for width, by in seen.overflow.items() if by > 0}
    assert wide == {}


def test_the_console_has_no_message(looked: Looked) -> None:
    assert [said for seen in looked.looks for said in seen.console] == []


def test_the_page_says_which_language_it_is_in(looked: Looked) -> None:
    assert {seen.language for seen in looked.looks} == set(LANGUAGES)


def test_no_english_is_left_in_french(looked: Looked) -> None:
    assert [text for seen in looked.looks if seen.language == "fr" for text in english_in(seen.words)] == []


def test_every_route_that_renders_a_page_is_looked_at(served_tool: ServedTool) -> None:
    # The same pages for a group that the address names are no other pages.
    routes = {
        (
            rule.endpoint.replace(OF_GROUP, "", 1)
            if OF_GROUP + "group." not in rule.endpoint
            else rule.endpoint,
            method,
        )
        for rule in served_tool.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert sorted(routes - {case.route for case in CASES} - NOT_PAGES.keys()) == []


def test_no_route_is_listed_that_is_no_more(served_tool: ServedTool) -> None:
    endpoints = {rule.endpoint for rule in served_tool.app.url_map.iter_rules()}
    assert {name for name, _method in NOT_PAGES} | {case.route[0] for case in CASES} <= endpoints
