"""The table of feedback."""

from __future__ import annotations

import datetime as dt
import enum
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.database import Base, one_of, utcnow


class FeedbackKind(enum.StrEnum):
    """What feedback is about."""

    MEETING = "meeting"
    THANKS = "thanks"
    """All that the two did, once the programme is complete."""


class Feedback(Base):
    """What one of a pair told the other; the two alone can read it."""

    __tablename__ = "feedback"
    __table_args__ = (
        one_of("kind", FeedbackKind),
        sa.CheckConstraint("(kind = 'meeting') = (session_id IS NOT NULL)", name="meeting_has_session"),
        sa.Index("ix__feedback__pair_id", "pair_id"),
        sa.Index(
            "ix__feedback__once_a_meeting",
            "session_id",
            "author_id",
            unique=True,
            sqlite_where=sa.text("kind = 'meeting'"),
            postgresql_where=sa.text("kind = 'meeting'"),
        ),
        sa.Index(
            "ix__feedback__thanks_once",
            "pair_id",
            "author_id",
            unique=True,
            sqlite_where=sa.text("kind = 'thanks'"),
            postgresql_where=sa.text("kind = 'thanks'"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    pair_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("pair.id"))
    author_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("participant.id"))
    kind: Mapped[str] = mapped_column(sa.String(20))
    session_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("mentoring_session.id"))
    """The meeting that it is about."""
    points: Mapped[list[str]] = mapped_column(sa.JSON)
    """Codes of :data:`schemas.choices.FEEDBACK_POINTS`."""
    words: Mapped[str | None] = mapped_column(sa.Text)
    """The author's own, if any; never in a statement."""
    given_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    seen_at: Mapped[dt.datetime | None]
    """When the partner first said that they had read it."""
