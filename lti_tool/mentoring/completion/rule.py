"""A completion rule as values, and what an evaluation of one says.

Everything here is frozen and knows nothing of the database, the LMS or the web. :func:`read_rule` makes a
:class:`CompletionRule` from the JSON that :mod:`schemas.completion_rule` checks;
:func:`lti_tool.mentoring.completion.evaluation.evaluate` turns a rule and facts into an :class:`Evaluation`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any, ClassVar, Literal
from uuid import UUID

from lti_tool.mentoring.completion.criteria import CRITERIA, criterion_schemas
from lti_tool.mentoring.completion.criteria.base import ROLES, Criterion
from lti_tool.mentoring.completion.criteria.planned import PLANNED_CRITERIA
from schemas import choices
from schemas.completion_rule import load_completion_rule
from schemas.problem import Problem, ShapeError

Mode = Literal["all", "any", "at_least"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Criteria with a mode of their own, standing as one criterion of the rule; never in another group."""

    type: ClassVar[str] = "group"

    id: str
    weight: Fraction = Fraction(1)
    roles: tuple[str, ...] = ROLES
    mode: Mode = "all"
    k: int | None = None
    criteria: tuple[Criterion, ...] = ()


@dataclass(frozen=True, slots=True)
class Reporting:
    """What is sent to the LMS: a score only at the end or as it grows, and for which roles."""

    report: Literal["final_only", "live"] = "final_only"
    mentee: bool = True
    mentor: bool = True

    def covers(self, role: str) -> bool:
        """Whether people of this role have a grade in the LMS."""
        return self.mentor if role == "mentor" else self.mentee


@dataclass(frozen=True, slots=True)
class CompletionRule:
    """When a programme counts as completed. ``k`` is set exactly when ``mode`` is ``at_least``.

    ``pairs`` settles what happens to a person with several pairs: ``best`` takes the pair that brings them furthest,
    ``sum`` adds up the sessions and the minutes of all their pairs.
    """

    mode: Mode
    criteria: tuple[Criterion | Group, ...]
    k: int | None = None
    pairs: Literal["best", "sum"] = "best"
    reporting: Reporting = Reporting()


def read_rule(document: object) -> CompletionRule:
    """Return the rule that a JSON document (already decoded) describes.

    Raises :class:`schemas.problem.ShapeError`, whose ``problems`` name what is wrong and where: a wrong shape, or
    ``criterion_not_measurable`` for a criterion that this version of the tool cannot measure yet. Such a rule is
    refused when it is saved, because a criterion that silently stays at 0 would never let anybody complete.
    """
    loaded = load_completion_rule(document, criterion_schemas())
    not_measured = {
        f"criteria.{where}.type": [Problem("criterion_not_measurable", type=entry["type"])]
        for where, entry in _entries(loaded["criteria"])
        if entry["type"] != Group.type and entry["type"] not in CRITERIA
    }
    if not_measured:
        raise ShapeError(not_measured)
    return _rule(loaded)


def read_draft(document: object) -> CompletionRule:
    """As :func:`read_rule`, of a rule that may also have criteria which nothing measures yet: they are never met."""
    return _rule(load_completion_rule(document, criterion_schemas()))


def unmeasurable(document: Mapping[str, Any]) -> list[str]:
    """The types in a rule's JSON that nothing measures yet, each once: a programme cannot start with them.

    ``xapi`` stands for objectives too that nothing but a statement of another tool shows as reached.
    """
    found: dict[str, None] = {}
    for _where, entry in _entries(document.get("criteria", ())):
        if entry["type"] in PLANNED_CRITERIA and entry["type"] not in CRITERIA:
            found[entry["type"]] = None
        if set(entry.get("evidence", ())) == {"xapi"}:
            found["xapi"] = None
    return list(found)


def formats_counted(document: Mapping[str, Any]) -> frozenset[str]:
    """The codes of the formats that a rule's JSON names: only meetings in one of them count for a condition.

    A condition for which every format counts names none.
    """
    named = {
        code for _where, entry in _entries(document.get("criteria", ())) for code in entry.get("formats", ())
    }
    return frozenset(
        choices.FORMAT_OF_FORMER_MODES if code in choices.FORMER_FORMATS else code for code in named - {"*"}
    )


def _rule(loaded: Mapping[str, Any]) -> CompletionRule:
    return CompletionRule(
        mode=loaded["mode"],
        k=loaded["k"],
        pairs=loaded["pairs"],
        criteria=tuple(_criterion(entry) for entry in loaded["criteria"]),
        reporting=Reporting(**loaded["ags"]),
    )


def _entries(
    entries: Sequence[Mapping[str, Any]], prefix: str = ""
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for index, entry in enumerate(entries):
        yield f"{prefix}{index}", entry
        yield from _entries(entry.get("criteria", ()), f"{prefix}{index}.criteria.")


def _criterion(entry: Mapping[str, Any]) -> Criterion | Group:
    """One criterion, or a group, from its checked JSON."""
    known = {**PLANNED_CRITERIA, **CRITERIA}
    if entry["type"] != Group.type:
        return known[entry["type"]].read(entry)
    inner = tuple(known[child["type"]].read(child) for child in entry["criteria"])
    given = {name: value for name, value in entry.items() if name not in ("type", "w", "criteria")}
    return Group(weight=entry["w"], criteria=inner, **given)


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """How far one criterion is, and why.

    ``value`` out of ``target`` is counted in the criterion's own unit (sessions, minutes, objectives, criteria of a
    group; 0 or 1 for yes or no). ``params`` are the parameters of its sentence. ``facts_used`` are the ids of the
    pair, the sessions or the objectives that count. ``children`` are the results inside a group.
    """

    id: str
    type: str
    params: Mapping[str, object]
    value: int
    target: int
    ratio: Fraction
    satisfied: bool
    weight: Fraction
    facts_used: tuple[UUID, ...] = ()
    children: tuple[CriterionResult, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The result as JSON values, for the stored explanation; fractions are written ``a/b``."""
        return {
            "id": self.id,
            "type": self.type,
            "params": {
                name: list(value) if isinstance(value, tuple) else value
                for name, value in self.params.items()
            },
            "value": self.value,
            "target": self.target,
            "ratio": str(self.ratio),
            "satisfied": self.satisfied,
            "w": str(self.weight),
            "facts": [str(fact) for fact in self.facts_used],
            "criteria": [child.as_json() for child in self.children],
        }


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a rule says about one person.

    ``progress`` is exact, 0 to 1; ``score`` is a whole number, 100 exactly when the rule is satisfied, else 0 to 99.
    ``awaiting_tutor`` is True when nothing is missing but the tutor's validation.
    """

    progress: Fraction
    score: int
    satisfied: bool
    awaiting_tutor: bool
    explanation: tuple[CriterionResult, ...]


class Completion(StrEnum):
    """Where a person's completion stands."""

    OPEN = "open"
    COMPLETED = "completed"
    """Latched: later edits never take it away."""
    REOPENED = "reopened"
    """By a tutor, with a reason."""
