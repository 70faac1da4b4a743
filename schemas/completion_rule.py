"""The completion rule as JSON: what the tutor's form saves, what a template ships, what a rule version keeps.

The shape, version 1:

    {"v": 1, "scope": "participant", "mode": "all", "k": null, "pairs": "best",
     "criteria": [{"id": "c1", "type": "agreement", "by": "both", "w": 1, "roles": ["mentor"]}, ...],
     "ags": {"report": "final_only", "mentee": true, "mentor": true}}

`w` is 1 and `roles` are both unless said otherwise. A `group` has a mode, a k and criteria of its own and
stands in no other group. Whether a criterion can be measured yet is not a matter of shape: the tool decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from marshmallow import ValidationError, post_load, pre_load, validates_schema

from schemas import choices
from schemas.fields import (
    Choice,
    Code,
    ExactNumber,
    Inside,
    Iri,
    Several,
    Text,
    WholeNumber,
    YesNo,
    refuse,
)
from schemas.problem import CodedSchema, Problem

_MOST_CRITERIA = 30
_MOST_SESSIONS = 500
_MOST_MINUTES = 100_000
_MOMENT = re.compile(r"cohort_(?:start|end)(?:[+-][0-9]{1,4}d)?", re.ASCII)


class Moment(Text):
    """The edge of a window: `cohort_start`, `cohort_end+30d`, or a day."""

    def read(self, value: Any) -> str:
        """Return the value kept, or raise the error that `refuse` makes."""
        moment = super().read(value)
        if _MOMENT.fullmatch(moment):
            return moment
        try:
            return date.fromisoformat(moment).isoformat()
        except ValueError:
            raise refuse("not_a_moment") from None


class CriterionSchema(CodedSchema):
    """What every criterion has."""

    id = Code(r"[A-Za-z0-9_-]+", max_length=40, required=True)
    type = Text(required=True, max_length=40)
    w = ExactNumber(load_default=1)
    roles = Several(Choice(choices.ROLES), distinct=True, most=2, load_default=choices.ROLES)

    @post_load
    def _exact(self, loaded: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Defaults become what a given value would have become."""
        loaded["w"] = ExactNumber().deserialize(loaded["w"]) if isinstance(loaded["w"], int) else loaded["w"]
        loaded["roles"] = tuple(role for role in choices.ROLES if role in loaded["roles"])
        return loaded


class AgreementSchema(CriterionSchema):
    """The agreement is signed."""

    by = Choice(("both", *choices.ROLES), load_default="both")


class SessionsSchema(CriterionSchema):
    """Enough sessions."""

    min = WholeNumber(least=1, most=_MOST_SESSIONS, required=True)
    status = Choice(choices.COUNTED_STATUSES, load_default="confirmed")
    formats = Several(
        Code(rf"\*|{choices.FORMAT_CODE_PATTERN}", max_length=choices.FORMAT_CODE_LENGTH),
        distinct=True,
        load_default=("*",),
    )
    min_minutes_each = WholeNumber(least=0, most=480, load_default=0)

    @validates_schema
    def _every_or_some(self, loaded: Mapping[str, Any], **_: Any) -> None:
        formats = loaded.get("formats", ())
        if "*" in formats and len(formats) > 1:
            raise ValidationError([Problem("star_with_formats")], "formats")


class MinutesSchema(CriterionSchema):
    """Enough minutes."""

    min = WholeNumber(least=1, most=_MOST_MINUTES, required=True)
    status = Choice(choices.COUNTED_STATUSES, load_default="confirmed")


class Count(WholeNumber):
    """How many objectives: a number, or `all`, which is None once loaded."""

    def __init__(self, **options: Any) -> None:
        super().__init__(least=1, most=100, allow_none=False, **options)

    def read(self, value: Any) -> Any:
        """Return the value kept, or raise the error that `refuse` makes."""
        return None if value == "all" else super().read(value)

    def _serialize(self, value: int | None, *_: Any, **__: Any) -> int | str:
        return "all" if value is None else value


class ObjectivesSchema(CriterionSchema):
    """Enough objectives reached."""

    which = Choice(("required", "all"), load_default="required")
    count = Count(load_default=None)
    evidence = Several(Choice(choices.EVIDENCE), distinct=True, load_default=choices.EVIDENCE)


class AssessmentSchema(CriterionSchema):
    """The questionnaire of a phase is answered."""

    phase = Choice(choices.PHASES, required=True)


class FeedbackSchema(CriterionSchema):
    """Enough feedback."""

    by = Choice(("self", "partner", "both"), load_default="self")
    min = WholeNumber(least=1, most=_MOST_SESSIONS, load_default=1)


class ReflectionSchema(CriterionSchema):
    """Enough reflections."""

    min = WholeNumber(least=1, most=_MOST_SESSIONS, load_default=1)


class TrainingSchema(CriterionSchema):
    """The induction is finished."""


class XapiSchema(CriterionSchema):
    """A statement in the LRS; `verb` takes one IRI or several."""

    verb = Several(Iri(required=True), distinct=True, most=20, required=True)
    activity = Iri(required=True)
    match = Choice(("exact", "prefix"), load_default="exact")
    min_scaled = ExactNumber(least=-1, most=1, problem="invalid", allow_none=True, load_default=None)
    since = Moment(max_length=40, allow_none=True, load_default=None)
    until = Moment(max_length=40, allow_none=True, load_default=None)

    @pre_load
    def _one_verb(self, given: Any, **_: Any) -> Any:
        if isinstance(given, Mapping) and isinstance(given.get("verb"), str):
            return {**given, "verb": [given["verb"]]}
        return given


class TutorValidationSchema(CriterionSchema):
    """The tutor validates."""


_LEAVES: Mapping[str, CriterionSchema] = {
    "agreement": AgreementSchema(),
    "sessions": SessionsSchema(),
    "minutes": MinutesSchema(),
    "objectives": ObjectivesSchema(),
    "assessment": AssessmentSchema(),
    "feedback": FeedbackSchema(),
    "reflection": ReflectionSchema(),
    "training": TrainingSchema(),
    "xapi": XapiSchema(),
    "tutor_validation": TutorValidationSchema(),
}

CRITERION_TYPES = (*_LEAVES, "group")


def _leaf(criterion: Mapping[str, Any]) -> CriterionSchema:
    """The schema of a criterion inside a group."""
    if criterion.get("type") == "group":
        raise ValidationError({"type": [Problem("nested_too_deep")]})
    return _any(criterion)


def _any(criterion: Mapping[str, Any]) -> CriterionSchema:
    """The schema of a criterion of the rule itself."""
    kind = criterion.get("type")
    if kind is None:
        raise ValidationError({"type": [Problem("required")]})
    if kind == "group":
        return GroupSchema()
    if not isinstance(kind, str) or kind not in _LEAVES:
        # The name goes back to a page: only what can be shown there.
        shown = kind[:40] if isinstance(kind, str) and kind.isascii() and kind.isprintable() else "?"
        raise ValidationError({"type": [Problem("unknown_criterion", type=shown)]})
    return _LEAVES[kind]


class GroupSchema(CriterionSchema):
    """Criteria with a mode of their own."""

    mode = Choice(choices.MODES, required=True)
    k = WholeNumber(least=1, most=_MOST_CRITERIA, allow_none=True, load_default=None)
    criteria = Several(Inside(_leaf), most=_MOST_CRITERIA, required=True)


class ReportingSchema(CodedSchema):
    """What the LMS is told (AGS), and about whom."""

    report = Choice(("final_only", "live"), load_default="final_only")
    mentee = YesNo(load_default=True)
    mentor = YesNo(load_default=True)


def _reporting(_given: Mapping[str, Any]) -> ReportingSchema:
    return ReportingSchema()


class CompletionRuleSchema(CodedSchema):
    """A whole rule, checked so far that evaluating it can neither fail nor mean nothing."""

    v = WholeNumber(least=1, most=1_000_000, required=True)
    scope = Choice(("participant",), load_default="participant")
    mode = Choice(choices.MODES, required=True)
    k = WholeNumber(least=1, most=_MOST_CRITERIA, allow_none=True, load_default=None)
    pairs = Choice(("best", "sum"), load_default="best")
    criteria = Several(Inside(_any), most=_MOST_CRITERIA, required=True)
    ags = Inside(_reporting, load_default=lambda: dict(ReportingSchema().load({})))

    @validates_schema
    def _makes_sense(self, loaded: Mapping[str, Any], **_: Any) -> None:
        problems: dict[str, list[Problem]] = {}
        if loaded["v"] != 1:
            problems["v"] = [Problem("unknown_version")]
        seen: set[str] = set()
        for where, criterion in _walk(loaded["criteria"]):
            if criterion["id"] in seen:
                problems[f"{where}.id"] = [Problem("id_repeated", id=criterion["id"])]
            seen.add(criterion["id"])
            if criterion["type"] == "group":
                problems |= _level_problems(criterion, f"{where}.", choices.ROLES, at_least_one=False)
        problems |= _level_problems(loaded, "", choices.ROLES, at_least_one=True)
        if problems:
            raise ValidationError(dict(problems))


def _walk(criteria: Sequence[Mapping[str, Any]], prefix: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every criterion with its dotted path, those of groups included."""
    for index, criterion in enumerate(criteria):
        where = f"{prefix}criteria.{index}"
        yield where, criterion
        yield from _walk(criterion.get("criteria", ()), f"{where}.")


def _applicable(criteria: Sequence[Mapping[str, Any]], role: str) -> list[Mapping[str, Any]]:
    """The criteria that concern a role; a group does when one of its own does."""
    return [
        criterion
        for criterion in criteria
        if role in criterion["roles"]
        and (criterion["type"] != "group" or _applicable(criterion["criteria"], role))
    ]


def _level_problems(
    level: Mapping[str, Any], prefix: str, roles: Sequence[str], *, at_least_one: bool
) -> dict[str, list[Problem]]:
    """What makes a rule, or a group of it, meaningless for a role that it concerns."""
    mode, k = level["mode"], level["k"]
    problems: dict[str, list[Problem]] = {}
    if mode == "at_least" and k is None:
        problems[f"{prefix}k"] = [Problem("k_missing")]
    elif mode != "at_least" and k is not None:
        problems[f"{prefix}k"] = [Problem("k_not_used")]
    for role in roles:
        if role not in level.get("roles", choices.ROLES):
            continue
        applicable = _applicable(level["criteria"], role)
        weighted = [criterion for criterion in applicable if criterion["w"] > 0]
        if not applicable:
            if at_least_one:
                problems.setdefault(f"{prefix}criteria", []).append(
                    Problem("no_criterion_for_role", role=role)
                )
        elif not weighted:
            problems.setdefault(f"{prefix}criteria", []).append(Problem("weights_sum_to_zero", role=role))
        elif mode == "at_least" and k is not None and k > len(weighted):
            problem = Problem("k_too_large", k=k, count=len(weighted), role=role)
            problems.setdefault(f"{prefix}k", []).append(problem)
    return problems


def load_completion_rule(document: object) -> dict[str, Any]:
    """Return the checked rule, with every default filled in.

    Weights are `Fraction`s, lists are tuples, `count` is None for `all`. Raises `schemas.problem.ShapeError`.
    """
    return CompletionRuleSchema().read(document)


def dump_completion_rule(loaded: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON document of a checked rule: the inverse of `load_completion_rule`."""
    return dict(CompletionRuleSchema().dump(loaded))
