"""Reading who looks after a cohort, and who teaches in a programme."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from lti_tool.identity.models import Membership, Person
from lti_tool.identity.principal import CourseRole
from lti_tool.mentoring.programmes.models import Cohort, Placement, ProgrammeOwner
from lti_tool.mentoring.programmes.queries import TEACHES, teaches


@dataclass(frozen=True)
class TutorRecord:
    """Whoever looks after a cohort, as far as the platform shares their names."""

    person_id: uuid.UUID
    name: str
    given_name: str | None
    email: str | None = None
    """Where the platform shares it."""
    has_colleagues: bool = False
    """Whether others teach the cohort too, and so read what its tutors read."""

    @property
    def called(self) -> str:
        """The name for the middle of a sentence."""
        return self.given_name or self.name


def tutor_of_cohort(db: Session, cohort_id: uuid.UUID) -> TutorRecord | None:
    """Who looks after a cohort: of its present tutors the owner of its programme, else whoever launched last.

    Whoever is not enrolled (:func:`is_not_enrolled`) is named only where there is nobody else. None before any tutor
    has come, and where the platform shares no name of one.
    """
    found = db.execute(_tutor_of(cohort_id)).first()
    return None if found is None else tutor_from(found)


def _tutor_of(
    cohort_id: uuid.UUID,
) -> sa.Select[uuid.UUID, str | None, str | None, str | None, str | None, bool]:
    owns = (
        sa.exists()
        .where(ProgrammeOwner.person_id == Person.id, ProgrammeOwner.programme_id == Cohort.programme_id)
        .correlate(Person, Cohort)
    )
    colleague = aliased(Membership)
    place = aliased(Placement)
    has_colleagues = (
        sa.exists()
        .where(
            place.cohort_id == cohort_id,
            place.course_id == colleague.course_id,
            colleague.person_id != Person.id,
            *teaches(colleague),
        )
        .correlate(Person)
    )
    return (
        sa.select(
            Person.id,
            Person.name,
            Person.given_name,
            Person.family_name,
            Person.email,
            has_colleagues.label("has_colleagues"),
        )
        .join(Membership, Membership.person_id == Person.id)
        .join(Placement, Placement.course_id == Membership.course_id)
        .join(Cohort, Cohort.id == Placement.cohort_id)
        .where(
            Cohort.id == cohort_id,
            *TEACHES,
            sa.or_(Person.name.is_not(None), Person.given_name.is_not(None), Person.family_name.is_not(None)),
        )
        .order_by(
            sa.case((owns, 0), (is_not_enrolled(), 2), else_=1), Membership.launched_at.desc(), Person.id
        )
        .limit(1)
    )


def is_not_enrolled() -> sa.ColumnElement[bool]:
    """For a query of memberships: whether the roster of the course, once it was read, has never listed a tutor.

    Moodle launches its administrators as teachers of every course, and lists in a course's roster those alone who are
    enrolled in it: who looks in from outside may do what a teacher may, and is nobody's tutor. Nor is a new teacher
    until the next reading, within the hour, where there is another.
    """
    listed = aliased(Membership)
    was_read = sa.exists().where(listed.course_id == Membership.course_id, listed.listed_at.is_not(None))
    return sa.and_(
        Membership.role == CourseRole.TUTOR, Membership.listed_at.is_(None), was_read.correlate(Membership)
    )


def with_tutor(query: sa.Select[Any], cohort_id: uuid.UUID) -> sa.Select[Any]:
    """``query`` with the columns that :func:`tutor_from` takes behind its own."""
    tutor = _tutor_of(cohort_id).subquery("tutor")
    return query.add_columns(*tutor.c).outerjoin(tutor, sa.true())


def tutor_from(columns: Sequence[Any]) -> TutorRecord | None:
    """Who these columns say looks after a cohort; None where they say nobody."""
    person_id, name, given_name, family_name, email, has_colleagues = columns
    if person_id is None:
        return None
    joined = " ".join(part for part in (given_name, family_name) if part)
    return TutorRecord(person_id, name or joined, given_name, email, bool(has_colleagues))


def tutor_ids(db: Session, programme_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """The people who teach a course with an activity of one of a programme's cohorts."""
    return db.scalars(
        sa.select(Membership.person_id)
        .join(Placement, Placement.course_id == Membership.course_id)
        .join(Cohort, Cohort.id == Placement.cohort_id)
        .where(
            Cohort.programme_id == programme_id,
            *TEACHES,
        )
        .distinct()
    ).all()
