"""The names of activities, in English and French: titles that an organisation gave, or names made of dates and codes.

Nothing that a participant wrote becomes a name. A programme and a course have the titles that their organisation gave
them, a cohort its programme's title and its first day; every other name is made from a date, a code or an id, and
:data:`PATTERNS` is what the validator holds it to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final
from uuid import UUID

from xapi import vocabulary
from xapi.vocabulary import LanguageMap, words

LONGEST_TITLE: Final = 200
"""A longer title is cut: it stands in every statement of its course."""

FORMAT_NAMES: Final[Mapping[str, LanguageMap]] = MappingProxyType(
    {
        "coaching": words("coaching", "coaching"),
        "professional-training": words("professional training", "formation professionnelle"),
        "trade-show": words("trade show", "salon professionnel"),
        "audio": words("audio", "audio"),
        "multimodal": words("several media", "plusieurs médias"),
        "other": words("another format", "autre format"),
    }
)
"""What a meeting was. A code that an organisation added stands for itself."""


def title(text: str | None) -> str | None:
    """A title on one line, at most :data:`LONGEST_TITLE` characters; None for one that is blank."""
    line = " ".join((text or "").split())
    if len(line) > LONGEST_TITLE:
        line = line[: LONGEST_TITLE - 1].rstrip() + "…"
    return line or None


def programme_name(titles: LanguageMap) -> LanguageMap:
    """The programme's title; where it has one in a single language, that stands for both."""
    return words(*(title(titles.get(one)) or title(titles[other]) or "" for one, other in _BOTH))


def cohort_name(titles: LanguageMap, starts_on: date) -> LanguageMap:
    """The programme's title with the cohort's first day, by which cohorts of one programme differ."""
    programme = programme_name(titles)
    return words(f"{programme['en']}, from {starts_on}", f"{programme['fr']}, à partir du {starts_on}")


def pair_name(pair_id: UUID) -> LanguageMap:
    """A name without a person in it; eight digits of the pair's id tell one pair from another."""
    return words(*(f"{vocabulary.PAIR.label[language]} {str(pair_id)[:8]}" for language, _ in _BOTH))


def session_name(day: date, code: str) -> LanguageMap:
    """A session's day and format."""
    name = FORMAT_NAMES.get(code) or words(code, code)
    return words(
        f"Mentoring session on {day:%Y-%m-%d} ({name['en']})",
        f"Séance de mentorat du {day:%Y-%m-%d} ({name['fr']})",
    )


_BOTH: Final = (("en", "fr"), ("fr", "en"))
_DAY: Final = r"\d{4}-\d{2}-\d{2}"
_CODE: Final = r"[a-z0-9]+(-[a-z0-9]+)*"


def _one_of(names: Mapping[str, LanguageMap] | Mapping[vocabulary.Tag, LanguageMap], language: str) -> str:
    return "|".join(re.escape(name[language]) for name in names.values())


def _patterns(language: str, session: str) -> Mapping[str, re.Pattern[str]]:
    formats = _one_of(FORMAT_NAMES, language)
    return {
        vocabulary.PAIR.iri: re.compile(rf"{vocabulary.PAIR.label[language]} [0-9a-f]{{8}}"),
        vocabulary.SESSION.iri: re.compile(rf"{session} {_DAY} \(({formats}|{_CODE})\)"),
        vocabulary.OBJECTIVE.iri: re.compile(_one_of(vocabulary.OBJECTIVE_NAMES, language)),
        vocabulary.NOTE.iri: re.compile(vocabulary.NOTE.label[language]),
    }


PATTERNS: Final[Mapping[str, Mapping[str, re.Pattern[str]]]] = MappingProxyType(
    {
        "en": _patterns("en", "Mentoring session on"),
        "fr": _patterns("fr", "Séance de mentorat du"),
    }
)
"""By language and activity type: what a name looks like that no organisation gave."""
