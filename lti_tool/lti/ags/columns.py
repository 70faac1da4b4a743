"""Where grades go: the line items of activities, and who may have a grade there."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.identity.models import Course, CourseRole, Membership, Person
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.platforms import platform_of
from lti_tool.lti.platforms.base import Platform
from lti_tool.lti.registration.models import Deployment, Registration

SCORE_SCOPE: Final = "https://purl.imsglobal.org/spec/lti-ags/scope/score"


@dataclass(frozen=True, slots=True)
class GradeColumn:
    """Where one person's scores for one link go."""

    url: str
    registration_id: uuid.UUID
    platform: Platform
    person_id: uuid.UUID
    subject: str

    @property
    def key(self) -> tuple[str, uuid.UUID]:
        """The primary key of its :class:`ScoreTrail`."""
        return self.url, self.person_id


def grade_columns(
    db: Session, wanted: Collection[tuple[uuid.UUID, uuid.UUID]]
) -> dict[tuple[uuid.UUID, uuid.UUID], GradeColumn]:
    """Where scores may be sent, by link and person; those who have no grade there are left out."""
    if not wanted:
        return {}
    rows = db.execute(
        sa.select(
            ResourceLink.id,
            ResourceLink.line_item_url,
            ResourceLink.scopes,
            Registration.id.label("registration_id"),
            Registration.issuer,
            Registration.platform_family,
            Person.id.label("person_id"),
            Person.subject,
        )
        .join(Course, Course.id == ResourceLink.course_id)
        .join(Deployment, Deployment.id == Course.deployment_id)
        .join(Registration, Registration.id == Deployment.registration_id)
        .join(Membership, Membership.course_id == Course.id)
        .join(
            Person,
            sa.and_(Person.id == Membership.person_id, Person.registration_id == Registration.id),
        )
        .where(
            ResourceLink.id.in_({link_id for link_id, _ in wanted}),
            Person.id.in_({person_id for _, person_id in wanted}),
            # Gradebooks have no place for a tutor: Moodle answers 400 to such a score.
            Membership.role == CourseRole.LEARNER,
        )
        # A launch may be writing the line item at this moment: whoever comes second sees what the first has written.
        # Several at once are locked in the order of their ids, as by others who lock several.
        .order_by(ResourceLink.id)
        .with_for_update(read=True, of=ResourceLink)
    )
    return {
        (row.id, row.person_id): GradeColumn(
            row.line_item_url,
            row.registration_id,
            platform_of(row.issuer, row.platform_family),
            row.person_id,
            row.subject,
        )
        for row in rows
        if row.line_item_url and SCORE_SCOPE in row.scopes
    }


def graded_people(
    db: Session, resource_link_id: uuid.UUID, person_ids: Collection[uuid.UUID]
) -> set[uuid.UUID]:
    """Those of these people who can have a grade in the line item of a link now."""
    wanted = [(resource_link_id, person_id) for person_id in person_ids]
    return {person_id for _, person_id in grade_columns(db, wanted)}
