"""The table of meetings."""

from __future__ import annotations

import datetime as dt
import enum
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.database import Base, one_of, utcnow


class SessionStatus(enum.StrEnum):
    """Where a mentoring session is. ``withdrawn`` is a logged session that its logger removed."""

    PLANNED = "planned"
    HELD = "held"
    CONFIRMED = "confirmed"
    DISPUTED = "disputed"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"


class Mode(enum.StrEnum):
    """How the two spoke to each other."""

    IN_PERSON = "in-person"
    VIDEO = "video"
    PHONE = "phone"
    WRITING = "writing"


class MentoringSession(Base):
    """A meeting of a pair, in any format."""

    __tablename__ = "mentoring_session"
    __table_args__ = (
        one_of("status", SessionStatus),
        one_of("mode", Mode),
        one_of("proposed_mode", Mode),
        sa.CheckConstraint("minutes BETWEEN 1 AND 1440", name="minutes_in_a_day"),
        sa.Index("ix__mentoring_session__pair_id", "pair_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    pair_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("pair.id"))
    held_on: Mapped[dt.date]
    """The day in the time zone of whoever logged it."""
    minutes: Mapped[int]
    format: Mapped[str] = mapped_column(sa.String(30))
    """What the meeting was: a code of :data:`schemas.choices.SESSION_FORMATS`, or one that a business added."""
    mode: Mapped[str | None] = mapped_column(sa.String(20))
    """How the two spoke; None where the first version did not ask."""
    status: Mapped[str] = mapped_column(sa.String(20), default=SessionStatus.HELD)
    revision: Mapped[int] = mapped_column(default=0)
    """Rises with each correction; part of the ids of its statements."""
    logged_by: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("participant.id"))
    logged_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    dispute_reason: Mapped[str | None] = mapped_column(sa.String(30))
    """A code of :data:`schemas.choices.DISPUTE_REASONS`."""
    answered_at: Mapped[dt.datetime | None]
    """When the partner confirmed or disputed this revision."""
    proposed_on: Mapped[dt.date | None]
    """The day that the partner who disputes it proposes in place of ``held_on``."""
    proposed_minutes: Mapped[int | None]
    """The length that the partner who disputes it proposes."""
    proposed_mode: Mapped[str | None] = mapped_column(sa.String(20))
    """How the two spoke, as the partner who disputes it proposes."""
    proposed_format: Mapped[str | None] = mapped_column(sa.String(30))
    """What it was, as the partner who disputes it proposes."""
    form_key: Mapped[uuid.UUID | None] = mapped_column(unique=True)
    """Not written any more: whatever form is sent twice has its effect once. Older rows have the key of their form."""
