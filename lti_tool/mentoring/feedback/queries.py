"""Reading feedback: for the two of a pair alone."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.mentoring.feedback.models import Feedback, FeedbackKind


@dataclass(frozen=True)
class FeedbackRecord:
    """What one of a pair told the other: of a meeting, or thanks (no meeting)."""

    author_id: uuid.UUID
    session_id: uuid.UUID | None
    points: tuple[str, ...]
    """Codes of :data:`schemas.choices.FEEDBACK_POINTS`."""
    words: str | None
    given_at: dt.datetime
    seen_at: dt.datetime | None

    @property
    def is_thanks(self) -> bool:
        """Whether it is about all that the two did."""
        return self.session_id is None


def feedback_of_pair(db: Session, pair_id: uuid.UUID) -> list[FeedbackRecord]:
    """What the two of a pair told each other, the latest first."""
    return _read(db, Feedback.pair_id == pair_id)


def thanks_of_pair(db: Session, pair_id: uuid.UUID) -> list[FeedbackRecord]:
    """How the two of a pair thanked each other: at most once each."""
    return _read(db, sa.and_(Feedback.pair_id == pair_id, Feedback.kind == FeedbackKind.THANKS))


def _read(db: Session, which: sa.ColumnElement[bool]) -> list[FeedbackRecord]:
    rows = db.scalars(sa.select(Feedback).where(which).order_by(Feedback.given_at.desc(), Feedback.id))
    return [
        FeedbackRecord(row.author_id, row.session_id, tuple(row.points), row.words, row.given_at, row.seen_at)
        for row in rows
    ]
