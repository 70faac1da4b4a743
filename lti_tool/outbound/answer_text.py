"""What another machine answered, as one line of text that can be stored and shown."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

_UNSEEN: Final = frozenset({"script", "style", "svg", "template", "noscript", "nav", "header", "footer"})
"""Elements without words of the answer: those that nobody sees, and what every page of a site has."""
_MOST_BYTES: Final = 100_000


def plain_text(body: bytes, limit: int = 500) -> str:
    """The text of an answer in one line, cut to ``limit`` characters; a web page is reduced to what a person reads."""
    text = body[:_MOST_BYTES].decode("utf-8", "replace")
    if text.lstrip("\ufeff \t\r\n").startswith("<"):
        page = _Page()
        page.feed(text)
        page.close()
        text = " ".join(page.words) or text
    text = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(text.split())[:limit]


class _Page(HTMLParser):
    """The words of a web page, or of XML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._unseen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        # A page may end elements that it never began, or leave some open.
        if tag in self._unseen:
            while self._unseen.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.words.append(data)
