"""How far each participant is, judged again after every event that can change it.

The judging is pure (:mod:`lti_tool.mentoring.completion.evaluation`); here it is given the facts, and the result is
kept in :class:`~lti_tool.mentoring.completion.models.CompletionRecord`. Appends the events that follow from others:
that a participant passed a milestone, and that a programme is completed.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import table_of
from lti_tool.events import log
from lti_tool.events.base import Event, LoggedEvent
from lti_tool.events.replay import Projection, Projections
from lti_tool.mentoring.completion.evaluation import Judgement, judge
from lti_tool.mentoring.completion.events import CompletionReopened, ProgrammeCompleted, ProgressReached
from lti_tool.mentoring.completion.facts import PairFacts, PersonFacts
from lti_tool.mentoring.completion.facts_from_events import FactsFromEvents
from lti_tool.mentoring.completion.milestones import milestone_passed
from lti_tool.mentoring.completion.models import CompletionRecord
from lti_tool.mentoring.completion.queries import facts_of, rule_of
from lti_tool.mentoring.completion.rule import Completion, CompletionRule
from lti_tool.mentoring.enrolment.queries import ParticipantRecord, participants
from lti_tool.mentoring.pairs.queries import pairs
from lti_tool.mentoring.programmes.events import CohortStarted
from lti_tool.mentoring.programmes.queries import RuleRecord, every_rule, rule_in_force, scope_of


def concerned(db: Session, events: Sequence[LoggedEvent]) -> set[uuid.UUID]:
    """The participants whose completion the events can change: those they name, and both of each pair.

    That a milestone was passed follows from a judgement, and changes nothing that is judged.
    """
    scopes = [logged.scope for logged in events if not isinstance(logged.event, ProgressReached)]
    named = {scope.participant_id for scope in scopes}
    pair_ids = {scope.pair_id for scope in scopes if scope.pair_id is not None}
    found = pairs(db, pair_ids).values() if pair_ids else ()
    members = {member for pair in found for member in pair.members}
    return {participant_id for participant_id in named if participant_id is not None} | members


class Progress:
    """Keeps the completion records."""

    name = "progress"

    def handle(self, db: Session, events: Sequence[LoggedEvent], now: dt.datetime) -> None:
        """Latch what the events say, and judge everybody whom they concern."""
        for logged in events:
            _latch(db, logged)
        ids = concerned(db, events)
        if not ids:
            return
        found = participants(db, ids)
        facts = facts_of(db, list(found.values()))
        records = {
            record.participant_id: record
            for record in db.scalars(
                sa.select(CompletionRecord).where(CompletionRecord.participant_id.in_(found))
            )
        }
        rules = {cohort_id: rule_in_force(db, cohort_id) for cohort_id in _cohorts(found)}
        for participant_id in sorted(found):
            participant = found[participant_id]
            record = records.get(participant_id)
            _judge(db, participant, record, rules[participant.cohort_id], *facts[participant_id], now)

    def projection(self, db: Session, others: Projections) -> Projection:
        """The completion records as the log makes them."""
        return CompletionProjection(every_rule(db))


def _latch(db: Session, logged: LoggedEvent) -> None:
    """A completion is earned or reopened by the event that says so, and by nothing else."""
    if not isinstance(logged.event, ProgrammeCompleted | CompletionReopened):
        return
    record = db.get(CompletionRecord, logged.scope.participant_id)
    if record is None:
        return
    if isinstance(logged.event, CompletionReopened):
        record.completion = Completion.REOPENED
    else:
        record.completion = Completion.COMPLETED
        record.completed_at = record.completed_at or logged.at
    db.flush()


def _cohorts(people: Mapping[uuid.UUID, ParticipantRecord]) -> list[uuid.UUID]:
    return sorted({participant.cohort_id for participant in people.values()})


def _judge(
    db: Session,
    participant: ParticipantRecord,
    record: CompletionRecord | None,
    version: RuleRecord,
    facts: Sequence[PairFacts],
    person: PersonFacts,
    now: dt.datetime,
) -> None:
    if record is None and participant.invited:
        return
    previous = Completion(record.completion) if record is not None else Completion.OPEN
    judged = judge(rule_of(version), previous, facts, person)
    before, highest = (record.score, record.milestone) if record is not None else (0, 0)
    milestone = milestone_passed(before, judged.score, highest)
    values = {**_values(version.id, judged), "milestone": milestone or highest}
    if record is None:
        db.add(CompletionRecord(participant_id=participant.id, completed_at=None, **values))
    else:
        for name, value in values.items():
            setattr(record, name, value)
    db.flush()
    role = str(participant.role)
    event: Event | None = None
    if judged.just_completed:
        event = ProgrammeCompleted(role=role, score=judged.score)
    elif milestone is not None:
        event = ProgressReached(role=role, milestone=milestone, score=judged.score)
    if event is not None:
        log.append(db, event, scope_of(db, participant.cohort_id, participant_id=participant.id), at=now)


def _values(rule_version_id: uuid.UUID, judged: Judgement) -> dict[str, Any]:
    return {
        "rule_version_id": rule_version_id,
        "score": judged.score,
        "completion": str(judged.completion),
        "status": str(judged.state),
        "explanation": [result.as_json() for result in judged.explanation],
    }


_LATCHED: Final[Mapping[str, Any]] = {"completed_at": None, "milestone": 0}
"""What events alone set, and what it is before the first of them."""


class CompletionProjection(Projection):
    """The completion records, from the events alone."""

    name: ClassVar[str] = "completion"
    table: ClassVar[sa.Table] = table_of(CompletionRecord)

    def __init__(self, rules: Sequence[RuleRecord]) -> None:
        """``rules``: every version of every cohort's rule; versions are immutable, and events name them."""
        super().__init__()
        self.facts = FactsFromEvents()
        self._rules = {(rule.cohort_id, rule.number): rule for rule in rules}
        self._in_force: dict[uuid.UUID, RuleRecord] = {}

    def apply(self, logged: LoggedEvent) -> None:
        """Judge everybody whom the event concerns."""
        cohort_id = logged.scope.cohort_id
        if isinstance(logged.event, CohortStarted) and cohort_id is not None:
            self._in_force[cohort_id] = self._rules[cohort_id, logged.event.rule_number]
        self.facts.apply(logged)
        self._latch(logged)
        for participant_id in self.facts.concerned(logged):
            if self.facts.has_joined(participant_id):
                self._judge(participant_id)

    def rule_of(self, cohort_id: uuid.UUID) -> CompletionRule:
        """The rule in force in a cohort after the events applied so far."""
        return rule_of(self._in_force[cohort_id])

    def _latch(self, logged: LoggedEvent) -> None:
        row = self.rows.get((logged.scope.participant_id,))
        if row is None:
            return
        if isinstance(logged.event, CompletionReopened):
            row["completion"] = str(Completion.REOPENED)
        elif isinstance(logged.event, ProgrammeCompleted):
            row["completion"] = str(Completion.COMPLETED)
            row["completed_at"] = row["completed_at"] or logged.at
        elif isinstance(logged.event, ProgressReached):
            row["milestone"] = logged.event.milestone

    def _judge(self, participant_id: uuid.UUID) -> None:
        row = self.rows.get((participant_id,))
        version = self._in_force[self.facts.cohort_of(participant_id)]
        facts, person = self.facts.of(participant_id)
        previous = Completion(row["completion"]) if row is not None else Completion.OPEN
        values = _values(version.id, judge(rule_of(version), previous, facts, person))
        latched = {name: row[name] if row is not None else empty for name, empty in _LATCHED.items()}
        self.put({"participant_id": participant_id, **latched, **values})
