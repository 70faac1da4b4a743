"""Which deliveries of the outbox may go out now: conditions for SQL, and looks that take no lock."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import table_of, utcnow
from lti_tool.messaging.models import Delivery, DeliveryPause
from lti_tool.messaging.pauses import GROUP_END, NO_PAUSES, WHOLE, Pauses
from lti_tool.messaging.pauses import LONGEST as LONGEST_PAUSE
from lti_tool.messaging.retry import LONGEST_DELAY
from lti_tool.moments import is_ahead

_column = table_of(Delivery).c


def part_is_asked(now: dt.datetime) -> sa.ColumnElement[bool]:
    """Neither the part of the receiver nor its group is paused."""
    pause = table_of(DeliveryPause).c
    paused = sa.select(pause.part).where(
        pause.kind == _column.kind,
        pause.receiver == _column.receiver,
        pause.part != WHOLE,
        sa.or_(
            pause.part == _column.part,
            sa.and_(pause.part.endswith(GROUP_END), _column.part.startswith(pause.part)),
        ),
        is_ahead(pause.until, now, LONGEST_PAUSE),
    )
    return ~paused.exists()


def is_held(now: dt.datetime) -> sa.ColumnElement[bool]:
    """The delivery's back-off or lease is not over."""
    return is_ahead(_column.not_before, now, LONGEST_DELAY)


def _due(kind: str, pauses: Pauses, now: dt.datetime) -> sa.ColumnElement[bool]:
    """What may go out now, or whose worker's lease ran out."""
    due = sa.and_(_column.kind == kind, _column.done_at.is_(None), sa.not_(is_held(now)))
    return sa.and_(due, part_is_asked(now)) if pauses.has_paused_parts(now) else due


def due_receivers(
    db: Session,
    kind: str,
    pauses: Pauses = NO_PAUSES,
    *,
    now: dt.datetime | None = None,
) -> set[str]:
    """The receivers for which something may go out now."""
    now = now or utcnow()
    due = set(db.scalars(sa.select(_column.receiver).where(_due(kind, pauses, now)).distinct()))
    return due - pauses.paused_receivers(now)


def is_due(
    db: Session,
    kind: str,
    receiver: str,
    pauses: Pauses = NO_PAUSES,
    *,
    now: dt.datetime | None = None,
) -> bool:
    """Whether anything may go out to one receiver now. A look that takes no lock."""
    now = now or utcnow()
    if receiver in pauses.paused_receivers(now):
        return False
    due = sa.select(_column.id).where(_due(kind, pauses, now), _column.receiver == receiver)
    return db.scalar(due.limit(1)) is not None
