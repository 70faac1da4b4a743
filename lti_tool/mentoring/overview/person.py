"""What a tutor sees of one person, and an observer of those whom they observe. Never what a pair wrote."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.identity.models import Membership, Person, display_name
from lti_tool.mentoring.completion.queries import ProgressRecord, progress, progress_and_approval_of
from lti_tool.mentoring.enrolment.queries import (
    ParticipantRecord,
    participant_of_person,
    participants_of_people,
    who_left,
)
from lti_tool.mentoring.journey.queries import card, partners_of, progress_from
from lti_tool.mentoring.journey.views import PersonCard, Progress
from lti_tool.mentoring.pairs.queries import open_pairs_of
from lti_tool.mentoring.programmes.queries import courses_of_cohort
from lti_tool.mentoring.sessions.queries import sessions_of_pairs


@dataclass(frozen=True)
class MeetingLine:
    """A meeting, without anything that the two wrote."""

    held_on: dt.date
    minutes: int
    format: str
    status: str


@dataclass(frozen=True)
class PairOfPerson:
    """One of a person's pairs that go on."""

    id: uuid.UUID
    partner: PersonCard
    signed: bool
    """Whether both have signed the agreement."""
    meetings: tuple[MeetingLine, ...]
    """The latest first; without those that were removed."""


@dataclass(frozen=True)
class PersonView:
    """One participant."""

    card: PersonCard
    person_id: uuid.UUID
    progress: Progress
    pairs: tuple[PairOfPerson, ...]


def person_of_subject(db: Session, registration_id: uuid.UUID, subject: str) -> Person | None:
    """Whom a registration's platform calls so."""
    return db.scalar(
        sa.select(Person).where(Person.registration_id == registration_id, Person.subject == subject)
    )


def view_of_person(db: Session, cohort_id: uuid.UUID, person_id: uuid.UUID) -> PersonView | None:
    """A person in a cohort, as their tutor sees them; None for somebody who takes no part in it."""
    found = participant_of_person(db, cohort_id, person_id)
    if found is None:
        return None
    pairs = open_pairs_of(db, found.id)
    partners = partners_of(db, found, pairs)
    meetings = sessions_of_pairs(db, [pair.id for pair in pairs])
    return PersonView(
        card=dataclasses.replace(card(found), has_left=found.id in who_left(db, cohort_id, [found.id])),
        person_id=person_id,
        progress=progress_from(progress(db, found.id)),
        pairs=tuple(
            PairOfPerson(
                pair.id,
                partners[pair.partner_of(found.id)],
                pair.active,
                tuple(
                    MeetingLine(row.held_on, row.minutes, row.format, row.status)
                    for row in meetings
                    if row.pair_id == pair.id and row.status not in ("withdrawn", "cancelled")
                ),
            )
            for pair in pairs
        ),
    )


@dataclass(frozen=True)
class ObservedLine:
    """Somebody whom an observer observes."""

    name: str | None
    card: PersonCard | None
    """None for somebody who takes no part yet."""
    progress: Progress


def observed_people(
    db: Session, cohort_id: uuid.UUID, registration_id: uuid.UUID, subjects: Collection[str]
) -> list[ObservedLine]:
    """Those of these people of a platform who are in the cohort's courses, by name, and how far each is."""
    if not subjects:
        return []
    in_course = sa.exists().where(
        Membership.person_id == Person.id,
        Membership.course_id.in_(courses_of_cohort(cohort_id)),
        Membership.active,
    )
    people = db.scalars(
        sa.select(Person).where(
            Person.registration_id == registration_id, Person.subject.in_(subjects), in_course
        )
    ).all()
    enrolled = participants_of_people(db, cohort_id, [person.id for person in people])
    records = progress_and_approval_of(db, [participant.id for participant in enrolled.values()])
    lines = [_observed(person, enrolled.get(person.id), records) for person in people]
    return sorted(lines, key=lambda line: (line.name or "\uffff").casefold())


def _observed(
    person: Person,
    participant: ParticipantRecord | None,
    records: Mapping[uuid.UUID, tuple[ProgressRecord | None, bool]],
) -> ObservedLine:
    if participant is None:
        return ObservedLine(display_name(person), None, progress_from(None))
    record, _is_approved = records.get(participant.id, (None, False))
    return ObservedLine(display_name(person), card(participant), progress_from(record))
