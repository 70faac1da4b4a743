"""What some tests need of the system, and how to get it: a browser, Redis, Node and the packages of ``tests/node``.

A test that needs one says so with ``pytestmark = needs_chromium`` (or ``@needs_node``); where it is missing the test
is skipped, and the reason names the command that installs it. :mod:`tests.skips` sums the skips up.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

INSTALL = "sudo apt-get install chromium nodejs npm redis-server"
"""The one command that gets everything that tests may lack."""

NODE_FOLDER = Path(__file__).parent / "node"
AXE = NODE_FOLDER / "node_modules" / "axe-core" / "axe.min.js"
"""The accessibility checker, which runs inside the page (https://github.com/dequelabs/axe-core)."""


def chromium_path() -> str | None:
    """Where the system's browser is."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for path in map(shutil.which, names) if path), None)


def headless_shell_path() -> str | None:
    """Where Chromium's headless shell is: the same engine for half the processor time, and no profile.

    https://developer.chrome.com/blog/chrome-headless-shell. Where it is not installed, the system's browser does it.
    """
    return shutil.which("chromium-headless-shell") or chromium_path()


def _missing_browser() -> str | None:
    if chromium_path() is None:
        return f"no browser: {INSTALL}"
    return None


def _missing_node() -> str | None:
    if shutil.which("node") is None or shutil.which("npm") is None:
        return f"no Node.js: {INSTALL}"
    if not AXE.exists():
        return "the Node packages of the tests are missing: npm ci --prefix tests/node"
    return None


def _missing_redis() -> str | None:
    if shutil.which("redis-server") is None:
        return f"no Redis: {INSTALL}"
    return None


def _needs(missing: str | None) -> pytest.MarkDecorator:
    return pytest.mark.skipif(missing is not None, reason=missing or "")


needs_chromium = _needs(_missing_browser())
"""Skips where there is no Chromium or Chrome."""

needs_node = _needs(_missing_node())
"""Skips where there is no Node.js, or its packages have not been installed."""

needs_redis = _needs(_missing_redis())
"""Skips where there is no redis-server."""
