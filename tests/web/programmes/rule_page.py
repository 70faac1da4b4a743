"""The rule's page as a browser without a script has it: its fields, and its buttons."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from html.parser import HTMLParser

from werkzeug.test import TestResponse

from tests.web.visiting import Visit

PATH = "programme/rule"
Fields = list[tuple[str, str]]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.fields: Fields = []
        self._select = ""
        self._options: list[tuple[str, bool]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form" and given.get("id") == "completion-rule":
            self._inside = True
        if not self._inside and given.get("form") != "completion-rule":
            return
        name = given.get("name") or ""
        if tag == "select":
            self._select, self._options = name, []
        elif tag == "option" and self._select:
            self._options.append((given.get("value") or "", "selected" in given))
        elif tag == "input" and name and (given.get("type") != "checkbox" or "checked" in given):
            self.fields.append((name, given.get("value") or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        if tag == "select" and self._select:
            chosen = [value for value, is_chosen in self._options if is_chosen] or [self._options[0][0]]
            self.fields.append((self._select, chosen[0]))
            self._select = ""


class RulePage:
    """A tutor at the page."""

    def __init__(self, here: Visit, path: str = PATH) -> None:
        self.here, self.path = here, path
        self.answer: TestResponse = here.get(path)
        assert self.answer.status_code == 200, self.answer.text

    @property
    def text(self) -> str:
        """What the page says, entities resolved."""
        return html.unescape(self.answer.get_data(as_text=True))

    @property
    def words(self) -> str:
        """The same without markup, white space put together."""
        return " ".join(re.sub(r"<[^>]+>", " ", self.text).split())

    @property
    def fields(self) -> Fields:
        """What the form would send now."""
        reader = _Reader()
        reader.feed(self.answer.get_data(as_text=True))
        return reader.fields

    def value(self, name: str) -> str:
        """What stands in a field. Raises :class:`KeyError`."""
        return dict(self.fields)[name]

    def names(self, ending: str) -> list[str]:
        """The names of the fields that end so."""
        return [name for name, _value in self.fields if name.endswith(ending)]

    def types(self) -> list[str]:
        """The types of the conditions, in order."""
        return [value for name, value in self.fields if name.endswith(".type")]

    def press(self, do: str, *, more: Fields = (), **changes: str) -> TestResponse:  # type: ignore[assignment]
        """Change fields (``__`` for a dot), press a button, and look at the page that comes. Returns the answer."""
        wanted = {name.replace("__", "."): value for name, value in changes.items()}
        sent = [(name, wanted.get(name, value)) for name, value in self.fields]
        data: dict[str, list[str]] = {}
        for name, value in [*sent, *more, ("do", do)]:
            data.setdefault(name, []).append(value)
        answer = self.here.client.post(self.here.home + self.path, data=data)
        self.answer = self.here.client.get(answer.location) if answer.status_code == 302 else answer
        return answer


def opened(visit: Callable[..., Visit], build: Callable[..., None], **options: str) -> RulePage:
    """Somebody comes to the page."""
    return RulePage(visit(build, **options))
