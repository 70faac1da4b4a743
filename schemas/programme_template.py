"""A programme template as JSON: everything a cohort needs before it may start, in French and in English.

A template holds a goal, named skills, a catalogue of objectives, measures with their definitions and targets, the
questionnaires and when each is asked, the completion rule, the formats, and dates counted from the day the cohort
starts. The content of a programme (``Programme.settings``) has the same shape.

The goal, skills, measures and questionnaires may be empty: a blank template has none of them, and a cohort cannot start
before somebody has filled in what it needs.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, pre_load, validates_schema

from schemas import choices
from schemas.completion_rule import CompletionRuleSchema, CriterionSchema, completion_rule_schema
from schemas.fields import Choice, Code, ExactNumber, Text, WholeNumber, distinct, entries, fail
from schemas.problem import CodedSchema, Problem

_CODE = r"[a-z0-9]+(?:[-_][a-z0-9]+)*"
UNITS = ("share", "hours", "minutes", "points", "money")
MOST_FORMATS = 30
SMALLEST_GROUP = 5
ITEM_KINDS = ("agree", "level", "recommend", "yes_no", "choice", "text")


class BilingualSchema(CodedSchema):
    """One text in both languages."""

    fr = Text(max_length=1000, lines=True, required=True)
    en = Text(max_length=1000, lines=True, required=True)


class GoalSchema(CodedSchema):
    """Why the company runs the programme, in both languages; empty in both as long as nobody has said so."""

    fr = Text(max_length=1000, lines=True, load_default="")
    en = Text(max_length=1000, lines=True, load_default="")

    @validates_schema
    def _both_or_neither(self, loaded: Mapping[str, Any], **_: Any) -> None:
        for language in ("fr", "en"):
            if not loaded[language] and any(loaded.values()):
                raise ValidationError([Problem("required")], language)


class SummarySchema(GoalSchema):
    """What the template is for, in a line below its title; it may be empty."""

    fr = Text(max_length=120, load_default="")
    en = Text(max_length=120, load_default="")


class BilingualNameSchema(CodedSchema):
    """A short name in both languages, such as that of a role or of a format."""

    fr = Text(max_length=60, required=True)
    en = Text(max_length=60, required=True)


def _bilingual(**options: Any) -> fields.Nested:
    return fields.Nested(BilingualSchema, **options)


def _code(**options: Any) -> Code:
    return Code(_CODE, max_length=60, required=True, **options)


class SkillSchema(CodedSchema):
    """A skill that the programme is about."""

    code = _code()
    name = _bilingual(required=True)
    tag = Choice(choices.OBJECTIVE_TAGS, load_default="skills")


class ObjectiveSchema(CodedSchema):
    """An objective that a pair can choose from the programme's catalogue."""

    code = _code()
    title = _bilingual(required=True)
    skill = Code(_CODE, max_length=60, allow_none=True, load_default=None)
    """The code of one of the template's skills."""
    tag = Choice(choices.OBJECTIVE_TAGS, load_default="skills")
    direction = Choice(choices.ROLES, required=True)
    """The role of the one who learns."""
    level = WholeNumber(min=1, max=choices.HIGHEST_LEVEL, allow_none=True, load_default=None)
    """The level of the skill that it leads to, from 1 (discovers) to 5 (can teach it)."""
    evidence = fields.List(
        Choice(choices.EVIDENCE), validate=[*entries(max=4), distinct], load_default=choices.DEFAULT_EVIDENCE
    )
    """Whose word is enough for it to be reached, or ``xapi``: a statement in the record store."""
    trend = fields.Boolean(load_default=False)
    """Whether it is about keeping up with a trend of one's field."""


class RoleNamesSchema(CodedSchema):
    """What the programme calls the two roles; None where it uses the tool's own words."""

    mentee = fields.Nested(BilingualNameSchema, allow_none=True, load_default=None)
    mentor = fields.Nested(BilingualNameSchema, allow_none=True, load_default=None)


class VisibilitySchema(CodedSchema):
    """Who may see and change what, beyond what always holds."""

    hr_sees_names = fields.Boolean(load_default=False)
    """Whether HR sees who takes part and who completed."""
    smallest_group = WholeNumber(min=SMALLEST_GROUP, max=1000, load_default=SMALLEST_GROUP)
    """Figures over fewer people than this are hidden. It can only be raised."""
    tutors_may_edit = fields.Boolean(load_default=True)
    """Whether the tutors of its courses may change the settings, or its owners alone."""


class TargetSchema(CodedSchema):
    """What a measure should come to: at least, or at most, a value in the measure's unit."""

    bound = Choice(("at_least", "at_most"), required=True)
    value = ExactNumber(max=100_000, problem="invalid", required=True)


class KpiSchema(CodedSchema):
    """A measure: its code says how it is computed, its definition says so to people, denominator included."""

    code = _code()
    name = _bilingual(required=True)
    definition = _bilingual(required=True)
    unit = Choice(UNITS, required=True)
    target = fields.Nested(TargetSchema, allow_none=True, load_default=None)


class OptionSchema(CodedSchema):
    """One answer of a ``choice`` item."""

    code = _code()
    name = _bilingual(required=True)


class ItemSchema(CodedSchema):
    """A question: five points of agreement or level, 0 to 10 for a recommendation, yes or no, a choice, a text."""

    code = _code()
    kind = Choice(ITEM_KINDS, load_default="agree")
    text = _bilingual(required=True)
    roles = fields.List(
        Choice(choices.ROLES), validate=[*entries(max=2), distinct], load_default=choices.ROLES
    )
    options = fields.List(fields.Nested(OptionSchema), validate=entries(min=0, max=20), load_default=())

    @validates_schema
    def _options_with_choice(self, loaded: Mapping[str, Any], **_: Any) -> None:
        if (loaded["kind"] == "choice") != bool(loaded["options"]):
            raise ValidationError([Problem("empty" if loaded["kind"] == "choice" else "invalid")], "options")


class QuestionnaireSchema(CodedSchema):
    """The items asked in one phase."""

    phase = Choice(choices.PHASES, required=True)
    title = _bilingual(required=True)
    items = fields.List(fields.Nested(ItemSchema), validate=entries(max=60), required=True)

    @validates_schema
    def _codes_once(self, loaded: Mapping[str, Any], **_: Any) -> None:
        _fail_if_repeated(loaded, "items", "code")


class DatesSchema(CodedSchema):
    """The cohort's dates, counted from the day it is made; the follow-up is counted from the end."""

    start_after_days = WholeNumber(min=0, max=366, load_default=0)
    duration_months = WholeNumber(min=1, max=36, required=True)
    follow_up_after_days = WholeNumber(min=1, max=366, required=True)


class RhythmSchema(CodedSchema):
    """What a pair is advised to do: so many sessions, of so many minutes each."""

    sessions = WholeNumber(min=1, max=100, required=True)
    minutes = WholeNumber(min=5, max=480, required=True)


class BudgetSchema(CodedSchema):
    """What the programme may cost, and who pays. All of it can stay open."""

    amount = ExactNumber(max=100_000_000, problem="invalid", allow_none=True, load_default=None)
    currency = Code(r"[A-Z]{3}", max_length=3, load_default="EUR")
    funding = Text(max_length=200, allow_none=True, load_default=None)


class _FormatNames(fields.Field[dict[str, Any]]):
    """The names of formats, by their codes; a problem of one is under its code."""

    _code = Code(choices.FORMAT_CODE_PATTERN, max_length=choices.FORMAT_CODE_LENGTH)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise fail("not_an_object")
        if len(value) > MOST_FORMATS:
            raise fail("too_many", max=MOST_FORMATS)
        names: dict[str, Any] = {}
        problems: dict[str, Any] = {}
        for code, name in value.items():
            try:
                names[str(self._code.deserialize(code))] = BilingualNameSchema().load(name)
            except ValidationError as error:
                wrong = error.messages
                problems[str(code)] = wrong if isinstance(wrong, dict) else [Problem("invalid")]
        if problems:
            raise ValidationError(problems)
        return names

    def _serialize(self, value: Any, *_: Any, **__: Any) -> dict[str, Any]:
        return {code: BilingualNameSchema().dump(name) for code, name in value.items()}


class _Rule(fields.Field[dict[str, Any]]):
    """The completion rule, with the criteria that the template's schema was given."""

    def _schema(self) -> CompletionRuleSchema:
        template: Any = self.root
        return completion_rule_schema(template.criteria)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> dict[str, Any]:
        return dict(self._schema().load(value))

    def _serialize(self, value: Any, *_: Any, **__: Any) -> dict[str, Any]:
        return dict(self._schema().dump(value))


class ProgrammeTemplateSchema(CodedSchema):
    """A whole template. ``criteria``: the fields of each criterion that its rule can have, by type."""

    def __init__(self, criteria: Mapping[str, type[CriterionSchema]]) -> None:
        super().__init__()
        self.criteria = criteria

    v = WholeNumber(min=1, max=1, required=True)
    code = _code()
    title = _bilingual(required=True)
    summary = fields.Nested(SummarySchema, load_default=lambda: {"fr": "", "en": ""})
    goal = fields.Nested(GoalSchema, required=True)
    role_names = fields.Nested(RoleNamesSchema, load_default=lambda: {"mentee": None, "mentor": None})
    skills = fields.List(fields.Nested(SkillSchema), validate=entries(min=0, max=40), required=True)
    objectives = fields.List(
        fields.Nested(ObjectiveSchema), validate=entries(min=0, max=100), load_default=()
    )
    formats = fields.List(
        Code(choices.FORMAT_CODE_PATTERN, max_length=choices.FORMAT_CODE_LENGTH),
        validate=[*entries(max=MOST_FORMATS), distinct],
        required=True,
    )
    format_names = _FormatNames(load_default=dict)
    """The names of the formats that the tool does not know, and other names for those that it knows."""
    rhythm = fields.Nested(RhythmSchema, required=True)
    rule = _Rule(required=True)
    kpis = fields.List(fields.Nested(KpiSchema), validate=entries(min=0, max=40), required=True)
    questionnaires = fields.List(
        fields.Nested(QuestionnaireSchema), validate=entries(min=0, max=4), required=True
    )
    dates = fields.Nested(DatesSchema, required=True)
    budget = fields.Nested(
        BudgetSchema,
        load_default=lambda: {"amount": None, "currency": "EUR", "funding": None},
    )

    visibility = fields.Nested(VisibilitySchema, load_default=lambda: dict(VisibilitySchema().load({})))

    @pre_load
    def _without_former_formats(self, given: Any, **_: Any) -> Any:
        """Settings of the first version of the tool have formats that said how the two of a pair spoke."""
        formats = given.get("formats") if isinstance(given, Mapping) else None
        if not isinstance(formats, list | tuple) or "format_names" in given:
            return given
        if not any(isinstance(code, str) and code in choices.FORMER_FORMATS for code in formats):
            return given
        present = [
            choices.FORMAT_OF_FORMER_MODES
            if isinstance(code, str) and code in choices.FORMER_FORMATS
            else code
            for code in formats
        ]
        return {
            **given,
            "formats": [code for place, code in enumerate(present) if code not in present[:place]],
        }

    @validates_schema
    def _check_codes(self, loaded: Mapping[str, Any], **_: Any) -> None:
        for name, key in (("skills", "code"), ("kpis", "code"), ("questionnaires", "phase")):
            _fail_if_repeated(loaded, name, key)
        _fail_if_repeated(loaded, "objectives", "code")
        skills = {skill["code"] for skill in loaded["skills"]}
        problems: dict[str, list[Problem]] = {}
        for index, objective in enumerate(loaded["objectives"]):
            if objective["skill"] is not None and objective["skill"] not in skills:
                problem = Problem("skill_not_listed", what=objective["skill"])
                problems[f"objectives.{index}.skill"] = [problem]
        for index, code in enumerate(loaded["formats"]):
            if code not in (*choices.SESSION_FORMATS, *loaded["format_names"]):
                problems[f"formats.{index}"] = [Problem("format_without_name", what=code)]
        for code in loaded["format_names"]:
            if code not in loaded["formats"]:
                problems[f"format_names.{code}"] = [Problem("format_not_listed", what=code)]
        if problems:
            raise ValidationError(dict(problems))


def _fail_if_repeated(loaded: Mapping[str, Any], name: str, key: str) -> None:
    seen: set[str] = set()
    for entry in loaded[name]:
        if entry[key] in seen:
            raise ValidationError([Problem("repeated", what=entry[key])], name)
        seen.add(entry[key])


def load_programme_template(
    document: object, criteria: Mapping[str, type[CriterionSchema]]
) -> dict[str, Any]:
    """Return the checked template, defaults filled in. Raises :class:`schemas.problem.ShapeError`.

    ``criteria``: the fields of each criterion that its completion rule can have, by type.
    """
    return _schema_with(tuple(criteria.items())).read(document)


def dump_programme_template(
    loaded: Mapping[str, Any], criteria: Mapping[str, type[CriterionSchema]]
) -> dict[str, Any]:
    """Return the JSON document of a checked template: the inverse of :func:`load_programme_template`."""
    return dict(_schema_with(tuple(criteria.items())).dump(loaded))


@functools.lru_cache(maxsize=64)
def _schema_with(criteria: tuple[tuple[str, type[CriterionSchema]], ...]) -> ProgrammeTemplateSchema:
    """The schema of templates whose rules have these criteria: making one takes half as long as reading with it."""
    return ProgrammeTemplateSchema(dict(criteria))
