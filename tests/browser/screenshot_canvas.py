"""Take the pictures of the guide for Canvas, in English and in French, in the demo whose LMS has Canvas's rules.

python -m tests.browser.screenshot_canvas [FOLDER]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, sync_playwright

from lti_tool.demo.run import Demo, DemoSettings
from tests.browser.chromium import ARGUMENTS
from tests.browser.demo_process import _free_ports
from tests.browser.indexed_png import indexed_png
from tests.requirements import chromium_path

CONFIGURATION: Final = {
    "en": "https://mentoring.example.com/lti/canvas.json",
    "fr": "https://mentorat.example.fr/lti/canvas.json?lang=fr",
}
"""The address that the guide of each language has, in place of where this demo listens."""
LABEL: Final = {"en": "Our Canvas", "fr": "Notre Canvas"}
WIDTH: Final = 1100
HEIGHT: Final = 900
SCALE: Final = 1.25


def main(folder: Path) -> None:
    """The setup page's part about Canvas, and the content picker in its frame."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        settings = DemoSettings(Path(data) / "demo", *_free_ports(3), canvas=True)
        with Demo(settings, print) as demo:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(ARGUMENTS))
            for language in CONFIGURATION:
                for name, picture in _pictures(demo, browser, language).items():
                    path = folder / f"{name}.{language}.png"
                    path.write_bytes(picture)
                    print(f"{path}: {len(picture) // 1000} kB")
            browser.close()


def _pictures(demo: Demo, browser: Browser, language: str) -> dict[str, bytes]:
    """The two pictures in one language, by the names of their files."""
    context = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=SCALE, locale=language
    )
    page = context.new_page()
    page.goto(demo.invite(LABEL[language]))
    card = page.locator("details", has=page.locator("#canvas"))
    card.locator("summary").click()
    page.locator("#canvas-url").evaluate(
        f"(field) => {{ field.value = '{CONFIGURATION[language]}'; field.scrollLeft = 0; }}"
    )
    setup = card.screenshot()
    lms = demo.settings.lms_url
    same_origin = {"Origin": lms}
    people = page.request.get(f"{lms}/people.json").json()
    tutor = next(person for person in people if person["role"] == "teacher")
    page.request.post(f"{lms}/login", form={"person_id": tutor["id"]}, headers=same_origin)
    page.request.post(f"{lms}/language", form={"lang": language}, headers=same_origin)
    page.goto(f"{lms}/activities/new")
    page.locator("a[href*='placement=']").first.click()
    page.frame_locator("iframe.tool").locator("button.btn-primary").wait_for()
    for _ in range(2):
        # The frame grows with its page, and the window with the frame.
        page.wait_for_timeout(500)
        height = page.evaluate("() => document.documentElement.scrollHeight")
        page.set_viewport_size({"width": WIDTH, "height": height})
    pictures = {
        "canvas-setup": indexed_png(page, setup),
        "canvas-picker": indexed_png(page, page.screenshot()),
    }
    context.close()
    return pictures


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images"))
