"""Tables of who may use a programme, and read it, besides its owners and the tutors of its courses."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.database import Base, utcnow


class ProgrammeShare(Base):
    """Teachers may choose a programme for a new activity although they do not teach it yet.

    With the teachers of one course; without a course, with all teachers of the organisation.
    """

    __tablename__ = "programme_share"
    __table_args__ = (
        sa.Index("uq__programme_share__course", "programme_id", "course_id", unique=True),
        # Several NULLs are no duplicates of one another, neither in SQLite nor in PostgreSQL.
        sa.Index(
            "uq__programme_share__everywhere",
            "programme_id",
            unique=True,
            sqlite_where=sa.text("course_id IS NULL"),
            postgresql_where=sa.text("course_id IS NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    programme_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("programme.id"))
    course_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("course.id"), index=True)
    """The course whose teachers may use it; None for every course of the organisation."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)


class HrLink(Base):
    """A link by which an owner offers the right to read a programme: good once, until it expires or is withdrawn."""

    __tablename__ = "hr_link"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    programme_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("programme.id"), index=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    """SHA-256 of the secret in the address, which is shown once."""
    made_by: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"))
    made_for: Mapped[str | None] = mapped_column(sa.String(100))
    """For whom, in the words of whoever made it; None for a link that is older than the question."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
    withdrawn_at: Mapped[dt.datetime | None]
    """When an owner took it back before anybody had used it."""


class HrReader(Base):
    """A person of human resources who may read a programme, since when, and until when where an owner ended it."""

    __tablename__ = "hr_reader"
    __table_args__ = (
        sa.Index(
            "uq__hr_reader__at_present",
            "programme_id",
            "person_id",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.Index("ix__hr_reader__person_id", "person_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    programme_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("programme.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"))
    link_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("hr_link.id"), unique=True)
    """The link that they opened."""
    granted_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    ended_at: Mapped[dt.datetime | None]
