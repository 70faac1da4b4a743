"""The table of reflections."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.database import Base, utcnow


class Reflection(Base):
    """One change that a person made, as they wrote it down while they were in a pair."""

    __tablename__ = "reflection"
    __table_args__ = (sa.Index("ix__reflection__pair_id", "pair_id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    pair_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("pair.id"))
    author_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("participant.id"))
    words: Mapped[str | None] = mapped_column(sa.Text)
    """The author's own; never in a statement. None once they were erased."""
    shared: Mapped[bool] = mapped_column(default=False)
    """Whether the partner may read it; else the author alone."""
    written_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
