"""Cohorts that wait for their first activity: whose they are to open, and what is known of them meanwhile.

A full-scale group is made without an activity. Until a teacher chooses it for one, an owner of its programme prepares
it: settings, dates, and people by a list. It is started once there is a course in which people can open it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from lti_tool.identity.models import Membership
from lti_tool.mentoring.programmes.in_use import is_in_use
from lti_tool.mentoring.programmes.models import (
    Cohort,
    Placement,
    Programme,
    ProgrammeOwner,
    ProgrammeSettings,
)
from lti_tool.mentoring.programmes.offers import is_shared_with
from lti_tool.mentoring.programmes.queries import Group, teaching_memberships


@dataclass(frozen=True)
class UnplacedCohort:
    """A cohort that no activity opens."""

    id: uuid.UUID
    programme_id: uuid.UUID
    organisation_id: uuid.UUID


def unplaced_cohort(db: Session, cohort_id: uuid.UUID) -> UnplacedCohort | None:
    """The cohort of this id, where no activity opens it and it was not taken back; else None."""
    row = db.execute(
        sa.select(Cohort.id, Cohort.programme_id, Programme.organisation_id)
        .join(Programme, Programme.id == Cohort.programme_id)
        .where(Cohort.id == cohort_id, ~_is_placed(), is_in_use())
    ).one_or_none()
    return None if row is None else UnplacedCohort(*row)


def waiting_groups(db: Session, organisation_id: uuid.UUID, person_id: uuid.UUID) -> list[Group]:
    """The cohorts without an activity that a person may choose for one, the newest first."""
    rows = db.execute(
        sa.select(Cohort, ProgrammeSettings.settings)
        .join(Programme, Programme.id == Cohort.programme_id)
        .join(ProgrammeSettings, ProgrammeSettings.id == Cohort.settings_id)
        .where(Programme.organisation_id == organisation_id, *_may_place(organisation_id, person_id))
        .order_by(Cohort.created_at.desc(), Cohort.id)
    )
    return [
        Group(row.id, settings["title"], None, None, row.starts_on, row.programme_id)
        for row, settings in rows
    ]


def may_place(db: Session, cohort_id: uuid.UUID, organisation_id: uuid.UUID, person_id: uuid.UUID) -> bool:
    """Whether a cohort has no activity, and a person may choose it for one."""
    found = sa.select(Cohort.id).where(Cohort.id == cohort_id, *_may_place(organisation_id, person_id))
    return db.scalar(found) is not None


def has_activity(db: Session, cohort_id: uuid.UUID) -> bool:
    """Whether an activity opens a cohort."""
    return db.scalar(sa.select(Placement.id).where(Placement.cohort_id == cohort_id).limit(1)) is not None


def was_taken_back(db: Session, cohort_id: uuid.UUID) -> bool:
    """Whether a cohort was taken back before any activity opened it."""
    return db.scalar(sa.select(Cohort.id).where(Cohort.id == cohort_id, ~is_in_use())) is not None


def _is_placed() -> sa.Exists:
    return sa.exists().where(Placement.cohort_id == Cohort.id)


def _may_place(organisation_id: uuid.UUID, person_id: uuid.UUID) -> tuple[sa.ColumnElement[bool], ...]:
    """Conditions on a cohort: it waits for its first activity, and the person teaches, owns or may use its programme.

    An owner who teaches no course shares the programme with the teachers of the course that is to have the group.
    """
    another = aliased(Cohort)
    taught = (
        sa.select(another.programme_id)
        .join(Placement, Placement.cohort_id == another.id)
        .join(Membership, Membership.course_id == Placement.course_id)
        .where(*teaching_memberships(person_id))
    )
    owned = sa.select(ProgrammeOwner.programme_id).where(ProgrammeOwner.person_id == person_id)
    return (
        ~_is_placed(),
        is_in_use(),
        sa.or_(
            Cohort.programme_id.in_(taught),
            Cohort.programme_id.in_(owned),
            is_shared_with(organisation_id, person_id),
        ),
    )
