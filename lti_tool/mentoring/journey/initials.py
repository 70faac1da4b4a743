"""The initials of a person, for the round badge that stands for them: of the given name and of the surname."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

PARTICLES: Final = frozenset(
    (
        *(
            "af",
            "al",
            "av",
            "bin",
            "bint",
            "da",
            "das",
            "de",
            "del",
            "della",
            "den",
            "der",
            "des",
            "di",
            "do",
        ),
        *("dos", "du", "el", "ibn", "ten", "ter", "und", "van", "vom", "von", "y", "zu", "zum", "zur"),
    )
)
"""What a surname may begin with and is not called by."""
ARTICLES: Final = frozenset(("la", "las", "le", "les", "los"))
"""The same behind one of those, as in “de La Rochefoucauld”; alone they are a part of the surname, as in “Le Goff”."""
ELIDED: Final = re.compile(r"^[dl]['’](?=\w)")
"""A particle that is written in one with the name, as in “d’Ormesson”; “D’Angelo” is one name."""


def initials(name: str | None, given_name: str | None = None) -> str:
    """One or two capitals: of the given name's first part and of the surname's first part that is no particle.

    ``given_name``: as the platform sends it, wherever it stands in ``name``; where it sends none, the first word of it.
    Empty without a letter.
    """
    words = _words(name)
    given = _words(given_name) or words[:1]
    surname = _without(words, given)
    return "".join(_capital(part) for part in (given[:1] + _called_by(surname)[:1]))


def _words(text: str | None) -> list[str]:
    """The words that have a letter, in the composed form of Unicode."""
    words = unicodedata.normalize("NFC", text or "").split()
    return [word for word in words if any(char.isalpha() for char in word)]


def _without(words: Sequence[str], given: Sequence[str]) -> list[str]:
    """The words of a name but for the given ones; but for the first one where those do not stand in it."""
    for start in range(len(words) - len(given) + 1):
        if list(words[start : start + len(given)]) == list(given):
            return [*words[:start], *words[start + len(given) :]]
    return list(words[1:])


def _called_by(surname: Sequence[str]) -> list[str]:
    """A surname from its first part that is no particle on; all of it where it has nothing else."""
    for position, word in enumerate(surname):
        is_article = position > 0 and word.lower() in ARTICLES
        if word.lower() not in PARTICLES and not is_article:
            return [ELIDED.sub("", word), *surname[position + 1 :]]
    return list(surname)


def _capital(word: str) -> str:
    return next(char for char in word if char.isalpha()).upper()[0]
