"""The settings of a programme as values: what a cohort runs on, and what a tutor's first answers make of a template.

Everything here is pure. The document has the shape of :mod:`schemas.programme_template`; a version of it is stored in
:class:`~lti_tool.mentoring.programmes.models.ProgrammeSettings` and never changes.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final, Self

from lti_tool.mentoring.completion.queries import criterion_schemas
from schemas.programme_template import dump_programme_template, load_programme_template

Document = dict[str, Any]
"""A programme's settings as JSON values."""


@dataclass(frozen=True, slots=True)
class CohortDays:
    """The days between which a cohort runs, and the day of its follow-up."""

    starts_on: dt.date
    ends_on: dt.date
    follow_up_on: dt.date
    """The last day itself, as long as none is chosen."""

    @property
    def has_follow_up(self) -> bool:
        """Whether a day of a follow-up is chosen."""
        return self.follow_up_on > self.ends_on

    def as_json(self) -> dict[str, str]:
        """ISO 8601 dates by name."""
        return {
            "starts_on": self.starts_on.isoformat(),
            "ends_on": self.ends_on.isoformat(),
            "follow_up_on": self.follow_up_on.isoformat(),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, str]) -> Self:
        """What :meth:`as_json` wrote."""
        return cls(**{name: dt.date.fromisoformat(value) for name, value in values.items()})


@dataclass(frozen=True, slots=True)
class Settings:
    """What the pages of the set-up change: the document, and the days of the cohort that runs on it."""

    document: Document
    days: CohortDays


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a tutor answered when they chose a template for an activity; None leaves the template as it is."""

    language: str = "en"
    """In which ``name`` and ``goal`` are written."""
    name: str | None = None
    starts_on: dt.date | None = None
    months: int | None = None
    sessions: int | None = None
    minutes: int | None = None
    goal: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The answers as JSON values."""
        return {
            "language": self.language,
            "name": self.name,
            "starts_on": self.starts_on.isoformat() if self.starts_on else None,
            "months": self.months,
            "sessions": self.sessions,
            "minutes": self.minutes,
            "goal": self.goal,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """What :meth:`as_json` wrote."""
        starts_on = values.get("starts_on")
        return cls(**{**values, "starts_on": dt.date.fromisoformat(starts_on) if starts_on else None})


def checked(document: Document) -> Document:
    """The document with every default written out. Raises :class:`schemas.problem.ShapeError`."""
    criteria = criterion_schemas()
    return dump_programme_template(load_programme_template(document, criteria), criteria)


def days_from(document: Document, first: dt.date) -> CohortDays:
    """The days of a cohort that begins on ``first``, as long as the document says."""
    asked = document["dates"]
    last = months_later(first, asked["duration_months"])
    return CohortDays(first, last, last + dt.timedelta(days=asked["follow_up_after_days"]))


def months_later(day: dt.date, months: int) -> dt.date:
    """The same day so many months later, or the last of that month where it is shorter."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


TIME_TOGETHER: Final = "minutes_per_pair"
"""The measure that counts the confirmed minutes of a pair."""


def with_answers(document: Document, answers: Answers) -> Document:
    """The settings that a tutor's answers make of a template.

    A text that is the template's own stays in both languages; another one stands for both. A rule that asks for as many
    meetings as the template advises asks for as many as the tutor says, and for no longer ones. So does the target for
    the time together, where it is what the template's rhythm comes to.
    """
    made = deepcopy(document)
    for key, text in (("title", answers.name), ("goal", answers.goal)):
        if text and text != made[key][answers.language]:
            made[key] = {"fr": text, "en": text}
    rhythm = made["rhythm"]
    sessions, minutes = answers.sessions or rhythm["sessions"], answers.minutes or rhythm["minutes"]
    for criterion in made["rule"]["criteria"]:
        if criterion["type"] == "sessions" and criterion["min"] == rhythm["sessions"]:
            criterion["min"] = sessions
            criterion["min_minutes_each"] = min(criterion.get("min_minutes_each") or 0, minutes)
    for kpi in made["kpis"]:
        target = kpi["target"]
        if (
            kpi["code"] == TIME_TOGETHER
            and target
            and target["value"] == rhythm["sessions"] * rhythm["minutes"]
        ):
            target["value"] = sessions * minutes
    made["rhythm"] = {"sessions": sessions, "minutes": minutes}
    if answers.months:
        made["dates"]["duration_months"] = answers.months
    return made


def baseline_of(document: Document) -> dict[str, Any]:
    """The questionnaire asked before; empty where there is none."""
    return next((asked for asked in document["questionnaires"] if asked["phase"] == "before"), {})
