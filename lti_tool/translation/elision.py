"""French “de” and “que” before a name: “d’Inès”, “qu’Anne-Gaëlle”, but “de Paul” and “de Yanis”.

A text of the catalogue has the whole word before a name's placeholder; what the name begins with decides when the text
is filled in (https://www.academie-francaise.fr/questions-de-langue).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

_BEFORE_NAME: Final = re.compile(
    r"\b([Dd]|[Qq]u|[Jj]usqu|[Ll]orsqu|[Pp]uisqu)e (%\((name|person|partner|tutor|mentee|mentor|actor)\)s)"
)
_MARKUP: Final = re.compile(r"<[^>]*>")
_VOWELS: Final = frozenset("aeiouœæ")
_WITH_MUTE_H: Final = (
    "helen", "heloise", "henri", "hermine", "herve", "hilaire", "hippolyte", "honor", "horten", "hubert", "hugo",
    "hugue", "hyacinthe",
)  # fmt: skip
"""How French first names begin whose h is mute; of another one nobody knows."""


def elided(pattern: str, params: Mapping[str, object]) -> str:
    """A French text that is about to be filled in with ``params``: “de” is “d’” before a name that asks for it."""
    if "e %(" not in pattern:
        return pattern
    return _BEFORE_NAME.sub(lambda found: _joined(found, params), pattern)


def _joined(found: re.Match[str], params: Mapping[str, object]) -> str:
    name = params.get(found[3])
    return f"{found[1]}’{found[2]}" if name is not None and _asks_for_elision(str(name)) else found[0]


def _asks_for_elision(name: str) -> bool:
    text = unicodedata.normalize("NFD", _MARKUP.sub("", name).lstrip("\u2068 ").casefold())
    letters = "".join(char for char in text if not unicodedata.combining(char))
    if letters.startswith("y"):
        return letters[1:2] not in _VOWELS  # Yves, but not Yanis
    return letters[:1] in _VOWELS or letters.startswith(_WITH_MUTE_H)
