"""What can be said of a rule before it is applied: that nobody can satisfy it, that everybody does already, and what
in it asks for more than the programme offers. Pure functions.

Only what can be proven is called impossible: a type that nothing measures, an objective that nothing shows as reached,
formats that the programme does not have, and more minutes than its days have. What exceeds the advised rhythm is
possible, and said all the same.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from lti_tool.mentoring.completion.criteria import CRITERIA
from lti_tool.mentoring.completion.criteria.base import Criterion
from lti_tool.mentoring.completion.criteria.minutes import Minutes
from lti_tool.mentoring.completion.criteria.objectives import Objectives
from lti_tool.mentoring.completion.criteria.sessions import Sessions
from lti_tool.mentoring.completion.evaluation import can_be_satisfied
from lti_tool.mentoring.completion.preview import Preview
from lti_tool.mentoring.completion.rule import CompletionRule, Group
from schemas import choices

RECORDED_EVIDENCE: Final = frozenset({"self", "partner", "tutor"})
"""What shows an objective as reached in this version: the word of a person."""

_MINUTES_OF_A_DAY: Final = 24 * 60


class Warning(enum.StrEnum):
    """What is to be said of a rule."""

    NOT_MEASURED = "not_measured"
    """Nothing measures this criterion yet."""
    EVIDENCE_NOT_RECORDED = "evidence_not_recorded"
    """Nothing shows an objective as reached in the way that is asked for."""
    FORMATS_NOT_OFFERED = "formats_not_offered"
    """The programme has none of the formats that count."""
    MORE_THAN_DAYS = "more_than_days"
    """More minutes than the days of the cohort have."""
    MORE_MEETINGS_THAN_RHYTHM = "more_meetings_than_rhythm"
    LONGER_THAN_RHYTHM = "longer_than_rhythm"
    MORE_MINUTES_THAN_RHYTHM = "more_minutes_than_rhythm"
    NOBODY_CAN = "nobody_can"
    """Nobody of a role can complete."""
    EVERYBODY_DOES = "everybody_does"
    """Everybody in a pair completes at once."""


IMPOSSIBLE: Final = frozenset(
    {
        Warning.NOT_MEASURED,
        Warning.EVIDENCE_NOT_RECORDED,
        Warning.FORMATS_NOT_OFFERED,
        Warning.MORE_THAN_DAYS,
    }
)
"""Those that say that a criterion can never be met."""


@dataclass(frozen=True, slots=True)
class RuleWarning:
    """One thing to be said. ``criterion_id``: of which criterion; empty for the whole rule."""

    code: Warning
    criterion_id: str = ""
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Frame:
    """What a cohort offers: its days, the rhythm that it advises, its formats."""

    days: int
    """From its first day to its last, both included."""
    sessions: int
    minutes: int
    """Of each of these sessions."""
    formats: tuple[str, ...]
    """Codes; empty where any can be chosen."""


def warnings(rule: CompletionRule, frame: Frame, tried: Preview | None = None) -> list[RuleWarning]:
    """What is to be said of a rule in a cohort, the gravest first. ``tried``: what it would change."""
    found = [
        RuleWarning(code, leaf.id, params)
        for leaf in _leaves(rule.criteria)
        for code, params in _of_criterion(leaf, frame)
    ]
    impossible = {each.criterion_id for each in found if each.code in IMPOSSIBLE}
    roles = [
        role
        for role in choices.ROLES
        if not can_be_satisfied(rule, role, lambda leaf: leaf.id not in impossible)
    ]
    whole = [RuleWarning(Warning.NOBODY_CAN, params={"roles": tuple(roles)})] if roles else []
    if tried is not None and tried.people and all(each.satisfied for each in tried.people):
        whole.append(RuleWarning(Warning.EVERYBODY_DOES, params={"count": len(tried.people)}))
    return whole + sorted(found, key=lambda each: each.code not in IMPOSSIBLE)


def _leaves(criteria: Sequence[Criterion | Group]) -> Iterator[Criterion]:
    for each in criteria:
        if isinstance(each, Group):
            yield from each.criteria
        else:
            yield each


def _of_criterion(leaf: Criterion, frame: Frame) -> Iterator[tuple[Warning, dict[str, Any]]]:
    if leaf.type not in CRITERIA:
        yield Warning.NOT_MEASURED, {"type": leaf.type}
    if isinstance(leaf, Objectives) and not RECORDED_EVIDENCE & set(leaf.evidence):
        yield Warning.EVIDENCE_NOT_RECORDED, {"evidence": leaf.evidence}
    if isinstance(leaf, Sessions):
        yield from _of_sessions(leaf, frame)
    if isinstance(leaf, Minutes):
        if leaf.min > frame.days * _MINUTES_OF_A_DAY:
            yield Warning.MORE_THAN_DAYS, {"minutes": leaf.min, "days": frame.days}
        elif leaf.min > frame.sessions * frame.minutes:
            yield (
                Warning.MORE_MINUTES_THAN_RHYTHM,
                {
                    "minutes": leaf.min,
                    "advised": frame.sessions * frame.minutes,
                },
            )


def _of_sessions(leaf: Sessions, frame: Frame) -> Iterator[tuple[Warning, dict[str, Any]]]:
    if frame.formats and "*" not in leaf.formats and not set(leaf.formats) & set(frame.formats):
        yield Warning.FORMATS_NOT_OFFERED, {"formats": leaf.formats}
    if leaf.min * leaf.min_minutes_each > frame.days * _MINUTES_OF_A_DAY:
        yield Warning.MORE_THAN_DAYS, {"minutes": leaf.min * leaf.min_minutes_each, "days": frame.days}
    elif leaf.min > frame.sessions:
        yield Warning.MORE_MEETINGS_THAN_RHYTHM, {"meetings": leaf.min, "advised": frame.sessions}
    if leaf.min_minutes_each > frame.minutes:
        yield Warning.LONGER_THAN_RHYTHM, {"minutes": leaf.min_minutes_each, "advised": frame.minutes}
