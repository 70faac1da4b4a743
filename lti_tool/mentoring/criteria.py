"""How far each kind of criterion is: one evaluator for each type, in a registry.

An evaluator is a pure function of a criterion and the facts in view. To make another type measurable, add
what it counts to `PairFacts` or `PersonFacts` and write its evaluator here: rules, forms and pages need no
change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any
from uuid import UUID

from lti_tool.mentoring.rule_types import (
    Agreement,
    Minutes,
    ObjectiveFact,
    Objectives,
    PairFacts,
    PersonFacts,
    SessionFact,
    Sessions,
    TutorValidation,
)


@dataclass(frozen=True, slots=True)
class Measure:
    """A value out of a target (at least 1), the facts that made it, and the parameters of its sentence."""

    value: int
    target: int
    facts_used: tuple[UUID, ...] = ()
    params: Mapping[str, object] = field(default_factory=dict)

    @property
    def ratio(self) -> Fraction:
        """How far, 0 to 1, exactly."""
        return min(Fraction(1), Fraction(self.value, self.target))


@dataclass(frozen=True, slots=True)
class FactsInView:
    """The facts an evaluator may look at: one person, and the pairs that count for them."""

    person: PersonFacts
    pairs: Sequence[PairFacts]


Evaluator = Callable[[Any, FactsInView], Measure]


def _counts(session: SessionFact, status: str) -> bool:
    """A confirmed session was held too; a disputed, withdrawn or cancelled one counts nowhere."""
    return session.status == "confirmed" or (status == "held" and session.status == "held")


def _ids(facts: Sequence[SessionFact] | Sequence[ObjectiveFact]) -> tuple[UUID, ...]:
    """Ids in a stable order, so that the same facts always give the same explanation."""
    return tuple(sorted(fact.id for fact in facts))


def _furthest(measures: Sequence[Measure], target: int) -> Measure:
    """The measure that gets closest to its own target; the earliest of equals. None at all: nothing done."""
    if not measures:
        return Measure(0, target)
    return max(measures, key=lambda measure: measure.ratio)


def measure_agreement(criterion: Agreement, facts: FactsInView) -> Measure:
    """1 of 1 once the sides that the criterion names have signed; `missing` names the others."""
    wanted = ("mentor", "mentee") if criterion.by == "both" else (criterion.by,)
    measures = []
    for pair in facts.pairs:
        signed = {"mentor": pair.agreement.signed_by_mentor, "mentee": pair.agreement.signed_by_mentee}
        missing = tuple(side for side in wanted if not signed[side])
        params = {"by": criterion.by, "missing": missing}
        measures.append(Measure(0 if missing else 1, 1, () if missing else (pair.pair_id,), params))
    if not measures:
        return Measure(0, 1, (), {"by": criterion.by, "missing": wanted})
    return _furthest(measures, 1)


def measure_sessions(criterion: Sessions, facts: FactsInView) -> Measure:
    """The number of sessions that are far enough along, long enough, and in an accepted format."""
    counted = [
        session
        for pair in facts.pairs
        for session in pair.sessions
        if _counts(session, criterion.status)
        and session.minutes >= criterion.min_minutes_each
        and ("*" in criterion.formats or session.format in criterion.formats)
    ]
    params = {
        "status": criterion.status,
        "formats": criterion.formats,
        "min_minutes_each": criterion.min_minutes_each,
    }
    return Measure(len(counted), criterion.min, _ids(counted), params)


def measure_minutes(criterion: Minutes, facts: FactsInView) -> Measure:
    """The minutes of all sessions that are far enough along."""
    counted = [
        session for pair in facts.pairs for session in pair.sessions if _counts(session, criterion.status)
    ]
    minutes = sum(session.minutes for session in counted)
    return Measure(minutes, criterion.min, _ids(counted), {"status": criterion.status})


def measure_objectives(criterion: Objectives, facts: FactsInView) -> Measure:
    """The objectives reached, out of the number asked for; dropped ones are out of the picture.

    Where every objective is asked for and none is set, the target is still 1. Were it 0, signing the
    agreement could complete a programme for good before its objectives were even discussed.
    """
    measures = []
    params = {"which": criterion.which, "every": criterion.count is None, "evidence": criterion.evidence}
    for pair in facts.pairs:
        standing = [
            objective
            for objective in pair.objectives
            if objective.status != "dropped" and (criterion.which == "all" or objective.required)
        ]
        reached = [
            objective
            for objective in standing
            if objective.status == "reached" and objective.evidence in criterion.evidence
        ]
        target = max(1, len(standing)) if criterion.count is None else criterion.count
        measures.append(Measure(len(reached), target, _ids(reached), params))
    return (
        _furthest(measures, criterion.count or 1)
        if measures
        else Measure(0, criterion.count or 1, (), params)
    )


def measure_tutor_validation(_criterion: TutorValidation, facts: FactsInView) -> Measure:
    """1 of 1 once the tutor has validated."""
    return Measure(int(facts.person.tutor_validated), 1)


EVALUATORS: Mapping[str, Evaluator] = {
    "agreement": measure_agreement,
    "sessions": measure_sessions,
    "minutes": measure_minutes,
    "objectives": measure_objectives,
    "tutor_validation": measure_tutor_validation,
}
