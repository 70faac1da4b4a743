"""How far each participant is, judged again in the transaction of every fact that can change it.

The judging is pure (:mod:`lti_tool.mentoring.rules`); this module reads the rows into values, keeps the result
in :class:`CompletionRecord`, and records the one fact that follows from others: that a programme is completed.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.mentoring import events, rules
from lti_tool.mentoring import rule_types as values
from lti_tool.mentoring.models import (
    Cohort,
    CompletionRecord,
    CompletionRuleVersion,
    MentoringSession,
    Objective,
    Pair,
    Participant,
    ParticipantState,
    Role,
)
from lti_tool.mentoring.rule_types import Completion
from lti_tool.mentoring.standing import ParticipantFacts, Standing, standing


@dataclass(frozen=True)
class ProgressChange:
    """A participant whose standing or score is no longer what it was."""

    participant_id: uuid.UUID
    person_id: uuid.UUID
    course_id: uuid.UUID
    standing: Standing
    score: int
    """0 to 100."""
    report: str
    """``final_only`` or ``live``: how much of it the LMS is told."""
    reported: bool
    """Whether people of this role have a grade at all."""


def participants_of(db: Session, facts: Collection[events.Fact]) -> set[uuid.UUID]:
    """The participants whose progress the facts can change: those named, and both of each pair."""
    found = {fact.participant_id for fact in facts if fact.participant_id is not None}
    found |= {
        fact.about_id for fact in facts if isinstance(fact, events.TutorValidated | events.CompletionReopened)
    }
    pairs = {fact.pair_id for fact in facts if fact.pair_id is not None}
    if pairs:
        for mentor_id, mentee_id in db.execute(
            sa.select(Pair.mentor_id, Pair.mentee_id).where(Pair.id.in_(pairs))
        ):
            found |= {mentor_id, mentee_id}
    return found


def refresh(db: Session, participant_ids: Collection[uuid.UUID], now: dt.datetime) -> list[ProgressChange]:
    """Judge these participants again; return those whose standing or score changed, in a stable order.

    Records a :class:`events.ProgrammeCompleted` for each who has just completed.
    """
    db.flush()
    found = db.scalars(sa.select(Participant).where(Participant.id.in_(participant_ids)))
    changes = (_refresh_one(db, participant, now) for participant in sorted(found, key=lambda p: p.id))
    return [change for change in changes if change is not None]


def current(db: Session, course_id: uuid.UUID) -> list[ProgressChange]:
    """Where every participant of a course stands, for a grade column that was just connected."""
    rows = db.execute(
        sa.select(Participant, CompletionRecord)
        .join(Cohort, Cohort.id == Participant.cohort_id)
        .join(CompletionRecord, CompletionRecord.participant_id == Participant.id)
        .where(Cohort.programme.has(course_id=course_id))
        .order_by(Participant.id)
    )
    return [_change(db, participant, record) for participant, record in rows]


def rule_of(db: Session, cohort_id: uuid.UUID) -> CompletionRuleVersion:
    """The version of the cohort's completion rule that is in force: the newest."""
    return db.scalars(
        sa.select(CompletionRuleVersion)
        .where(CompletionRuleVersion.cohort_id == cohort_id)
        .order_by(CompletionRuleVersion.number.desc())
        .limit(1)
    ).one()


_RULES: dict[uuid.UUID, values.CompletionRule] = {}
"""Rules by version id. Versions are immutable, so what is read once holds for good."""


def _refresh_one(db: Session, participant: Participant, now: dt.datetime) -> ProgressChange | None:
    version = rule_of(db, participant.cohort_id)
    rule = _rule(db, version.id)
    pairs = _pair_facts(db, participant)
    role = cast("values.Role", str(participant.role))
    person = values.PersonFacts(role=role, tutor_validated=participant.tutor_validated_at is not None)
    evaluation = rules.evaluate(rule, role, pairs, person)

    record = db.get(CompletionRecord, participant.id)
    is_new = record is None
    if record is None:
        record = CompletionRecord(
            participant_id=participant.id,
            rule_version_id=version.id,
            completion=Completion.OPEN,
            standing="",
            score=0,
        )
        db.add(record)
    latched = rules.latch(Completion(record.completion), evaluation)
    stands = standing(
        ParticipantFacts(withdrawn=participant.state == ParticipantState.WITHDRAWN, pairs=pairs),
        evaluation,
        latched.completion,
    )
    changed = is_new or (record.standing, record.score) != (stands, latched.score)
    record.rule_version_id = version.id
    record.score, record.standing, record.completion = latched.score, stands, latched.completion
    record.explanation = [result.as_json() for result in evaluation.explanation]
    if changed:
        record.changed_at = now
    if latched.just_completed:
        record.completed_at = record.completed_at or now
        participant.state = ParticipantState.COMPLETED
        events.record(
            db,
            events.ProgrammeCompleted(
                id=uuid.uuid4(),
                at=now,
                cohort_id=participant.cohort_id,
                participant_id=participant.id,
                role=role,
                score=latched.score,
            ),
        )
    return _change(db, participant, record) if changed else None


def _change(db: Session, participant: Participant, record: CompletionRecord) -> ProgressChange:
    reporting = _rule(db, record.rule_version_id).reporting
    return ProgressChange(
        participant_id=participant.id,
        person_id=participant.person_id,
        course_id=participant.cohort.programme.course_id,
        standing=Standing(record.standing),
        score=record.score,
        report=reporting.report,
        reported=reporting.covers(cast("values.Role", str(participant.role))),
    )


def _rule(db: Session, version_id: uuid.UUID) -> values.CompletionRule:
    """The rule of a version, read into values."""
    rule = _RULES.get(version_id)
    if rule is None:
        version = db.get_one(CompletionRuleVersion, version_id)
        rule = _RULES[version_id] = rules.read_rule(version.rule)
    return rule


def _pair_facts(db: Session, participant: Participant) -> list[values.PairFacts]:
    """Everything the participant's pairs have done. An ended pair's sessions still happened."""
    column = Pair.mentor_id if participant.role == Role.MENTOR else Pair.mentee_id
    pairs = db.scalars(sa.select(Pair).where(column == participant.id)).all()
    ids = [pair.id for pair in pairs]
    sessions: dict[uuid.UUID, list[values.SessionFact]] = defaultdict(list)
    for session in db.scalars(sa.select(MentoringSession).where(MentoringSession.pair_id.in_(ids))):
        sessions[session.pair_id].append(
            values.SessionFact(
                id=session.id,
                status=session.status,
                minutes=session.minutes,
                format=session.format,
                held_on=session.held_on,
            )
        )
    objectives: dict[uuid.UUID, list[values.ObjectiveFact]] = defaultdict(list)
    for objective in db.scalars(sa.select(Objective).where(Objective.pair_id.in_(ids))):
        objectives[objective.pair_id].append(
            values.ObjectiveFact(
                id=objective.id,
                direction=cast("values.Role", str(objective.direction)),
                status=objective.status,
                required=objective.required,
                evidence=cast("values.Evidence | None", objective.evidence),
            )
        )
    return [
        values.PairFacts(
            pair_id=pair.id,
            agreement=values.AgreementFact(
                signed_by_mentor=pair.mentor_signed_at is not None,
                signed_by_mentee=pair.mentee_signed_at is not None,
            ),
            sessions=tuple(sessions[pair.id]),
            objectives=tuple(objectives[pair.id]),
        )
        for pair in pairs
    ]
