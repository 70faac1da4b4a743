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


@dataclass(frozen=True)
class OwnProgramme:
    """A programme with an activity in a course that the tutor teaches: a new group can follow it."""

    id: uuid.UUID
    settings: dict[str, Any]
    """In the shape of :mod:`schemas.programme_template`."""
    rule: dict[str, Any]
    """The completion rule of its newest group that the tutor teaches, which a new one takes over."""
    course_title: str | None
    """Of the course of that group."""
    starts_on: dt.date
    """Of that group."""


@dataclass(frozen=True)
class CourseActivity:
    """An activity of a course that a tutor has opened."""

    resource_link_id: uuid.UUID
    cohort_id: uuid.UUID
    role_view: RoleView
    title: dict[str, str]
    """The programme's title by language."""
    starts_on: dt.date


def _taught(organisation_id: uuid.UUID, person_id: uuid.UUID) -> sa.Select[Any]:
    """A query for the cohorts of an organisation with an activity in a course that a person teaches, newest first."""
    return (
        sa.select(Cohort)
        .join(Programme, Programme.id == Cohort.programme_id)
        .join(Placement, Placement.cohort_id == Cohort.id)
        .join(Membership, Membership.course_id == Placement.course_id)
        .where(Programme.organisation_id == organisation_id, *teaching_memberships(person_id))
        .order_by(Cohort.created_at.desc(), Cohort.id, Placement.created_at, Placement.id)
    )


def latest_cohort_taught(
    db: Session, programme_id: uuid.UUID, organisation_id: uuid.UUID, person_id: uuid.UUID
) -> uuid.UUID | None:
    """The newest cohort of a programme that a person teaches; None where the programme is not theirs to use."""
    query = _taught(organisation_id, person_id).where(Cohort.programme_id == programme_id)
    return db.scalars(query.with_only_columns(Cohort.id).limit(1)).first()


def own_programmes(db: Session, organisation_id: uuid.UUID, person_id: uuid.UUID) -> list[OwnProgramme]:
    """The programmes of an organisation that a person teaches, that of the newest group first."""
    latest = (
        sa.select(sa.func.max(CompletionRuleVersion.number))
        .where(CompletionRuleVersion.cohort_id == Cohort.id)
        .correlate(Cohort)
        .scalar_subquery()
    )
    rows = db.execute(
        _taught(organisation_id, person_id)
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
