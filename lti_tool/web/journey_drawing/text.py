"""Breaking a text into the lines of a label: SVG does not wrap."""

from __future__ import annotations

import re
import unicodedata
from itertools import combinations, pairwise

ELLIPSIS = "…"
SHORT_WORD = 2
"""Letters of a word that says nothing before “…”, such as “to”."""
_WIDE = 1.0
"""Of a letter as wide as it is high, such as a Chinese one."""
_LETTER, _CAPITAL = 0.55, 0.68
_OTHERS = ((" \u00a0", 0.2), ("ijlîï.,;:’'!|", 0.27), ("ftrI()-", 0.39), ("sczçJ", 0.47), ("mwœæMW…", 0.85))
"""How wide letters are in Lato, of its font size; measured, and rounded up."""
_WIDTHS = {letter: width for letters, width in _OTHERS for letter in letters}


def text_width(text: str, size: float) -> float:
    """About how wide a text is in a font of this size."""
    return size * sum(_width(letter) for letter in text)


def _width(letter: str) -> float:
    if letter in _WIDTHS:
        return _WIDTHS[letter]
    if unicodedata.combining(letter):
        return 0.0
    if unicodedata.east_asian_width(letter) in "WF":
        return _WIDE
    return _CAPITAL if letter.isupper() else _LETTER


def words_of(text: str) -> list[str]:
    """The words between which a line may break: a no-break space keeps two of them together."""
    return [word for word in re.split(r"[^\S\u00a0\u202f]+", text) if word]


def lines_within(text: str, width: float, *, lines: int = 2, size: float = 13) -> list[str]:
    """``text`` in at most so many lines of this width, no word broken; what does not fit is cut and ends with “…”.

    Empty where not even its first word fits.
    """
    broken: list[str] = []
    words = words_of(text)
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
    return _cut(broken, width, size) if words and broken else broken


def _cut(lines: list[str], width: float, size: float) -> list[str]:
    """These lines with “…” at their end, and no word of one or two letters before it."""
    *whole, last = lines
    words = words_of(last)
    while words and (len(words[-1]) <= SHORT_WORD or text_width(" ".join(words) + ELLIPSIS, size) > width):
        words.pop()
    if words:
        return [*whole, " ".join(words).rstrip(",;:.") + ELLIPSIS]
    return _cut(whole, width, size) if whole else lines


def word_within(word: str, width: float, size: float) -> str:
    """As much of a word as this width holds, with “…” where it is cut."""
    cut = word
    while cut and text_width(cut + ELLIPSIS, size) > width:
        cut = cut[:-1]
    return word if cut == word else cut + ELLIPSIS


def balanced(lines: list[str], size: float) -> list[str]:
    """The same words in as many lines of about the same length, so that none is alone in the last."""
    words = words_of(" ".join(lines))
    broken = [
        [" ".join(words[start:end]) for start, end in pairwise((0, *breaks, len(words)))]
        for breaks in combinations(range(1, len(words)), len(lines) - 1)
    ]
    return min(broken, key=lambda each: max(text_width(line, size) for line in each), default=lines)
