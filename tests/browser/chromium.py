"""Chromium with the cookie settings that a person may have chosen, each with a profile of its own.

The settings are written into the profile, as the browser's own settings page does; what they do is proved by
``test_cookie_settings.py``. https://chromium.googlesource.com/chromium/src/+/main/components/content_settings/
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Playwright

from tests.requirements import chromium_path

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

TIMEOUT = 20_000
"""Milliseconds to wait for a page on a busy machine."""

Preferences = dict[str, Any]

EVERY_COOKIE: Preferences = {"profile": {"cookie_controls_mode": 0}}
NO_THIRD_PARTY_COOKIES: Preferences = {"profile": {"cookie_controls_mode": 1}}


def no_cookie_of(host: str) -> Preferences:
    """Refuse every cookie of one host, in a frame and in a tab of its own."""
    return {"profile": {"content_settings": {"exceptions": {"cookies": {f"{host},*": {"setting": 2}}}}}}


@contextmanager
def chromium(
    playwright: Playwright, folder: Path, preferences: Preferences, **options: Any
) -> Iterator[BrowserContext]:
    """A browser whose new profile, in ``folder``, has these preferences; ``options`` are Playwright's own."""
    profile = folder / "Default"
    profile.mkdir(parents=True)
    (profile / "Preferences").write_text(json.dumps(preferences), encoding="utf-8")
    context = playwright.chromium.launch_persistent_context(
        folder,
        executable_path=chromium_path(),
        args=list(ARGUMENTS),
        headless=True,
        **{"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", **options},
    )
    context.set_default_timeout(TIMEOUT)
    try:
        yield context
    finally:
        context.close()
