"""A person at the demo LMS's course page: enrols, logs in, opens the activity in its frame, and acts there."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import BrowserContext, Frame, FrameLocator, Locator, Page, expect

from lti_tool.demo.run import DemoSettings
from tests.browser.chromium import TIMEOUT

TUTOR = "Claire Dubreuil"
"""The demo's first tutor."""

expect.set_options(timeout=TIMEOUT)


@dataclass
class DemoCourse:
    """The course page in one browser. Whoever was picked last is logged in, as in any LMS."""

    demo_settings: DemoSettings
    context: BrowserContext

    def page(self) -> Page:
        """A tab of its own."""
        return self.context.new_page()

    def log_in_as(self, page: Page, name: str) -> None:
        """Log in as somebody by their button on the course page."""
        page.goto(f"{self.demo_settings.lms_url}/")
        switch = page.locator("details.switch summary")
        if switch.count():
            switch.click()
        page.get_by_role("button", name=name).click()
        expect(page.locator("details.switch summary")).to_contain_text(name)

    def log_in_as_admin(self, page: Page) -> None:
        """Log in as the administrator, whoever that is."""
        page.goto(f"{self.demo_settings.lms_url}/")
        switch = page.locator("details.switch summary")
        if switch.count():
            switch.click()
        page.locator("button.person:has(.tag.admin)").first.click()
        expect(page.locator("details.switch summary .badge.admin")).to_be_visible()

    def enrol(self, page: Page, *given_names: str) -> list[str]:
        """New people, through the administrator's form; returns their names."""
        self.log_in_as_admin(page)
        names = []
        for given_name in given_names:
            family_name = f"Essai-{secrets.token_hex(3)}"
            page.goto(f"{self.demo_settings.lms_url}/people")
            page.locator("input[name=given_name]").fill(given_name)
            page.locator("input[name=family_name]").fill(family_name)
            page.locator("form[action='/people'] button").click()
            expect(page.get_by_role("row", name=family_name)).to_be_visible()
            names.append(f"{given_name} {family_name}")
        return names

    def open_activity(self, page: Page, name: str | None = None) -> FrameLocator:
        """Open the activity in its frame, from the course page; first as ``name``, if given."""
        page.bring_to_front()  # a frame of another site takes no clicks in a tab that nobody sees
        if name is not None:
            self.log_in_as(page, name)
        else:
            page.goto(f"{self.demo_settings.lms_url}/")
        page.locator("[data-activity] h3 a").first.click()
        return page.frame_locator("iframe.tool")

    def completion(self, page: Page, name: str) -> tuple[str, str]:
        """The state and the grade that the course page shows somebody, once it says that all is complete."""
        self.log_in_as(page, name)
        chip = page.locator("[data-completion]").first
        expect(chip).to_have_attribute("data-completion", "complete", timeout=30_000)
        return chip.inner_text(), page.locator("[data-grade]").first.inner_text()


def tool_frame(page: Page, demo_settings: DemoSettings) -> Frame:
    """The frame of the page that shows the tool."""
    return next(frame for frame in page.frames if frame.url.startswith(demo_settings.tool_url))


class TapCounter:
    """Counts what fingers do: every trusted pointer press, in every frame of a browser."""

    def __init__(self, context: BrowserContext) -> None:
        self.count = 0
        context.expose_binding("countTap", lambda _source: self._add())
        context.add_init_script(
            "addEventListener('pointerdown', (event) => { if (event.isTrusted) countTap(); }, true)"
        )

    def _add(self) -> None:
        self.count += 1

    @contextmanager
    def counted(self) -> Iterator[list[int]]:
        """How many taps the block takes: one number, there once the block has ended."""
        found: list[int] = []
        before = self.count
        yield found
        found.append(self.count - before)


def tap(target: Locator) -> None:
    """Tap something in the tool's frame once the frame has its height, in the page that people then have before them.

    A page behind another may lose a tap: Chromium does not keep the places of its frames. The LMS resizes the frame
    after each page; while it does, the place to tap moves away under the finger.
    """
    target.page.bring_to_front()
    target.wait_for()
    target.evaluate(
        "async () => { for (let height = -1; height !== innerHeight;) {"
        " height = innerHeight; await new Promise((settled) => setTimeout(settled, 200)); } }"
    )
    target.click()


def join(frame: FrameLocator, role: str) -> None:
    """“I want to learn” or “I can teach”."""
    tap(frame.locator(f"#choose-{role}"))
    expect(frame.locator("#next")).to_be_visible()


def pair(frame: FrameLocator, mentee: str, mentor: str) -> None:
    """The tutor puts two people together."""
    tap(frame.locator("#pair-people"))
    frame.locator("#mentee_id").select_option(label=mentee)
    frame.locator("#mentor_id").select_option(label=mentor)
    tap(frame.locator("#pair-them"))
    expect(frame.locator(".alert-success[role=status]")).to_be_visible()


def accept(frame: FrameLocator) -> None:
    """Accept the partner whom the tutor proposes."""
    tap(frame.locator("form[action*='/proposal/accept'] button"))
    expect(frame.locator(".alert-success[role=status]")).to_be_visible()


def sign(frame: FrameLocator) -> None:
    """Read the agreement and sign it."""
    tap(frame.locator("#next ~ .actions a.btn-primary"))
    tap(frame.locator("form[action*='/agreement'] button.btn-primary"))
    expect(frame.locator(".alert-success[role=status]")).to_be_visible()


def log_session(frame: FrameLocator) -> None:
    """“We met”, by video, with everything else as it is filled in."""
    tap(frame.locator("#we-met"))
    tap(frame.locator("label:has(> input[value=video])"))
    tap(frame.locator("#save"))
    expect(frame.locator(".alert-success[role=status]")).to_be_visible()


def confirm_session(frame: FrameLocator) -> None:
    """“Yes, we met.”"""
    tap(frame.locator("form[action*='/confirm'] button"))
    expect(frame.locator(".alert-success[role=status]")).to_be_visible()
