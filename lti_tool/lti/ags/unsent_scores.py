"""The scores of the outbox that have not gone out, or were refused: which there are, and which a later one replaces."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import table_of, utcnow
from lti_tool.messaging.models import Delivery, DeliveryKind, DeliveryStatus

_rows = table_of(Delivery)
_column = _rows.c


def _superseding(*which: sa.ColumnExpressionArgument[bool]) -> sa.Update:
    """Withdraw scores that are not done yet."""
    return sa.update(_rows).where(*which).values(status=DeliveryStatus.SUPERSEDED.value, done_at=utcnow())


def supersede_waiting(db: Session, order_keys: Collection[str]) -> dict[str, int]:
    """Withdraw the scores that still wait under these keys, in the transaction that enqueues what replaces them.

    Of each key under which any waited: how often it was claimed. One that never was, nobody can have received; of one
    that was claimed once, what became of it is recorded; of one that was claimed again, an earlier worker may have been
    killed once the platform had it.
    """
    withdrawn = db.execute(
        _superseding(
            # Written out, not bound, as the partial index has it.
            sa.text("kind = 'score'"),
            _column.order_key.in_(order_keys),
            _column.done_at.is_(None),
            _column.status == DeliveryStatus.WAITING.value,
        ).returning(_column.order_key, _column.attempts)
    )
    claims: dict[str, int] = {}
    for key, attempts in withdrawn:
        claims[key] = max(claims.get(key, 0), attempts)
    return claims


def supersede_dead(db: Session, order_keys: Collection[str]) -> None:
    """What was refused under these keys is of no interest any more: another score follows, or stands."""
    if order_keys:
        _supersede_dead(db, _column.order_key.in_(order_keys))


def supersede_earlier_dead(
    db: Session, later: Collection[tuple[str, int]], *, given_up: Collection[int] = ()
) -> None:
    """The same of what was refused before these deliveries, by ``order_key`` and id: after they were enqueued, even.

    ``given_up``: ids of what is claimed, and given up in the present transaction.
    """
    if later:
        before = [sa.and_(_column.order_key == key, _column.id < identifier) for key, identifier in later]
        _supersede_dead(db, sa.or_(*before))
        if given_up:
            claimed = _column.status == DeliveryStatus.CLAIMED.value
            db.execute(_superseding(_column.id.in_(given_up), claimed, sa.or_(*before)))


def _supersede_dead(db: Session, which: sa.ColumnElement[bool]) -> None:
    # Written out, not bound, as the partial index has it.
    dead = sa.text("status = 'dead'")
    db.execute(
        sa.update(_rows)
        .where(dead, _column.kind == DeliveryKind.SCORE.value, which)
        .values(status=DeliveryStatus.SUPERSEDED.value)
    )


def supersede_part(db: Session, receiver: str, part: str) -> None:
    """Withdraw the scores that still wait for a line item."""
    db.execute(
        _superseding(
            _column.kind == DeliveryKind.SCORE.value,
            _column.receiver == receiver,
            _column.part == part,
            _column.done_at.is_(None),
            _column.status == DeliveryStatus.WAITING.value,
        )
    )


def has_later(db: Session, key: str, identifier: int) -> bool:
    """Whether a later score than this one waits under its key or is being sent."""
    later = sa.exists().where(
        # Written out, not bound, as the partial index has it.
        sa.text("kind = 'score'"),
        _column.order_key == key,
        _column.done_at.is_(None),
        _column.id > identifier,
    )
    return bool(db.scalar(sa.select(later)))


def by_order_key(db: Session, order_keys: Collection[str]) -> dict[str, bool]:
    """Under which of these keys a score waits or is being sent; and whether one of them is being sent."""
    if not order_keys:
        return {}
    rows = db.execute(
        sa.select(_column.order_key, _column.status).where(
            # Written out, not bound, as the partial index has it.
            sa.text("kind = 'score'"),
            _column.order_key.in_(order_keys),
            _column.done_at.is_(None),
        )
    )
    found: dict[str, bool] = {}
    for key, status in rows:
        found[key] = found.get(key, False) or status == DeliveryStatus.CLAIMED
    return found
