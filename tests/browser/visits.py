"""How a browser comes to a page, in one language: by a situation, a form or a public address."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.browser.served_tool import Route, ServedTool
from tests.builder.situations import Situation

UNKNOWN = "00000000-0000-0000-0000-000000000000"


@dataclass
class Visit:
    """A page of the browser on its way to a case, in one language."""

    page: Page
    served_tool: ServedTool
    locale: str

    def situation(self, build: Callable[[Situation], None], below: str = "") -> str:
        """Open a page of a situation; returns the address of the situation's home."""
        home = self.served_tool.build_situation(build, self.locale)
        self.page.goto(home + below)
        return home

    def public(self, path: str) -> None:
        """Open a page outside any launch."""
        joint = "&" if "?" in path else "?"
        self.page.goto(
            f"{'' if path.startswith('http') else self.served_tool.url}{path}{joint}lang={self.locale}"
        )

    def send(self, address: str, **fields: str) -> None:
        """Post a form as the present page would, with its token, whatever its own fields demand."""
        with self.page.expect_navigation():
            self.page.evaluate(
                """([address, fields]) => {
                  const form = document.createElement('form');
                  Object.assign(form, {method: 'post', action: address});
                  const token = document.querySelector('input[name=csrf_token]');
                  for (const [name, value] of Object.entries({csrf_token: token?.value ?? '', ...fields})) {
                    form.append(Object.assign(document.createElement('input'), {type: 'hidden', name, value}));
                  }
                  document.body.append(form);
                  form.submit();
                }""",
                [address, fields],
            )

    def address(self, pattern: str) -> str:
        """The first address in the present page's links and forms that matches."""
        found = re.search(rf'(?:href|action)="([^"]*{pattern})["?]', self.page.content())
        assert found, pattern
        return found[1].replace("&amp;", "&")


@dataclass(frozen=True)
class Case:
    """One page: the route that shows it, and the way there."""

    name: str
    route: Route
    go: Callable[[Visit], object]
    themed: bool = True
    """Whether it wears the theme of a platform; pages outside a launch are neutral."""
    platform: str | None = None
    """The only platform that has such a page; None where any may."""


def at_page(name: str, endpoint: str, build: Callable[[Situation], None], below: str) -> Case:
    return Case(name, (endpoint, "GET"), lambda visit: visit.situation(build, below))


def sent_to(name: str, endpoint: str, build: Callable[[Situation], None], below: str, **fields: str) -> Case:
    """A form that is sent as it should not be, and the page that says so."""
    return Case(name, (endpoint, "POST"), lambda visit: visit.send(visit.situation(build) + below, **fields))


def followed(
    name: str, route: Route, build: Callable[[Situation], None], pattern: str, **fields: str
) -> Case:
    """A page whose address a situation's home gives: opened, or sent a form."""

    def go(visit: Visit) -> None:
        visit.situation(build)
        address = visit.address(pattern)
        if route[1] == "GET":
            visit.page.goto(visit.served_tool.url + address)
        else:
            visit.send(address, **fields)

    return Case(name, route, go)
