"""Reading reflections: one's own, and those that a partner shares."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.mentoring.reflections.models import Reflection


@dataclass(frozen=True)
class ReflectionRecord:
    """One change that somebody made, in their own words."""

    id: uuid.UUID
    author_id: uuid.UUID
    words: str | None
    """None once they were erased."""
    shared: bool
    written_at: dt.datetime


def reflections_for(db: Session, pair_id: uuid.UUID, reader_id: uuid.UUID) -> list[ReflectionRecord]:
    """What one of a pair (a participant) may read of it: all of their own, and what the other shares; latest first."""
    rows = db.scalars(
        sa.select(Reflection)
        .where(
            Reflection.pair_id == pair_id,
            sa.or_(Reflection.author_id == reader_id, Reflection.shared.is_(True)),
        )
        .order_by(Reflection.written_at.desc(), Reflection.id)
    )
    return [ReflectionRecord(row.id, row.author_id, row.words, row.shared, row.written_at) for row in rows]
