"""Reading a page as a browser does, as far as the tests need it: its forms, its fields, its words."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from werkzeug.test import TestResponse


@dataclass
class Form:
    """One form of a page."""

    action: str
    method: str
    attributes: dict[str, str | None]
    fields: dict[str, str] = field(default_factory=dict)
    buttons: int = 0


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "form":
            self._open = Form(values.get("action") or "", (values.get("method") or "get").lower(), values)
            self.forms.append(self._open)
        elif self._open is not None and tag == "input" and values.get("name"):
            if values.get("type") in ("radio", "checkbox") and "checked" not in values:
                return
            self._open.fields[str(values["name"])] = values.get("value") or ""
        elif self._open is not None and tag == "button":
            self._open.buttons += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


def forms_of(page: TestResponse) -> list[Form]:
    """Every form of a page, in order."""
    reader = _Reader()
    reader.feed(page.text)
    return reader.forms


def form_with(page: TestResponse, name: str) -> Form:
    """The form of a page that has a field of this name."""
    found = [form for form in forms_of(page) if name in form.fields]
    assert len(found) == 1, page.text
    return found[0]
