"""The questions that a participant answers to help choose a partner: topics, levels, languages, time zone, capacity.

Nobody has to answer any of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from marshmallow import fields

from schemas.fields import Choice, WholeNumber, distinct, entries
from schemas.form_schema import FormSchema
from schemas.problem import N_

LANGUAGES: Final = ("fr", "en", "de", "es", "it", "pt", "nl", "pl", "ar", "zh", "ja")
"""Those that are offered; others come from files."""
TIME_ZONES: Final = (
    "Europe/Paris", "Europe/London", "Europe/Lisbon", "Europe/Madrid", "Europe/Brussels", "Europe/Amsterdam",
    "Europe/Berlin", "Europe/Zurich", "Europe/Rome", "Europe/Vienna", "Europe/Warsaw", "Europe/Prague",
    "Europe/Athens", "Europe/Bucharest", "Europe/Istanbul", "Africa/Casablanca", "Africa/Algiers", "Africa/Tunis",
    "Africa/Dakar", "Africa/Abidjan", "Africa/Johannesburg", "Asia/Beirut", "Asia/Dubai", "Asia/Kolkata",
    "Asia/Bangkok", "Asia/Singapore", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney", "Pacific/Auckland",
    "Pacific/Noumea", "Indian/Reunion", "America/Montreal", "America/New_York", "America/Chicago", "America/Denver",
    "America/Los_Angeles", "America/Sao_Paulo", "America/Martinique", "America/Guadeloupe",
)  # fmt: skip
"""Those that are offered (https://www.iana.org/time-zones); others come from files."""
CAPACITIES: Final = (1, 2, 3)
"""How many partners at once are offered."""


class AnswersForm(FormSchema):
    """The questions: :func:`answers_form` adds them, in the order of their page."""


def level_field(code: str) -> str:
    """The name of the field with the level of a skill."""
    return f"level_{code}"


def answers_form(skills: Sequence[str], languages: Sequence[str], time_zones: Sequence[str]) -> FormSchema:
    """The form for these skills, languages and time zones, which are codes."""

    def several(codes: Sequence[str], label: str) -> fields.List[str]:
        return fields.List(
            Choice(codes),
            load_default=(),
            validate=[*entries(min=0, max=len(codes)), distinct],
            metadata={"label": label},
        )

    further: Mapping[str, Any] = {
        "offers": several(skills, N_("What I can show")),
        "wants": several(skills, N_("What I would like to learn")),
        **{
            level_field(code): WholeNumber(min=1, max=5, from_text=True, load_default=None) for code in skills
        },
        "languages": several(languages, N_("Languages you speak")),
        "time_zone": Choice(time_zones, load_default=None, metadata={"label": N_("Time zone")}),
        "capacity": WholeNumber(
            min=1,
            max=20,
            from_text=True,
            load_default=None,
            metadata={"label": N_("How many partners at once?")},
        ),
    }
    made: FormSchema = AnswersForm.from_dict(dict(further), name="Answers")()  # type: ignore[assignment]  # of our class
    return made
