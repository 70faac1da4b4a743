"""The tables of adding people from a file: files under way, and people who have not come yet."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.database import Base, one_of, utcnow
from lti_tool.identity.principal import PrincipalKind
from lti_tool.mentoring.roles import Role


def _once_in_cohort(column: str) -> sa.Index:
    where = sa.text(f"{column} IS NOT NULL")
    name = f"uq__awaited_person__cohort_id_{column}"
    return sa.Index(name, "cohort_id", column, unique=True, sqlite_where=where, postgresql_where=where)


class AwaitedPerson(Base):
    """Somebody whom a file names and whom the platform has not named yet: invited when they first open the activity.

    The row is deleted then, or when a tutor withdraws it.
    """

    __tablename__ = "awaited_person"
    __table_args__ = (
        one_of("role", Role),
        one_of("invited_by_kind", PrincipalKind),
        _once_in_cohort("user_id"),
        _once_in_cohort("user_name"),
        _once_in_cohort("email"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    cohort_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("cohort.id"), index=True)
    user_id: Mapped[str | None] = mapped_column(sa.String(255))
    """The platform's ``sub``."""
    user_name: Mapped[str | None] = mapped_column(sa.String(255))
    """In small letters, as is the address."""
    email: Mapped[str | None] = mapped_column(sa.String(320))
    name: Mapped[str | None] = mapped_column(sa.String(255))
    role: Mapped[str] = mapped_column(sa.String(10))
    details: Mapped[dict[str, Any]]
    """What the file says besides: capacity, skills, department, manager, languages, time zone."""
    invited_by_kind: Mapped[str] = mapped_column(sa.String(20))
    invited_by_id: Mapped[uuid.UUID | None]
    """Who gave the file: a person's id, where the kind is a person."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)


class PeopleImport(Base):
    """A file of people that was given: to be looked at, being added, or added."""

    __tablename__ = "people_import"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    cohort_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("cohort.id"), index=True)
    file_name: Mapped[str] = mapped_column(sa.String(200))
    content: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """The texts of the file; deleted once its people are added."""
    rows: Mapped[int]
    """How many people it has."""
    job_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    """The job that adds them; None as long as nobody has said that they are to be added."""
    counts: Mapped[dict[str, Any]]
    """How many were added so far, by what became of them."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    done_at: Mapped[dt.datetime | None]
    """When all of them were added."""
    expires_at: Mapped[dt.datetime]
    """When the row is deleted."""
