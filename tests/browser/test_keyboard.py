"""Without a mouse: the skip link comes first, the primary action is reached, and where one is can be seen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, TimeoutError, expect

from tests.browser.chromium import TIMEOUT
from tests.browser.served_tool import ServedTool
from tests.builder import situations
from tests.requirements import needs_chromium

pytestmark = needs_chromium

PRIMARY = {
    "welcome": (situations.welcome, "", "#choose-mentee"),
    "agreement": (situations.to_sign, "agreement", "form[action*='/agreement'] .btn-primary"),
    "home": (situations.begins, "", "#we-met"),
    "session": (situations.begins, "sessions/new", "#save"),
    "confirm": (situations.to_confirm, "", "form[action*='/confirm'] button"),
    "tutor": (situations.tutor, "cohort/pairing", "#pair-them"),
}
"""The action that each page is for."""

MOST_STOPS = 25

_FOCUSED = """() => {
  const style = getComputedStyle(document.activeElement);
  const label = document.activeElement.closest('label');
  const beside = label ? getComputedStyle(label) : style;
  const next = document.activeElement.nextElementSibling;
  const after = next ? getComputedStyle(next) : style;
  return [style, beside, after].some((one) =>
    (one.outlineStyle !== 'none' && parseFloat(one.outlineWidth) > 0) || one.boxShadow !== 'none');
}"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A tab at a desk."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(TIMEOUT)
    yield page
    page.close()


@pytest.fixture(params=PRIMARY)
def primary(request: pytest.FixtureRequest, served_tool: ServedTool, page: Page) -> str:
    """A page, open; the selector of its primary action."""
    build, below, selector = PRIMARY[request.param]
    page.goto(served_tool.build_situation(build, "en") + below)
    return selector


def test_the_first_stop_of_the_keyboard_is_the_skip_link(primary: str, page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_focused()


def test_the_skip_link_can_be_seen_when_it_has_the_focus(primary: str, page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_in_viewport()


def test_the_skip_link_leads_to_the_content(primary: str, page: Page) -> None:
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_the_keyboard_reaches_the_primary_action(primary: str, page: Page) -> None:
    wanted = page.locator(primary)
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if wanted.evaluate("(element) => element === document.activeElement"):
            return
    pytest.fail(f"{primary} is not reached in {MOST_STOPS} stops")


def test_each_stop_of_the_keyboard_can_be_seen(primary: str, page: Page) -> None:
    unseen = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        try:
            # A busy machine paints the ring a moment after the key.
            page.wait_for_function(_FOCUSED, timeout=2000)
        except TimeoutError:
            unseen.append(page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))
    assert unseen == []


def test_a_session_is_logged_with_the_keyboard_alone(served_tool: ServedTool, page: Page) -> None:
    page.goto(served_tool.build_situation(situations.begins, "en", again=True))
    for selector, key in (("#we-met", "Enter"), ("#mode", "Space"), ("#format", "Space"), ("#save", "Enter")):
        page.locator("h1, h2").first.wait_for()
        for _ in range(MOST_STOPS):
            page.keyboard.press("Tab")
            if page.locator(selector).evaluate("(element) => element === document.activeElement"):
                break
        if key == "Space":
            page.keyboard.press(key)
            continue
        with page.expect_navigation():
            page.keyboard.press(key)
    expect(page.get_by_role("status")).to_be_visible()
