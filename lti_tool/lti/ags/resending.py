"""Sending grades again because a tutor or an operator asks for it, or because people came back."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import table_of
from lti_tool.identity.principal import Principal
from lti_tool.lti.ags.grade_queries import NEEDS_SOMEBODY
from lti_tool.lti.ags.models import ScoreTrail
from lti_tool.lti.ags.read_results_job import request_results
from lti_tool.lti.launch.models import ResourceLink

_column: Final = table_of(ScoreTrail).c


def request_resending(
    db: Session,
    links: Collection[uuid.UUID] | sa.Select[uuid.UUID],
    requested_by: Principal,
    *,
    person_id: uuid.UUID | None = None,
) -> list[int]:
    """Have the results of activities read, and what is missing sent again, of one person or of everybody.

    Deletions are counted anew, and what was refused is tried once more, however lately that was. A grade that somebody
    entered is kept all the same. Returns the ids of the jobs.
    """
    rows = db.execute(
        sa.select(ResourceLink.id, ResourceLink.line_item_url)
        .where(ResourceLink.id.in_(links), ResourceLink.line_item_url.is_not(None))
        .order_by(ResourceLink.id)
    ).all()
    mine: list[sa.ColumnElement[bool]] = [_column.line_item_url.in_({row.line_item_url for row in rows})]
    if person_id is not None:
        mine.append(_column.person_id == person_id)
    _begin_anew(db, mine)
    asked = (request_results(db, row.id, requested_by, person_id=person_id) for row in rows)
    return [job_id for job_id in asked if job_id is not None]


def check_returned(
    db: Session, course_id: uuid.UUID, person_ids: Collection[uuid.UUID], requested_by: Principal
) -> None:
    """Have the grades of people read who had left a course and are back in it: a platform may have deleted them.

    Leaving explains one deletion more, and any refusal meanwhile.
    """
    links = db.execute(
        sa.select(ResourceLink.id, ResourceLink.line_item_url)
        .where(ResourceLink.course_id == course_id, ResourceLink.line_item_url.is_not(None))
        .order_by(ResourceLink.id)
    ).all()
    urls = {link.line_item_url for link in links}
    _begin_anew(db, [_column.line_item_url.in_(urls), _column.person_id.in_(person_ids)])
    for link in links:
        request_results(db, link.id, requested_by)


def _begin_anew(db: Session, which: Sequence[sa.ColumnElement[bool]]) -> None:
    """Count deletions from zero, and let the next reading send again what was refused, however lately."""
    # In the order of their keys, as whoever else locks several of them does.
    locked = sa.select(_column.line_item_url, _column.person_id).where(
        *which,
        sa.or_(_column.deletions > 0, _column.grade_status.in_(NEEDS_SOMEBODY)),
    )
    keys = db.execute(locked.order_by(*locked.selected_columns).with_for_update()).all()
    if keys:
        db.execute(
            sa.update(table_of(ScoreTrail))
            .where(
                _column.line_item_url == sa.bindparam("of_url"),
                _column.person_id == sa.bindparam("of_person"),
            )
            .values(deletions=0, refused_at=None),
            [{"of_url": url, "of_person": person} for url, person in keys],
        )
