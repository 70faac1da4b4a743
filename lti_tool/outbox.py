"""The outbox: what must reach an LRS or a gradebook, written in the transaction that recorded the fact.

A :class:`Delivery` holds the exact bytes to send. The worker claims it with a lease, commits, sends outside any
transaction, and marks it. A killed worker's lease runs out and the same bytes go again: receivers tell a repeat
by the statement id or by the score's timestamp.
"""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.database import Base, one_of, utcnow


class DeliveryKind(enum.StrEnum):
    """What is delivered."""

    STATEMENT = "statement"
    SCORE = "score"


class DeliveryStatus(enum.StrEnum):
    """Where a delivery is on its way."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    SENT = "sent"
    DEAD = "dead"
    SUPERSEDED = "superseded"


class Delivery(Base):
    """One statement or one score on its way out."""

    __tablename__ = "delivery"
    __table_args__ = (
        one_of("kind", DeliveryKind),
        one_of("status", DeliveryStatus),
        sa.Index("ix__delivery__due", "kind", "order_key", "id",
                 sqlite_where=sa.text("status IN ('waiting', 'claimed')"),
                 postgresql_where=sa.text("status IN ('waiting', 'claimed')")),
        sa.Index("ix__delivery__dead", "kind", "id", sqlite_where=sa.text("status = 'dead'"),
                 postgresql_where=sa.text("status = 'dead'")),
    )

    id: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)
    """Rises with time: the order in which deliveries of one ``order_key`` go out."""
    kind: Mapped[str] = mapped_column(sa.String(20))
    key: Mapped[uuid.UUID] = mapped_column(unique=True)
    """The statement's id, or a fresh id for a score: no fact is ever enqueued twice."""
    order_key: Mapped[str] = mapped_column(sa.String(100))
    """What keeps its order: the xAPI registration, or the line item and person of a score."""
    body: Mapped[bytes] = mapped_column(sa.LargeBinary)
    """The JSON exactly as it is sent, again and again."""
    target: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """For a score: ``registration_id``, ``line_item_url``, ``user_id``, ``final`` (it sets a grade)."""
    status: Mapped[str] = mapped_column(sa.String(20), default=DeliveryStatus.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    lease_until: Mapped[dt.datetime | None]
    """Until when the worker that claimed it may hold it."""
    last_error: Mapped[str | None] = mapped_column(sa.Text)
    """The receiver's words, or ours."""
    conflict: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """What the LRS holds under the same id, when it differs."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    done_at: Mapped[dt.datetime | None]


def enqueue(db: Session, *, kind: DeliveryKind, key: uuid.UUID, order_key: str, body: bytes,
            target: dict[str, Any] | None = None) -> Delivery:
    """Write one delivery into the present transaction. The worker sees it once that commits."""
    delivery = Delivery(kind=kind, key=key, order_key=order_key, body=body, target=target or {})
    db.add(delivery)
    return delivery
