"""The programme templates that come with the tool, as values.

Each is a YAML file in ``templates``, in the shape of :mod:`schemas.programme_template`: exactly the file that exporting
it gives. Business people edit a programme's own copy, or a template of their company's, never these files.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from typing import Any

from lti_tool.mentoring.completion.queries import criterion_schemas, read_rule
from lti_tool.mentoring.programmes.settings import CohortDays, days_from
from schemas.problem import ShapeError
from schemas.programme_template import dump_programme_template, load_programme_template
from schemas.yaml_text import read_yaml

_FOLDER = files(__package__ or __name__).joinpath("templates")

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
        """The French text for a French locale (``fr``, ``fr_CA``, ``fr-FR``), else the English one."""
        return self.fr if locale.lower().startswith("fr") else self.en


@dataclass(frozen=True, slots=True)
class ProgrammeTemplate:
    """All that a cohort needs before it may start."""

    code: str
    title: Bilingual
    summary: Bilingual
    """What it is for, in a line; may be empty."""
    sessions_advised: int
    minutes_advised: int
    start_after_days: int
    duration_months: int
    follow_up_after_days: int
    canonical: str
    """The template's JSON text, every default written out."""

    def document(self) -> dict[str, Any]:
        """A fresh JSON document of the template, for a programme's settings; :func:`read_template` reads it back."""
        return dict(json.loads(self.canonical))

    def rule_document(self) -> dict[str, Any]:
        """The completion rule as JSON, for the first version of a cohort's rule."""
        return dict(self.document()["rule"])

    def kpis_document(self) -> list[dict[str, Any]]:
        """The measures as JSON, to be frozen in a cohort."""
        return list(self.document()["kpis"])

    def days(self, today: date) -> CohortDays:
        """The days of a cohort that is made today."""
        return days_from(self.document(), today + timedelta(days=self.start_after_days))


def template_codes() -> tuple[str, ...]:
    """The codes of the built-in templates, in alphabetical order."""
    names = (entry.name for entry in _FOLDER.iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))


def load_template(code: str) -> ProgrammeTemplate:
    """Return a built-in template. Raises :class:`UnknownTemplateError`."""
    return _loaded(code, tuple(criterion_schemas()))


@functools.lru_cache(maxsize=64)
def _loaded(code: str, _criteria: tuple[str, ...]) -> ProgrammeTemplate:
    """The template as it is read where these criteria exist."""
    return read_template(_built_in(code))


def _built_in(code: str) -> Any:
    if code not in template_codes():
        raise UnknownTemplateError(code)
    return read_yaml(_FOLDER.joinpath(f"{code}.yaml").read_bytes()).value


def read_template(document: object) -> ProgrammeTemplate:
    """Return the template that a JSON document (already decoded) describes.

    Raises :class:`schemas.problem.ShapeError`, also where the completion rule asks for what cannot be measured yet.
    """
    try:
        text = json.dumps(document)
    except (TypeError, ValueError, RecursionError):
        # What is no JSON is refused, and where it is wrong is said.
        return _checked(document)
    return _checked_text(text, tuple(criterion_schemas()))


@functools.lru_cache(maxsize=128)
def _checked_text(text: str, _criteria: tuple[str, ...]) -> ProgrammeTemplate:
    """A page often reads the same template several times, and reading one takes 10 ms."""
    return _checked(json.loads(text))


def _checked(document: object) -> ProgrammeTemplate:
    criteria = criterion_schemas()
    loaded = load_programme_template(document, criteria)
    canonical = dump_programme_template(loaded, criteria)
    _check_rule(canonical["rule"])
    return ProgrammeTemplate(
        code=loaded["code"],
        title=Bilingual(**loaded["title"]),
        summary=Bilingual(**loaded["summary"]),
        sessions_advised=loaded["rhythm"]["sessions"],
        minutes_advised=loaded["rhythm"]["minutes"],
        canonical=json.dumps(canonical, ensure_ascii=False, sort_keys=True),
        **loaded["dates"],
    )


def _check_rule(document: object) -> None:
    """See that the rule can be measured; its problems are named with their place in the template."""
    try:
        read_rule(document)
    except ShapeError as error:
        raise ShapeError({f"rule.{where}": found for where, found in error.problems.items()}) from error
