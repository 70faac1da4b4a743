"""What a tutor can choose for a new activity, and what their course already has."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any, Final

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
    """A programme that the tutor teaches, or that an owner has shared with them: a new group can follow it."""

    id: uuid.UUID
    settings: dict[str, Any]
    """In the shape of :mod:`schemas.programme_template`."""
    rule: dict[str, Any]
    """The completion rule of its newest group that the tutor teaches, which a new one takes over; else of any group."""
    course_title: str | None
    """Of the course of that group."""
    starts_on: dt.date
    """Of that group."""
    is_shared: bool
    """They teach none of its groups: an owner has shared it."""


@dataclass(frozen=True)
class CourseActivity:
    """An activity of a course that a tutor has opened."""

    resource_link_id: uuid.UUID
    cohort_id: uuid.UUID
    role_view: RoleView
    title: dict[str, str]
    """The programme's title by language."""
    starts_on: dt.date


_DEPLOYMENT: Final = sa.table(
    "deployment", sa.column("id", sa.Uuid()), sa.column("organisation_id", sa.Uuid())
)
"""Which company a course belongs to: the only thing that is asked here of a table of the LTI side."""


def _teaches(person_id: uuid.UUID, *where: sa.ColumnElement[bool]) -> sa.Exists:
    """Whether a person teaches a course for which ``where`` holds."""
    return sa.exists().where(*teaching_memberships(person_id), *where)


def is_shared_with(organisation_id: uuid.UUID, person_id: uuid.UUID) -> sa.Exists:
    """Whether the cohort's programme is shared with a teacher: of that course, or of any course of the organisation."""
    anywhere = _teaches(
        person_id,
        Membership.course_id == Course.id,
        Course.deployment_id == _DEPLOYMENT.c.id,
        _DEPLOYMENT.c.organisation_id == organisation_id,
    )
    return sa.exists().where(
        ProgrammeShare.programme_id == Cohort.programme_id,
        sa.or_(
            _teaches(person_id, Membership.course_id == ProgrammeShare.course_id),
            sa.and_(ProgrammeShare.course_id.is_(None), anywhere),
        ),
    )


def _to_follow(organisation_id: uuid.UUID, person_id: uuid.UUID, *columns: Any) -> sa.Select[Any]:
    """A query for the cohorts of an organisation that a new one of a person's may follow.

    Those with an activity in a course that they teach come first, then those of programmes that are shared with them;
    of each the newest first. Behind ``columns`` is whether they teach none of it.
    """
    taught = _teaches(person_id, Membership.course_id == Placement.course_id)
    is_shared = sa.not_(taught).label("is_shared")
    return (
        sa.select(*columns, is_shared)
        .select_from(Cohort)
        .join(Programme, Programme.id == Cohort.programme_id)
        .join(Placement, Placement.cohort_id == Cohort.id)
        .where(
            Programme.organisation_id == organisation_id,
            sa.or_(taught, is_shared_with(organisation_id, person_id)),
        )
        .order_by(is_shared, Cohort.created_at.desc(), Cohort.id, Placement.created_at, Placement.id)
    )


def latest_cohort_to_follow(
    db: Session, programme_id: uuid.UUID, organisation_id: uuid.UUID, person_id: uuid.UUID
) -> uuid.UUID | None:
    """The newest cohort of a programme that a person teaches, or else of one that is shared with them.

    None where the programme is not theirs to use.
    """
    query = _to_follow(organisation_id, person_id, Cohort.id).where(Cohort.programme_id == programme_id)
    return db.scalars(query.limit(1)).first()


def own_programmes(db: Session, organisation_id: uuid.UUID, person_id: uuid.UUID) -> list[OwnProgramme]:
    """The programmes of an organisation that a person teaches, that of the newest group first; then shared ones."""
    latest = (
        sa.select(sa.func.max(CompletionRuleVersion.number))
        .where(CompletionRuleVersion.cohort_id == Cohort.id)
        .correlate(Cohort)
        .scalar_subquery()
    )
    rows = db.execute(
        _to_follow(
            organisation_id,
            person_id,
            Cohort.programme_id,
            ProgrammeSettings.settings,
            CompletionRuleVersion.rule,
            Course.title,
            Cohort.starts_on,
        )
        .join(ProgrammeSettings, ProgrammeSettings.id == Cohort.settings_id)
        .join(Course, Course.id == Placement.course_id)
        .join(
            CompletionRuleVersion,
            sa.and_(CompletionRuleVersion.cohort_id == Cohort.id, CompletionRuleVersion.number == latest),
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
