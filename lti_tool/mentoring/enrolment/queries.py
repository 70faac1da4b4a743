"""Reading enrolments."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from lti_tool.database import LOCK_ROW
from lti_tool.identity.models import Membership, Person, display_name
from lti_tool.mentoring.enrolment.models import FormerCohort, Participant, ParticipantStatus, PutAside
from lti_tool.mentoring.programmes.queries import courses_of_cohort
from lti_tool.mentoring.roles import Role


@dataclass(frozen=True)
class ParticipantRecord:
    """An enrolment, with the person's names as far as the platform shares them."""

    id: uuid.UUID
    cohort_id: uuid.UUID
    person_id: uuid.UUID
    role: Role
    status: str
    capacity: int
    joined_at: dt.datetime
    name: str | None = None
    given_name: str | None = None
    refused_at: dt.datetime | None = None
    """When they said that they do not take part, as far as whoever made the record asked."""
    refusal_reason: str | None = None
    taken_out_at: dt.datetime | None = None
    """When they were taken out of the programme, be it after they completed it; as far as it was asked."""
    taken_out_reason: str | None = None

    @property
    def invited(self) -> bool:
        """Whether they were enrolled by a tutor and have not said yet that they take part."""
        return self.status == ParticipantStatus.INVITED

    @property
    def refused(self) -> bool:
        """Whether they were invited, and have said that they do not take part."""
        return self.status == ParticipantStatus.REFUSED

    @property
    def withdrawn(self) -> bool:
        """Whether their invitation was taken back before they answered it."""
        return self.status == ParticipantStatus.WITHDRAWN

    @property
    def has_stopped(self) -> bool:
        """Whether they take no part: they refused their invitation, or were taken out before they completed."""
        return self.refused or self.taken_out

    @property
    def taken_out(self) -> bool:
        """Whether they were taken out of the programme before they completed it."""
        return self.status == ParticipantStatus.TAKEN_OUT


INVITED: Final = ParticipantStatus.INVITED
"""The status of somebody whom a tutor gave a role, and who has not said yet that they take part."""
NOT_TAKING_PART: Final = frozenset(
    {
        ParticipantStatus.INVITED,
        ParticipantStatus.REFUSED,
        ParticipantStatus.WITHDRAWN,
        ParticipantStatus.TAKEN_OUT,
    }
)
"""Statuses of people who have not said that they take part, or do not any more."""
COMPLETED: Final = ParticipantStatus.COMPLETED
"""The status of somebody who has completed the programme, unless it was reopened."""
REFUSED: Final = ParticipantStatus.REFUSED
"""The status of somebody who was invited, and has said that they do not take part."""

_IS_ENROLLED: Final = Participant.status != ParticipantStatus.WITHDRAWN
"""Of a participant: nobody has taken their invitation back."""

Row = TypeVar("Row")

_WITH_PERSON = sa.select(Participant, Person).join(Person, Person.id == Participant.person_id)


def participant_record(row: Participant, person: Person) -> ParticipantRecord:
    """The record of a row."""
    return ParticipantRecord(
        id=row.id,
        cohort_id=row.cohort_id,
        person_id=row.person_id,
        role=Role(row.role),
        status=row.status,
        capacity=row.capacity,
        joined_at=row.joined_at,
        name=display_name(person),
        given_name=person.given_name,
        refused_at=row.refused_at,
        refusal_reason=row.refusal_reason,
        taken_out_at=row.taken_out_at,
        taken_out_reason=row.taken_out_reason,
    )


def _one(db: Session, *where: sa.ColumnElement[bool]) -> ParticipantRecord | None:
    found = db.execute(_WITH_PERSON.where(*where).execution_options(populate_existing=True)).one_or_none()
    return None if found is None else participant_record(*found)


def participant(db: Session, participant_id: uuid.UUID) -> ParticipantRecord | None:
    """The enrolment of this id, as it is now."""
    return _one(db, Participant.id == participant_id)


def participant_of_person(
    db: Session, cohort_id: uuid.UUID, person_id: uuid.UUID
) -> ParticipantRecord | None:
    """A person's enrolment in a cohort; None before they have one."""
    return _one(db, Participant.cohort_id == cohort_id, Participant.person_id == person_id, _IS_ENROLLED)


def moved_from(db: Session, cohort_id: uuid.UUID, person_id: uuid.UUID) -> ParticipantRecord | None:
    """The enrolment of somebody whose pair moved from a cohort to another one, where it is now; None for others."""
    latest = (
        sa.select(FormerCohort.participant_id)
        .join(Participant, Participant.id == FormerCohort.participant_id)
        .where(*_moved_from(cohort_id, person_id))
        .order_by(FormerCohort.moved_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    return _one(db, Participant.id == latest)


def has_moved_from(
    cohort_id: uuid.UUID | sa.BindParameter[uuid.UUID], person_id: sa.ColumnElement[uuid.UUID] | Any
) -> sa.ColumnElement[bool]:
    """For another query: whether somebody's pair moved from a cohort to another one, and is there now."""
    found = sa.select(FormerCohort.participant_id).join(
        Participant, Participant.id == FormerCohort.participant_id
    )
    return found.where(*_moved_from(cohort_id, person_id)).exists()


def is_united_elsewhere() -> sa.ColumnElement[bool]:
    """For a query of participants: whether one is nobody's any more, united with another enrolment of the person."""
    other = aliased(Participant)
    return sa.and_(
        Participant.status == ParticipantStatus.WITHDRAWN,
        sa.exists().where(
            FormerCohort.cohort_id == Participant.cohort_id,
            FormerCohort.participant_id == other.id,
            other.person_id == Participant.person_id,
            other.id != Participant.id,
        ),
    )


def _moved_from(cohort_id: Any, person_id: Any) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        FormerCohort.cohort_id == cohort_id,
        Participant.person_id == person_id,
        Participant.cohort_id != cohort_id,
    )


def participants_of_people(
    db: Session, cohort_id: uuid.UUID, person_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, ParticipantRecord]:
    """The enrolments in a cohort of these people, as far as they have one, by person."""
    of_people = Participant.cohort_id == cohort_id, Participant.person_id.in_(person_ids), _IS_ENROLLED
    return {
        person.id: participant_record(row, person)
        for row, person in db.execute(_WITH_PERSON.where(*of_people))
    }


def enrolments_of_people(
    db: Session, cohort_id: uuid.UUID, person_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, ParticipantRecord]:
    """The same, also of those whose invitation was taken back: the rows that there are."""
    of_people = Participant.cohort_id == cohort_id, Participant.person_id.in_(person_ids)
    rows = db.execute(_WITH_PERSON.where(*of_people).execution_options(populate_existing=True))
    return {person.id: participant_record(row, person) for row, person in rows}


def participants(db: Session, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, ParticipantRecord]:
    """These enrolments, by id, as they are now."""
    rows = db.execute(_WITH_PERSON.where(Participant.id.in_(ids)).execution_options(populate_existing=True))
    return {row.id: participant_record(row, person) for row, person in rows}


def participants_of_cohort(db: Session, cohort_id: uuid.UUID) -> list[ParticipantRecord]:
    """Every enrolment in a cohort."""
    return [
        participant_record(*found)
        for found in db.execute(_WITH_PERSON.where(Participant.cohort_id == cohort_id))
    ]


def has_participants(db: Session, cohort_id: uuid.UUID) -> bool:
    """Whether anybody was ever enrolled in a cohort, be it by a tutor alone, and whatever became of them."""
    return db.scalar(sa.select(Participant.id).where(Participant.cohort_id == cohort_id).limit(1)) is not None


def people_in_cohorts(
    db: Session, cohort_ids: Collection[uuid.UUID], *, with_invited: bool = True
) -> dict[uuid.UUID, int]:
    """How many people of each of these cohorts take part, or are invited; a cohort with nobody is left out.

    ``with_invited``: false for those alone who have said that they take part.
    """
    gone = [ParticipantStatus.WITHDRAWN, ParticipantStatus.REFUSED, ParticipantStatus.TAKEN_OUT]
    gone += [] if with_invited else [ParticipantStatus.INVITED]
    counted = (
        sa.select(Participant.cohort_id, sa.func.count())
        .where(Participant.cohort_id.in_(cohort_ids), Participant.status.not_in(gone))
        .group_by(Participant.cohort_id)
    )
    return dict(db.execute(counted).all())


def _has_left(cohort_id: uuid.UUID) -> sa.ColumnElement[bool]:
    """Whether a participant of the cohort has left its courses: in one at least, and active in none.

    Somebody whom no roster ever listed has not left.
    """
    places = sa.exists().where(
        Membership.person_id == Participant.person_id, Membership.course_id.in_(courses_of_cohort(cohort_id))
    )
    return sa.and_(places, sa.not_(places.where(Membership.active)))


def who_left(
    db: Session, cohort_id: uuid.UUID, ids: Collection[uuid.UUID] | None = None
) -> frozenset[uuid.UUID]:
    """Those of a cohort's participants, or of these, who are no longer in any of its courses.

    Their pairs, meetings and grades stay as they are, and whoever comes back is simply there again.
    """
    gone = sa.select(Membership.person_id).where(
        Membership.course_id.in_(courses_of_cohort(cohort_id)), Membership.active.is_(False)
    )
    query = sa.select(Participant.id).where(
        Participant.cohort_id == cohort_id, Participant.person_id.in_(gone), _has_left(cohort_id)
    )
    if ids is not None:
        query = query.where(Participant.id.in_(ids))
    return frozenset(db.scalars(query))


def participants_and_who_left(
    db: Session, cohort_id: uuid.UUID, ids: Collection[uuid.UUID] | None = None
) -> dict[uuid.UUID, tuple[ParticipantRecord, bool]]:
    """The enrolments in a cohort, or these of them, by id, and whether each is one of :func:`who_left`."""
    rows = db.execute(participants_and_who_left_query(cohort_id, ids))
    return {row.id: (participant_record(row, person), bool(left)) for row, person, left in rows}


PARTICIPANT_ID: Final = Participant.id
"""The column by which another slice joins its table to :func:`participants_and_who_left_query`."""


def participants_and_who_left_query(
    cohort_id: uuid.UUID, ids: Collection[uuid.UUID] | None = None
) -> sa.Select[Any]:
    """The query of :func:`participants_and_who_left`: rows for :func:`participant_record`, and who left."""
    which = Participant.cohort_id == cohort_id if ids is None else Participant.id.in_(ids)
    query = _WITH_PERSON.add_columns(_has_left(cohort_id)).where(which)
    return query.execution_options(populate_existing=True)


def members_of_cohort(
    cohort_id: uuid.UUID | sa.BindParameter[uuid.UUID],
) -> sa.Select[*tuple[Any, ...]]:
    """A query for every enrolment in a cohort, to which others may join their own tables: see :func:`member_of`."""
    return (
        sa.select(
            Participant.id,
            Participant.cohort_id,
            Participant.person_id,
            Participant.role,
            Participant.status,
            Participant.capacity,
            Participant.joined_at,
            Person.name,
            Person.given_name,
            Person.family_name,
            Participant.refused_at,
            Participant.refusal_reason,
            Participant.taken_out_at,
            Participant.taken_out_reason,
        )
        .join(Person, Person.id == Participant.person_id)
        .where(Participant.cohort_id == cohort_id, _IS_ENROLLED)
    )


def is_put_aside(
    cohort_id: uuid.UUID | sa.BindParameter[uuid.UUID], person_id: sa.ColumnElement[uuid.UUID] | Any
) -> sa.ColumnElement[bool]:
    """For another query: whether a tutor of a cohort has noted that a person will take no part."""
    return sa.exists().where(PutAside.cohort_id == cohort_id, PutAside.person_id == person_id)


def is_in_cohort(
    cohort_id: uuid.UUID | sa.BindParameter[uuid.UUID], participant_id: sa.ColumnElement[uuid.UUID] | Any
) -> sa.ColumnElement[bool]:
    """For another query: whether a participant is one of a cohort's."""
    return (
        sa.select(Participant.id)
        .where(Participant.id == participant_id, Participant.cohort_id == cohort_id)
        .exists()
    )


def is_enrolled_in(
    cohort_id: uuid.UUID | sa.BindParameter[uuid.UUID], person_id: sa.ColumnElement[uuid.UUID] | Any
) -> sa.ColumnElement[bool]:
    """For another query: whether a person is enrolled in a cohort."""
    enrolled = aliased(Participant)
    return sa.exists().where(enrolled.cohort_id == cohort_id, enrolled.person_id == person_id)


def is_member_of(cohort_id: uuid.UUID | sa.BindParameter[uuid.UUID]) -> sa.ColumnElement[bool]:
    """For another query, beside :data:`MEMBER_ID`: that the participant is one of a cohort's."""
    return Participant.cohort_id == cohort_id


MEMBER_ID: Final = Participant.id
"""The column of :func:`members_of_cohort` by which other tables are joined."""


MEMBER_WIDTH: Final = 14
"""How many columns of a row of :func:`members_of_cohort` are for :func:`member_of`."""


def member_of(row: Sequence[Any]) -> tuple[ParticipantRecord, str | None]:
    """What the first columns of a row of :func:`members_of_cohort` say: the enrolment, and the person's family name.

    Values, since a cohort has many people.
    """
    participant_id, cohort_id, person_id, role, status, capacity, joined_at, *rest = row[:MEMBER_WIDTH]
    name, given, family, *decided = rest
    joined = name or " ".join(part for part in (given, family) if part) or None
    record = ParticipantRecord(
        participant_id,
        cohort_id,
        person_id,
        Role(role),
        status,
        capacity,
        joined_at,
        joined,
        given,
        *decided,
    )
    return record, family


def lock_participants(db: Session, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, ParticipantRecord]:
    """Make those who change what concerns these participants wait for each other; return them as they are.

    Rows are locked in the order of their ids, which prevents deadlocks; a row that was waited for is read as the one
    who had it left it.
    """
    rows = db.execute(
        _WITH_PERSON.where(Participant.id.in_(ids))
        .order_by(Participant.id)
        .with_for_update(of=Participant, **LOCK_ROW)
        .execution_options(populate_existing=True)
    )
    return {row.id: participant_record(row, person) for row, person in rows}


def with_participants_locked(
    query: sa.Select[Row], of: type[Any], columns: Collection[Any]
) -> sa.Select[Row]:
    """``query`` so that it locks the participants that ``columns`` name, in the order of their ids, and the row itself.

    ``of``: the mapped class of the row, which the query returns once for each participant. The row is locked with the
    first of them, so two who lock in this way never wait for each other.
    """
    return (
        query.join(Participant, Participant.id.in_(columns))
        .order_by(Participant.id)
        .with_for_update(of=[Participant, of], **LOCK_ROW)
    )
