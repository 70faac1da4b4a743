"""The completion rule as JSON: what the tutor's form saves, what a template ships, what a rule version keeps.

The shape, version 1:

    {"v": 1, "scope": "participant", "mode": "all", "k": null, "pairs": "best",
     "criteria": [{"id": "c1", "type": "agreement", "by": "both", "w": 1, "roles": ["mentor"]}, ...],
     "ags": {"report": "final_only", "mentee": true, "mentor": true}}

``w`` is 1 and ``roles`` are both unless said otherwise. A ``group`` has a mode, a k and criteria of its own and stands
in no other group. The fields of each criterion are given by whoever measures it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from marshmallow import ValidationError, fields, post_load, pre_load, validates_schema

from schemas import choices
from schemas.fields import (
    Choice,
    Code,
    Day,
    ExactNumber,
    Iri,
    Text,
    WholeNumber,
    distinct,
    entries,
    fail,
)
from schemas.problem import CodedSchema, Problem

_MOST_CRITERIA = 30
_MOMENT = re.compile(r"cohort_(?:start|end)(?:[+-][0-9]{1,4}d)?", re.ASCII)


class Moment(Text):
    """The edge of a window: ``cohort_start``, ``cohort_end+30d``, or a day."""

    def _deserialize(self, value: Any, *arguments: Any, **options: Any) -> str:
        moment = super()._deserialize(value, *arguments, **options)
        if _MOMENT.fullmatch(moment):
            return moment
        try:
            return Day().deserialize(moment).isoformat()
        except ValidationError:
            raise fail("not_a_moment") from None


class CriterionSchema(CodedSchema):
    """What every criterion has."""

    id = Code(r"[A-Za-z0-9_-]+", max_length=40, required=True)
    type = Text(required=True, max_length=40)
    w = ExactNumber(load_default=1)
    roles = fields.List(
        Choice(choices.ROLES), validate=[*entries(max=2), distinct], load_default=choices.ROLES
    )

    @post_load
    def _exact(self, loaded: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Defaults become what a given value would have become."""
        loaded["w"] = ExactNumber().deserialize(loaded["w"]) if isinstance(loaded["w"], int) else loaded["w"]
        loaded["roles"] = tuple(role for role in choices.ROLES if role in loaded["roles"])
        return loaded


class AssessmentSchema(CriterionSchema):
    """The questionnaire of a phase is answered."""

    phase = Choice(choices.PHASES, required=True)


class TrainingSchema(CriterionSchema):
    """The induction is finished."""


class XapiSchema(CriterionSchema):
    """A statement in the LRS; ``verb`` takes one IRI or several."""

    verb = fields.List(Iri(required=True), validate=[*entries(max=20), distinct], required=True)
    activity = Iri(required=True)
    match = Choice(("exact", "prefix"), load_default="exact")
    min_scaled = ExactNumber(min=-1, max=1, problem="invalid", allow_none=True, load_default=None)
    since = Moment(max_length=40, allow_none=True, load_default=None)
    until = Moment(max_length=40, allow_none=True, load_default=None)

    @pre_load
    def _one_verb(self, given: Any, **_: Any) -> Any:
        if isinstance(given, Mapping) and isinstance(given.get("verb"), str):
            return {**given, "verb": [given["verb"]]}
        return given


PLANNED: Mapping[str, type[CriterionSchema]] = {
    "assessment": AssessmentSchema,
    "training": TrainingSchema,
    "xapi": XapiSchema,
}
"""Criteria whose shape is settled and which this version does not measure: whoever reads a rule refuses them."""

GROUP = "group"


def _schema_of(
    criterion: Mapping[str, Any], known: Mapping[str, type[CriterionSchema]], *, in_group: bool
) -> CriterionSchema:
    """The schema of a criterion, by its type."""
    kind = criterion.get("type")
    if kind is None:
        raise ValidationError({"type": [Problem("required")]})
    if kind == GROUP and in_group:
        raise ValidationError({"type": [Problem("nested_too_deep")]})
    if not isinstance(kind, str) or kind not in {*known, *PLANNED}:
        # The name goes back to a page: only what can be shown there.
        shown = kind[:40] if isinstance(kind, str) and kind.isascii() and kind.isprintable() else "?"
        raise ValidationError({"type": [Problem("unknown_criterion", type=shown)]})
    return _made({**PLANNED, **known}[kind])


@functools.cache
def _made(schema: type[CriterionSchema]) -> CriterionSchema:
    return schema()


class _Criterion(fields.Field[dict[str, Any]]):
    """A criterion, by the schema of its type: which one is known only from the object itself."""

    def _schema(self, criterion: Mapping[str, Any]) -> CriterionSchema:
        level: Any = self.root
        if criterion.get("type") == GROUP and not isinstance(level, GroupSchema):
            is_draft = not isinstance(level, CompletionRuleSchema)
            return (DraftGroupSchema if is_draft else GroupSchema)(level.known)
        return _schema_of(criterion, level.known, in_group=isinstance(level, GroupSchema))

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise fail("not_an_object")
        return dict(self._schema(value).load(value))

    def _serialize(self, value: Any, *_: Any, **__: Any) -> dict[str, Any]:
        return dict(self._schema(value).dump(value))


def _criteria(*, fewest: int = 1) -> fields.List[dict[str, Any]]:
    """The criteria of a rule or of a group."""
    return fields.List(_Criterion(), validate=entries(min=fewest, max=_MOST_CRITERIA), required=True)


class GroupSchema(CriterionSchema):
    """Criteria with a mode of their own."""

    mode = Choice(choices.MODES, required=True)
    k = WholeNumber(min=1, max=_MOST_CRITERIA, allow_none=True, load_default=None)
    criteria = _criteria()

    def __init__(self, known: Mapping[str, type[CriterionSchema]]) -> None:
        super().__init__()
        self.known = known


class DraftGroupSchema(GroupSchema):
    """The same in a draft: it may be empty."""

    criteria = _criteria(fewest=0)


class ReportingSchema(CodedSchema):
    """What is sent to the LMS (AGS), and about whom."""

    report = Choice(("final_only", "live"), load_default="final_only")
    mentee = fields.Boolean(load_default=True)
    mentor = fields.Boolean(load_default=True)


class DraftRuleSchema(CodedSchema):
    """A rule that somebody is at work on: each field is right, and the whole may mean nothing yet.

    ``known``: the fields of each criterion that a rule can have, by type.
    """

    def __init__(self, known: Mapping[str, type[CriterionSchema]]) -> None:
        super().__init__()
        self.known = known

    v = WholeNumber(min=1, max=1_000_000, required=True)
    scope = Choice(("participant",), load_default="participant")
    mode = Choice(choices.MODES, required=True)
    k = WholeNumber(min=1, max=_MOST_CRITERIA, allow_none=True, load_default=None)
    pairs = Choice(("best", "sum"), load_default="best")
    criteria = _criteria(fewest=0)
    ags = fields.Nested(ReportingSchema, load_default=lambda: dict(ReportingSchema().load({})))


class CompletionRuleSchema(DraftRuleSchema):
    """A whole rule, checked so far that evaluating it can neither fail nor mean nothing."""

    criteria = _criteria()

    @validates_schema
    def _check_consistency(self, loaded: Mapping[str, Any], **_: Any) -> None:
        problems = rule_problems(loaded)
        if problems:
            raise ValidationError(dict(problems))


def rule_problems(loaded: Mapping[str, Any]) -> dict[str, list[Problem]]:
    """What keeps a rule whose fields are right from meaning anything, by the dotted path of the field."""
    problems: dict[str, list[Problem]] = {}
    if loaded["v"] != 1:
        problems["v"] = [Problem("unknown_version")]
    seen: set[str] = set()
    for where, criterion in _walk(loaded["criteria"]):
        if criterion["id"] in seen:
            problems[f"{where}.id"] = [Problem("id_repeated", id=criterion["id"])]
        seen.add(criterion["id"])
        if criterion["type"] == GROUP and not criterion["criteria"]:
            problems[f"{where}.criteria"] = [Problem("empty_group")]
        elif criterion["type"] == GROUP:
            problems |= _level_problems(criterion, f"{where}.", choices.ROLES, at_least_one=False)
    problems |= _level_problems(loaded, "", choices.ROLES, at_least_one=True)
    return problems


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


def load_completion_rule(document: object, criteria: Mapping[str, type[CriterionSchema]]) -> dict[str, Any]:
    """Return the checked rule, with every default filled in.

    ``criteria``: the fields of each criterion that a rule can have, by type. Weights are ``Fraction``s, lists are
    tuples, ``count`` is None for ``all``. Raises :class:`schemas.problem.ShapeError`.
    """
    return completion_rule_schema(criteria).read(document)


def dump_completion_rule(
    loaded: Mapping[str, Any], criteria: Mapping[str, type[CriterionSchema]]
) -> dict[str, Any]:
    """Return the JSON document of a checked rule: the inverse of :func:`load_completion_rule`."""
    return dict(completion_rule_schema(criteria).dump(loaded))


def completion_rule_schema(criteria: Mapping[str, type[CriterionSchema]]) -> CompletionRuleSchema:
    """The schema of rules with these criteria, made once: making one takes longer than reading with it."""
    return _schema_with(tuple(criteria.items()))


@functools.lru_cache(maxsize=64)
def _schema_with(criteria: tuple[tuple[str, type[CriterionSchema]], ...]) -> CompletionRuleSchema:
    return CompletionRuleSchema(dict(criteria))


def load_draft_rule(document: object, criteria: Mapping[str, type[CriterionSchema]]) -> dict[str, Any]:
    """Return a draft of a rule, each of its fields checked; :func:`rule_problems` says what the whole still lacks.

    Raises :class:`schemas.problem.ShapeError`.
    """
    return DraftRuleSchema(criteria).read(document)


def dump_draft_rule(
    loaded: Mapping[str, Any], criteria: Mapping[str, type[CriterionSchema]]
) -> dict[str, Any]:
    """Return the JSON document of a draft: the inverse of :func:`load_draft_rule`."""
    return dict(DraftRuleSchema(criteria).dump(loaded))
