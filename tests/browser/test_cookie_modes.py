"""Every setting of cookies, in a Moodle and in a Canvas: the launch opens, and everything after it works.

That the browser's settings do what they say is proved in ``test_cookie_settings.py``; the whole loop where every cookie
is refused, in ``test_without_cookies.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Page, Playwright, expect

from tests.browser.chromium import EVERY_COOKIE, chromium
from tests.browser.conftest import Platforms
from tests.browser.demo_course import TUTOR, DemoCourse, join, tap
from tests.requirements import needs_chromium

pytestmark = needs_chromium

Place = FrameLocator | Page
"""Where the tool's pages are: the platform's frame, or a tab of their own."""


@pytest.fixture(scope="module")
def cookies_allowed(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """A browser that takes every cookie."""
    with chromium(playwright, tmp_path_factory.mktemp("cookies-allowed"), EVERY_COOKIE) as context:
        yield context


@dataclass(frozen=True)
class Mode:
    """What a launch depends on, and what comes of it."""

    browser: str
    """The fixture with the browser."""
    platform: str
    in_new_tab: bool
    address_is_secret: bool


MODES = {
    "moodle, cookies allowed": Mode("cookies_allowed", "moodle", False, False),
    "moodle, third-party cookies blocked": Mode("third_party_blocked", "moodle", False, False),
    "moodle, every cookie refused": Mode("every_cookie_refused", "moodle", True, True),
    "canvas, cookies allowed": Mode("cookies_allowed", "canvas", False, False),
    "canvas, third-party cookies blocked": Mode("third_party_blocked", "canvas", False, False),
    "canvas, every cookie refused": Mode("every_cookie_refused", "canvas", False, True),
}


@pytest.fixture(params=MODES.values(), ids=list(MODES))
def mode(request: pytest.FixtureRequest) -> Mode:
    """Each of them."""
    wanted: Mode = request.param
    return wanted


@pytest.fixture
def course(mode: Mode, platforms: Platforms, request: pytest.FixtureRequest) -> Iterator[DemoCourse]:
    """The course of the mode's platform in the mode's browser, which has seen nobody yet."""
    context: BrowserContext = request.getfixturevalue(mode.browser)
    context.clear_cookies()
    yield DemoCourse(platforms[mode.platform], context)
    for page in context.pages[1:]:
        page.close()


def open_tool(course: DemoCourse, page: Page, name: str, *, in_new_tab: bool) -> Place:
    """Launch as somebody; where the frame offers a new tab, go on in it."""
    frame = course.open_activity(page, name)
    if not in_new_tab:
        return frame
    with course.context.expect_page() as opened:
        frame.locator("a[target=_blank]").click()
    tab = opened.value
    tab.locator("main button.btn-primary").click()
    tab.wait_for_url("**/l/**")
    return tab


def address(place: Place) -> str:
    found: str = place.locator("html").evaluate("() => location.pathname")
    return found


def reload_page(place: Place) -> None:
    html = place.locator("html")
    html.evaluate("(html) => { html.dataset.before = 'yes'; location.reload(); }")
    expect(html).not_to_have_attribute("data-before", "yes")


def downloaded(place: Place, page: Page) -> str:
    """The name of a file that the tutor keeps. ``page``: the browser's page in which the place is.

    For a link with the attribute ``download``, Chromium sends no cookie from a frame of another site.
    """
    adding = place.locator("a[href$='/cohort/adding-people/']").first
    adding.evaluate("(link) => location.assign(link.href)")
    with (place if isinstance(place, Page) else page).expect_download() as kept:
        place.locator("a[href$='template.csv']").click()
    assert kept.value.failure() is None
    return kept.value.suggested_filename


def test_everything_works_after_the_launch(mode: Mode, course: DemoCourse) -> None:
    tutors_page = course.page()
    [learner] = course.enrol(tutors_page, "Noé")
    tutor = open_tool(course, tutors_page, TUTOR, in_new_tab=mode.in_new_tab)
    tutor.locator("#cohort").wait_for()
    tutor.locator("html").evaluate("() => { window.sameDocument = true; }")

    page = course.page()
    place = open_tool(course, page, learner, in_new_tab=mode.in_new_tab)
    place.locator("#choose-mentor").wait_for()
    key = address(place).split("/")[2]
    assert ("." in key) == mode.address_is_secret

    join(place, "mentor")  # type: ignore[arg-type]  # of a tab as of a frame
    tap(place.locator("nav.switch button", has_text="Français"))
    expect(place.locator("html")).to_have_attribute("lang", "fr")
    reload_page(place)
    expect(place.locator("html")).to_have_attribute("lang", "fr")
    assert address(place).split("/")[2] == key

    expect(tutor.locator("#cohort")).to_contain_text(learner)
    assert tutor.locator("html").evaluate("() => window.sameDocument") is True

    assert downloaded(tutor, tutors_page).startswith("people")
    if mode.browser == "every_cookie_refused":
        assert course.context.cookies(course.demo_settings.tool_url) == []
