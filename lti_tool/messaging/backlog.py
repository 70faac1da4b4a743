"""What waits in the outbox and what is dead, for those who look at it, and sending it at once."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import table_of, utcnow
from lti_tool.messaging import pauses
from lti_tool.messaging.models import Delivery, DeliveryBody, DeliveryStatus

_rows = table_of(Delivery)
_column = _rows.c


@dataclass(frozen=True)
class Backlog:
    """How much of one kind is on its way."""

    waiting: int
    """Written and not yet taken by the receiver, those in flight included."""
    oldest: dt.datetime | None
    """Since when the oldest of them has waited."""
    dead: int
    last_error: str | None
    """The receiver's answer to the oldest one, when there was any."""


def read(db: Session, kind: str, receiver: str | None = None) -> Backlog:
    """What waits and what is dead, of a kind or of one receiver of it."""
    of = Delivery.kind == kind
    if receiver is not None:
        of = sa.and_(of, Delivery.receiver == receiver)
    unsent = sa.and_(of, Delivery.done_at.is_(None))
    waiting = db.scalar(sa.select(sa.func.count()).select_from(Delivery).where(unsent)) or 0
    oldest = db.execute(
        sa.select(Delivery.created_at, Delivery.last_error).where(unsent).order_by(Delivery.id).limit(1)
    ).first()
    dead = db.scalar(sa.select(sa.func.count()).select_from(Delivery).where(of, sa.text("status = 'dead'")))
    created_at, last_error = oldest or (None, None)
    return Backlog(waiting=waiting, oldest=created_at, dead=dead or 0, last_error=last_error)


def receivers(db: Session) -> list[tuple[str, str]]:
    """Kind and receiver, wherever something waits or is dead."""
    column = Delivery.kind, Delivery.receiver
    waiting = sa.select(*column).where(Delivery.done_at.is_(None)).distinct()
    dead = sa.select(*column).where(sa.text("status = 'dead'")).distinct()
    return sorted((kind, receiver) for kind, receiver in db.execute(waiting.union(dead)))


def retry(
    db: Session,
    kind: str,
    *,
    receivers: Collection[str] | None = None,
    keys: Collection[uuid.UUID] | None = None,
    now: dt.datetime | None = None,
) -> int:
    """Let what is dead, and what waits after a failure, go out at once; return how many.

    ``receivers``, ``keys``: only these; None for all. What is named by its key goes out whether it failed or not, with
    what waits before it in the same order. The pauses of the receivers end too.
    """
    now = now or utcnow()
    chosen = [_column.kind == kind]
    waits = sa.and_(_column.done_at.is_(None), _column.status == DeliveryStatus.WAITING.value)
    if receivers is not None:
        chosen.append(_column.receiver.in_(receivers))
    if keys is None:
        waits = sa.and_(waits, _column.last_error.is_not(None))
    else:
        body = table_of(DeliveryBody).c  # which has the index of keys; without a body nothing can be sent
        chosen.append(_column.id.in_(sa.select(body.delivery_id).where(body.key.in_(list(keys)))))
    at_once = {"status": DeliveryStatus.WAITING.value, "not_before": now, "failures": 0}
    released = db.execute(
        sa.update(_rows)
        # Written out, not bound, as the partial index has it.
        .where(*chosen, sa.or_(sa.text("status = 'dead'"), waits))
        .values(done_at=None, conflict=None, **at_once)
        .returning(_column.id, _column.receiver, _column.order_key)
    ).all()
    if keys is not None:
        receivers = {row.receiver for row in released}
        for row in released:
            # What waits before it in the same order would hold it.
            before = sa.and_(
                _column.receiver == row.receiver, _column.order_key == row.order_key, _column.id < row.id
            )
            db.execute(sa.update(_rows).where(_column.kind == kind, before, waits).values(**at_once))
    pauses.end(db, kind, receivers)
    return len(released)
