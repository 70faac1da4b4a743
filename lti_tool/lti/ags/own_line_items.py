"""What is known of the line items of activities whose launches name none: asked for, found, made, refused."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import LOCK_ROW, insert_for, table_of
from lti_tool.identity.models import Course
from lti_tool.lti.ags.addresses import known_address, line_item_places, registration_of_link
from lti_tool.lti.ags.models import OwnLineItemRecord, OwnLineItemStatus
from lti_tool.lti.launch.models import ResourceLink

LOOKED_FOR_AGAIN_AFTER: Final = dt.timedelta(hours=1)
"""After how long a tutor's visit has the platform asked again: one may be there by now, or have been deleted."""

_ROWS: Final = table_of(OwnLineItemRecord)
_column = _ROWS.c


@dataclass(frozen=True, slots=True)
class OwnLineItemState:
    """What is known of one; the columns of ``OwnLineItemRecord``."""

    status: OwnLineItemStatus
    url: str | None
    label: str | None
    posted_at: dt.datetime | None
    reason: str | None
    looked_at: dt.datetime | None

    @property
    def is_there(self) -> bool:
        """Whether the platform has it."""
        return self.status in (OwnLineItemStatus.FOUND, OwnLineItemStatus.MADE)

    @property
    def can_be_asked_for(self) -> bool:
        """Whether a tutor may have one made now."""
        return self.status in (
            OwnLineItemStatus.ABSENT,
            OwnLineItemStatus.REFUSED,
            OwnLineItemStatus.UNSURE,
        )

    def is_due(self, now: dt.datetime) -> bool:
        """Whether a tutor's visit is to have the platform asked."""
        return self.looked_at is None or now - self.looked_at >= LOOKED_FOR_AGAIN_AFTER


def state_of_link(db: Session, resource_link_id: uuid.UUID) -> OwnLineItemState | None:
    """What is known of the line item of an activity; None where nobody has looked for one."""
    row = db.execute(sa.select(_ROWS).where(_column.resource_link_id == resource_link_id)).one_or_none()
    if row is None:
        return None
    return OwnLineItemState(
        OwnLineItemStatus(row.status), row.url, row.label, row.posted_at, row.reason, row.looked_at
    )


def ask(db: Session, resource_link_id: uuid.UUID, *, make: bool) -> None:
    """Write that the platform is to be asked for one, or to make one.

    Asking to make one lifts the doubt about an earlier time: whoever asks has looked whether it is there.
    """
    status = OwnLineItemStatus.ASKED if make else OwnLineItemStatus.LOOKING
    insert = insert_for(db, _ROWS).values(resource_link_id=resource_link_id, status=status.value)
    if not make:
        db.execute(insert.on_conflict_do_nothing())
        return
    unsure = _column.status == OwnLineItemStatus.UNSURE.value
    changes = {
        "status": status.value,
        "posted_at": sa.case((unsure, sa.null()), else_=_column.posted_at),
        "reason": None,
    }
    free = _column.status.not_in([OwnLineItemStatus.FOUND.value, OwnLineItemStatus.MADE.value])
    db.execute(insert.on_conflict_do_update(index_elements=["resource_link_id"], set_=changes, where=free))


def begin_post(db: Session, resource_link_id: uuid.UUID, now: dt.datetime) -> bool:
    """Whether the caller alone may ask the platform to make the line item, once this is committed."""
    begun = db.execute(
        sa.update(_ROWS)
        .where(_column.resource_link_id == resource_link_id, _column.posted_at.is_(None))
        .values(posted_at=now)
        .returning(_column.resource_link_id)
    )
    return begun.one_or_none() is not None


def note_none(
    db: Session,
    resource_link_id: uuid.UUID,
    status: OwnLineItemStatus,
    now: dt.datetime,
    *,
    before: OwnLineItemStatus,
    reason: str | None = None,
    never_posted: bool = False,
) -> None:
    """Write that there is none, and why, unless the status is not ``before`` any more.

    ``never_posted``: the platform has clearly not made one, or has it no more.
    """
    values: dict[str, Any] = {
        "status": status.value,
        "reason": reason,
        "looked_at": now,
        "url": None,
        "is_bound": None,
    }
    if never_posted:
        values["posted_at"] = None
    written = db.execute(
        sa.update(_ROWS)
        .where(_column.resource_link_id == resource_link_id, _column.status == before.value)
        .values(**values)
        .returning(_column.resource_link_id)
    )
    if written.one_or_none() is None:
        return
    link = table_of(ResourceLink)
    db.execute(
        sa.update(link)
        .where(link.c.id == resource_link_id, link.c.own_line_item_url.is_not(None))
        .values(
            own_line_item_url=None,
            line_item_url=sa.case(
                (link.c.line_item_url == link.c.own_line_item_url, sa.null()), else_=link.c.line_item_url
            ),
        )
    )


def note_fault(db: Session, resource_link_id: uuid.UUID, reason: str) -> None:
    """Write why the platform could not be asked just now; it is asked again."""
    db.execute(sa.update(_ROWS).where(_column.resource_link_id == resource_link_id).values(reason=reason))


def note_there(
    db: Session,
    resource_link_id: uuid.UUID,
    url: str,
    now: dt.datetime,
    *,
    label: str | None,
    is_ours: bool,
    is_bound: bool | None = None,
    reason: str | None = None,
) -> bool:
    """Write where it is, and let the activity's grades go there. Whether they did not before.

    ``is_ours``: the tool has made it. ``is_bound``: it is one for the activity's link; ``reason``: why it still is.
    Where launches name a line item meanwhile, that one goes first. One that an activity of the course knows by another
    address keeps that. The course is locked first, as a launch does that names a line item: of the two at the same
    instant the second finds what the first has written.
    """
    status = OwnLineItemStatus.MADE if is_ours else OwnLineItemStatus.FOUND
    course = sa.select(ResourceLink.course_id).where(ResourceLink.id == resource_link_id).scalar_subquery()
    course_id = db.scalars(sa.select(Course.id).where(Course.id == course).with_for_update(**LOCK_ROW)).one()
    link = db.get_one(ResourceLink, resource_link_id, with_for_update=True)
    registration_id = db.scalars(sa.select(registration_of_link(resource_link_id))).one()
    address, own = None, link.own_line_item_url
    places = line_item_places(db.connection(), registration_id)
    is_own = own is not None and places.are_one(url, own)
    known = own if is_own else known_address(db.connection(), url, course_id, places)
    if known is not None and known != url:
        address, url = url, known
    db.execute(
        sa.update(_ROWS)
        .where(_column.resource_link_id == resource_link_id)
        .values(status=status.value, url=url, label=label, is_bound=is_bound, reason=reason, looked_at=now)
    )
    before = link.line_item_url
    if before in (None, link.own_line_item_url):
        link.line_item_url, link.line_item_address = url, address
    link.own_line_item_url = url
    db.flush()
    return link.line_item_url != before
