"""The schedule: kinds with ``every`` are asked for when they are due, by one process at a time.

Each process with a worker looks at the clock, and a lease elects the one that asks. Asking for a job and moving its
next time are one transaction, so a process that is killed at any step loses no time and doubles none.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import insert_for, table_of
from lti_tool.identity.principal import TOOL
from lti_tool.jobs import queue
from lti_tool.jobs.kinds import JobKind
from lti_tool.jobs.models import JobSchedule, SchedulerLease
from lti_tool.moments import is_ahead

LEASE: Final = dt.timedelta(minutes=3)
"""After how long another process takes over from one that was killed: three looks at the clock."""


def hold_lease(db: Session, holder: uuid.UUID, now: dt.datetime) -> bool:
    """Take or keep the lease of the scheduler; False while another process holds it."""
    adding = insert_for(db, SchedulerLease).values(id=1, holder=holder, until=now + LEASE)
    taken = db.execute(
        adding.on_conflict_do_update(
            index_elements=["id"],
            set_={"holder": adding.excluded.holder, "until": adding.excluded.until},
            where=sa.or_(
                SchedulerLease.holder == holder,
                sa.not_(is_ahead(table_of(SchedulerLease).c.until, now, LEASE)),
            ),
        ).returning(SchedulerLease.id)
    )
    return taken.first() is not None


def release_lease(db: Session, holder: uuid.UUID) -> None:
    """Give the lease up, so that another process need not wait for its end."""
    lease = table_of(SchedulerLease)
    db.execute(sa.delete(lease).where(lease.c.holder == holder))


def enqueue_due(db: Session, kinds: Iterable[type[JobKind]], now: dt.datetime) -> list[str]:
    """Ask for a job of each scheduled kind that is due; return the names of these kinds.

    A kind that was never asked for is due at once. Times that passed while nobody looked are asked for once.
    """
    asked = []
    for kind in kinds:
        if kind.every is None:
            continue
        first = insert_for(db, JobSchedule).values(kind=kind.name, due_at=now)
        db.execute(first.on_conflict_do_nothing(index_elements=["kind"]))
        moved = db.execute(
            sa.update(JobSchedule)
            .where(
                JobSchedule.kind == kind.name,
                sa.not_(is_ahead(table_of(JobSchedule).c.due_at, now, kind.every)),
            )
            .values(due_at=now + kind.every)
            .returning(JobSchedule.kind)
            .execution_options(synchronize_session=False)
        )
        if moved.first() is not None:
            queue.enqueue(db, kind, {}, key="scheduled", requested_by=TOOL)
            asked.append(kind.name)
    return asked
