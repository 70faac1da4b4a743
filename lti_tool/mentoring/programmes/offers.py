"""What a tutor can choose for a new activity, and what their course already has."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.identity.models import Course, Membership
from lti_tool.mentoring.programmes.models import (
    ActivityChoice,
    Cohort,
    CompletionRuleVersion,
    Placement,
    Programme,
    ProgrammeSettings,
    RoleView,
)
from lti_tool.mentoring.programmes.queries import teaching_memberships
from lti_tool.mentoring.programmes.right_models import ProgrammeShare


@dataclass(frozen=True)
class OwnProgramme:
    """A programme that a tutor teaches, or that was shared with them: a new group can follow it."""

    id: uuid.UUID
    settings: dict[str, Any]
    """In the shape of :mod:`schemas.programme_template`."""
    rule: dict[str, Any]
    """The completion rule of its newest group that the tutor teaches, which a new one takes over."""
    course_title: str | None
    """Of the course of that group."""
    starts_on: dt.date
    """Of that group."""
    is_taught: bool = True
    """Whether the tutor teaches that group; else an owner shared the programme with them."""


@dataclass(frozen=True)
class CourseActivity:
    """An activity of a course that a tutor has opened."""

    resource_link_id: uuid.UUID
    cohort_id: uuid.UUID
    role_view: RoleView
    title: dict[str, str]
    """The programme's title by language."""
    starts_on: dt.date


def _usable(organisation_id: uuid.UUID, person_id: uuid.UUID) -> sa.Select[Any]:
    """A query for the cohorts whose programme a person can use, those that they teach first, the newest first.

    They are of the organisation, and of programmes that have an activity in a course that the person teaches, or that
    an owner shared with the teachers of such a course or with all of the organisation.
    """
    shared = (
        sa.exists()
        .where(
            ProgrammeShare.programme_id == Programme.id,
            sa.or_(
                ProgrammeShare.course_id.in_(_courses_taught(person_id)),
                sa.and_(ProgrammeShare.course_id.is_(None), _courses_taught(person_id).exists()),
            ),
        )
        .correlate(Programme)
    )
    return (
        sa.select(Cohort)
        .join(Programme, Programme.id == Cohort.programme_id)
        .join(Placement, Placement.cohort_id == Cohort.id)
        .where(Programme.organisation_id == organisation_id, sa.or_(_is_taught(person_id), shared))
        .order_by(
            sa.case((_is_taught(person_id), 0), else_=1),
            Cohort.created_at.desc(),
            Cohort.id,
            Placement.created_at,
            Placement.id,
        )
    )


def _courses_taught(person_id: uuid.UUID) -> sa.Select[uuid.UUID]:
    return sa.select(Membership.course_id).where(*teaching_memberships(person_id))


def _is_taught(person_id: uuid.UUID) -> sa.ColumnElement[bool]:
    """Whether a person teaches the course of a placement."""
    return Placement.course_id.in_(_courses_taught(person_id))


def latest_cohort_usable(
    db: Session, programme_id: uuid.UUID, organisation_id: uuid.UUID, person_id: uuid.UUID
) -> uuid.UUID | None:
    """The newest cohort of a programme that a person teaches, or else of one that an owner shared with them.

    None where the programme is not theirs to use.
    """
    query = _usable(organisation_id, person_id).where(Cohort.programme_id == programme_id)
    return db.scalars(query.with_only_columns(Cohort.id).limit(1)).first()


def usable_programmes(db: Session, organisation_id: uuid.UUID, person_id: uuid.UUID) -> list[OwnProgramme]:
    """The programmes of an organisation that a person teaches, that of the newest group first; then shared ones."""
    latest = (
        sa.select(sa.func.max(CompletionRuleVersion.number))
        .where(CompletionRuleVersion.cohort_id == Cohort.id)
        .correlate(Cohort)
        .scalar_subquery()
    )
    rows = db.execute(
        _usable(organisation_id, person_id)
        .join(ProgrammeSettings, ProgrammeSettings.id == Cohort.settings_id)
        .join(Course, Course.id == Placement.course_id)
        .join(
            CompletionRuleVersion,
            sa.and_(CompletionRuleVersion.cohort_id == Cohort.id, CompletionRuleVersion.number == latest),
        )
        .with_only_columns(
            Cohort.programme_id,
            ProgrammeSettings.settings,
            CompletionRuleVersion.rule,
            Course.title,
            Cohort.starts_on,
            _is_taught(person_id),
        )
    )
    found: dict[uuid.UUID, OwnProgramme] = {}
    for row in rows:
        found.setdefault(row.programme_id, OwnProgramme(*row))
    return list(found.values())


def activities_of_course(
    db: Session, course_id: uuid.UUID, organisation_id: uuid.UUID
) -> list[CourseActivity]:
    """The activities of a course that a tutor has opened, the oldest first."""
    rows = db.execute(
        sa.select(
            Placement.resource_link_id,
            Placement.cohort_id,
            Placement.role_view,
            ProgrammeSettings.settings,
            Cohort.starts_on,
        )
        .join(Cohort, Cohort.id == Placement.cohort_id)
        .join(Programme, Programme.id == Cohort.programme_id)
        .join(ProgrammeSettings, ProgrammeSettings.id == Cohort.settings_id)
        .where(Placement.course_id == course_id, Programme.organisation_id == organisation_id)
        .order_by(Placement.created_at, Placement.id)
    )
    return [
        CourseActivity(link_id, cohort_id, RoleView(role_view), settings["title"], starts_on)
        for link_id, cohort_id, role_view, settings, starts_on in rows
    ]


def is_without_grade(db: Session, content_id: uuid.UUID | None) -> bool:
    """Whether a tutor wanted no column in the gradebook for an activity; it holds for its copies too."""
    if content_id is None:
        return False
    graded = db.scalar(sa.select(ActivityChoice.graded).where(ActivityChoice.content_id == content_id))
    return graded is False
