"""Scores: what should stand in the gradebook, and the latest that was recorded for sending."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.database import Base


class ScoreState(Base):
    """What should stand in the gradebook of an activity for one participant: a projection of the event log."""

    __tablename__ = "score_state"

    placement_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("placement.id"), primary_key=True)
    participant_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("participant.id"), primary_key=True)
    status: Mapped[str] = mapped_column(sa.String(20))
    """The participant's progress, of which a score is made."""
    score: Mapped[int]
    """0 to 100."""
    report: Mapped[str] = mapped_column(sa.String(10))
    """``final_only`` or ``live``: how much of it is sent to the LMS."""


class ScoreTrail(Base):
    """The latest score recorded for one person on one line item.

    Platforms refuse a score that is not later by a whole second, and erase the grade on one that is not
    FullyGraded after one that is; both are decided here, in the transaction of the event.
    """

    __tablename__ = "score_trail"

    line_item_url: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    status: Mapped[str] = mapped_column(sa.String(20))
    """What the latest score said."""
    score: Mapped[int | None]
    """Its ``scoreGiven``, 0 to 100; None when it gave none."""
    comment: Mapped[str | None] = mapped_column(sa.Text)
    """The latest comment that was sent: a score without one would erase it."""
    last_timestamp: Mapped[dt.datetime]
    """Its timestamp: whole seconds, UTC."""
    graded: Mapped[bool] = mapped_column(default=False)
    """Whether a FullyGraded score was ever recorded: from then on nothing else may be."""
