"""Dates in the language of the present request."""

from __future__ import annotations

import datetime as dt

from babel.dates import format_date

from lti_tool.translation.catalogue import current_language
from lti_tool.translation.languages import LANGUAGES


def long_date(value: dt.date, *, year: bool = True) -> str:
    """A date in words, such as ``12 November 2026``, or ``12 November``; in French the day stays beside its month."""
    language = LANGUAGES[current_language()]
    pattern = language.first_of_month if value.day == 1 and language.first_of_month else "d MMMM y"
    text = format_date(value, pattern if year else pattern.replace(" y", ""), locale=language.tag)
    return text.replace(" ", "\u00a0", 1) if language.tag == "fr" else text
