"""Reading what the tutor's pages show of a cohort. Nothing here changes anything."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.identity.models import CourseRole, Membership, Person
from lti_tool.mentoring.overview.cohort_reading import read_cohort as overview_of
from lti_tool.mentoring.overview.ended import ended_pairs_of
from lti_tool.mentoring.programmes.queries import courses_of_cohort
from lti_tool.mentoring.sessions.queries import sessions_of_pairs

__all__ = [
    "Meeting",
    "addresses_of",
    "ended_pairs_of",
    "learner_in_cohorts_courses",
    "meetings_of",
    "overview_of",
]


@dataclass(frozen=True)
class Meeting:
    """A meeting as the small drawing of a pair shows it."""

    held_on: dt.date
    minutes: int
    format: str
    status: str
    logged_by: uuid.UUID
    """A participant."""
    mode: str | None = None


def meetings_of(db: Session, pair_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Meeting]]:
    """The meetings of these pairs that were not removed, the first one first."""
    found: dict[uuid.UUID, list[Meeting]] = {pair_id: [] for pair_id in pair_ids}
    for row in reversed(sessions_of_pairs(db, pair_ids)):
        if row.status not in ("withdrawn", "cancelled"):
            found[row.pair_id].append(
                Meeting(
                    row.held_on,
                    row.minutes,
                    row.format,
                    row.status,
                    row.logged_by,
                    row.mode,
                )
            )
    return found


def addresses_of(db: Session, person_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The e-mail addresses that the platform gave of these people; without those of whom it gave none."""
    rows = db.execute(sa.select(Person.id, Person.email).where(Person.id.in_(person_ids), Person.email != ""))
    return {person_id: email for person_id, email in rows if email is not None}


def learner_in_cohorts_courses(db: Session, cohort_id: uuid.UUID, person_id: uuid.UUID) -> uuid.UUID | None:
    """A person's id, if they are an active learner of a course with an activity of the cohort; else None."""
    return db.scalar(
        sa.select(Membership.person_id)
        .where(
            Membership.course_id.in_(courses_of_cohort(cohort_id)),
            Membership.person_id == person_id,
            Membership.role == CourseRole.LEARNER,
            Membership.active,
        )
        .limit(1)
    )
