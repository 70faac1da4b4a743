"""How far everybody of a cohort is by the rule in force, criterion by criterion, with the events that made it so.

Everybody is evaluated anew from what the tables hold; nothing is taken from what was judged before.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.composition.cohort_facts import Judged, judged_people
from lti_tool.events.models import EventRow
from lti_tool.mentoring.completion.evaluation import evaluate
from lti_tool.mentoring.completion.queries import rule_of
from lti_tool.mentoring.completion.rule import CriterionResult, Evaluation
from lti_tool.mentoring.programmes.queries import RuleRecord, rule_of_cohort

_FACTS = ("session_id", "objective_id", "reflection_id", "feedback_id")
"""What events call the facts that criteria count."""


@dataclass(frozen=True, slots=True)
class UsedEvent:
    """An event of the log."""

    id: uuid.UUID
    kind: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class ExplainedPerson:
    """How far one person is, and why."""

    who: Judged
    evaluation: Evaluation


@dataclass(frozen=True)
class Explained:
    """A cohort's rule in force, and everybody who is judged by it."""

    rule: RuleRecord
    people: Sequence[ExplainedPerson]
    events: Mapping[uuid.UUID, Sequence[UsedEvent]]
    """By what they are about: a meeting, an objective, a reflection, feedback; a pair, which was signed; a participant,
    who was approved."""

    def events_of(self, person: ExplainedPerson, result: CriterionResult) -> Iterator[UsedEvent]:
        """The events of the facts that a criterion counted, in the order of the facts."""
        facts = [person.who.participant_id] if result.type == "tutor_validation" else result.facts_used
        for fact in facts if result.value else ():
            yield from self.events.get(fact, ())


def explained(db: Session, cohort_id: uuid.UUID) -> Explained:
    """Evaluate everybody of a cohort, in the order of their ids. Four statements, however many they are.

    Raises :class:`sqlalchemy.exc.NoResultFound`.
    """
    record = rule_of_cohort(db, cohort_id)
    rule = rule_of(record)
    people = [
        ExplainedPerson(
            each,
            evaluate(rule, str(each.role), each.to_judge.pairs, each.to_judge.person),
        )
        for each in judged_people(db, cohort_id, with_ids=True)
    ]
    return Explained(record, people, _events(db, cohort_id))


def _events(db: Session, cohort_id: uuid.UUID) -> dict[uuid.UUID, list[UsedEvent]]:
    found: dict[uuid.UUID, list[UsedEvent]] = {}
    rows = db.execute(
        sa.select(
            EventRow.id,
            EventRow.kind,
            EventRow.at,
            EventRow.pair_id,
            EventRow.participant_id,
            EventRow.details,
        )
        .where(EventRow.cohort_id == cohort_id)
        .order_by(EventRow.sequence)
    )
    for row in rows:
        about = [uuid.UUID(row.details[name]) for name in _FACTS if row.details.get(name)]
        if row.kind == "AgreementSigned":
            about.append(row.pair_id)
        if row.kind == "TutorValidated":
            about.append(row.participant_id)
        for fact in about:
            found.setdefault(fact, []).append(UsedEvent(row.id, row.kind, row.at))
    return found
