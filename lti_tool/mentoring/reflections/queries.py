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


def latest_reflection_for(db: Session, pair_id: uuid.UUID, reader_id: uuid.UUID) -> ReflectionRecord | None:
    """The latest of :func:`reflections_for` that still has its words."""
    return next(
        (each for each in _read(db, pair_id, reader_id, Reflection.words.is_not(None), limit=1)), None
    )


def reflections_for(db: Session, pair_id: uuid.UUID, reader_id: uuid.UUID) -> list[ReflectionRecord]:
    """What one of a pair (a participant) may read of it: all of their own, and what the other shares; latest first."""
    return _read(db, pair_id, reader_id)


def _read(
    db: Session,
    pair_id: uuid.UUID,
    reader_id: uuid.UUID,
    *also: sa.ColumnElement[bool],
    limit: int | None = None,
) -> list[ReflectionRecord]:
    is_readable = sa.or_(Reflection.author_id == reader_id, Reflection.shared.is_(True))
    rows = db.scalars(
        sa.select(Reflection)
        .where(Reflection.pair_id == pair_id, is_readable, *also)
        .order_by(Reflection.written_at.desc(), Reflection.id)
        .limit(limit)
    )
    return [ReflectionRecord(row.id, row.author_id, row.words, row.shared, row.written_at) for row in rows]
