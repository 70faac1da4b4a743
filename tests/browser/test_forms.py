"""Forms in a real browser: the keyboard, the switch of languages, a double click, without any script and in a frame."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, Route, expect

from lti_tool.mentoring.objectives.models import Objective
from tests.browser.chromium import TIMEOUT
from tests.browser.served_tool import ServedTool
from tests.builder import situations
from tests.requirements import needs_chromium

pytestmark = needs_chromium


@pytest.fixture(params=[True, False], ids=["script", "no-script"])
def page(request: pytest.FixtureRequest, unchecked_browser: Browser) -> Iterator[Page]:
    """A phone's tab, with scripts and without."""
    context = unchecked_browser.new_context(
        viewport={"width": 390, "height": 844}, java_script_enabled=request.param
    )
    page = context.new_page()
    page.set_default_timeout(TIMEOUT)
    yield page
    context.close()


def objectives(served_tool: ServedTool) -> int:
    with served_tool.services.database.reading() as db:
        return db.scalar(sa.select(sa.func.count()).select_from(Objective)) or 0


def open_objectives(served_tool: ServedTool, page: Page) -> str:
    home = served_tool.build_situation(situations.begins, "en", again=True)
    page.goto(home + "objectives")
    return home


def test_the_switch_of_languages_keeps_what_was_typed(served_tool: ServedTool, page: Page) -> None:
    open_objectives(served_tool, page)
    page.fill("#title", "Read a balance sheet")
    page.locator(".more-of-objective summary").click()
    page.check("input[name=tag][value=culture]")
    before = objectives(served_tool)
    page.get_by_role("button", name="Français").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nos objectifs")
    expect(page.locator("#title")).to_have_value("Read a balance sheet")
    expect(page.locator("input[name=tag][value=culture]")).to_be_checked()
    assert objectives(served_tool) == before


def test_the_switch_works_with_what_no_form_would_take(served_tool: ServedTool, page: Page) -> None:
    home = served_tool.build_situation(situations.begins, "en", again=True)
    page.goto(home + "sessions/new")
    page.check("input[name=length][value=other]")
    page.fill("#minutes", "3")
    page.get_by_role("button", name="Français").click()
    expect(page.locator("#minutes")).to_have_value("3")
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    page.fill("#minutes", "30")
    page.check("input[name=mode][value=video]")
    page.check("input[name=format][value=coaching]")
    page.click("#save")
    expect(page.get_by_role("status")).to_be_visible()


@pytest.mark.parametrize("page", [True], indirect=True, ids=["script"])
def test_a_date_is_said_in_words_whatever_the_language_of_the_browser(
    served_tool: ServedTool, page: Page
) -> None:
    page.goto(served_tool.build_situation(situations.begins, "fr", again=True) + "sessions/new")
    page.check("input[name=day][value=other]")
    page.fill("#held_on", "2026-01-01")
    expect(page.locator("[data-words-of=held_on]")).to_have_text("jeudi 1er janvier 2026")
    page.fill("#held_on", "")
    expect(page.locator("[data-words-of=held_on]")).to_have_text("")
    expect(page.locator("[data-summary]")).to_be_hidden()


def test_enter_in_a_field_sends_the_form(served_tool: ServedTool, page: Page) -> None:
    open_objectives(served_tool, page)
    page.fill("#title", "Read a balance sheet")
    page.press("#title", "Enter")
    expect(page.get_by_role("status")).to_have_text("Proposed. Your partner will be asked to agree.")


def test_the_message_is_gone_after_a_reload(served_tool: ServedTool, page: Page) -> None:
    open_objectives(served_tool, page)
    page.fill("#title", "Read a balance sheet")
    page.press("#title", "Enter")
    expect(page.get_by_role("status")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("status")).to_have_count(0)


def test_a_link_of_the_summary_leads_to_its_field(served_tool: ServedTool, page: Page) -> None:
    open_objectives(served_tool, page)
    page.fill("#title", "ab")
    page.locator("#objective .btn-primary").click()
    page.locator(".error-summary a").click()
    expect(page.locator("#title")).to_be_focused()


def test_the_summary_has_the_focus_first(served_tool: ServedTool, page: Page) -> None:
    open_objectives(served_tool, page)
    page.locator("#objective .btn-primary").click()
    expect(page.locator(".error-summary")).to_be_focused()


def test_a_double_click_sets_one_objective(served_tool: ServedTool, page: Page) -> None:
    open_objectives(served_tool, page)
    page.fill("#title", "Read a balance sheet")
    before = objectives(served_tool)
    page.locator("#objective .btn-primary").dblclick()
    expect(page.get_by_role("status")).to_be_visible()
    assert objectives(served_tool) == before + 1


def test_a_form_that_was_sent_too_late_is_sent_after_the_next_launch(
    served_tool: ServedTool, page: Page
) -> None:
    home = open_objectives(served_tool, page)
    page.fill("#title", "Read a balance sheet")
    before = objectives(served_tool)
    served_tool.expire(home)
    page.locator("#objective .btn-primary").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your session has expired")
    page.goto(served_tool.launch_again(home))
    page.get_by_role("button", name="Continue with it").click()
    expect(page.locator("#title")).to_have_value("Read a balance sheet")
    assert objectives(served_tool) == before
    page.locator("#objective .btn-primary").click()
    expect(page.get_by_role("status")).to_have_text("Proposed. Your partner will be asked to agree.")
    assert objectives(served_tool) == before + 1


def test_in_a_frame_without_cookies_the_switch_keeps_what_was_typed(
    served_tool: ServedTool, page: Page
) -> None:
    home = served_tool.build_situation(situations.begins, "en", again=True)
    page.route(
        "https://moodle.example/course",
        lambda route: route.fulfill(
            content_type="text/html",
            body=f"<iframe src='{home}objectives' width='360' height='800'></iframe>",
        ),
    )
    page.goto("https://moodle.example/course")
    frame = page.frame_locator("iframe")
    frame.locator("#title").fill("Read a balance sheet")
    frame.get_by_role("button", name="Français").click()
    expect(frame.locator("h1")).to_have_text("Nos objectifs")
    expect(frame.locator("#title")).to_have_value("Read a balance sheet")
    assert page.context.cookies() == []


def test_back_in_a_frame_leads_from_what_was_logged_to_the_form_again(
    served_tool: ServedTool, unchecked_browser: Browser
) -> None:
    page = unchecked_browser.new_page(viewport={"width": 390, "height": 844})
    page.set_default_timeout(TIMEOUT)
    home = served_tool.build_situation(situations.begins, "en", again=True)
    page.route(
        "https://moodle.example/course",
        lambda route: route.fulfill(
            content_type="text/html",
            body=f"<iframe src='{home}sessions/new' width='360' height='800'></iframe>",
        ),
    )
    page.goto("https://moodle.example/course")
    frame = page.frame_locator("iframe")
    frame.locator("#save").click()
    expect(frame.locator(".error-summary")).to_be_visible()
    frame.locator("label:has(> input[value=video])").click()
    frame.locator("#save").click()
    expect(frame.locator(".alert-success[role=status]")).to_be_visible()
    page.evaluate("history.back()")
    expect(frame.locator("#save")).to_be_visible()
    expect(frame.locator(".error-summary")).to_have_count(0)
    page.close()


def test_a_reason_for_a_person_is_kept_by_a_switch_of_language(
    served_tool: ServedTool, browser: Browser
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(TIMEOUT)
    page.goto(served_tool.build_situation(situations.tutor_of_complete, "en", again=True))
    for part in ("cohort/pairs/", "cohort/people/"):
        page.goto(
            page.url.partition("/l/")[0] + str(page.locator(f"a[href*='{part}']").first.get_attribute("href"))
        )
    page.locator("#reason").fill("Counted twice")
    page.get_by_role("button", name="Français").click()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.locator("#reason")).to_have_value("Counted twice")
    page.close()


def _slowly(route: Route) -> None:
    """Keep what a script sends back for a moment; a form of the page goes at once."""
    if route.request.resource_type == "fetch":
        time.sleep(0.5)
    route.continue_()


def test_a_rule_is_drafted_tried_and_applied(
    served_tool: ServedTool, page: Page, request: pytest.FixtureRequest
) -> None:
    """With a script the page saves and tries at each change; what is being typed, and the focus, stay."""
    has_script = "no-script" not in request.node.callspec.id
    home = served_tool.build_situation(situations.tutor, "en", again=True)
    page.goto(home + "programme/rule")
    meetings = page.get_by_label("Number of meetings", exact=True)
    if has_script:
        # A button that is pressed while a number is on its way waits for it, and is no second person's form.
        page.route("**/programme/rule", _slowly)
        meetings.fill("5")
        page.get_by_text("Add a condition", exact=True).click()
        page.get_by_role("button", name="A number of meetings").click()
        expect(page.locator(".rule-line")).to_have_count(3)
        page.unroute("**/programme/rule")
        expect(meetings.first).to_have_value("5")
        page.locator("button[id^=remove-]").last.click()
        expect(page.locator(".rule-line")).to_have_count(2)
    meetings.fill("4")
    preview = page.locator("#rule-preview")
    if has_script:
        page.keyboard.press("Tab")
        expect(page.locator("#rule-status")).to_contain_text("Draft saved at")
        expect(page.get_by_label("Length of each, in minutes", exact=True)).to_be_focused()
        expect(page.locator("#was-sessions")).to_have_text("was 6")
        page.get_by_label("How many of the conditions", exact=True).select_option("any")
        expect(preview.locator(".effect-counts .good b")).to_have_text("+4")
        page.get_by_label("How many of the conditions", exact=True).select_option("all")
        expect(page.locator("#rule-status")).to_contain_text("Draft saved at")
    else:
        page.get_by_role("button", name="Save and try it").click()
    expect(preview.locator(".effect-counts .good b")).to_have_text("+2")
    page.get_by_role("button", name="Apply as version 2").click()
    expect(page.get_by_role("status").first).to_contain_text("The rule is applied.")
    expect(page.get_by_role("heading", name="Completion rule")).to_be_visible()
    expect(page.locator(".rule-head")).to_contain_text("In force: version 2")
