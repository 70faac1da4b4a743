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
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from lti_tool import compiled_statement
from lti_tool.column_types import Unreadable
from lti_tool.compiled_statement import CompiledInsert, once_for_each_dialect
from lti_tool.database import connection_of, table_of, utcnow
from lti_tool.messaging.claims import ClaimableTable, among, lock_claims
from lti_tool.messaging.due_deliveries import is_held, part_is_asked
from lti_tool.messaging.models import (
    LRS,
    Delivery,
    DeliveryBody,
    DeliveryStatus,
)
from lti_tool.messaging.outcomes import (
    Blocked,
    Dead,
    GroupUnavailable,
    NotTried,
    Outcome,
    PartUnavailable,
    Retry,
    Sent,
    Superseded,
    Unavailable,
)
from lti_tool.messaging.pauses import NO_PAUSES, Pauses
from lti_tool.messaging.retry import next_attempt

_rows = table_of(Delivery)
_column = _rows.c
_claimable = ClaimableTable(_rows, claimed=DeliveryStatus.CLAIMED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """What is to be delivered; the columns of :class:`Delivery` of the same names."""

    kind: str
    """That of the channel that sends it."""
    receiver: str = LRS
    organisation_id: uuid.UUID | None = None
    registration_id: uuid.UUID | None = None
    part: str = ""
    key: uuid.UUID
    order_key: str
    body: bytes
    target: dict[str, Any] | None = None
    not_before: dt.datetime | None = None


def enqueue_all(db: Session, deliveries: Sequence[NewDelivery]) -> list[int]:
    """Write deliveries into the present transaction, in two statements for a few; return their ids, which rise.

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
            "organisation_id": each.organisation_id,
            "registration_id": each.registration_id,
            "part": each.part,
            "key": each.key,
            "order_key": each.order_key,
            "target": each.target,
            "status": DeliveryStatus.WAITING.value,
            "attempts": 0,
            "failures": 0,
            "not_before": each.not_before or now,
            "created_at": now,
        }
        for each in deliveries
    ]
    connection = connection_of(db)
    # Both databases number the rows of one INSERT in their order; RETURNING promises none.
    inserted = _insert(connection).all(connection, rows)
    ids = {(row.key, row.receiver): row.id for row in inserted}
    numbers = [ids[each.key, each.receiver] for each in deliveries]
    bodies = [
        {"delivery_id": number, "key": each.key, "receiver": each.receiver, "body": each.body}
        for number, each in zip(numbers, deliveries, strict=True)
    ]
    _insert_bodies(connection).execute(connection, bodies)
    return numbers


_LATER: Final = ("id", "claim", "last_error", "conflict", "done_at")
"""The columns of a delivery that are empty as long as nobody has claimed it, and the one that the database counts."""


@once_for_each_dialect
def _insert(dialect: Dialect) -> CompiledInsert:
    returning = sa.insert(_rows).returning(_column.key, _column.receiver, _column.id)
    given = [column.name for column in _rows.columns if column.name not in _LATER]
    return CompiledInsert(returning, dialect, given)


@once_for_each_dialect
def _insert_bodies(dialect: Dialect) -> CompiledInsert:
    table = table_of(DeliveryBody)
    return CompiledInsert(sa.insert(table), dialect, table.c.keys())


def enqueue(
    db: Session,
    *,
    kind: str,
    receiver: str = LRS,
    part: str = "",
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
        part=part,
        key=key,
        order_key=order_key,
        body=body,
        target=target,
        not_before=not_before,
    )
    return db.get_one(Delivery, enqueue_all(db, [new])[0])


ENQUEUED = "enqueued_deliveries"
"""The key in ``Session.info`` that says that this transaction has something to send."""


@dataclass(slots=True)
class ClaimedDelivery:
    """What a worker needs of one claimed delivery.

    Not frozen: hundreds are made at a time, and that takes thrice as long.
    """

    id: int
    key: uuid.UUID
    order_key: str
    body: bytes
    failures: int
    """How often it failed by itself."""
    target: dict[str, Any] | None
    part: str
    attempts: int = 1
    """How often it was claimed, this time included."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Deliveries that are one worker's until the lease ends, in the order in which they must go out."""

    id: uuid.UUID
    kind: str
    receiver: str
    deliveries: Sequence[ClaimedDelivery]


def _lock_claims(db: Session, kind: str, receiver: str) -> None:
    """One claim of a receiver at a time, so that no second worker takes the later deliveries of a key out of order.

    A claim takes milliseconds; sending is not under this lock. Two receivers of the same number merely wait for each
    other.
    """
    lock_claims(db, zlib.crc32(f"{kind}:{receiver}".encode()) + _FIRST_LOCK)


_CLAIM_SETTINGS: Final = sa.text("SET LOCAL random_page_cost TO 1.1")
"""What is claimed was written lately and is in memory; else PostgreSQL's planner takes the primary key's order for
cheaper than the index of what is due, and reads all that was ever sent.
"""
_FIRST_LOCK: Final = 0x7461_6E64_0000_0000
"""The advisory locks of PostgreSQL from this number on are the outbox's."""


def claim(
    db: Session,
    kind: str,
    *,
    receiver: str = LRS,
    limit: int = 500,
    lease: dt.timedelta = dt.timedelta(seconds=30),
    now: dt.datetime | None = None,
    pauses: Pauses = NO_PAUSES,
    reads_targets: bool = True,
) -> Claim:
    """Take up to ``limit`` of the oldest deliveries that may go out now; the claim is empty when none may.

    A delivery whose lease ran out, because its worker was killed, is taken like any other, and so is one whose stored
    target cannot be read or whose body was lost, which is then empty (:func:`fault_of`). ``pauses``: the
    receiver's, whose paused parts get nothing. ``reads_targets``: False for a kind that has neither targets nor parts,
    since reading hundreds of empty ones takes a while.
    """
    now = now or utcnow()
    _lock_claims(db, kind, receiver)
    if db.get_bind().dialect.name == "postgresql":
        db.execute(_CLAIM_SETTINGS)
    unsent = sa.and_(_column.kind == kind, _column.receiver == receiver, _column.done_at.is_(None))
    waiting_keys = sa.select(_column.order_key).where(unsent, is_held(now))
    conditions = [unsent, _column.order_key.not_in(waiting_keys)]
    if pauses.has_paused_parts(now):
        conditions.append(part_is_asked(now))
    returning = [_column.key, _column.order_key, _column.failures]
    if reads_targets:
        returning += [_column.target, _column.part, _column.attempts]
    identifier, taken = _claimable.claim(
        db, *conditions, limit=limit, lease=lease, now=now, returning=returning
    )
    bodies = _bodies(db, [row[0] for row in taken])
    deliveries = [
        ClaimedDelivery(row_id, key, order_key, bodies.get(row_id, b""), failures, *(rest or (None, "")))
        for row_id, key, order_key, failures, *rest in taken
    ]
    return Claim(identifier, kind, receiver, deliveries)


def fault_of(delivery: ClaimedDelivery) -> str | None:
    """Why a delivery of whatever kind cannot be sent as it is stored; None where it can."""
    if isinstance(delivery.target, Unreadable):
        return f"its target cannot be read: {delivery.target.reason}"
    return None if delivery.body else "its body was lost"


def _bodies(db: Session, ids: Collection[int]) -> dict[int, bytes]:
    column = table_of(DeliveryBody).c
    chosen = sa.select(column.delivery_id, column.body).where(among(column.delivery_id, ids))
    connection = connection_of(db)
    if connection.dialect.name == "postgresql":
        # In binary, which SQLAlchemy does not ask for: as text each byte is two digits, which takes thrice as long.
        compiled = chosen.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
        values = compiled.construct_params()
        return dict(
            compiled_statement.run_by_driver(connection, str(compiled), values, binary=True).fetchall()
        )
    return {row[0]: row[1] for row in db.execute(chosen).all()}


def _still_claimed(claim: Claim, ids: Collection[int]) -> sa.ColumnElement[bool]:
    """These deliveries of a claim, unless the lease ran out and another worker has them now."""
    is_whole = len(ids) == len(claim.deliveries)
    return _claimable.held(claim.id, among(_column.id, ids) if is_whole else _column.id.in_(ids))


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
    db: Session,
    claim: Claim,
    ids: Collection[int],
    *,
    not_before: dt.datetime,
    reason: str | None,
    failed: bool = False,
) -> None:
    """The same bytes must go again, not before the moment given. ``failed``: by a fault of the deliveries' own."""
    if ids:
        _lock_claims(db, claim.kind, claim.receiver)
        changed: dict[str, Any] = {} if reason is None else {"last_error": reason}
        if failed:
            changed["failures"] = _column.failures + 1
        _claimable.release(
            db,
            _still_claimed(claim, ids),
            status=DeliveryStatus.WAITING.value,
            not_before=not_before,
            **changed,
        )


def mark_dead(db: Session, claim: Claim, dead: Mapping[int, Dead]) -> None:
    """The receiver will never take them as they are: dead letters, kept with the reason, by the deliveries' ids."""
    if not dead:
        return
    this = sa.bindparam("this", type_=_column.id.type)
    update = (
        sa.update(_rows)
        .where(_claimable.held(claim.id, _column.id == this))
        .values(
            status=DeliveryStatus.DEAD.value,
            done_at=utcnow(),
            last_error=sa.bindparam("reason", type_=_column.last_error.type),
            conflict=sa.bindparam("theirs", type_=_column.conflict.type),
        )
    )
    rows = [
        {"this": identifier, "reason": outcome.reason, "theirs": outcome.theirs}
        for identifier, outcome in dead.items()
    ]
    db.execute(update, rows)


def mark_superseded(db: Session, claim: Claim, ids: Collection[int]) -> None:
    """A later score of the same person on the same line item replaces them."""
    if ids:
        db.execute(
            sa.update(_rows)
            .where(_still_claimed(claim, ids))
            .values(status=DeliveryStatus.SUPERSEDED.value, done_at=utcnow())
        )


_LONGEST_TURN: Final = dt.timedelta(seconds=45)
"""How long a delivery at which a group failed is left to others at most."""


def mark(db: Session, claim: Claim, outcomes: Sequence[Outcome], *, now: dt.datetime) -> None:
    """Write down what became of each delivery of a claim.

    One that failed by itself waits, longer each time. Where the receiver or a part of it failed, the deliveries are due
    again at once: it is the pause of the receiver that holds them (:mod:`lti_tool.messaging.pauses`). The one at which
    a group of parts failed lets the others go first.
    """
    sent: list[int] = []
    dead: dict[int, Dead] = {}
    superseded: dict[int, Superseded] = {}
    again: dict[tuple[str | None, dt.timedelta, bool], list[int]] = {}
    for delivery, outcome in zip(claim.deliveries, outcomes, strict=True):
        match outcome:
            case Sent():
                sent.append(delivery.id)
            case Dead():
                dead[delivery.id] = outcome
            case Superseded():
                superseded[delivery.id] = outcome
            case Retry(reason, after):
                delay = next_attempt(delivery.failures + 1, after)
                again.setdefault((reason, delay, True), []).append(delivery.id)
            case GroupUnavailable(reason, tried=True):
                # Another one is tried first next time: what fails may be this one alone.
                delay = next_attempt(delivery.attempts, longest=_LONGEST_TURN)
                again.setdefault((reason, delay, False), []).append(delivery.id)
            case Unavailable(reason) | GroupUnavailable(reason) | PartUnavailable(reason) | Blocked(reason):
                again.setdefault((reason, dt.timedelta(0), False), []).append(delivery.id)
            case NotTried():
                again.setdefault((None, dt.timedelta(0), False), []).append(delivery.id)
    mark_sent(db, claim, sent, now=now)
    mark_dead(db, claim, dead)
    mark_superseded(db, claim, list(superseded))
    for outcome in superseded.values():
        if outcome.write is not None:
            outcome.write(db)
    for (words, delay, failed), ids in again.items():
        mark_again(db, claim, ids, not_before=now + delay, reason=words, failed=failed)
