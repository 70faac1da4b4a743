"""Take pictures of the demo's LMS, with the pages of three people inside its frame, phone and desktop.

    python -m tests.browser.screenshot_lms FOLDER

Not a test: for people's eyes. The pictures of the guides are taken by ``screenshot_guides.py``.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import FrameLocator, Page, sync_playwright

from tests.browser.chromium import NO_THIRD_PARTY_COOKIES, chromium
from tests.browser.demo_course import TUTOR, DemoCourse, accept, join, log_session, pair, sign
from tests.browser.demo_process import running_demo

MENTOR, MENTEE = "Lina Haddad", "Hélène Marchand"
WIDTHS = {"phone": 390, "desktop": 1280}
LMS_PAGES = {
    "course": "/",
    "gradebook": "/gradebook",
    "people": "/people",
    "tools": "/admin/tools",
    "log": "/activity",
}


def main(folder: Path) -> None:
    """Walk to the moment when the mentor has noted a meeting and the mentee is about to say yes."""
    with (
        tempfile.TemporaryDirectory() as data,
        running_demo(Path(data) / "demo") as demo_settings,
        sync_playwright() as playwright,
        chromium(
            playwright,
            Path(data) / "profile",
            NO_THIRD_PARTY_COOKIES,
            viewport={"width": 1280, "height": 800},
            device_scale_factor=1.5,
            reduced_motion="reduce",
        ) as context,
    ):
        course = DemoCourse(demo_settings, context)
        page = course.page()
        course.open_activity(page, TUTOR).locator("#pair-people").wait_for()
        for name, role in ((MENTOR, "mentor"), (MENTEE, "mentee")):
            join(course.open_activity(page, name), role)
        pair(course.open_activity(page, TUTOR), MENTEE, MENTOR)
        for name in (MENTOR, MENTEE):
            accept(course.open_activity(page, name))
        for name in (MENTOR, MENTEE):
            sign(course.open_activity(page, name))
        set_objective(course.open_activity(page, MENTEE), "Write good prompts for an AI assistant")
        home = course.open_activity(page, MENTOR)
        set_objective(home, "Present a project to a committee")
        log_session(course.open_activity(page, MENTOR))
        course.open_activity(page, MENTEE).locator("#next").wait_for()
        _take(course, page, folder)


def set_objective(home: FrameLocator, title: str) -> None:
    """Set an objective of one's own."""
    home.locator("a[href*='/objectives']").first.click()
    home.locator("#title").fill(title)
    home.locator("form[novalidate] button.btn-primary").click()
    home.locator(".alert-success[role=status]").wait_for()


def _take(course: DemoCourse, page: Page, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for language in ("fr", "en"):
        course.log_in_as_admin(page)
        page.locator(f".language button[lang={language}]").click()
        for name, path in LMS_PAGES.items():
            page.goto(f"{course.demo_settings.lms_url}{path}")
            _both_widths(page, folder / f"lms-{name}-{language}")
        for who in (TUTOR, MENTEE, MENTOR):
            course.open_activity(page, who).locator("h2").first.wait_for()
            _both_widths(page, folder / f"frame-{who.split()[0]}-{language}")


def _both_widths(page: Page, picture: Path) -> None:
    for name, width in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": 844 if width < 500 else 800})
        page.wait_for_timeout(700)
        page.screenshot(path=f"{picture}-{name}.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 800})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
