"""The tables of what must be sent."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.column_types import StoredBytes, StoredObject
from lti_tool.database import Base, one_of, utcnow
from lti_tool.outside_text import OneLine


class DeliveryKind(enum.StrEnum):
    """What the tool delivers. The database keeps any kind: that of a further channel is named by the channel alone."""

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
"""The receiver of statements for the installation's record store, whether one is set or not.

Other record stores are receivers by their id; a score's receiver is the id of its registration.
"""
NO_STORE: Final = "none"
"""The receiver of statements of an organisation that has record stores, but none for the platform that they name."""

# Unsent means waiting or claimed. ``done_at`` says it, so that claiming changes a column of one index alone: SQLite
# writes an entry in that one, PostgreSQL in all of them.
_UNSENT = "done_at IS NULL"


def _partial(name: str, *columns: str, where: str = _UNSENT) -> sa.Index:
    return sa.Index(
        f"ix__delivery__{name}", *columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )


def _unique_name(scope: str, *columns: str, where: str) -> sa.Index:
    return sa.Index(
        f"uq__record_store__name_in_{scope}",
        *columns,
        "name",
        unique=True,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


class Delivery(Base):
    """One statement or one score on its way out."""

    __tablename__ = "delivery"
    __table_args__ = (
        one_of("status", DeliveryStatus),
        _partial("due", "kind", "receiver", "id"),
        _partial("held", "kind", "receiver", "not_before"),
        _partial("line", "order_key", where=f"kind = 'score' AND {_UNSENT}"),
        _partial("dead", "kind", "id", where="status = 'dead'"),
    )

    id: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)
    """Rises with time: the order in which deliveries of one ``order_key`` go out."""
    kind: Mapped[str] = mapped_column(sa.String(20))
    """The kind of the channel that sends it."""
    receiver: Mapped[str] = mapped_column(sa.String(40))
    """:data:`LRS`, the id of a record store, or the id of the registration whose gradebook takes the score."""
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("organisation.id"))
    """Of a statement: to which organisation it belongs, and so to which record stores it may go."""
    registration_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("registration.id"))
    """Of a statement: the registration of the course that it names, by which record stores may differ."""
    part: Mapped[str] = mapped_column(sa.String(64), default="")
    """What of the receiver takes it and may fail alone: the line item of a score. Empty where there are no parts."""
    key: Mapped[uuid.UUID]
    """The statement's id, or a fresh id for a score."""
    order_key: Mapped[str] = mapped_column(sa.String(100))
    """What keeps its order: the xAPI registration, or the line item and person of a score."""
    target: Mapped[dict[str, Any] | None] = mapped_column(StoredObject)
    """For a score: ``line_item_url``, ``user_id`` and ``person_id``."""
    status: Mapped[str] = mapped_column(sa.String(20), default=DeliveryStatus.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    """How often it was claimed, by workers that were killed too."""
    failures: Mapped[int] = mapped_column(default=0)
    """How often it failed by itself, while its receiver was well: what its back-off is computed from."""
    not_before: Mapped[dt.datetime] = mapped_column(default=utcnow)
    """Nobody may claim it before: the end of a back-off, or of the lease of the worker that holds it."""
    claim: Mapped[uuid.UUID | None]
    """The latest claim: only its holder may say that this must go again, or never will."""
    last_error: Mapped[str | None] = mapped_column(OneLine)
    """The receiver's words, or ours."""
    conflict: Mapped[dict[str, Any] | None] = mapped_column(StoredObject)
    """What the LRS holds under the same id, when it differs."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    done_at: Mapped[dt.datetime | None]
    """When it was sent, given up or superseded; None as long as it must go out."""

    content: Mapped[DeliveryBody] = relationship(back_populates="delivery")

    @property
    def body(self) -> bytes:
        """The JSON exactly as it is sent, again and again; empty where its row was lost."""
        return self.content.body if self.content else b""


class DeliveryPause(Base):
    """A receiver, or a part of one, that failed and is not asked for a while. Removed when it answers again."""

    __tablename__ = "delivery_pause"

    kind: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    receiver: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    part: Mapped[str] = mapped_column(sa.String(64), primary_key=True, default="")
    """A value of :attr:`Delivery.part`, or with a slash at its end the beginning of several; empty for the receiver."""
    until: Mapped[dt.datetime]
    since: Mapped[dt.datetime]
    """When the first of the failures in a row was."""
    missing_since: Mapped[dt.datetime | None]
    """Since when a part has been said not to be there, time after time; None where the latest failure was another."""
    failures: Mapped[int]
    """How many rounds in a row failed."""
    refused: Mapped[bool]
    """Whether it refused our credentials or rights, which somebody must correct."""
    reason: Mapped[str] = mapped_column(OneLine)
    """What it answered last, or what kept it from answering."""


PRIMARY: Final = "primary"
"""The name of the record store that gets every statement, those included that waited before it was set."""


class RecordStore(Base):
    """A learning record store that an operator set, and for whom.

    Without an organisation it is the installation's; with a registration it is for that platform of the organisation.
    """

    __tablename__ = "record_store"
    __table_args__ = (
        sa.Index("ix__record_store__organisation_id", "organisation_id"),
        sa.CheckConstraint(
            "registration_id IS NULL OR organisation_id IS NOT NULL", name="of_an_organisation"
        ),
        _unique_name("installation", where="organisation_id IS NULL"),
        _unique_name(
            "organisation", "organisation_id", where="organisation_id IS NOT NULL AND registration_id IS NULL"
        ),
        _unique_name(
            "registration", "organisation_id", "registration_id", where="registration_id IS NOT NULL"
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("organisation.id"))
    registration_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("registration.id"))
    name: Mapped[str] = mapped_column(sa.String(40))
    """:data:`PRIMARY`, or that of a further one, which gets a copy of every statement from when it was set."""
    endpoint: Mapped[str] = mapped_column(sa.Text)
    """The xAPI base address, without a slash at the end."""
    username: Mapped[str] = mapped_column(sa.Text)
    password: Mapped[bytes]
    """Encrypted (:mod:`lti_tool.encryption`)."""
    version: Mapped[str] = mapped_column(sa.String(10))
    """The xAPI version that requests name."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    changed_at: Mapped[dt.datetime] = mapped_column(default=utcnow)

    @property
    def receiver(self) -> str:
        """The receiver of its deliveries."""
        return LRS if self.organisation_id is None and self.name == PRIMARY else str(self.id)


class DeliveryBody(Base):
    """The bytes of one delivery and what it is known by, in a row that no claim and no mark writes.

    Those rewrite a delivery's own row: with the bytes in it, that cost twice as much; and PostgreSQL
    writes an entry in every index each time, of which that of the keys cost an eighth of all.
    """

    __tablename__ = "delivery_body"
    __table_args__ = (sa.UniqueConstraint("key", "receiver"),)

    delivery_id: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        sa.ForeignKey("delivery.id"),
        primary_key=True,
        autoincrement=False,
    )
    key: Mapped[uuid.UUID]
    """:attr:`Delivery.key`: nothing is ever enqueued twice for one receiver. Deliveries are found by it here."""
    receiver: Mapped[str] = mapped_column(sa.String(40))
    """:attr:`Delivery.receiver`."""
    body: Mapped[bytes] = mapped_column(StoredBytes)

    delivery: Mapped[Delivery] = relationship(back_populates="content")
