"""The tables of background jobs: the jobs themselves, when scheduled ones are due, and who keeps the schedule."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.column_types import StoredObject
from lti_tool.database import Base, one_of, utcnow
from lti_tool.identity.principal import PrincipalKind
from lti_tool.outside_text import OneLine


class JobStatus(enum.StrEnum):
    """The status of a job."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    """It was to run again, and the same job had been asked for meanwhile."""


_OPEN = "done_at IS NULL"
_WAITING = "status = 'waiting'"


def _partial(name: str, *columns: str, where: str, unique: bool = False) -> sa.Index:
    return sa.Index(
        f"{'uq' if unique else 'ix'}__job__{name}",
        *columns,
        unique=unique,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


class Job(Base):
    """One piece of background work."""

    __tablename__ = "job"
    __table_args__ = (
        one_of("status", JobStatus),
        one_of("requested_by_kind", PrincipalKind),
        _partial("waiting", "unique_key", where=_WAITING, unique=True),
        _partial("due", "not_before", where=_OPEN),
        _partial("subject", "subject_id", where=_OPEN),
        sa.Index("ix__job__done_at", "done_at"),
    )

    id: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)
    """Rises with time: of the jobs that may run, the oldest runs first."""
    kind: Mapped[str] = mapped_column(sa.String(40))
    """The name of the :class:`lti_tool.jobs.kinds.JobKind`."""
    arguments: Mapped[dict[str, Any]] = mapped_column(StoredObject)
    """As the kind's schema writes them."""
    unique_key: Mapped[str] = mapped_column(sa.String(120))
    """What makes two jobs the same: only one of them waits, and only one runs at a time."""
    group_key: Mapped[str | None] = mapped_column(sa.String(60))
    """The kind limits how many jobs of one group run at the same time: a roster's group is its registration."""
    subject_id: Mapped[uuid.UUID | None]
    """The row that the job is about, such as a course, by which a page finds its progress."""
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("organisation.id"))
    requested_by_kind: Mapped[str] = mapped_column(sa.String(20))
    requested_by_id: Mapped[uuid.UUID | None]
    """The person who asked for it, where the kind is a person."""
    status: Mapped[str] = mapped_column(sa.String(20), default=JobStatus.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    """How often it was claimed."""
    not_before: Mapped[dt.datetime] = mapped_column(default=utcnow)
    """Nobody may claim it before: the end of a back-off, or of the lease of the worker that runs it."""
    claim: Mapped[uuid.UUID | None]
    """The latest claim: only its holder may write what became of the job."""
    phase: Mapped[str] = mapped_column(sa.String(40), default="")
    """A code for what is being done, which pages put into words; empty before it began."""
    progress: Mapped[int] = mapped_column(default=0)
    """How much is done, in units of the phase."""
    total: Mapped[int | None]
    """Of how much, where that is known."""
    result: Mapped[dict[str, Any] | None] = mapped_column(StoredObject)
    """What the kind returned."""
    error: Mapped[str | None] = mapped_column(OneLine)
    """Why the latest attempt failed."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    done_at: Mapped[dt.datetime | None]
    """When it was done, failed or superseded; None as long as it is to run."""


class JobSchedule(Base):
    """When the next job of a scheduled kind is to be asked for."""

    __tablename__ = "job_schedule"

    kind: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    due_at: Mapped[dt.datetime]


class SchedulerLease(Base):
    """The one process that asks for scheduled jobs, however many there are."""

    __tablename__ = "scheduler_lease"
    __table_args__ = (sa.CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    holder: Mapped[uuid.UUID]
    """An id that each process makes at its start."""
    until: Mapped[dt.datetime]
