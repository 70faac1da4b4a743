"""Comparing names as their reader does: for a search, and in the order of the alphabet.

The order is that of CLDR's root collation (https://cldr.unicode.org/index/cldr-spec/collation-guidelines), which both
English and French use, as far as names need it: first the letters without marks and capitals, then the marks, then
capitals. It is made from :mod:`unicodedata` alone, because PyICU needs a library that not every machine has. Letters
that Unicode does not take apart, such as ``ø``, are given here.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_LETTERS: Final = str.maketrans(
    {
        "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ŋ": "n", "ŧ": "t",
        "æ": "ae", "œ": "oe", "ß": "ss", "þ": "th", "ĸ": "k", "ŀ": "l",
    }
)  # fmt: skip
"""Small letters whose stroke or ligature is part of the letter, by what they are sorted and found as."""

_APOSTROPHES: Final = re.compile(r"['’ʼ`´]")
_ELIDED: Final = re.compile(r"^[a-zà-ÿ]['’](?=\w)")
"""A particle that is joined to the name, as in ``d’Arcy``."""

CollationKey = tuple[bool, str, str, str]


@lru_cache(maxsize=8192)
def folded(text: str) -> str:
    """``text`` as a search compares it: without accents, capitals and punctuation, its words one blank apart."""
    plain = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text)).casefold().translate(_LETTERS)
    # Marks of other scripts, such as the vowels of Hindi, are letters to those who read them.
    kept = "".join(letter for letter in plain if not "\u0300" <= letter <= "\u036f")
    return " ".join(_words(kept))


def _words(text: str) -> list[str]:
    """The words of a text; a mark that combines with a letter does not end its word."""
    return [
        word
        for word in "".join(
            letter if unicodedata.category(letter)[0] in "LMN" else " " for letter in text
        ).split(" ")
        if word
    ]


@lru_cache(maxsize=8192)
def collation_key(text: str) -> CollationKey:
    """What puts texts in the order of the reader's alphabet; Latin letters come before those of other scripts.

    Texts that differ by accents or capitals alone stay beside each other.
    """
    base = folded(text)
    return (
        not base[:1].isascii() or not base,
        base,
        unicodedata.normalize("NFD", text).casefold(),
        text.swapcase(),
    )


def sorted_name(family_name: str | None, name: str | None) -> str:
    """The part of a person's name by which they are found in a list: the family name without its small particles.

    ``de La Rochefoucauld`` stands under L, ``van den Berg`` under B, ``d’Arcy`` under A. Where the platform gives no
    family name, the whole name as it is shown: which of its words is the family's, nobody knows.
    """
    if not family_name or not family_name.strip():
        return name or ""
    words = family_name.split()
    while len(words) > 1 and words[0].islower() and "'" not in words[0] and "’" not in words[0]:
        words.pop(0)
    return _ELIDED.sub("", " ".join(words)) or family_name
