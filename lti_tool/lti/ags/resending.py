"""Sending grades again because a tutor or an operator asks for it, or because people came back."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import table_of, utcnow
from lti_tool.identity.models import Course
from lti_tool.identity.principal import TOOL, Principal
from lti_tool.lti.ags import missing_line_items
from lti_tool.lti.ags.addresses import registration_of_link
from lti_tool.lti.ags.grade_queries import NEEDS_SOMEBODY
from lti_tool.lti.ags.models import ScoreTrail
from lti_tool.lti.ags.read_results_job import request_results
from lti_tool.lti.ags.scores import part
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.registration.models import Deployment
from lti_tool.messaging import pauses
from lti_tool.messaging.models import DeliveryKind

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
    # As whoever sends scores locks them: line items in the order of their addresses, then grades, then pauses.
    ends = [
        (_end_rest(db, row.id, row.line_item_url), row.line_item_url)
        for row in sorted(rows, key=lambda row: (row.line_item_url, row.id))
    ]
    _begin_anew(db, mine)
    for registration_id, url in ends:
        _end_pause(db, registration_id, url)
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


def revive(db: Session, resource_link_id: uuid.UUID, requested_by: Principal) -> None:
    """Somebody has launched an activity whose line item rests: its course is there, and so may its line item be.

    Everybody's grades are read, and what was refused is tried once more. Where it is still missing, it rests again
    after as long as before.
    """
    url = db.scalar(sa.select(ResourceLink.line_item_url).where(ResourceLink.id == resource_link_id))
    if url is None:
        return
    registration_id = _end_rest(db, resource_link_id, url)
    if registration_id is not None:
        missing_line_items.retry_refused(db, registration_id, url, utcnow())
    _end_pause(db, registration_id, url)
    request_results(db, resource_link_id, requested_by)


def read_everybodys(db: Session, registration_id: uuid.UUID, urls: Collection[str], now: dt.datetime) -> None:
    """Line items that rested answer again: have everybody's grades read, and what was refused sent once more."""
    links: list[uuid.UUID] = []
    for url in sorted(urls):
        missing_line_items.retry_refused(db, registration_id, url, now)
        latest = (
            sa.select(ResourceLink.id)
            .join(Course, Course.id == ResourceLink.course_id)
            .join(Deployment, Deployment.id == Course.deployment_id)
            .where(ResourceLink.line_item_url == url, Deployment.registration_id == registration_id)
            .order_by(ResourceLink.created_at.desc(), ResourceLink.id)
            .limit(1)
        )
        links += db.scalars(latest).all()
    # In the order of their ids, as whoever else asks for several does: the same job is asked for once.
    for link_id in sorted(links):
        request_results(db, link_id, TOOL)


def _end_rest(db: Session, resource_link_id: uuid.UUID, url: str) -> uuid.UUID | None:
    """Ask the line item of an activity again; its registration."""
    registration_id = db.scalar(sa.select(registration_of_link(resource_link_id)))
    if registration_id is not None:
        missing_line_items.end_rest(db, registration_id, url, utcnow())
    return registration_id


def _end_pause(db: Session, registration_id: uuid.UUID | None, url: str) -> None:
    """What waits for a line item is tried at once."""
    if registration_id is not None:
        pauses.end_part(db, DeliveryKind.SCORE.value, str(registration_id), part(url))


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
