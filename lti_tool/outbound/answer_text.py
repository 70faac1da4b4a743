"""What another machine answered, as one line of text that can be stored and shown."""

from __future__ import annotations

import html
import re
from typing import Final

from lti_tool.outside_text import one_line

_UNSEEN: Final = frozenset({"script", "style", "svg", "template", "noscript", "nav", "header", "footer"})
"""Elements without words of the answer: those that nobody sees, and what every page of a site has."""
_RAW: Final = frozenset({"script", "style"})
"""Elements whose content has no markup: only their own end tag ends them."""
_MOST_BYTES: Final = 64_000
"""How much of an answer is looked at. What a web page says often stands behind some 20 kB of its head and menus."""
_NAME: Final = re.compile(r"(/?)([a-zA-Z][a-zA-Z0-9:-]{0,30})")
# No longer than there are names and numbers: int() refuses thousands of digits.
_REFERENCE: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});?")


def plain_text(body: bytes, limit: int = 500) -> str:
    """The text of an answer in one line, cut to ``limit`` characters; a web page is reduced to what a person reads.

    Takes time in proportion to the answer, and raises nothing, whatever the bytes are.
    """
    cut = body[:_MOST_BYTES]
    text = cut.decode("utf-8", "replace")
    if text.lstrip("\ufeff \t\r\n").startswith("<"):
        # Lower-casing the bytes changes ASCII alone, so that both texts have the same positions.
        text = one_line(_seen(text, cut.lower().decode("utf-8", "replace")), limit) or text
    return one_line(text, limit)


def _seen(text: str, lowered: str) -> str:
    """The words of a web page, or of XML.

    Each step looks for the next ``<`` or ``>`` and goes on behind it. An expression that tried every ``<`` up to the
    end of the text would take quadratic time, during which no other thread of the process runs.
    """
    words: list[str] = []
    unseen, depth = "", 0  # the outermost element that is not seen, and how many of its name are open
    position = 0
    while (start := text.find("<", position)) >= 0:
        if not unseen:
            words.append(text[position:start])
        if text.startswith("<!--", start):
            end = text.find("-->", start + 4)
            if end < 0:
                return _joined(words)
            position = end + 3
            continue
        name = _NAME.match(lowered, start + 1)
        if name is None and text[start + 1 : start + 2] not in ("!", "?", "/"):
            # As in "1 < 2".
            if not unseen:
                words.append("<")
            position = start + 1
            continue
        end = text.find(">", start)
        if end < 0:
            return _joined(words)
        position = end + 1
        if name is None:
            continue
        closes, tag = name.groups()
        if tag in _RAW and not closes:
            position = lowered.find(f"</{tag}", position)
            if position < 0:
                return _joined(words)
        elif unseen == tag:
            depth += -1 if closes else 1
            unseen = unseen if depth else ""
        elif tag in _UNSEEN and not (unseen or closes or text[end - 1] == "/"):
            unseen, depth = tag, 1
    if not unseen:
        words.append(text[position:])
    return _joined(words)


def _joined(words: list[str]) -> str:
    return _REFERENCE.sub(lambda reference: html.unescape(reference[0]), " ".join(words))
