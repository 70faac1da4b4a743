"""Counters of each pair, so that a page about a whole cohort need not read every meeting."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.database import Base


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
