"""A headless browser: it keeps cookies, follows redirects, reads forms and sends them, over HTTP alone.

It knows nothing of the tool. The smoke run and the demo's set-up use it to do what a person would do.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlencode, urljoin

import requests
from requests.cookies import RequestsCookieJar

LAUNCH_FIELDS = frozenset({"error_description", "id_token", "JWT", "login_hint"})
"""A form with one of these is a step of a protocol, which a page sends by itself."""

MOST_REFRESHES = 60
REFRESH_SECONDS = 0.5
"""Shorter than any page asks for: nobody is looking."""


class PageError(Exception):
    """A page answered with an error, or lacks what was looked for. The text says which and what."""


@dataclass
class Form:
    """A form as a person would find it filled in."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)
    """``(name, value, action of its own)`` of each button."""


@dataclass
class Page:
    """An answer: where it came from and what is on it."""

    url: str
    status: int
    text: str
    forms: list[Form]
    links: list[str]
    values: dict[str, str]
    """What stands in the fields that have an id, inside a form or not."""
    options: dict[str, list[tuple[str, str]]]
    """The ``(text, value)`` pairs that each list to choose from offers, by its name."""
    refreshes: bool = False
    """It loads itself again after a while, where no script runs."""
    goes_on_to: str = ""
    """Where a launch goes on, by a button, although the platform's storage was not asked: that takes a script."""

    def form(self, *, having: str | None = None, action: str | None = None) -> Form:
        """The first form with a field named ``having``, or whose address contains ``action``."""
        for form in self.forms:
            if (having is None or having in form.fields) and (action is None or action in form.action):
                return form
        raise PageError(f"{self.url} has no form with {having or action!r}")

    def link(self, part: str) -> str:
        """The first link whose address contains ``part``."""
        for link in self.links:
            if part in link:
                return link
        raise PageError(f"{self.url} has no link to {part!r}")


class _Reader(HTMLParser):
    """Collects the forms and links of a page."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.values: dict[str, str] = {}
        self.options: dict[str, list[tuple[str, str]]] = {}
        self._form: Form | None = None
        self._select: str | None = None
        self._textarea: str | None = None
        self._option: str | None = None
        self.refreshes = False
        self.goes_on_to = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "input" and given.get("id"):
            self.values[given["id"]] = given.get("value", "")
        if tag == "meta" and given.get("http-equiv", "").lower() == "refresh":
            self.refreshes = True
        if tag == "form":
            action = urljoin(self._base, given.get("action", ""))
            self._form = Form(action=action, method=given.get("method", "get").lower())
            self.forms.append(self._form)
        elif tag == "a" and given.get("data-storage") == "put":
            self.goes_on_to = urljoin(self._base, given.get("href", ""))
        elif tag in {"a", "iframe"} and (given.get("href") or given.get("src")):
            self.links.append(urljoin(self._base, given.get("href") or given["src"]))
        elif self._form is not None:
            self._control(tag, given)

    def _control(self, tag: str, given: dict[str, str]) -> None:
        form = self._form
        if form is None:
            return
        name = given.get("name", "")
        if tag == "button" and given.get("type", "submit") == "submit":
            form.buttons.append((name, given.get("value", ""), given.get("formaction", "")))
        elif tag == "input" and name:
            kind = given.get("type", "text")
            if kind not in {"checkbox", "radio", "submit"} or "checked" in given:
                form.fields[name] = given.get("value", "on" if kind == "checkbox" else "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            if "selected" in given or self._select not in form.fields:
                form.fields[self._select] = given.get("value", "")
            self.options.setdefault(self._select, []).append(("", given.get("value", "")))
            self._option = self._select
        elif tag == "textarea":
            self._textarea = name
            form.fields[name] = ""

    def handle_data(self, data: str) -> None:
        if self._textarea and self._form is not None:
            self._form.fields[self._textarea] += data
        if self._option:
            text, value = self.options[self._option][-1]
            self.options[self._option][-1] = (f"{text}{data}".strip(), value)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "option":
            self._option = None
        elif tag == "select":
            self._select = self._option = None
        elif tag == "textarea":
            self._textarea = None


class LoopbackSession(requests.Session):
    """A session that sends Secure cookies over http, as browsers do on loopback."""

    def __init__(self) -> None:
        super().__init__()
        # No proxy of the environment between loopback servers.
        self.trust_env = False

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Prepare a request, its cookies chosen again: requests copies them into a jar of default policy."""
        prepared = super().prepare_request(request)
        # Redirects choose again from this same jar, so the policy is set on it and not on the session's.
        jar: RequestsCookieJar = vars(prepared)["_cookies"]
        jar.set_policy(DefaultCookiePolicy(secure_protocols=("https", "wss", "http")))
        prepared.headers.pop("Cookie", None)
        prepared.prepare_cookies(jar)
        return prepared


class Browser:
    """One person's browser, with cookies of its own."""

    def __init__(self, language: str = "en") -> None:
        """``language`` is what the browser asks pages for."""
        self.http = LoopbackSession()
        self.http.headers["Accept-Language"] = language
        self.http.headers["Accept"] = "text/html,*/*;q=0.5"

    def open(self, url: str, data: dict[str, str] | None = None, *, expect: int = 200) -> Page:
        """Open an address, or post ``data`` to it, and go on through redirects, forms that send themselves and pages
        that load themselves again.

        Raises :class:`PageError` when the last page does not answer ``expect``.
        """
        page = self._step(url, data)
        for _ in range(10):
            form = next((form for form in page.forms if LAUNCH_FIELDS & form.fields.keys()), None)
            if page.status >= 400 or (form is None and not page.goes_on_to):
                break
            page = self._step(page.goes_on_to, None) if form is None else self._step(form.action, form.fields)
        for _ in range(MOST_REFRESHES):
            if not page.refreshes:
                break
            time.sleep(REFRESH_SECONDS)
            page = self._step(page.url, None)
        if page.status != expect:
            raise PageError(f"{page.url} answered {page.status} instead of {expect}")
        return page

    def submit(self, form: Form, button: str | None = None, **values: str) -> Page:
        """Fill in a form and send it; ``button`` is the value of the button pressed."""
        fields = {**form.fields, **values}
        action = form.action
        for name, value, own_action in form.buttons:
            if value == button:
                fields[name] = value
                action = urljoin(action, own_action) if own_action else action
        if form.method == "get":
            return self.open(f"{action}?{urlencode(fields)}")
        return self.open(action, fields)

    def json(self, url: str) -> Any:
        """A JSON document."""
        answer = self.http.get(url, headers={"Accept": "application/json"}, timeout=10)
        if answer.status_code != 200:
            raise PageError(f"{url} answered {answer.status_code} instead of 200")
        return answer.json()

    def _step(self, url: str, data: dict[str, str] | None) -> Page:
        origin = "/".join(url.split("/")[:3])
        headers = {"Origin": origin} if data is not None else {}
        answer = (
            self.http.get(url, timeout=20)
            if data is None
            else self.http.post(url, data=data, headers=headers, timeout=20)
        )
        reader = _Reader(answer.url)
        if "html" in answer.headers.get("Content-Type", ""):
            reader.feed(answer.text)
        return Page(
            answer.url,
            answer.status_code,
            answer.text,
            reader.forms,
            reader.links,
            reader.values,
            reader.options,
            reader.refreshes,
            reader.goes_on_to,
        )
