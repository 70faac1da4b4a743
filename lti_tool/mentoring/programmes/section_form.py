"""A part of a programme's settings as a form: what it shows of the settings, and what it makes of them.

Pure functions of :class:`~lti_tool.mentoring.programmes.settings.Settings`. A part shows its settings as the texts of
its fields (a :data:`View`), so that the same part of two versions can be compared field by field.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from lti_tool.mentoring.programmes.settings import Document, Settings
from schemas.programme_sections import SectionSchema

View = Mapping[str, tuple[str, ...]]
"""The texts in the fields of a form, by name; several of a field that may have several."""
Values = Mapping[str, Any]
"""The checked values of a form."""


@dataclass(frozen=True)
class Standing:
    """What a part has to know besides the settings."""

    today: dt.date
    language: str
    """Of the reader."""
    started: bool
    """Whether the cohort has left ``draft``."""
    owns: bool
    """Whether the reader owns the programme."""
    standard: Document
    """The settings of the usual template, whose measures and questionnaires can be added."""


@dataclass(frozen=True)
class SectionForm:
    """One part of the settings, or one entry of a part, as a form."""

    schema: SectionSchema
    read: Callable[[Settings], View | None]
    """None where the entry is not there (any more)."""
    write: Callable[[Settings, Values], Settings]


def both(values: Values, name: str) -> dict[str, str]:
    """A text in both languages; where only one was typed, it stands for the other too."""
    fr, en = values[f"{name}_fr"], values[f"{name}_en"]
    return {"fr": fr or en, "en": en or fr}


def shown(name: str, text: Mapping[str, str] | None, language: str) -> dict[str, tuple[str, ...]]:
    """A text in the fields of both languages; one that stands for both, in that of the reader alone.

    The other field stays empty, so that it follows when the text is changed.
    """
    if text is not None and text["en"] == text["fr"]:
        text = {"en": "", "fr": "", language: text[language]}
    return {f"{name}_{tag}": (text[tag] if text else "",) for tag in ("en", "fr")}


def changed_settings(settings: Settings, **parts: Any) -> Settings:
    """The settings with these keys of the document in place of their own."""
    return replace(settings, document={**deepcopy(settings.document), **parts})


def written(value: object, language: str = "en") -> str:
    """A number of the settings as people type it in a language; empty for None."""
    if value is None:
        return ""
    number = Fraction(str(value))
    if number.denominator == 1:
        return str(number.numerator)
    decimal = f"{float(number):.10g}"
    return decimal.replace(".", ",") if language == "fr" else decimal


def exact(value: Fraction | None) -> int | str | None:
    """A number as the settings keep it."""
    return value if value is None else value.numerator if value.denominator == 1 else str(value)
