"""How far each participant is, judged again after every event that can change it.

The judging is pure (:mod:`lti_tool.mentoring.completion.evaluation`); here it is given the facts, and the result is
kept in :class:`~lti_tool.mentoring.completion.models.CompletionRecord`. Appends the events that follow from others:
that a participant passed a milestone, and that a programme is completed.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from lti_tool.compiled_statement import CompiledInsert, once_for_each_dialect
from lti_tool.database import connection_of, table_of, upsert_in
from lti_tool.events import log
from lti_tool.events.base import Event, LoggedEvent
from lti_tool.events.replay import Projection, Projections
from lti_tool.mentoring.completion.evaluation import Judgement, judge
from lti_tool.mentoring.completion.events import CompletionReopened, ProgrammeCompleted, ProgressReached
from lti_tool.mentoring.completion.facts_from_events import FactsFromEvents
from lti_tool.mentoring.completion.latched import Latched, united
from lti_tool.mentoring.completion.milestones import milestone_passed
from lti_tool.mentoring.completion.models import CompletionRecord
from lti_tool.mentoring.completion.queries import rule_of
from lti_tool.mentoring.completion.rule import Completion, CompletionRule
from lti_tool.mentoring.enrolment.events import EnrolmentsUnited
from lti_tool.mentoring.enrolment.models import ParticipantStatus
from lti_tool.mentoring.programmes.events import CohortStarted, RuleApplied
from lti_tool.mentoring.programmes.queries import RuleRecord, every_rule, scope_of
from lti_tool.subscribers.concerned import concerned
from lti_tool.subscribers.concerned_values import ConcernedParticipant, ProgressValues


class Progress:
    """Keeps the completion records."""

    name = "progress"

    def handle(self, db: Session, events: Sequence[LoggedEvent], now: dt.datetime) -> None:
        """Latch what the events say, and judge everybody whom they concern.

        That a milestone was passed follows from a judgement, and changes nothing that is judged.
        """
        if all(isinstance(logged.event, ProgressReached) for logged in events):
            return
        found, united_with = concerned(db, events), _united_records(db, events)
        events_of: dict[uuid.UUID | None, list[LoggedEvent]] = {}
        for logged in events:
            events_of.setdefault(logged.scope.participant_id, []).append(logged)
        rows: list[dict[str, Any]] = []
        reached: list[tuple[ConcernedParticipant, Event]] = []
        for participant in found.people.values():
            stored = participant.progress
            before = _with_former(stored, united_with.get(participant.id))
            participant.progress = before
            if before is None and participant.status in (
                ParticipantStatus.INVITED,
                ParticipantStatus.REFUSED,
                ParticipantStatus.WITHDRAWN,
                ParticipantStatus.TAKEN_OUT,
            ):
                continue
            completion, completed_at = _latched(participant, events_of.get(participant.id, ()))
            theirs = found.pairs_by_person[participant.id]
            pairs = [pair.facts for pair in theirs if pair.counts_for(participant)]
            rule = participant.cohort.rule
            judged = judge(rule_of(rule), completion, pairs, participant.facts(theirs))
            reached_before = before.milestone if before else 0
            milestone = milestone_passed(before.score if before else 0, judged.score, reached_before)
            values = {
                **_values(rule.id, judged),
                "completed_at": completed_at,
                "milestone": milestone or reached_before,
            }
            participant.progress = ProgressValues(
                **{**values, "explanation": json.dumps(values["explanation"])}
            )
            if stored != participant.progress:
                rows.append({"participant_id": participant.id, **values})
            role = str(participant.role)
            if judged.just_completed:
                reached.append((participant, ProgrammeCompleted(role=role, score=judged.score)))
            elif milestone is not None:
                passed = ProgressReached(role=role, milestone=milestone, score=judged.score)
                reached.append((participant, passed))
        if rows:
            connection = connection_of(db)
            _upsert(connection).execute(connection, rows)
        if reached:
            caused = [
                (event, scope_of(db, participant.cohort.id, participant_id=participant.id))
                for participant, event in reached
            ]
            log.append_all(db, caused, at=now)

    def projection(self, db: Session, others: Projections) -> Projection:
        """The completion records as the log makes them."""
        return CompletionProjection(every_rule(db))


def _united_records(db: Session, events: Sequence[LoggedEvent]) -> dict[uuid.UUID, ProgressValues]:
    """The records of the participants with whom others were united, which go; by the participant who goes on."""
    found: dict[uuid.UUID, ProgressValues] = {}
    for logged in events:
        if not isinstance(logged.event, EnrolmentsUnited) or logged.scope.participant_id is None:
            continue
        record = db.get(CompletionRecord, logged.event.former_id, populate_existing=True)
        if record is not None:
            found[logged.scope.participant_id] = ProgressValues(
                score=record.score,
                status=record.status,
                completion=record.completion,
                completed_at=record.completed_at,
                explanation=json.dumps(record.explanation),
                rule_version_id=record.rule_version_id,
                milestone=record.milestone,
            )
            db.delete(record)
            db.flush()
    return found


def _with_former(own: ProgressValues | None, former: ProgressValues | None) -> ProgressValues | None:
    """How far somebody is, with what is latched of the enrolment that was united with theirs."""
    if own is None or former is None:
        return own or former
    one, other = (
        Latched(Completion(each.completion), each.completed_at, each.milestone) for each in (own, former)
    )
    return replace(own, **vars(united(one, other)))


def _latched(
    participant: ConcernedParticipant, events: Sequence[LoggedEvent]
) -> tuple[Completion, dt.datetime | None]:
    """A participant's completion and since when: earned or reopened by the event that says so, and by nothing else.

    ``events``: those about the participant.
    """
    before = participant.progress
    if before is None:
        return Completion.OPEN, None
    completion, completed_at = Completion(before.completion), before.completed_at
    for logged in events:
        if isinstance(logged.event, CompletionReopened):
            completion = Completion.REOPENED
        elif isinstance(logged.event, ProgrammeCompleted):
            completion, completed_at = Completion.COMPLETED, completed_at or logged.at
    return completion, completed_at


@once_for_each_dialect
def _upsert(dialect: Dialect) -> CompiledInsert:
    table = table_of(CompletionRecord)
    return CompiledInsert(upsert_in(dialect.name, table), dialect, table.c.keys())


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
        if isinstance(logged.event, RuleApplied) and cohort_id is not None:
            self._in_force[cohort_id] = self._rules[cohort_id, logged.event.number]
        self.facts.apply(logged)
        self._latch(logged)
        if isinstance(logged.event, EnrolmentsUnited):
            self._unite(logged.event.former_id, logged.scope.participant_id)
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

    def _unite(self, former_id: uuid.UUID, participant_id: uuid.UUID | None) -> None:
        former, own = self.rows.pop((former_id,), None), self.rows.get((participant_id,))
        if former is None:
            return
        if own is None:
            self.put({**former, "participant_id": participant_id})
            return
        one, other = (
            Latched(Completion(row["completion"]), row["completed_at"], row["milestone"])
            for row in (own, former)
        )
        held = united(one, other)
        own.update(vars(held) | {"completion": str(held.completion)})

    def _judge(self, participant_id: uuid.UUID) -> None:
        row = self.rows.get((participant_id,))
        version = self._in_force[self.facts.cohort_of(participant_id)]
        facts, person = self.facts.of(participant_id)
        previous = Completion(row["completion"]) if row is not None else Completion.OPEN
        values = _values(version.id, judge(rule_of(version), previous, facts, person))
        latched = {name: row[name] if row is not None else empty for name, empty in _LATCHED.items()}
        self.put({"participant_id": participant_id, **latched, **values})
