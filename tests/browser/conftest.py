"""What browser tests share: one demo and a few browsers for each worker, people of its own for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

from lti_tool.config import Config
from lti_tool.demo.browser import Browser as DemoBrowser
from lti_tool.demo.connect import add_activity, connect_tool, log_in_as
from lti_tool.demo.lms.server import RunningLms
from lti_tool.demo.lms.settings import LmsSettings
from lti_tool.demo.run import DemoSettings
from tests.browser.chromium import ARGUMENTS, NO_THIRD_PARTY_COOKIES, chromium, no_cookie_of
from tests.browser.demo_course import DemoCourse
from tests.browser.demo_process import running_demo
from tests.browser.served_tool import ServedTool, serving_tool
from tests.canvas.conftest import CANVAS
from tests.databases import empty_postgresql
from tests.requirements import headless_shell_path
from tests.web.setup.conftest import new_invitation
from tests.web.setup.listening import tool_and_lms

Platforms = dict[str, DemoSettings]
"""Where the tool is, and an LMS of each kind: ``moodle`` and ``canvas``."""


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver; it runs an event loop in this thread until the last test of this folder."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """A browser without a profile; each test opens a window of its own in it."""
    started = playwright.chromium.launch(executable_path=headless_shell_path(), args=list(ARGUMENTS))
    yield started
    started.close()


@pytest.fixture(scope="package")
def unchecked_browser(playwright: Playwright) -> Iterator[Browser]:
    """The same, that lets a page which is not really on the network frame this machine's."""
    arguments = [*ARGUMENTS, "--disable-features=LocalNetworkAccessChecks"]
    started = playwright.chromium.launch(executable_path=headless_shell_path(), args=arguments)
    yield started
    started.close()


@pytest.fixture(scope="module")
def served_tool(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[ServedTool]:
    """The tool, with every situation at hand: one for each module, whose tests change what is in it."""
    with serving_tool(tmp_path_factory.mktemp("served-tool"), migrated_sqlite) as running:
        yield running


@pytest.fixture(scope="session")
def browser_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoSettings]:
    """The demo, running, on SQLite; its tutor has been there once, which opens the programme."""
    with running_demo(tmp_path_factory.mktemp("demo")) as demo_settings:
        tutor = DemoBrowser()
        log_in_as(tutor, demo_settings.lms_url, "teacher")
        tutor.open(f"{demo_settings.lms_url}/launch/1")
        yield demo_settings


@pytest.fixture(scope="module")
def demo_postgresql_url(postgresql_server: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database, for one demo that migrates it itself.

    As long as that demo: the tests of a module may come back to a process, and then to another demo, whose secret
    key does not fit what the former one has stored.
    """
    with empty_postgresql(postgresql_server) as url:
        yield url


@pytest.fixture(scope="session")
def platforms(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Platforms]:
    """The tool, connected to an LMS with Moodle's rules and to one with Canvas's, each with the activity."""
    folder = tmp_path_factory.mktemp("platforms")
    config = Config(
        base_url="http://127.0.0.1:5000",
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'tool.db'}",
        secret_key="a secret that only the tests know, long enough",
        allow_private_networks=True,
    )
    shutil.copyfile(migrated_sqlite, folder / "tool.db")
    moodle = LmsSettings(folder / "moodle", port=0)
    with ExitStack() as running:
        services, moodle_lms = running.enter_context(tool_and_lms(config, moodle))
        canvas_lms = running.enter_context(RunningLms(replace(CANVAS, data_dir=folder / "canvas")))
        found = {}
        for name, lms in (("moodle", moodle_lms), ("canvas", canvas_lms)):
            admin = DemoBrowser()
            connect_tool(
                admin, lms.base_url, f"{services.config.base_url}/setup?invite={new_invitation(services)}"
            )
            add_activity(admin, lms.base_url, template="demo")
            port = int(services.config.base_url.rpartition(":")[2])
            found[name] = DemoSettings(Path(), port, lms.settings.port, 0)
        yield found


@pytest.fixture(scope="package")
def third_party_blocked(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """A browser that blocks third-party cookies."""
    folder = tmp_path_factory.mktemp("third-party-blocked")
    with chromium(playwright, folder, NO_THIRD_PARTY_COOKIES) as context:
        yield context


@pytest.fixture(scope="package")
def every_cookie_refused(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """A browser that refuses every cookie of the tool's host."""
    folder = tmp_path_factory.mktemp("every-cookie-refused")
    with chromium(playwright, folder, no_cookie_of("127.0.0.1")) as context:
        yield context


@pytest.fixture
def course(browser_demo: DemoSettings, third_party_blocked: BrowserContext) -> Iterator[DemoCourse]:
    """The course, in a browser that blocks third-party cookies and has seen nobody yet."""
    yield from _fresh(browser_demo, third_party_blocked)


@pytest.fixture
def course_without_cookies(
    browser_demo: DemoSettings, every_cookie_refused: BrowserContext
) -> Iterator[DemoCourse]:
    """The course, in a browser that refuses every cookie of the tool."""
    yield from _fresh(browser_demo, every_cookie_refused)


def _fresh(demo_settings: DemoSettings, context: BrowserContext) -> Iterator[DemoCourse]:
    context.clear_cookies()
    yield DemoCourse(demo_settings, context)
    for page in context.pages[1:]:
        page.close()
