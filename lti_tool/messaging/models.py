"""The tables of what must be sent."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.database import Base, one_of, utcnow


class DeliveryKind(enum.StrEnum):
    """What is delivered."""

    STATEMENT = "statement"
    SCORE = "score"


class DeliveryStatus(enum.StrEnum):
    """The status of a delivery."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    SENT = "sent"
    DEAD = "dead"
    SUPERSEDED = "superseded"


LRS: Final = "lrs"
"""The receiver of statements. A score's receiver is the id of its registration."""

# Unsent means waiting or claimed. ``done_at`` says it, so that claiming rewrites no index but one.
_UNSENT = "done_at IS NULL"


def _partial(name: str, *columns: str, where: str = _UNSENT) -> sa.Index:
    return sa.Index(
        f"ix__delivery__{name}", *columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )


class Delivery(Base):
    """One statement or one score on its way out."""

    __tablename__ = "delivery"
    __table_args__ = (
        one_of("kind", DeliveryKind),
        one_of("status", DeliveryStatus),
        _partial("due", "kind", "receiver", "id"),
        _partial("held", "kind", "receiver", "not_before"),
        _partial("line", "order_key", where=f"kind = 'score' AND {_UNSENT}"),
        _partial("dead", "kind", "id", where="status = 'dead'"),
    )

    id: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)
    """Rises with time: the order in which deliveries of one ``order_key`` go out."""
    kind: Mapped[str] = mapped_column(sa.String(20))
    receiver: Mapped[str] = mapped_column(sa.String(40))
    """``lrs``, or the id of the registration whose gradebook takes the score."""
    key: Mapped[uuid.UUID] = mapped_column(unique=True)
    """The statement's id, or a fresh id for a score: no fact is ever enqueued twice."""
    order_key: Mapped[str] = mapped_column(sa.String(100))
    """What keeps its order: the xAPI registration, or the line item and person of a score."""
    target: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """For a score: ``line_item_url`` and ``user_id``."""
    status: Mapped[str] = mapped_column(sa.String(20), default=DeliveryStatus.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    """How often it was claimed."""
    not_before: Mapped[dt.datetime] = mapped_column(default=utcnow)
    """Nobody may claim it before: the end of a back-off, or of the lease of the worker that holds it."""
    claim: Mapped[uuid.UUID | None]
    """The latest claim: only its holder may say that this must go again, or never will."""
    last_error: Mapped[str | None] = mapped_column(sa.Text)
    """The receiver's words, or ours."""
    conflict: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """What the LRS holds under the same id, when it differs."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    done_at: Mapped[dt.datetime | None]
    """When it was sent, given up or superseded; None as long as it must go out."""

    content: Mapped[DeliveryBody] = relationship(back_populates="delivery")

    @property
    def body(self) -> bytes:
        """The JSON exactly as it is sent, again and again."""
        return self.content.body


class DeliveryBody(Base):
    """The bytes of one delivery, in a row that is written once.

    Claiming and marking rewrite a delivery's own row: with the bytes in it, that cost twice as much.
    """

    __tablename__ = "delivery_body"

    delivery_id: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        sa.ForeignKey("delivery.id"),
        primary_key=True,
        autoincrement=False,
    )
    body: Mapped[bytes] = mapped_column(sa.LargeBinary)

    delivery: Mapped[Delivery] = relationship(back_populates="content")
