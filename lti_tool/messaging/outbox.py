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
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import table_of, utcnow
from lti_tool.messaging.models import LRS, Delivery, DeliveryBody, DeliveryKind, DeliveryStatus

_rows = table_of(Delivery)
_column = _rows.c


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """What is to be delivered; the columns of :class:`Delivery` of the same names."""

    kind: DeliveryKind
    receiver: str = LRS
    key: uuid.UUID
    order_key: str
    body: bytes
    target: dict[str, Any] | None = None
    not_before: dt.datetime | None = None


def enqueue_all(db: Session, deliveries: Sequence[NewDelivery]) -> list[int]:
    """Write deliveries into the present transaction, in two statements however many; return their ids, which rise.

    The worker sees them once that commits.
    """
    if not deliveries:
        return []
    db.info[ENQUEUED] = True
    now = utcnow()
    rows = [
        {
            "kind": each.kind,
            "receiver": each.receiver,
            "key": each.key,
            "order_key": each.order_key,
            "target": each.target,
            "not_before": each.not_before or now,
            "created_at": now,
        }
        for each in deliveries
    ]
    # Both databases number the rows of one INSERT in their order; RETURNING promises none.
    inserted = db.execute(sa.insert(_rows).returning(_column.key, _column.id), rows)
    ids = {row.key: row.id for row in inserted}
    bodies = table_of(DeliveryBody)
    db.execute(
        sa.insert(bodies).returning(bodies.c.delivery_id),
        [{"delivery_id": ids[each.key], "body": each.body} for each in deliveries],
    )
    return [ids[each.key] for each in deliveries]


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
    new = NewDelivery(
        kind=kind,
        receiver=receiver,
        key=key,
        order_key=order_key,
        body=body,
        target=target,
        not_before=not_before,
    )
    return db.get_one(Delivery, enqueue_all(db, [new])[0])


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
    """One claim of a kind at a time on PostgreSQL; SQLite's writing transactions do so already.

    SKIP LOCKED alone would let a second worker skip the rows that a first one is claiming and take the later
    ones of the same key, out of order. A claim takes milliseconds; sending is not under this lock.
    """
    if db.get_bind().dialect.name == "postgresql":
        db.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCKS[kind])))


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
    identifier = uuid.uuid4()
    _lock_claims(db, kind)
    unsent = sa.and_(_column.kind == kind.value, _column.receiver == receiver, _column.done_at.is_(None))
    held = sa.select(_column.order_key).where(unsent, _column.not_before > now)
    picked = (
        sa.select(_column.id)
        .where(unsent, _column.order_key.not_in(held))
        .order_by(_column.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("picked")
    )
    taken = db.execute(
        sa.update(_rows)
        .where(_column.id.in_(sa.select(picked.c.id)))
        .values(
            status=DeliveryStatus.CLAIMED.value,
            claim=identifier,
            not_before=now + lease,
            attempts=_column.attempts + 1,
        )
        .returning(
            _column.id,
            _column.key,
            _column.order_key,
            _column.attempts,
            # A statement has no target, and reading hundreds of empty ones takes a while.
            _column.target if kind is DeliveryKind.SCORE else sa.null(),
        )
    ).all()
    bodies = _bodies(db, [row[0] for row in taken])
    # RETURNING promises no order.
    deliveries = [
        ClaimedDelivery(row_id, key, order_key, bodies[row_id], target, attempts)
        for row_id, key, order_key, attempts, target in sorted(taken, key=itemgetter(0))
    ]
    return Claim(identifier, kind, receiver, deliveries)


def _bodies(db: Session, ids: Collection[int]) -> dict[int, bytes]:
    column = table_of(DeliveryBody).c
    found = db.execute(sa.select(column.delivery_id, column.body).where(_among(column.delivery_id, ids)))
    return {row[0]: row[1] for row in found}


def _among(column: sa.ColumnElement[int], ids: Collection[int]) -> sa.ColumnElement[bool]:
    """Rows with these ids, and perhaps others between them.

    A claim is usually a run of ids: two bounds cost much less than hundreds of parameters.
    """
    low, high = min(ids, default=0), max(ids, default=0)
    return column.between(low, high) if high - low < 4 * len(ids) else column.in_(ids)


def _still_claimed(claim: Claim, ids: Collection[int]) -> sa.ColumnElement[bool]:
    """These deliveries of a claim, unless the lease ran out and another worker has them now."""
    which = _among(_column.id, ids) if len(ids) == len(claim.deliveries) else _column.id.in_(ids)
    return sa.and_(which, _column.claim == claim.id, _column.status == DeliveryStatus.CLAIMED.value)


def extend(db: Session, claim: Claim, *, lease: dt.timedelta, now: dt.datetime | None = None) -> None:
    """Hold on to a claim for another ``lease`` while its sending takes long."""
    ids = [delivery.id for delivery in claim.deliveries]
    db.execute(
        sa.update(_rows).where(_still_claimed(claim, ids)).values(not_before=(now or utcnow()) + lease)
    )


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
        db.execute(
            sa.update(_rows)
            .where(_still_claimed(claim, ids))
            .values(status=DeliveryStatus.WAITING.value, not_before=not_before, claim=None, last_error=reason)
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


def supersede_waiting(db: Session, order_keys: Collection[str]) -> dict[str, bool]:
    """Withdraw the scores that still wait under these keys, in the transaction that enqueues what replaces them.

    Of each key under which any waited: whether it was never claimed, so that nobody can ever have received it.
    """
    withdrawn = db.execute(
        sa.update(_rows)
        .where(
            # Written out, not bound, as the partial index has it.
            sa.text("kind = 'score'"),
            _column.order_key.in_(order_keys),
            _column.done_at.is_(None),
            _column.status == DeliveryStatus.WAITING.value,
        )
        .values(status=DeliveryStatus.SUPERSEDED.value, done_at=utcnow())
        .returning(_column.order_key, _column.attempts)
    )
    never_claimed: dict[str, bool] = {}
    for key, attempts in withdrawn:
        never_claimed[key] = never_claimed.get(key, True) and not attempts
    return never_claimed


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
