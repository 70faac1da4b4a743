"""Reading who is known in a cohort and its courses, who is awaited, and files under way."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.identity.models import Membership, Person
from lti_tool.identity.principal import CourseRole
from lti_tool.mentoring.enrolment.details import Details, KnownDetails
from lti_tool.mentoring.enrolment.details_queries import details_of
from lti_tool.mentoring.enrolment.models import Participant, ParticipantStatus
from lti_tool.mentoring.enrolment.people.matching import KnownAwaited, KnownPerson
from lti_tool.mentoring.enrolment.people.models import AwaitedPerson, PeopleImport
from lti_tool.mentoring.programmes.queries import courses_of_cohort


@dataclass(frozen=True)
class ImportRecord:
    """A file of people that was given."""

    id: uuid.UUID
    cohort_id: uuid.UUID
    file_name: str
    content: dict[str, Any] | None
    rows: int
    job_id: int | None
    counts: dict[str, int]
    created_at: dt.datetime
    done_at: dt.datetime | None

    @property
    def is_done(self) -> bool:
        """Whether all its people were added."""
        return self.done_at is not None

    @property
    def rows_done(self) -> int:
        """How many of its rows were added so far, by whichever job."""
        return rows_of(self.counts)


KEEPS_ANSWERS: Final = "keeps_answers"
"""The count of those who have answered themselves what the file says otherwise."""


def rows_of(counts: Mapping[str, int]) -> int:
    """How many rows these counts of a file are about: each has one outcome, and may keep answers besides."""
    return sum(number for name, number in counts.items() if name != KEEPS_ANSWERS)


def people_import(db: Session, import_id: uuid.UUID) -> ImportRecord | None:
    """The file of this id; None where there is none any more."""
    row = db.scalar(
        sa.select(PeopleImport).where(PeopleImport.id == import_id).execution_options(populate_existing=True)
    )
    if row is None:
        return None
    return ImportRecord(
        row.id,
        row.cohort_id,
        row.file_name,
        row.content,
        row.rows,
        row.job_id,
        dict(row.counts),
        row.created_at,
        row.done_at,
    )


def latest_imports(db: Session, cohort_id: uuid.UUID, limit: int) -> list[ImportRecord]:
    """The latest files of a cohort, the newest first, without their contents."""
    columns = (
        PeopleImport.id,
        PeopleImport.cohort_id,
        PeopleImport.file_name,
        sa.null(),
        PeopleImport.rows,
        PeopleImport.job_id,
        PeopleImport.counts,
        PeopleImport.created_at,
        PeopleImport.done_at,
    )
    rows = db.execute(
        sa.select(*columns)
        .where(PeopleImport.cohort_id == cohort_id)
        .order_by(PeopleImport.created_at.desc(), PeopleImport.id)
        .limit(limit)
    )
    return [ImportRecord(*row) for row in rows]


def known_people(db: Session, cohort_id: uuid.UUID) -> list[KnownPerson]:
    """Whom the platform has named in the cohort's courses, and who is in the cohort; in five statements."""
    roles: dict[uuid.UUID, set[str]] = defaultdict(set)
    members = sa.select(Membership.person_id, Membership.role, Membership.active).where(
        Membership.course_id.in_(courses_of_cohort(cohort_id))
    )
    for person_id, role, active in db.execute(members):
        roles[person_id].add(role if active else "")
    participants = {
        row.person_id: row
        for row in db.execute(
            sa.select(Participant.id, Participant.person_id, Participant.role).where(
                Participant.cohort_id == cohort_id, Participant.status != ParticipantStatus.WITHDRAWN
            )
        )
    }
    details = details_of(db, sa.select(Participant.id).where(Participant.cohort_id == cohort_id))
    people = sa.select(Person.id, Person.subject, Person.user_name, Person.email).where(
        sa.or_(
            Person.id.in_(
                sa.select(Membership.person_id).where(Membership.course_id.in_(courses_of_cohort(cohort_id)))
            ),
            Person.id.in_(sa.select(Participant.person_id).where(Participant.cohort_id == cohort_id)),
        )
    )
    found = []
    for person_id, subject, user_name, email in db.execute(people):
        held, participant = roles.get(person_id, set()), participants.get(person_id)
        known = details.get(participant.id) if participant is not None else None
        known = known or KnownDetails()
        found.append(
            KnownPerson(
                person_id,
                subject,
                user_name,
                email.lower() if email else None,
                is_learner=CourseRole.LEARNER in held,
                is_tutor=bool(held & {CourseRole.TUTOR, CourseRole.SWITCHED}),
                participant_id=participant.id if participant is not None else None,
                role=participant.role if participant is not None else None,
                details=known.details,
                has_answered=known.answered_at is not None,
            )
        )
    return found


def awaited_people(db: Session, cohort_id: uuid.UUID, limit: int | None = None) -> list[KnownAwaited]:
    """Who is awaited in a cohort, the earliest first; at most ``limit`` of them."""
    rows = db.scalars(
        sa.select(AwaitedPerson)
        .where(AwaitedPerson.cohort_id == cohort_id)
        .order_by(AwaitedPerson.created_at, AwaitedPerson.id)
        .limit(limit)
    )
    return [_awaited(row) for row in rows]


def count_awaited(db: Session, cohort_id: uuid.UUID) -> int:
    """How many are awaited in a cohort."""
    return db.scalar(sa.select(sa.func.count()).where(AwaitedPerson.cohort_id == cohort_id)) or 0


def count_of_awaited(cohort_id: uuid.UUID | sa.BindParameter[uuid.UUID]) -> sa.Select[int]:
    """The statement that counts who is awaited in a cohort and is in none of its courses."""
    return sa.select(sa.func.count()).where(*_are_elsewhere(cohort_id))


def awaited_elsewhere(db: Session, cohort_id: uuid.UUID, limit: int) -> list[KnownAwaited]:
    """Who is awaited in a cohort and is in none of its courses, the earliest first; at most ``limit`` of them."""
    rows = db.scalars(
        sa.select(AwaitedPerson)
        .where(*_are_elsewhere(cohort_id))
        .order_by(AwaitedPerson.created_at, AwaitedPerson.id)
        .limit(limit)
    )
    return [_awaited(row) for row in rows]


def _are_elsewhere(
    cohort_id: uuid.UUID | sa.BindParameter[uuid.UUID],
) -> tuple[sa.ColumnElement[bool], ...]:
    """Awaited in a cohort, and not among the members of its courses by any identifier."""

    def is_unknown(
        identifier: sa.orm.InstrumentedAttribute[str | None], of_members: sa.ColumnElement[Any]
    ) -> sa.ColumnElement[bool]:
        known = (
            sa.select(of_members)
            .join(Membership, Membership.person_id == Person.id)
            .where(Membership.course_id.in_(courses_of_cohort(cohort_id)), of_members.is_not(None))
        )
        return sa.or_(identifier.is_(None), identifier.not_in(known))

    return (
        AwaitedPerson.cohort_id == cohort_id,
        is_unknown(AwaitedPerson.user_id, sa.type_coerce(Person.subject, sa.String())),
        is_unknown(AwaitedPerson.user_name, sa.type_coerce(Person.user_name, sa.String())),
        is_unknown(AwaitedPerson.email, sa.func.lower(Person.email)),
    )


def awaited_as(
    db: Session, cohort_id: uuid.UUID, person_id: uuid.UUID
) -> list[tuple[AwaitedPerson, str, str | None, str | None]]:
    """Those who are awaited under any identifier of a person, and the person's identifiers; in one statement."""
    rows = db.execute(
        sa.select(AwaitedPerson, Person.subject, Person.user_name, sa.func.lower(Person.email))
        .join(Person, is_awaited_as())
        .where(Person.id == person_id, AwaitedPerson.cohort_id == cohort_id)
    )
    return [(row, subject, user_name, email) for row, subject, user_name, email in rows]


def is_awaited_as() -> sa.ColumnElement[bool]:
    """For a query of both: whether a person has an identifier under which somebody is awaited."""
    return sa.or_(
        AwaitedPerson.user_id == Person.subject,
        AwaitedPerson.user_name == Person.user_name,
        AwaitedPerson.email == sa.func.lower(Person.email),
    )


def awaited_from(row: AwaitedPerson) -> KnownAwaited:
    """Somebody who is awaited, as a value."""
    return _awaited(row)


def _awaited(row: AwaitedPerson) -> KnownAwaited:
    return KnownAwaited(
        row.id,
        row.role,
        row.user_id,
        row.user_name,
        row.email,
        row.name,
        Details.from_json(row.details),
    )
