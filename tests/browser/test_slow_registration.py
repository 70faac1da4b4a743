"""The page of a registration that takes its time, in the frame of the platform's own page."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, urlencode

import pytest
from playwright.sync_api import Browser, Frame, Page, expect

from tests.browser.chromium import TIMEOUT
from tests.browser.served_tool import ServedTool
from tests.lti.registration.registering import RegisteringPlatform, registering_platform
from tests.requirements import needs_chromium
from tests.slow_platforms.slow_server import wait_until

pytestmark = needs_chromium

WITHIN = 30_000
CLOSE = "org.imsglobal.lti.close"


@pytest.fixture
def slow() -> Iterator[RegisteringPlatform]:
    with registering_platform() as platform:
        platform.may_register.clear()
        yield platform


def connect(page: Page, served_tool: ServedTool, slow: RegisteringPlatform) -> Frame:
    """Open the registration in the platform's frame, press the button, and wait for the page of its progress."""
    secret = served_tool.invitation().partition("invite=")[2]
    query = urlencode({"openid_configuration": slow.configuration_url, "invite": secret})
    page.goto(f"{slow.url}/frame?{quote(f'{served_tool.url}/lti/register?{query}')}")
    frame = page.frame("tool")
    assert frame is not None
    frame.get_by_role("button", name="Connect").click()
    wait_until(lambda: slow.requests["/register"], 30)
    expect(frame.locator("main")).to_contain_text("Your platform is adding the tool", timeout=WITHIN)
    return frame


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_page_goes_on_by_itself_and_closes_the_platforms_window(
    browser: Browser, served_tool: ServedTool, slow: RegisteringPlatform, scripts: bool
) -> None:
    context = browser.new_context(locale="en", java_script_enabled=scripts)
    page = context.new_page()
    page.set_default_timeout(TIMEOUT)
    frame = connect(page, served_tool, slow)
    slow.may_register.set()
    expect(frame.locator("h1")).to_have_text("Your platform is connected", timeout=WITHIN)
    if scripts:
        page.wait_for_function(f"window.subjects.includes({CLOSE!r})", timeout=WITHIN)
    context.close()
    assert slow.requests["/register"] == 1
