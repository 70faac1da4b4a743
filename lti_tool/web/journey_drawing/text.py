"""Breaking a text into the lines of a label: SVG does not wrap."""

from __future__ import annotations

import unicodedata

ELLIPSIS = "…"
_WIDE = 1.0
_NARROW = 0.5
"""The width of a letter in Lato, of its font size, on average."""


def text_width(text: str, size: float) -> float:
    """About how wide a text is in a font of this size."""
    return size * sum(
        0.0
        if unicodedata.combining(letter)
        else _WIDE
        if unicodedata.east_asian_width(letter) in "WF"
        else _NARROW
        for letter in text
    )


def lines_within(text: str, width: float, *, lines: int = 2, size: float = 13) -> list[str]:
    """``text`` in at most so many lines of this width, no word broken; what does not fit is cut and ends with “…”.

    Empty where not even its first word fits.
    """
    broken: list[str] = []
    words = text.split()
    while words and len(broken) < lines:
        line = words[0]
        if text_width(line, size) > width:
            break
        taken = 1
        while taken < len(words) and text_width(f"{line} {words[taken]}", size) <= width:
            line = f"{line} {words[taken]}"
            taken += 1
        broken.append(line)
        words = words[taken:]
    if words and broken:
        last = broken[-1]
        while last and text_width(last + ELLIPSIS, size) > width:
            last = last.rpartition(" ")[0]
        broken[-1] = (last.rstrip(",;:.") + ELLIPSIS) if last else broken[-1]
    return broken
