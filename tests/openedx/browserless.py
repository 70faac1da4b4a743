"""A launch without a browser: the redirects, the cookies and the self-posting form, step by step.

`launch` does it all; the steps are there for tests that bend one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit, urlunsplit

import requests

from lti_tool.demo.browser import LoopbackSession as Browser
from tests.openedx.fixtures import ANSWERS_WITHIN, RunningPlatform


class LaunchStopped(AssertionError):
    """A step of the launch did not answer as the protocol says; the text tells which, and what came."""


@dataclass(frozen=True)
class Form:
    """The first form of a page: where it goes, how, and what it carries."""

    action: str
    method: str
    fields: dict[str, str]


class _FormReader(HTMLParser):
    """Reads the first form of a page, hidden or not."""

    def __init__(self) -> None:
        super().__init__()
        self.form: Form | None = None
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and self.form is None:
            self.form = Form(given.get("action", ""), given.get("method", "get").lower(), {})
            self._inside = True
        elif tag == "input" and self._inside and self.form and given.get("name"):
            self.form.fields[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


def read_form(page: requests.Response) -> Form | None:
    """The first form of the page, its action made absolute; None when the page has none."""
    reader = _FormReader()
    reader.feed(page.text)
    if reader.form is None:
        return None
    return Form(urljoin(page.url, reader.form.action), reader.form.method, reader.form.fields)


def initiation_url(
    platform: RunningPlatform, user: str, browser: requests.Session, *, deep_link: bool = False
) -> str:
    """Logs the person in at the platform; returns the tool's login URL with the platform's parameters."""
    asked = {"user": user, **({"deep_link": "1"} if deep_link else {})}
    answer = browser.get(f"{platform.base_url}/test/launch", params=asked, timeout=ANSWERS_WITHIN)
    _expect(answer, "the platform's start of the launch")
    url: str = answer.json()["url"]
    return url


def login(browser: requests.Session, url: str, method: str = "GET") -> requests.Response:
    """Brings the initiation to the tool by GET or POST; returns its answer, redirects not followed."""
    if method == "GET":
        return browser.get(url, allow_redirects=False, timeout=ANSWERS_WITHIN)
    parts = urlsplit(url)
    return browser.post(
        urlunsplit(parts._replace(query="")),
        data=dict(parse_qsl(parts.query, keep_blank_values=True)),
        allow_redirects=False,
        timeout=ANSWERS_WITHIN,
    )


def authorize(browser: requests.Session, answer: requests.Response) -> requests.Response:
    """Follows the tool's login answer, a redirect or a self-posting form, to the platform's authorization."""
    if answer.is_redirect:
        return browser.get(urljoin(answer.url, answer.headers["Location"]), timeout=ANSWERS_WITHIN)
    _expect(answer, "the tool's login")
    form = read_form(answer)
    if form is None:
        raise LaunchStopped(f"The tool's login neither redirects nor has a form: {answer.text[:500]}")
    return submit(browser, form)


def submit(
    browser: requests.Session, form: Form, changes: Mapping[str, str] | None = None
) -> requests.Response:
    """Submits the form, `changes` over its fields; follows redirects, as a browser would."""
    fields = {**form.fields, **(changes or {})}
    if form.method == "post":
        return browser.post(form.action, data=fields, timeout=ANSWERS_WITHIN)
    return browser.get(form.action, params=fields, timeout=ANSWERS_WITHIN)


def launch_form(
    platform: RunningPlatform,
    user: str,
    browser: requests.Session,
    *,
    method: str = "GET",
    deep_link: bool = False,
) -> Form:
    """Everything up to the form with `id_token` and `state` that the platform sends the browser on with."""
    url = initiation_url(platform, user, browser, deep_link=deep_link)
    page = authorize(browser, login(browser, url, method))
    _expect(page, "the platform's authorization")
    form = read_form(page)
    if form is None or "id_token" not in form.fields:
        raise LaunchStopped(f"The platform's authorization page has no id_token: {page.text[:500]}")
    return form


def launch(
    platform: RunningPlatform,
    user: str,
    browser: requests.Session | None = None,
    *,
    method: str = "GET",
    deep_link: bool = False,
) -> requests.Response:
    """A whole launch; returns what the person sees at its end, whatever its status.

    `browser` keeps the tool's cookies for what follows; `method` is that of the login initiation; `deep_link`
    starts a teacher's content choosing. Raises LaunchStopped when an earlier step fails.
    """
    browser = browser or Browser()
    return submit(browser, launch_form(platform, user, browser, method=method, deep_link=deep_link))


def _expect(answer: requests.Response, step: str) -> None:
    if answer.status_code != 200:
        raise LaunchStopped(f"{step} answered {answer.status_code}: {answer.text[:500]}")
