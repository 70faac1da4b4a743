"""Where a cohort comes from that began because an activity was copied."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from lti_tool.identity.models import Course
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.mentoring.programmes.models import Cohort, Placement


@dataclass(frozen=True)
class CopiedActivity:
    """The first activity of the cohort of which another one is a copy, by the names that the platform gave."""

    activity: str | None
    course: str | None


def copied_activity(db: Session, cohort_id: uuid.UUID) -> CopiedActivity | None:
    """The activity whose copy began a cohort; None where that is no copy, or no activity opens the original."""
    copy = aliased(Cohort)
    row = db.execute(
        sa.select(ResourceLink.title, Course.title)
        .select_from(copy)
        .join(Placement, Placement.cohort_id == copy.copied_from_id)
        .join(ResourceLink, ResourceLink.id == Placement.resource_link_id)
        .join(Course, Course.id == Placement.course_id)
        .where(copy.id == cohort_id)
        .order_by(Placement.created_at, Placement.id)
        .limit(1)
    ).one_or_none()
    return CopiedActivity(*row) if row is not None else None
