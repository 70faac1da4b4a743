"""The cookie settings that the other tests rely on do what they say, in this very browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.browser.chromium import EVERY_COOKIE, chromium
from tests.requirements import needs_chromium

pytestmark = needs_chromium


@pytest.fixture
def two_sites() -> Iterator[HTTPServer]:
    """One server under two names: ``localhost`` frames ``127.0.0.1``, which sets cookies and says which came back."""
    with HTTPServer(host="127.0.0.1", threaded=True) as server:

        def sets(_request: Request) -> Response:
            answer = Response("<a href=/echo>back</a>", mimetype="text/html")
            answer.headers.add("Set-Cookie", "plain=1; Secure; SameSite=None; Path=/")
            answer.headers.add("Set-Cookie", "partitioned=1; Secure; SameSite=None; Path=/; Partitioned")
            return answer

        def frames(_request: Request) -> Response:
            return Response(
                f"<iframe src='http://127.0.0.1:{server.port}/set'></iframe>", mimetype="text/html"
            )

        def echoes(request: Request) -> Response:
            return Response(f"<p>{' '.join(sorted(request.cookies))}</p>", mimetype="text/html")

        server.expect_request("/set").respond_with_handler(sets)
        server.expect_request("/frame").respond_with_handler(frames)
        server.expect_request("/echo").respond_with_handler(echoes)
        server.expect_request("/favicon.ico").respond_with_data("", 404)
        yield server


def cookies_kept_in_a_frame(context: BrowserContext, server: HTTPServer) -> list[str]:
    """The names of the cookies that a cross-site frame gets back, from a browser without any."""
    context.clear_cookies()
    page = context.new_page()
    page.goto(f"http://localhost:{server.port}/frame")
    link = page.frame_locator("iframe").get_by_role("link")
    link.click()
    kept = page.frame_locator("iframe").locator("p").inner_text().split()
    page.close()
    return kept


def cookies_kept_in_a_tab(page: Page, address: str) -> list[str]:
    """The names of the cookies that a page of its own gets back, from a browser without any."""
    page.context.clear_cookies()
    page.goto(f"{address}/set")
    page.goto(f"{address}/echo")
    return page.locator("p").inner_text().split()


def test_without_a_preference_a_cross_site_frame_keeps_both_kinds_of_cookie(
    playwright: Playwright, tmp_path: Path, two_sites: HTTPServer
) -> None:
    with chromium(playwright, tmp_path / "profile", EVERY_COOKIE) as context:
        assert cookies_kept_in_a_frame(context, two_sites) == ["partitioned", "plain"]


def test_with_third_party_cookies_blocked_a_cross_site_frame_keeps_the_partitioned_one_alone(
    third_party_blocked: BrowserContext, two_sites: HTTPServer
) -> None:
    assert cookies_kept_in_a_frame(third_party_blocked, two_sites) == ["partitioned"]


def test_with_every_cookie_refused_a_frame_of_the_tools_host_keeps_none(
    every_cookie_refused: BrowserContext, two_sites: HTTPServer
) -> None:
    assert cookies_kept_in_a_frame(every_cookie_refused, two_sites) == []


def test_with_every_cookie_refused_a_tab_of_the_tools_host_keeps_none(
    every_cookie_refused: BrowserContext, two_sites: HTTPServer
) -> None:
    page = every_cookie_refused.new_page()
    assert cookies_kept_in_a_tab(page, f"http://127.0.0.1:{two_sites.port}") == []


def test_with_every_cookie_of_the_tool_refused_the_lms_keeps_its_own(
    every_cookie_refused: BrowserContext, two_sites: HTTPServer
) -> None:
    page = every_cookie_refused.new_page()
    kept = cookies_kept_in_a_tab(page, f"http://localhost:{two_sites.port}")
    assert kept == ["partitioned", "plain"]
