"""The table of what participants say of themselves."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.database import Base, utcnow


class ProfileRow(Base):
    """What a participant says of themselves. Every column is their own words, and empty where they said nothing.

    The partner alone sees it; no statement, no tutor's page and no event ever holds it.
    """

    __tablename__ = "profile"

    participant_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("participant.id"), primary_key=True)
    brings: Mapped[str] = mapped_column(sa.String(500), default="")
    """What they can show to somebody."""
    wants: Mapped[str] = mapped_column(sa.String(500), default="")
    """What they want to learn."""
    job: Mapped[str] = mapped_column(sa.String(120), default="")
    place: Mapped[str] = mapped_column(sa.String(120), default="")
    """Where they work."""
    email: Mapped[str] = mapped_column(sa.String(254), default="")
    """An address to share, typed for this: the one that the platform knows is never taken over."""
    phone: Mapped[str] = mapped_column(sa.String(40), default="")
    chat: Mapped[str] = mapped_column(sa.String(200), default="")
    """A web address, or a name in a chat."""
    updated_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
