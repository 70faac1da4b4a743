"""The programme templates that come with the tool, as values.

Each is a JSON file beside this module, in the shape of `schemas.programme_template`. One may be `based_on` another:
it then says only what differs, key by key of the top level. Business people edit a programme's own copy, never
these files.
"""

from __future__ import annotations

import calendar
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from importlib.resources import files
from typing import Any, Literal

from lti_tool.mentoring.rule_types import CompletionRule
from lti_tool.mentoring.rules import read_rule
from schemas.problem import ShapeError
from schemas.programme_template import dump_programme_template, load_programme_template

DEFAULT_TEMPLATE = "digital-skills"
DEMO_TEMPLATE = "demo"


class UnknownTemplateError(LookupError):
    """There is no programme template of this code."""


@dataclass(frozen=True, slots=True)
class Bilingual:
    """One text in French and in English."""

    fr: str
    en: str

    def text(self, locale: str) -> str:
        """The French text for a French locale (`fr`, `fr_CA`, `fr-FR`), else the English one."""
        return self.fr if locale.lower().startswith("fr") else self.en


@dataclass(frozen=True, slots=True)
class Skill:
    """A skill that the programme is about; `tag` is one of the four dimensions of outcomes."""

    code: str
    name: Bilingual
    tag: str


@dataclass(frozen=True, slots=True)
class Target:
    """What a measure should come to, in the measure's unit; a share of 70 % is 7/10."""

    bound: Literal["at_least", "at_most"]
    value: Fraction


@dataclass(frozen=True, slots=True)
class Kpi:
    """A measure, defined before the cohort starts."""

    code: str
    name: Bilingual
    definition: Bilingual
    unit: str
    target: Target | None


@dataclass(frozen=True, slots=True)
class Option:
    """One answer of a `choice` item."""

    code: str
    name: Bilingual


@dataclass(frozen=True, slots=True)
class Item:
    """One question, and the roles it is asked of; `kind` is one of `schemas.programme_template.ITEM_KINDS`."""

    code: str
    kind: str
    text: Bilingual
    roles: tuple[str, ...]
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """The items asked in one phase."""

    phase: str
    title: Bilingual
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class CohortDates:
    """The days between which a cohort runs, and the day of its follow-up."""

    starts_on: date
    ends_on: date
    follow_up_on: date


@dataclass(frozen=True, slots=True)
class Budget:
    """What the programme may cost, in `currency`, and who pays; None where nobody has said."""

    amount: Fraction | None
    currency: str
    funding: str | None


@dataclass(frozen=True, slots=True)
class ProgrammeTemplate:
    """All that a cohort needs before it may start."""

    code: str
    title: Bilingual
    goal: Bilingual
    skills: tuple[Skill, ...]
    formats: tuple[str, ...]
    sessions_advised: int
    minutes_advised: int
    rule: CompletionRule
    kpis: tuple[Kpi, ...]
    questionnaires: tuple[Questionnaire, ...]
    start_after_days: int
    duration_months: int
    follow_up_after_days: int
    budget: Budget
    canonical: str
    """The template's JSON text, every default written out."""

    @property
    def baseline(self) -> Questionnaire:
        """The questionnaire asked before; the schema lets no template pass without one."""
        return next(asked for asked in self.questionnaires if asked.phase == "before")

    def document(self) -> dict[str, Any]:
        """A fresh JSON document of the template, for `Programme.settings`; `read_template` reads it back."""
        return dict(json.loads(self.canonical))

    def rule_document(self) -> dict[str, Any]:
        """The completion rule as JSON, for the first version of a cohort's rule."""
        return dict(self.document()["rule"])

    def kpis_document(self) -> list[dict[str, Any]]:
        """The measures as JSON, to be frozen in a cohort."""
        return list(self.document()["kpis"])

    def baseline_document(self) -> dict[str, Any]:
        """The questionnaire asked before as JSON, to be kept with a cohort."""
        return next(asked for asked in self.document()["questionnaires"] if asked["phase"] == "before")

    def dates(self, today: date) -> CohortDates:
        """The dates of a cohort that is made today."""
        starts_on = today + timedelta(days=self.start_after_days)
        ends_on = _months_later(starts_on, self.duration_months)
        return CohortDates(starts_on, ends_on, ends_on + timedelta(days=self.follow_up_after_days))


def _months_later(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month where it is shorter."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def template_codes() -> tuple[str, ...]:
    """The codes of the built-in templates, in alphabetical order."""
    names = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".json") for name in names if name.endswith(".json")))


def load_template(code: str) -> ProgrammeTemplate:
    """Return a built-in template. Raises `UnknownTemplateError`."""
    return read_template(_built_in(code))


def _built_in(code: str) -> dict[str, Any]:
    if code not in template_codes():
        raise UnknownTemplateError(code)
    document = json.loads(files(__name__).joinpath(f"{code}.json").read_text(encoding="utf-8"))
    base = document.pop("based_on", None)
    return {**_built_in(base), **document} if base else dict(document)


def read_template(document: object) -> ProgrammeTemplate:
    """Return the template that a JSON document (already decoded) describes.

    Raises `schemas.problem.ShapeError`, also where the completion rule asks for what cannot be measured yet.
    """
    loaded = load_programme_template(document)
    canonical = dump_programme_template(loaded)
    return ProgrammeTemplate(
        code=loaded["code"],
        title=Bilingual(**loaded["title"]),
        goal=Bilingual(**loaded["goal"]),
        skills=tuple(
            Skill(code=skill["code"], name=Bilingual(**skill["name"]), tag=skill["tag"])
            for skill in loaded["skills"]
        ),
        formats=loaded["formats"],
        sessions_advised=loaded["rhythm"]["sessions"],
        minutes_advised=loaded["rhythm"]["minutes"],
        rule=_rule(canonical["rule"]),
        kpis=tuple(_kpi(kpi) for kpi in loaded["kpis"]),
        questionnaires=tuple(_questionnaire(asked) for asked in loaded["questionnaires"]),
        budget=Budget(**loaded["budget"]),
        canonical=json.dumps(canonical, ensure_ascii=False, sort_keys=True),
        **loaded["dates"],
    )


def _rule(document: Mapping[str, Any]) -> CompletionRule:
    """The rule, its problems told with their place in the template."""
    try:
        return read_rule(document)
    except ShapeError as error:
        raise ShapeError({f"rule.{where}": found for where, found in error.problems.items()}) from error


def _kpi(kpi: Mapping[str, Any]) -> Kpi:
    return Kpi(
        code=kpi["code"],
        name=Bilingual(**kpi["name"]),
        definition=Bilingual(**kpi["definition"]),
        unit=kpi["unit"],
        target=Target(**kpi["target"]) if kpi["target"] else None,
    )


def _questionnaire(asked: Mapping[str, Any]) -> Questionnaire:
    return Questionnaire(
        phase=asked["phase"],
        title=Bilingual(**asked["title"]),
        items=tuple(
            Item(
                code=item["code"],
                kind=item["kind"],
                text=Bilingual(**item["text"]),
                roles=item["roles"],
                options=tuple(
                    Option(option["code"], Bilingual(**option["name"])) for option in item["options"]
                ),
            )
            for item in asked["items"]
        ),
    )
