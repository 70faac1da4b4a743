"""The languages of the tool. Another one is its catalogue and its line here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Language:
    """A language with a catalogue of its own; ``tag`` is a BCP 47 primary language subtag."""

    tag: str
    name: str
    """Its own name for itself."""
    first_of_month: str | None = None
    """The day of a date that is the first of a month (CLDR pattern), where that is written differently."""
    list_locale: str | None = None
    """The locale whose lists are written as ours (CLDR), where that is not ``tag``."""


LANGUAGES: dict[str, Language] = {
    language.tag: language
    for language in (
        Language("en", "English", list_locale="en_GB"),
        Language("fr", "Français", first_of_month="d'er'"),
    )
}


def supported_language(tag: str | None) -> str | None:
    """The language of ours that a BCP 47 tag names, such as ``fr`` for ``fr-CA`` (or ``fr_ca``); None for any other."""
    primary = (tag or "").replace("_", "-").split("-")[0].lower()
    return primary if primary in LANGUAGES else None
