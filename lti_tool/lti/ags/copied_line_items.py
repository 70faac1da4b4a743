"""Line items that came with a copy of their course.

A line item that the tool made is known by the id of its activity (``resourceId``), and a copy has the id of its
original's: nothing but a copy brings it into another course. Canvas copies it as an assignment of its own
(``create_lti_13_models`` in instructure/canvas-lms, app/models/importers/assignment_importer.rb, 03520ab).
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.identity.models import Course
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.platforms.base import Platform
from lti_tool.lti.registration.models import Deployment


def originals(
    db: Session, resource_link_id: uuid.UUID, resource_ids: Collection[str], platform: Platform
) -> set[str]:
    """Those of these resource ids that are of an activity of which this one may be a copy.

    It is in another course of the same registration and organisation, with the same content and role; and where the one
    is its course's page itself, and no activity in it, so is the other.
    """
    ids = {found for text in resource_ids if (found := _as_id(text)) is not None}
    if not ids:
        return set()
    own = db.execute(_links().where(ResourceLink.id == resource_link_id)).one()
    others = db.execute(
        _links().where(
            ResourceLink.id.in_(ids),
            Deployment.registration_id == own.registration_id,
            Deployment.organisation_id == own.organisation_id,
            Course.id != own.course_id,
        )
    )
    return {
        str(other.id)
        for other in others
        if (other.content_id, other.only_role) == (own.content_id, own.only_role)
        and _is_course(other, platform) == _is_course(own, platform)
    }


def of_other_activities(db: Session, resource_link_id: uuid.UUID) -> set[str]:
    """The addresses of the line items that the other activities of the same course have."""
    course_id = sa.select(ResourceLink.course_id).where(ResourceLink.id == resource_link_id).scalar_subquery()
    rows = db.execute(
        sa.select(
            ResourceLink.line_item_url, ResourceLink.line_item_address, ResourceLink.own_line_item_url
        ).where(ResourceLink.course_id == course_id, ResourceLink.id != resource_link_id)
    )
    return {url for row in rows for url in row if url is not None}


def _links() -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            ResourceLink.id,
            ResourceLink.resource_link_id,
            ResourceLink.content_id,
            ResourceLink.only_role,
            Course.id.label("course_id"),
            Course.context_id,
            Deployment.registration_id,
            Deployment.organisation_id,
        )
        .join(Course, Course.id == ResourceLink.course_id)
        .join(Deployment, Deployment.id == Course.deployment_id)
    )


def _is_course(row: sa.Row[Any], platform: Platform) -> bool:
    return platform.is_course_itself(row.context_id, row.resource_link_id)


def _as_id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
