"""How pages behave in a real browser: large text, the keyboard, no script at all, the frame, and live updates."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from lti_tool.app import create_app
from lti_tool.composition.services import make_services
from lti_tool.config import Config
from lti_tool.database import utcnow
from lti_tool.demo.server_thread import ServerThread, listen
from lti_tool.mentoring.roles import Role
from tests.builder import situations
from tests.builder.situations import Situation, build_situation
from tests.requirements import needs_chromium

pytestmark = needs_chromium

ServedTool = Callable[..., str]


@pytest.fixture(scope="module")
def served_tool(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[ServedTool]:
    """A tool on a real port; called with a situation, it builds it and returns the address of its home."""
    folder = tmp_path_factory.mktemp("pages")
    config = Config(
        base_url="http://127.0.0.1",
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'tandem.db'}",
        secret_key="a secret that only the tests know, long enough",
        allow_private_networks=True,
    )
    shutil.copyfile(migrated_sqlite, folder / "tandem.db")
    services = make_services(config)
    listener = listen(0)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"

    def build(
        situation: Callable[[Situation], None], *, family: str | None = "moodle", locale: str = "fr"
    ) -> str:
        return address + build_situation(services, situation, family=family, locale=locale)

    with ServerThread(create_app(config, services), listener):
        yield build
    services.http.close()
    services.database.dispose()


@pytest.fixture
def browser(unchecked_browser: Browser) -> Browser:
    """A browser that lets a page which is not really on the network frame this machine's."""
    return unchecked_browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty tab of a phone's size."""
    tab = browser.new_page(viewport={"width": 390, "height": 844})
    yield tab
    tab.close()


def wider_than_its_window(page: Page) -> int:
    """By how many pixels a page scrolls sideways."""
    found = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return int(found)


@pytest.mark.parametrize("width", [390, 768, 1280])
@pytest.mark.parametrize(
    "situation", [situations.to_confirm, situations.tutor], ids=lambda situation: situation.__name__
)
def test_text_at_twice_its_size_stays_within_the_page(
    served_tool: ServedTool, browser: Browser, situation: Callable[[Situation], None], width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, bypass_csp=True)
    page = context.new_page()
    page.goto(served_tool(situation))
    page.add_style_tag(content="html { font-size: 200% }")
    assert wider_than_its_window(page) <= 0
    context.close()


def test_the_keyboard_reaches_the_content_first(served_tool: ServedTool, page: Page) -> None:
    page.goto(served_tool(situations.begins))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_noting_another_meeting_takes_two_taps_from_home(served_tool: ServedTool, page: Page) -> None:
    page.goto(served_tool(situations.under_way, locale="en"))
    page.click("#we-met")
    page.click("#save")
    assert "Logged." in page.inner_text(".alert-success[role=status]")


def test_a_logged_meeting_is_confirmed_as_long_as_nothing_was_changed(
    served_tool: ServedTool, page: Page
) -> None:
    page.goto(served_tool(situations.to_confirm, locale="en"))
    page.get_by_role("link", name="That is not right").click()
    expect(page.locator("#save")).to_be_hidden()
    page.check("input[name=mode][value=phone]", force=True)
    expect(page.locator("#confirm")).to_be_hidden()
    expect(page.locator("#save")).to_be_visible()
    page.check("input[name=mode][value=video]", force=True)
    page.click("#confirm")
    assert "confirmed" in page.inner_text(".alert-success[role=status]")


def test_a_meeting_is_noted_without_any_script(served_tool: ServedTool, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served_tool(situations.begins, locale="en"))
    page.click("#we-met")
    page.check("input[name=mode][value=video]")
    page.check("input[name=format][value=coaching]")
    page.click("#save")
    assert "Logged." in page.inner_text(".alert-success[role=status]")
    context.close()


def test_two_people_are_paired_without_any_script(served_tool: ServedTool, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served_tool(situations.tutor, locale="en"))
    page.click("#pair-people")
    page.select_option("#mentee_id", label="Marc Tessier")
    page.select_option("#mentor_id", label="Thomas Weber")
    page.click("#pair-them")
    assert "The pair is proposed." in page.inner_text(".alert-success[role=status]")
    context.close()


def test_the_form_begins_on_the_persons_own_day(served_tool: ServedTool, browser: Browser) -> None:
    """In Kiritimati, 14 hours ahead, it is tomorrow for more than half of the day."""
    context = browser.new_context(timezone_id="Pacific/Kiritimati")
    page = context.new_page()
    page.goto(served_tool(situations.begins) + "sessions/new")
    own_day = page.evaluate("new Date().toLocaleDateString('sv')")
    assert page.input_value("#held_on") == own_day
    page.check("input[name=mode][value=video]")
    page.check("input[name=format][value=coaching]")
    page.click("#save")
    expect(page.locator(".alert-success[role=status]")).to_have_count(1)
    context.close()


def test_the_day_of_a_moment_is_the_readers_own(served_tool: ServedTool, browser: Browser) -> None:
    """What was signed at eleven in the evening in UTC was signed the next morning in Tokyo."""
    for zone, runs_scripts, later in (("Asia/Tokyo", True, 1), ("UTC", True, 0), ("Asia/Tokyo", False, 0)):
        context = browser.new_context(timezone_id=zone, java_script_enabled=runs_scripts)
        page = context.new_page()
        page.goto(served_tool(signed_late_in_the_evening, locale="en") + "agreement")
        day = _late_in_the_evening().date() + dt.timedelta(days=later)
        expect(page.locator("main")).to_contain_text(f"You signed on {day.day}\u00a0{day:%B}")
        context.close()


def test_a_browser_says_its_time_zone_once(served_tool: ServedTool, browser: Browser) -> None:
    """The pages that follow are made in it."""
    context = browser.new_context(timezone_id="Asia/Tokyo")
    page = context.new_page()
    home = served_tool(signed_late_in_the_evening, locale="en")
    with page.expect_response("**/time-zone") as said:
        page.goto(home)
    assert said.value.status == 204
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(home + "agreement", wait_until="networkidle")
    expect(page.locator("body")).to_have_attribute("data-zone", "Asia/Tokyo")
    day = _late_in_the_evening().date() + dt.timedelta(days=1)
    expect(page.locator("main")).to_contain_text(f"You signed on {day.day}\u00a0{day:%B}")
    assert not [address for address in asked if address.endswith("/time-zone")]
    context.close()


def test_decisions_are_in_the_browsers_zone_also_before_the_session_knows_it(
    served_tool: ServedTool, browser: Browser
) -> None:
    context = browser.new_context(timezone_id="Asia/Tokyo")
    page = context.new_page()
    page.route("**/time-zone", lambda route: route.abort())
    decisions = served_tool(situations.tutor, locale="en") + "programme/audit"
    page.goto(decisions)
    page.wait_for_url(decisions + "?zone=Asia%2FTokyo")
    page.unroute("**/time-zone")
    with page.expect_response("**/time-zone"):
        page.goto(decisions + "?zone=Asia%2FTokyo")
    # Then the address need not say it.
    page.goto(decisions, wait_until="networkidle")
    assert page.url == decisions
    context.close()


def framed(page: Page, address: str) -> None:
    """Put a page into a frame that writes down what it is told; the tool's own headers still say who may frame it."""
    page.route(
        "https://moodle.example/course",
        lambda route: route.fulfill(
            content_type="text/html",
            body=f"<script>window.told = []; addEventListener('message', (e) => told.push(e.data));</script>"
            f"<iframe src='{address}' width='360' height='300'></iframe>",
        ),
    )
    page.goto("https://moodle.example/course")


def signed_late_in_the_evening(situation: Situation) -> None:
    """Both have signed on a day sixty days ago, at eleven in the evening."""
    situation.open()
    assert situation.cohort is not None
    learns = situation.joined("Ada Learner", Role.MENTEE)
    teaches = situation.joined("Tom Teacher", Role.MENTOR)
    situation.cohort.pair(teaches, learns, signed_at=_late_in_the_evening())
    situation.me = learns.person


def _late_in_the_evening() -> dt.datetime:
    return (utcnow() - dt.timedelta(days=60)).replace(hour=23, minute=0)


def met_six_times(situation: Situation) -> None:
    """More meetings than a phone shows unfolded."""
    situation.open()
    pair = situation.pair()
    situation.history(pair, 6)
    situation.me = pair.mentee.person


def test_the_page_sends_its_height_to_the_frame(served_tool: ServedTool, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    framed(page, served_tool(met_six_times))
    page.wait_for_function(
        "window.told.some((data) => data.subject === 'lti.frameResize' && data.height > 400)"
    )
    before = page.evaluate("told.at(-1).height")
    page.frames[1].click(".journey-more summary")
    page.wait_for_function(f"told.at(-1).height > {before}")
    assert page.evaluate("told.every((data) => data.subject === 'lti.frameResize')")
    context.close()


def test_a_frame_that_follows_the_height_is_told_once_for_each_change(
    served_tool: ServedTool, browser: Browser
) -> None:
    """Also by a platform whose scroll bar narrows a frame that has grown, so that its text takes more lines."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    framed(page, served_tool(situations.under_way))
    page.wait_for_function("told.length > 0")
    told = page.evaluate(
        """async () => {
          const frame = document.querySelector('iframe');
          const widths = [360, 300];
          addEventListener('message', ({data}) => {
            frame.height = data.height;
            frame.width = widths[told.length % 2];
          });
          frame.width = 300;
          await new Promise((done) => setTimeout(done, 1500));
          const settled = told.length;
          await new Promise((done) => setTimeout(done, 500));
          return [settled, told.length];
        }"""
    )
    assert told[0] == told[1] <= 10
    context.close()


def test_a_live_update_keeps_the_search_the_focus_the_order_and_the_open_pair(
    served_tool: ServedTool, browser: Browser
) -> None:
    """A new pair goes to the end of the rows that are shown, and the page offers to sort again."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    watching, acting = context.new_page(), context.new_page()
    home = served_tool(situations.tutor, locale="en")
    watching.goto(home)
    watching.fill("#find", "E")
    rows = watching.locator("[data-list=pairs] a.who")
    opened = rows.nth(1)
    name = opened.inner_text()
    opened.click()
    watching.wait_for_selector("#panel-title:focus")
    watching.focus("#find")
    before = rows.all_inner_texts()
    acting.goto(home + "cohort/pairing")
    acting.select_option("#mentee_id", label="Marc Tessier")
    acting.select_option("#mentor_id", label="Léa Nguyen")
    acting.click("#pair-them")
    expect(rows).to_have_count(len(before) + 1, timeout=15_000)
    expect(watching.locator("#find")).to_be_focused()
    expect(watching.locator("#find")).to_have_value("E")
    expect(watching.locator(".pair-row.chosen a.who")).to_have_text(name)
    assert [text for text in rows.all_inner_texts() if text in before] == before
    watching.keyboard.press("Escape")
    watching.focus("#panel-close")
    watching.keyboard.press("Escape")
    expect(watching.locator("#panel")).to_be_hidden()
    expect(watching.locator("[data-list=pairs] a.who", has_text=name.split(" –")[0])).to_be_focused()
    context.close()


def test_a_pair_that_is_opened_while_a_search_begins_gets_the_focus(
    served_tool: ServedTool, page: Page
) -> None:
    """The search takes the place of the request that was to bring the pair."""
    replaced: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if "pair=" in route.request.url and not replaced:
            replaced.append(route)
        else:
            route.continue_()

    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(served_tool(situations.tutor, locale="en"))
    page.route("**/cohort/live?*", hold_the_first)
    page.evaluate(
        """() => {
          const find = document.querySelector("#find");
          find.value = "E";
          find.dispatchEvent(new Event("input", {bubbles: true}));
          document.querySelector("[data-list=pairs] a.who").click();
        }"""
    )
    page.wait_for_selector("#panel-title:focus", timeout=15_000)
    assert len(replaced) == 1
    assert "q=E" in page.evaluate("location.search")


def test_the_tutors_page_says_when_the_connection_is_lost(served_tool: ServedTool, browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(served_tool(situations.tutor, locale="en"))
    page.clock.install()
    context.set_offline(True)
    page.clock.run_for(15_000)
    expect(page.locator("[data-freshness]")).to_contain_text("Not connected since")
    context.set_offline(False)
    page.clock.run_for(4_000)
    expect(page.locator("[data-freshness]")).not_to_contain_text("Not connected since")
    context.close()


def test_a_page_that_is_connected_says_nothing_of_its_connection(served_tool: ServedTool, page: Page) -> None:
    page.goto(served_tool(situations.under_way))
    expect(page.locator("#connection")).to_be_hidden()
