"""Look at every page: a tool with seeded data, and a screenshot of each face, phone and desktop, both languages.

    python -m tests.browser.pages_screenshots FOLDER [WORD…]

Only the pages whose name holds one of the words, if any is given. With ``AXE`` set to the path of ``axe.min.js``,
every page is checked with it too. Not a test: for people's eyes.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from lti_tool.app import create_app
from lti_tool.composition.services import make_services
from lti_tool.config import Config
from lti_tool.migrations import migrate
from tests.builder.situations import SITUATIONS, build_situation

VIEWPORTS = {"phone": (390, 844), "desktop": (1280, 800)}
LOOKS = (("moodle", "en"), ("canvas", "fr"), (None, "fr"))
"""Each theme, in one language; both languages are seen."""

MORE = {
    "proposed": ["proposal/decline"],
    "to_sign": ["agreement"],
    "waits_for_acceptance": ["reminder"],
    "review": ["review/"],
    "begins": ["about-me"],
    "under_way": ["sessions", "sessions/new", "objectives", "nothing-here"],
    "tutor": ["preview/mentee", "preview/mentor", "cohort/audit", "cohort/pairs/"],
}
"""Further pages of a situation, by their path below its home; one that ends with a slash is followed from its link."""


def main(folder: Path, words: list[str]) -> int:
    """Take the pictures; return how many pages axe found fault with."""
    folder.mkdir(parents=True, exist_ok=True)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as data:
        config = Config(
            base_url="http://127.0.0.1", data_dir=Path(data), database_url=f"sqlite:///{data}/tandem.db",
            secret_key="for looking at pages only, and long enough", allow_private_networks=True,
        )  # fmt: skip
        services = make_services(config)
        migrate(services.database)
        server = make_server("127.0.0.1", 0, create_app(config, services), threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        faults = 0
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            for family, locale in LOOKS:
                if os.environ.get("LOOK", family or "neutral") != (family or "neutral"):
                    continue
                for build in SITUATIONS:
                    home = build_situation(services, build, family=family, locale=locale)
                    for below in ["", *MORE.get(build.__name__, [])]:
                        name = f"{build.__name__}{'-' if below else ''}{below.replace('/', '-')}"
                        if words and not any(word in name for word in words):
                            continue
                        url = f"http://127.0.0.1:{server.port}{home}{below}"
                        faults += _look(browser, url, folder / f"{family or 'neutral'}-{locale}-{name}")
            browser.close()
        server.shutdown()
        return faults


def _look(browser: Browser, url: str, picture: Path) -> int:
    faults = 0
    for viewport, (width, height) in VIEWPORTS.items():
        page = browser.new_page(viewport={"width": width, "height": height})
        page.on(
            "console",
            lambda message: print(picture.name, message.text) if "404" not in message.text else None,
        )
        page.goto(url.removesuffix("cohort/pairs/"))
        if url.endswith("cohort/pairs/"):
            page.locator("a[href*='/cohort/pairs/']").first.click()
        page.wait_for_load_state("networkidle") if "tutor" not in picture.name else page.wait_for_timeout(300)
        page.screenshot(path=f"{picture}-{viewport}.png", full_page=True)
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if overflow > 0:
            print(picture.name, viewport, "overflows by", overflow)
            faults += 1
        faults += _axe(page, f"{picture.name}-{viewport}")
        page.close()
    return faults


def _axe(page: Page, name: str) -> int:
    path = os.environ.get("AXE")
    if not path:
        return 0
    page.evaluate(Path(path).read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate(
        "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']})"
    )
    for violation in found["violations"]:
        print(
            name,
            violation["id"],
            violation["help"],
            [node["html"][:160] for node in violation["nodes"][:2]],
            [node["failureSummary"][:200] for node in violation["nodes"][:1]],
        )
    return int(bool(found["violations"]))


if __name__ == "__main__":
    sys.exit(1 if main(Path(sys.argv[1]), sys.argv[2:]) else 0)
