"""The outbox: what must reach a record store or a gradebook, written in the transaction of the event that caused it.

A :class:`~lti_tool.messaging.models.Delivery` holds the exact bytes to send. The worker claims it with a lease,
commits, sends outside any transaction, and marks it. When a worker is killed its lease ends and the same bytes go
again: receivers recognise a repeat by the statement id or by the score's timestamp.

Order is kept per ``order_key``: as long as one delivery of a key is in flight or backing off, no other delivery
of that key is claimed; a dead letter holds nothing back. PostgreSQL and SQLite run the same claiming statement.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import table_of, utcnow
from lti_tool.messaging.claims import ClaimableTable, among, lock_claims
from lti_tool.messaging.models import LRS, Delivery, DeliveryBody, DeliveryKind, DeliveryStatus

_rows = table_of(Delivery)
_column = _rows.c
_claimable = ClaimableTable(_rows, claimed=DeliveryStatus.CLAIMED.value)


def enqueue(
    db: Session,
    *,
    kind: DeliveryKind,
    receiver: str = LRS,
    key: uuid.UUID,
    order_key: str,
    body: bytes,
    target: dict[str, Any] | None = None,
    not_before: dt.datetime | None = None,
) -> Delivery:
    """Write one delivery into the present transaction. The worker sees it once that commits."""
    db.info[ENQUEUED] = True
    delivery = Delivery(
        kind=kind,
        receiver=receiver,
        key=key,
        order_key=order_key,
        content=DeliveryBody(body=body),
        target=target,
        not_before=not_before or utcnow(),
    )
    db.add(delivery)
    return delivery


ENQUEUED = "enqueued_deliveries"
"""The key in ``Session.info`` that says that this transaction has something to send."""


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """What a worker needs of one claimed delivery."""

    id: int
    key: uuid.UUID
    order_key: str
    body: bytes
    target: dict[str, Any] | None
    attempts: int
    """How often it was claimed, this time included."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Deliveries that are one worker's until the lease ends, in the order in which they must go out."""

    id: uuid.UUID
    kind: DeliveryKind
    receiver: str
    deliveries: Sequence[ClaimedDelivery]


_LOCKS = {DeliveryKind.STATEMENT: 0x74616E31, DeliveryKind.SCORE: 0x74616E32}


def _lock_claims(db: Session, kind: DeliveryKind) -> None:
    """One claim of a kind at a time, so that no second worker takes the later deliveries of a key out of order.

    A claim takes milliseconds; sending is not under this lock.
    """
    lock_claims(db, _LOCKS[kind])


def claim(
    db: Session,
    kind: DeliveryKind,
    *,
    receiver: str = LRS,
    limit: int = 500,
    lease: dt.timedelta = dt.timedelta(seconds=30),
    now: dt.datetime | None = None,
) -> Claim:
    """Take up to ``limit`` of the oldest deliveries that may go out now; the claim is empty when none may.

    A delivery whose lease ran out, because its worker was killed, is taken like any other.
    """
    now = now or utcnow()
    _lock_claims(db, kind)
    unsent = sa.and_(_column.kind == kind.value, _column.receiver == receiver, _column.done_at.is_(None))
    waiting_keys = sa.select(_column.order_key).where(unsent, _column.not_before > now)
    identifier, taken = _claimable.claim(
        db,
        unsent,
        _column.order_key.not_in(waiting_keys),
        limit=limit,
        lease=lease,
        now=now,
        returning=(
            _column.key,
            _column.order_key,
            _column.attempts,
            # A statement has no target, and reading hundreds of empty ones takes a while.
            _column.target if kind is DeliveryKind.SCORE else sa.null(),
        ),
    )
    bodies = _bodies(db, [row[0] for row in taken])
    deliveries = [
        ClaimedDelivery(row_id, key, order_key, bodies[row_id], target, attempts)
        for row_id, key, order_key, attempts, target in taken
    ]
    return Claim(identifier, kind, receiver, deliveries)


def _bodies(db: Session, ids: Collection[int]) -> dict[int, bytes]:
    column = table_of(DeliveryBody).c
    found = db.execute(sa.select(column.delivery_id, column.body).where(among(column.delivery_id, ids)))
    return {row[0]: row[1] for row in found}


def _still_claimed(claim: Claim, ids: Collection[int]) -> sa.ColumnElement[bool]:
    """These deliveries of a claim, unless the lease ran out and another worker has them now."""
    return _claimable.held(claim.id, ids, whole=len(ids) == len(claim.deliveries))


def extend(db: Session, claim: Claim, *, lease: dt.timedelta, now: dt.datetime | None = None) -> None:
    """Hold on to a claim for another ``lease`` while its sending takes long."""
    ids = [delivery.id for delivery in claim.deliveries]
    _claimable.extend(db, claim.id, ids, lease=lease, now=now or utcnow())


def mark_sent(db: Session, claim: Claim, ids: Collection[int], *, now: dt.datetime | None = None) -> None:
    """The receiver has them."""
    if ids:
        db.execute(
            sa.update(_rows)
            .where(_still_claimed(claim, ids))
            .values(status=DeliveryStatus.SENT.value, done_at=now or utcnow(), last_error=None)
        )


def mark_again(
    db: Session, claim: Claim, ids: Collection[int], *, not_before: dt.datetime, reason: str
) -> None:
    """The same bytes must go again, not before the moment given."""
    if ids:
        _lock_claims(db, claim.kind)
        _claimable.release(
            db,
            _still_claimed(claim, ids),
            status=DeliveryStatus.WAITING.value,
            not_before=not_before,
            last_error=reason,
        )


def mark_dead(
    db: Session, claim: Claim, identifier: int, *, reason: str, conflict: dict[str, Any] | None = None
) -> None:
    """The receiver will never take it as it is: a dead letter, kept with the reason."""
    db.execute(
        sa.update(_rows)
        .where(_still_claimed(claim, [identifier]))
        .values(status=DeliveryStatus.DEAD.value, done_at=utcnow(), last_error=reason, conflict=conflict)
    )


def mark_superseded(db: Session, claim: Claim, ids: Collection[int]) -> None:
    """A later score of the same person on the same line item replaces them."""
    if ids:
        db.execute(
            sa.update(_rows)
            .where(_still_claimed(claim, ids))
            .values(status=DeliveryStatus.SUPERSEDED.value, done_at=utcnow())
        )


def supersede_waiting(db: Session, order_key: str) -> bool:
    """Withdraw the score that still waits under a key, in the transaction that enqueues what replaces it.

    True when it was never claimed, so that nobody can ever have received it.
    """
    db.flush()
    withdrawn = db.scalars(
        sa.update(_rows)
        .where(
            # Written out, not bound, as the partial index has it.
            sa.text("kind = 'score'"),
            _column.order_key == order_key,
            _column.done_at.is_(None),
            _column.status == DeliveryStatus.WAITING.value,
        )
        .values(status=DeliveryStatus.SUPERSEDED.value, done_at=utcnow())
        .returning(_column.attempts)
    ).all()
    return bool(withdrawn) and not any(withdrawn)


def due_receivers(db: Session, kind: DeliveryKind, *, now: dt.datetime | None = None) -> set[str]:
    """The receivers for which something may go out now, or whose worker's lease ran out."""
    return set(
        db.scalars(
            sa.select(_column.receiver)
            .where(
                _column.kind == kind.value, _column.done_at.is_(None), _column.not_before <= (now or utcnow())
            )
            .distinct()
        )
    )


def is_due(db: Session, kind: DeliveryKind, *, receiver: str = LRS, now: dt.datetime | None = None) -> bool:
    """Whether anything may go out to one receiver now. A look that takes no lock."""
    found = (
        sa.select(_column.id)
        .where(
            _column.kind == kind.value,
            _column.receiver == receiver,
            _column.done_at.is_(None),
            _column.not_before <= (now or utcnow()),
        )
        .limit(1)
    )
    return db.scalar(found) is not None


def retry_dead(db: Session, kind: DeliveryKind, keys: Collection[uuid.UUID] | None = None) -> int:
    """Send dead letters of a kind again, these or all; return how many."""
    chosen = sa.update(_rows).where(_column.kind == kind.value, _column.status == DeliveryStatus.DEAD.value)
    if keys is not None:
        chosen = chosen.where(_column.key.in_(list(keys)))
    revived = chosen.values(
        status=DeliveryStatus.WAITING.value, not_before=utcnow(), done_at=None, conflict=None
    ).returning(_column.id)
    return len(db.execute(revived).all())


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


def backlog(db: Session, kind: DeliveryKind) -> Backlog:
    """What waits and what is dead."""
    unsent = sa.and_(Delivery.kind == kind.value, Delivery.done_at.is_(None))
    waiting = db.scalar(sa.select(sa.func.count()).select_from(Delivery).where(unsent)) or 0
    oldest = db.execute(
        sa.select(Delivery.created_at, Delivery.last_error).where(unsent).order_by(Delivery.id).limit(1)
    ).first()
    dead = db.scalar(
        sa.select(sa.func.count())
        .select_from(Delivery)
        .where(Delivery.kind == kind.value, sa.text("status = 'dead'"))
    )
    created_at, last_error = oldest or (None, None)
    return Backlog(waiting=waiting, oldest=created_at, dead=dead or 0, last_error=last_error)
