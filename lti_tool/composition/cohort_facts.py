"""Everybody of a cohort who is judged, with what they are judged on: six statements, however many they are.

It is what :mod:`lti_tool.subscribers.concerned_queries` reads for a few people, read for all of a cohort at once and
with as little work for each row as there is: whoever tries a rule waits for it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from lti_tool.compiled_statement import CompiledStatement, once_for_each_dialect
from lti_tool.database import connection_of, table_of
from lti_tool.identity.models import Person, display_name
from lti_tool.mentoring.completion.facts import (
    AgreementFact,
    ObjectiveFact,
    PairFacts,
    PersonFacts,
    SessionFact,
)
from lti_tool.mentoring.completion.models import CompletionRecord, TutorValidation
from lti_tool.mentoring.completion.preview import PersonToJudge
from lti_tool.mentoring.completion.rule import Completion
from lti_tool.mentoring.enrolment.models import Participant, ParticipantStatus
from lti_tool.mentoring.feedback.models import Feedback, FeedbackKind
from lti_tool.mentoring.objectives.models import Objective
from lti_tool.mentoring.pairs.models import Pair, PairStatus
from lti_tool.mentoring.pairs.queries import pairs_of_people_in
from lti_tool.mentoring.reflections.models import Reflection
from lti_tool.mentoring.roles import Role
from lti_tool.mentoring.sessions.models import MentoringSession

NO_ID: Final = uuid.UUID(int=0)
"""The id of every fact where nobody asks which facts count."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A participant who is judged: everybody who has said that they take part."""

    participant_id: uuid.UUID
    person_id: uuid.UUID
    name: str | None
    given_name: str | None
    role: Role
    in_pair: bool
    """Whether they are in a pair that both accepted, be it closed since; in none that was ended early."""
    to_judge: PersonToJudge


@dataclass(slots=True)
class _Pair:
    """A pair as its rows are put together. The keys of its people are as the driver gives them."""

    mentor: Any
    mentee: Any
    is_formed: bool
    id: uuid.UUID
    agreement: AgreementFact
    sessions: list[SessionFact] = field(default_factory=list)
    objectives: list[ObjectiveFact] = field(default_factory=list)
    reflections: list[tuple[Any, uuid.UUID]] = field(default_factory=list)
    """The author of each, and its id."""
    feedback: list[tuple[Any, uuid.UUID]] = field(default_factory=list)
    facts: PairFacts | None = None

    def made(self) -> PairFacts:
        """What counts for both."""
        if self.facts is None:
            self.facts = PairFacts(self.id, self.agreement, tuple(self.sessions), tuple(self.objectives))
        return self.facts


def judged_people(db: Session, cohort_id: uuid.UUID, *, with_ids: bool = False) -> list[Judged]:
    """Everybody of a cohort who is judged, in the order of their ids.

    ``with_ids``: for whoever says which meetings and objectives count; otherwise these have no ids of their own.
    """
    connection = connection_of(db)
    people, pairs, *of_pairs = _statements(connection)
    of_cohort = {"of_cohort": cohort_id}
    found = {
        row.pair: _Pair(
            row.mentor,
            row.mentee,
            row.status not in (PairStatus.PROPOSED, PairStatus.ENDED),
            _id(row.pair),
            AgreementFact(bool(row.mentor_signed), bool(row.mentee_signed)),
        )
        for row in pairs.each(connection, of_cohort)
    }
    for add, statement in zip(_ADD, of_pairs, strict=True):
        add(found, statement.each(connection, of_cohort), with_ids)
    pairs_of: dict[Any, list[_Pair]] = {}
    for pair in found.values():
        pairs_of.setdefault(pair.mentor, []).append(pair)
        pairs_of.setdefault(pair.mentee, []).append(pair)
    return [_judged(row, pairs_of.get(row.participant, ())) for row in people.each(connection, of_cohort)]


def _id(raw: Any) -> uuid.UUID:
    """An id as a value: SQLite's driver gives text."""
    return raw if isinstance(raw, uuid.UUID) else uuid.UUID(hex=raw)


def _add_sessions(found: dict[Any, _Pair], rows: Iterable[Any], with_ids: bool) -> None:
    known: dict[Any, SessionFact] = {}
    for row in rows:
        # Without ids the same fact stands for all that are alike: nothing else about them is looked at.
        key = row[1:] if with_ids else row[2:]
        fact = known.get(key)
        if fact is None:
            identifier = _id(row.fact) if with_ids else NO_ID
            fact = known[key] = SessionFact(identifier, row.status, row.minutes, row.format, row.held_on)
        found[row.pair].sessions.append(fact)


def _add_objectives(found: dict[Any, _Pair], rows: Iterable[Any], with_ids: bool) -> None:
    known: dict[Any, ObjectiveFact] = {}
    for row in rows:
        key = row[1:] if with_ids else row[2:]
        fact = known.get(key)
        if fact is None:
            fact = known[key] = ObjectiveFact(
                _id(row.fact) if with_ids else NO_ID,
                row.direction,
                row.status,
                bool(row.required),
                row.evidence,
                bool(row.agreed),
            )
        found[row.pair].objectives.append(fact)


def _add_reflections(found: dict[Any, _Pair], rows: Iterable[Any], with_ids: bool) -> None:
    for row in rows:
        found[row.pair].reflections.append((row.author, _id(row.fact) if with_ids else NO_ID))


def _add_feedback(found: dict[Any, _Pair], rows: Iterable[Any], with_ids: bool) -> None:
    for row in rows:
        found[row.pair].feedback.append((row.author, _id(row.fact) if with_ids else NO_ID))


_ADD: Final = (_add_sessions, _add_objectives, _add_reflections, _add_feedback)


def _judged(row: Any, pairs: Sequence[_Pair]) -> Judged:
    role, me = Role(row.role), row.participant
    participant_id = _id(me)
    facts = PersonFacts(
        role=str(role),
        tutor_validated=row.approved is not None,
        withdrawn=row.status in (ParticipantStatus.WITHDRAWN, ParticipantStatus.TAKEN_OUT),
        reflections=tuple(found for pair in pairs for author, found in pair.reflections if author == me),
        feedback_given=tuple(found for pair in pairs for author, found in pair.feedback if author == me),
        feedback_received=tuple(found for pair in pairs for author, found in pair.feedback if author != me),
    )
    counted = [pair.made() for pair in pairs if me == (pair.mentor if role is Role.MENTOR else pair.mentee)]
    return Judged(
        participant_id,
        _id(row.person),
        display_name(row),
        row.given_name,
        role,
        any(pair.is_formed for pair in pairs),
        PersonToJudge(participant_id, Completion(row.completion or Completion.OPEN), facts, counted),
    )


def _raw(column: sa.ColumnElement[Any], name: str) -> sa.Label[str]:
    """An id as the driver gives it: it is compared alone."""
    return sa.type_coerce(column, sa.String).label(name)


def _flag(condition: sa.ColumnElement[Any], name: str) -> sa.Label[int]:
    return sa.type_coerce(condition, sa.Integer).label(name)


@once_for_each_dialect
def _statements(dialect: Dialect) -> list[CompiledStatement]:
    """The people, the pairs, and what these did: sessions, objectives, reflections, feedback about meetings."""
    of_cohort = sa.bindparam("of_cohort", type_=sa.Uuid())
    participant, person, pair = table_of(Participant), table_of(Person), table_of(Pair)
    record, approval = table_of(CompletionRecord), table_of(TutorValidation)
    session, objective = table_of(MentoringSession), table_of(Objective)
    reflection, feedback = table_of(Reflection), table_of(Feedback)
    people = (
        sa.select(
            _raw(participant.c.id, "participant"),
            _raw(participant.c.person_id, "person"),
            participant.c.role,
            participant.c.status,
            person.c.name,
            person.c.given_name,
            person.c.family_name,
            record.c.completion,
            _raw(approval.c.participant_id, "approved"),
        )
        .join(person, person.c.id == participant.c.person_id)
        .outerjoin(record, record.c.participant_id == participant.c.id)
        .outerjoin(approval, approval.c.participant_id == participant.c.id)
        .where(
            participant.c.cohort_id == of_cohort,
            # As the subscriber has it: whoever was invited alone, or has refused, is not judged.
            sa.or_(
                record.c.participant_id.is_not(None),
                participant.c.status.not_in(
                    sa.literal_column(f"'{status}'")
                    for status in (
                        ParticipantStatus.INVITED,
                        ParticipantStatus.REFUSED,
                        ParticipantStatus.WITHDRAWN,
                        ParticipantStatus.TAKEN_OUT,
                    )
                ),
            ),
        )
        .order_by(participant.c.id)
    )
    # Somebody whose pair moved here may have been in another one, which is over and stays where it was.
    theirs = pair.c.id.in_(pairs_of_people_in(of_cohort))
    pairs = sa.select(
        _raw(pair.c.id, "pair"),
        _raw(pair.c.mentor_id, "mentor"),
        _raw(pair.c.mentee_id, "mentee"),
        pair.c.status,
        _flag(pair.c.mentor_signed_at.is_not(None), "mentor_signed"),
        _flag(pair.c.mentee_signed_at.is_not(None), "mentee_signed"),
    ).where(theirs)

    def of_pairs(table: sa.Table, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
        return (
            sa.select(_raw(table.c.pair_id, "pair"), _raw(table.c.id, "fact"), *columns)
            .join(pair, pair.c.id == table.c.pair_id)
            .where(theirs)
            .order_by(table.c.id)
        )

    return [
        CompiledStatement(statement, dialect)
        for statement in (
            people,
            pairs,
            of_pairs(session, session.c.status, session.c.minutes, session.c.format, session.c.held_on),
            of_pairs(
                objective,
                objective.c.direction,
                objective.c.status,
                _flag(objective.c.required, "required"),
                objective.c.evidence,
                _flag(objective.c.agreed_at.is_not(None), "agreed"),
            ),
            of_pairs(reflection, _raw(reflection.c.author_id, "author")),
            of_pairs(feedback, _raw(feedback.c.author_id, "author")).where(
                feedback.c.kind == sa.literal_column(f"'{FeedbackKind.MEETING}'")
            ),
        )
    ]
