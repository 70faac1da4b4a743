"""Dates in the language of the present request; a day stays in the line of its month."""

from __future__ import annotations

import datetime as dt

from babel.dates import format_date

from lti_tool.translation.catalogue import current_language
from lti_tool.translation.languages import LANGUAGES


def long_date(value: dt.date, *, year: bool = True) -> str:
    """A date in words, such as ``12 November 2026``, or ``12 November``."""
    return _written(value, "d MMMM y" if year else "d MMMM")


def short_date(value: dt.date, *, year: bool = True) -> str:
    """A date with its month cut short, such as ``12 Nov 2026``, or ``12 Nov``."""
    return _written(value, "d MMM y" if year else "d MMM")


def _written(value: dt.date, pattern: str) -> str:
    language = LANGUAGES[current_language()]
    if value.day == 1 and language.first_of_month:
        pattern = pattern.replace("d", language.first_of_month, 1)
    return format_date(value, pattern.replace(" ", "\u00a0", 1), locale=language.tag)
