"""The table of pairs."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.database import Base, one_of, utcnow


class PairStatus(enum.StrEnum):
    """Where a pair is. ``ended`` records a reason and no fault."""

    PROPOSED = "proposed"
    """A tutor proposes the two to each other; one of them may have accepted."""
    ACCEPTED = "accepted"
    """Both have accepted; the agreement is to be signed."""
    ACTIVE = "active"
    """Both have signed."""
    PAUSED = "paused"
    CLOSED = "closed"
    ENDED = "ended"


DECLINED: Final = "declined"
"""The reason for which a pair ended that one of the two did not accept."""

ENDED_STATUSES = (PairStatus.CLOSED, PairStatus.ENDED)


class Pair(Base):
    """One junior mentor with one senior mentee."""

    __tablename__ = "pair"
    __table_args__ = (
        one_of("status", PairStatus),
        sa.Index("ix__pair__mentor_id", "mentor_id"),
        sa.Index("ix__pair__mentee_id", "mentee_id"),
        sa.Index(
            "ix__pair__together_once",
            "mentor_id",
            "mentee_id",
            unique=True,
            sqlite_where=sa.text("status NOT IN ('closed', 'ended')"),
            postgresql_where=sa.text("status NOT IN ('closed', 'ended')"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    """Also the xAPI registration of everything the pair does."""
    cohort_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("cohort.id"), index=True)
    mentor_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("participant.id"))
    mentee_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("participant.id"))
    status: Mapped[str] = mapped_column(sa.String(20), default=PairStatus.PROPOSED)
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    charter_version: Mapped[str] = mapped_column(sa.String(20), default="1")
    """Which text of the charter the two sign."""
    mentor_accepted_at: Mapped[dt.datetime | None]
    mentee_accepted_at: Mapped[dt.datetime | None]
    mentor_signed_at: Mapped[dt.datetime | None]
    mentee_signed_at: Mapped[dt.datetime | None]
    mentor_reminded_at: Mapped[dt.datetime | None]
    """When the mentee or a tutor last reminded the mentor of what waits for them."""
    mentee_reminded_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    end_reason: Mapped[str | None] = mapped_column(sa.String(30))
    """A code of :data:`schemas.choices.END_REASONS`, or ``declined``; None for a pair that was closed or goes on."""
    paused_at: Mapped[dt.datetime | None]
    """Since when a pair is on hold; None for one that is not."""
    paused_until: Mapped[dt.date | None]
    """The day on which the tutor wants to be asked whether it goes on; nothing happens by itself."""
    declined_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("participant.id"))
    decline_reason: Mapped[str | None] = mapped_column(sa.String(30))
    """A code of :data:`schemas.choices.DECLINE_REASONS`, where they gave any; the partner is not told."""


class TimelineEntry(Base):
    """One entry of a pair's timeline: a projection of the event log. Dates, lengths and states, never words."""

    __tablename__ = "timeline_entry"
    __table_args__ = (sa.Index("ix__timeline_entry__pair_id", "pair_id", "at"),)

    event_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    pair_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("pair.id"))
    at: Mapped[dt.datetime]
    kind: Mapped[str] = mapped_column(sa.String(60))
    """The name of the event."""
    participant_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("participant.id"))
    """Who of the two acted; None for the tutor."""
    held_on: Mapped[dt.date | None]
    minutes: Mapped[int | None]
    format: Mapped[str | None] = mapped_column(sa.String(30))
    mode: Mapped[str | None] = mapped_column(sa.String(20))
    """The meeting's day, length, format and mode, where the event says them."""
