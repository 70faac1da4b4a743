"""Duplicates of a group's activities in their own courses that wait for a tutor to say which group they open."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session, aliased

from lti_tool.compiled_statement import CompiledStatement, once_for_each_dialect
from lti_tool.database import connection_of
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.mentoring.programmes.models import Placement


def waiting_copies(db: Session, cohort_id: uuid.UUID) -> Sequence[str | None]:
    """The titles of those that somebody has opened, the oldest first; None for one without a title.

    A duplicate carries the content id of its original. Of two activities that were added together, one for each role,
    the other has that too: it is a duplicate of the one for its own role alone.
    """
    connection = connection_of(db)
    return [row.title for row in _statement(connection).all(connection, {"cohort_id": cohort_id})]


@once_for_each_dialect
def _statement(dialect: Dialect) -> CompiledStatement:
    own = aliased(Placement)
    is_for_its_role = sa.or_(ResourceLink.only_role.is_(None), ResourceLink.only_role == Placement.role_view)
    query = (
        sa.select(ResourceLink.title)
        .join(Placement, Placement.content_id == ResourceLink.content_id)
        .outerjoin(own, own.resource_link_id == ResourceLink.id)
        .where(
            Placement.cohort_id == sa.bindparam("cohort_id", type_=sa.Uuid()),
            Placement.course_id == ResourceLink.course_id,
            own.id.is_(None),
            is_for_its_role,
        )
        .group_by(ResourceLink.id, ResourceLink.title, ResourceLink.created_at)
        .order_by(ResourceLink.created_at, ResourceLink.id)
    )
    return CompiledStatement(query, dialect)
