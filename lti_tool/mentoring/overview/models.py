"""Counters of each pair, so that a page about a whole cohort need not read every meeting; and what tutors have left."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.database import Base, utcnow


class PairCounters(Base):
    """What a pair has done, counted: a projection of the event log, one row a pair, summed when it is read."""

    __tablename__ = "pair_counters"

    pair_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("pair.id"), primary_key=True)
    confirmed: Mapped[int]
    """Sessions that both agree on."""
    held: Mapped[int]
    """Sessions that wait for the partner's confirmation."""
    disputed: Mapped[int]
    confirmed_minutes: Mapped[int]
    last_held_on: Mapped[dt.date | None]
    """The day of the latest session that nobody contests."""
    objectives: Mapped[int]
    """Those that both agreed to, and that were not removed."""
    objectives_reached: Mapped[int]


class LeftAsItIs(Base):
    """What of a participant a tutor has last decided to leave, so that it asks for nothing any more.

    How the gradebook shows their grade, or that they have refused to take part.
    """

    __tablename__ = "left_as_it_is"

    participant_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("participant.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(30))
    """A code of :class:`lti_tool.mentoring.overview.inbox.LineKind`."""
    fact_at: Mapped[dt.datetime]
    """When what was left came about. Whatever comes about later asks again."""
    left_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
