"""Take the pictures of the guide for Canvas, in the demo whose LMS has Canvas's rules.

python -m tests.browser.screenshot_canvas [FOLDER]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from lti_tool.demo.run import Demo, DemoSettings
from tests.browser.chromium import ARGUMENTS
from tests.browser.demo_process import _free_ports
from tests.requirements import chromium_path

CONFIGURATION = "https://mentoring.example.com/lti/canvas.json"


def main(folder: Path) -> None:
    """The setup page's part about Canvas, and the content picker in its frame."""
    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        settings = DemoSettings(Path(data) / "demo", *_free_ports(3), canvas=True)
        with Demo(settings, print) as demo:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(ARGUMENTS))
            page = browser.new_page(
                viewport={"width": 1100, "height": 900}, device_scale_factor=1.5, locale="en"
            )
            page.goto(demo.invite("Our Canvas"))
            # As where people reach it, and not where this demo listens.
            page.locator("#canvas-url").evaluate(f"(field) => {{ field.value = '{CONFIGURATION}'; }}")
            page.locator("section", has=page.locator("#canvas")).screenshot(path=folder / "canvas-setup.png")
            lms = settings.lms_url
            people = page.request.get(f"{lms}/people.json").json()
            tutor = next(person for person in people if person["role"] == "teacher")
            page.request.post(f"{lms}/login", form={"person_id": tutor["id"]}, headers={"Origin": lms})
            page.set_viewport_size({"width": 1100, "height": 1300})
            page.goto(f"{lms}/activities/new")
            page.locator("a[href*='placement=']").first.click()
            frame = page.frame_locator("iframe.tool")
            frame.locator("button.btn-primary").scroll_into_view_if_needed()
            page.wait_for_timeout(500)
            page.screenshot(path=folder / "canvas-picker.png")
            browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images"))
