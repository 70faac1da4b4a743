"""The queue of background jobs: ask for one, claim it, store its progress and what became of it.

Rows are the truth: a job is asked for in the transaction that needs it, and runs until it is done or has failed,
whatever becomes of the processes that run it. Claiming and leases are those of :mod:`lti_tool.messaging.claims`.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lti_tool.database import insert_for, table_of, utcnow
from lti_tool.identity.principal import Principal
from lti_tool.jobs.models import Job, JobStatus
from lti_tool.many_rows import delete_some
from lti_tool.messaging.claims import ClaimableTable, lock_claims
from lti_tool.messaging.retry import LONGEST_DELAY
from lti_tool.moments import is_ahead

if TYPE_CHECKING:
    from lti_tool.jobs.kinds import JobKind

ENQUEUED: Final = "enqueued_jobs"
"""The key in ``Session.info`` that says that this transaction has asked for a job."""
DONE_KEPT: Final = dt.timedelta(days=1)
"""How long a finished job is kept: many are asked for every hour."""
FAILED_KEPT: Final = dt.timedelta(days=7)
LONGEST_REASON: Final = 1000
"""Characters of the reason that is kept."""
_CLAIMS_LOCK: Final = 0x74616E33

_rows = table_of(Job)
_column = _rows.c
_claimable = ClaimableTable(_rows, claimed=JobStatus.RUNNING.value)
_is_open = _column.done_at.is_(None)


class ClaimLost(Exception):
    """Another worker has the job: this one was so slow that its lease ran out."""


class JobUnknown(LookupError):
    """There is no such job that could be repeated."""


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job that one worker has until the lease ends."""

    claim: uuid.UUID
    id: int
    kind: str
    arguments: dict[str, Any]
    attempts: int
    """How often it was claimed, this time included."""
    progress: int
    error: str | None
    group_key: str | None = None


def unique_key(kind: type[JobKind], key: str) -> str:
    """What jobs of a kind with the same ``key`` have in common in :attr:`~lti_tool.jobs.models.Job.unique_key`."""
    return f"{kind.name}:{key}"


def enqueue(
    db: Session,
    kind: type[JobKind],
    arguments: dict[str, Any],
    *,
    requested_by: Principal,
    key: str | None = None,
    group_key: str | None = None,
    subject_id: uuid.UUID | None = None,
    organisation_id: uuid.UUID | None = None,
    not_before: dt.datetime | None = None,
) -> int:
    """Ask for a job in the present transaction; return its id, that of the same job where that waits already.

    ``key``: what makes two jobs of the kind the same; without it each is its own. Raises
    :class:`marshmallow.ValidationError` for arguments that the kind's schema does not take.
    """
    schema = kind.schema()
    stored = schema.dump(arguments)
    schema.load(stored)
    same = unique_key(kind, key or str(uuid.uuid4()))
    now = utcnow()
    added = db.execute(
        insert_for(db, Job)
        .values(
            kind=kind.name,
            arguments=stored,
            unique_key=same,
            group_key=group_key,
            subject_id=subject_id,
            organisation_id=organisation_id,
            requested_by_kind=requested_by.acted_by[0].value,
            requested_by_id=requested_by.acted_by[1],
            status=JobStatus.WAITING.value,
            attempts=0,
            not_before=not_before or now,
            phase="",
            progress=0,
            created_at=now,
        )
        .on_conflict_do_nothing(
            index_elements=[_column.unique_key], index_where=sa.text("status = 'waiting'")
        )
        .returning(_column.id)
    ).scalar()
    db.info[ENQUEUED] = True
    if added is not None:
        return cast(int, added)
    waiting = sa.select(Job.id).where(Job.unique_key == same, Job.status == JobStatus.WAITING)
    found = db.scalar(waiting)
    if found is not None:
        return found
    # A worker has claimed the other one since.
    return enqueue(
        db,
        kind,
        arguments,
        requested_by=requested_by,
        key=key,
        group_key=group_key,
        subject_id=subject_id,
        organisation_id=organisation_id,
        not_before=not_before,
    )


def _has_come(now: dt.datetime) -> sa.ColumnElement[bool]:
    """A job's back-off or lease is over."""
    return sa.not_(is_ahead(_column.not_before, now, LONGEST_DELAY))


def is_due(
    db: Session,
    kinds: Iterable[type[JobKind]],
    *,
    besides: Collection[int] = (),
    now: dt.datetime | None = None,
) -> bool:
    """Whether a job of these kinds may run now, limits aside. A look that takes no lock. ``besides``: as in claim."""
    found = (
        sa.select(_column.id)
        .where(
            _is_open,
            _has_come(now or utcnow()),
            _column.kind.in_([kind.name for kind in kinds]),
            _column.id.not_in(besides),
        )
        .limit(1)
    )
    return db.scalar(found) is not None


def claim(
    db: Session,
    kinds: Iterable[type[JobKind]],
    *,
    lease: dt.timedelta,
    among: Collection[int] | None = None,
    besides: Collection[int] = (),
    full_groups: Collection[tuple[str, str]] = (),
    now: dt.datetime | None = None,
) -> ClaimedJob | None:
    """Claim the oldest job of these kinds that may run now, or None.

    It waits while the same job runs, or as many jobs of its group as the kind allows. A job whose lease ran out,
    because its process was killed, is claimed like any other. ``among``: only one of these jobs. ``besides``: none of
    these, which the caller runs itself, whether it could extend their leases or not. ``full_groups``: none of a kind
    and group that have no thread left (:mod:`lti_tool.jobs.shares`).
    """
    now = now or utcnow()
    # The limits count what other workers are just claiming.
    lock_claims(db, _CLAIMS_LOCK)
    held = [*besides, *_locked_by_their_holders(db, now)]
    conditions = [
        _is_open,
        _has_come(now),
        _column.id.not_in(besides),
        sa.or_(*(_may_run(kind, held, now) for kind in kinds)),
    ]
    if full_groups:
        groups = [sa.and_(_column.kind == kind, _column.group_key == group) for kind, group in full_groups]
        conditions.append(sa.func.coalesce(sa.not_(sa.or_(*groups)), sa.true()))
    if among is not None:
        conditions.append(_column.id.in_(among))
    running = _rows.alias("same")
    same = sa.exists().where(_is_running(running, held, now), running.c.unique_key == _column.unique_key)
    identifier, rows = _claimable.claim(
        db,
        *conditions,
        sa.not_(same),
        limit=1,
        lease=lease,
        now=now,
        returning=(
            _column.kind,
            _column.arguments,
            _column.attempts,
            _column.progress,
            _column.error,
            _column.group_key,
        ),
    )
    return ClaimedJob(identifier, *rows[0]) if rows else None


def _locked_by_their_holders(db: Session, now: dt.datetime) -> set[int]:
    """Jobs whose lease ran out while a transaction of their own has locked them: they run.

    SQLite has no locks of rows, and while somebody writes there, nobody claims.
    """
    if db.get_bind().dialect.name != "postgresql":
        return set()
    over = sa.select(_column.id).where(_is_open, _column.status == JobStatus.RUNNING.value, _has_come(now))
    ids = set(db.scalars(over))
    return ids - set(db.scalars(over.with_for_update(skip_locked=True))) if ids else ids


def _may_run(kind: type[JobKind], held: Collection[int], now: dt.datetime) -> sa.ColumnElement[bool]:
    if kind.max_per_group is None:
        return _column.kind == kind.name
    others = _rows.alias("others")
    count = (
        sa.select(sa.func.count())
        .select_from(others)
        .where(
            _is_running(others, held, now),
            others.c.kind == _column.kind,
            others.c.group_key == _column.group_key,
        )
        .correlate(_rows)
        .scalar_subquery()
    )
    return sa.and_(_column.kind == kind.name, count < kind.max_per_group)


def _is_running(rows: sa.FromClause, held: Collection[int], now: dt.datetime) -> sa.ColumnElement[bool]:
    """``held``: jobs that run although their leases ran out."""
    return sa.and_(
        rows.c.done_at.is_(None),
        rows.c.status == JobStatus.RUNNING.value,
        sa.or_(is_ahead(rows.c.not_before, now, LONGEST_DELAY), rows.c.id.in_(held)),
    )


def extend(db: Session, job: ClaimedJob, *, lease: dt.timedelta) -> None:
    """Hold on to a job for another ``lease`` while it runs; at once, even while a transaction of it has its row."""
    _claimable.extend(db, job.claim, [job.id], lease=lease, now=utcnow())


def require_claim(db: Session, job: ClaimedJob) -> None:
    """Lock a job's row for the present transaction. Raises :class:`ClaimLost`."""
    held = sa.select(_column.id).where(_held(job)).with_for_update()
    if db.execute(held).first() is None:
        raise ClaimLost


def report(db: Session, job: ClaimedJob, *, progress: int, total: int | None, phase: str) -> None:
    """Store how far a job is. Raises :class:`ClaimLost`."""
    _write(db, job, progress=progress, total=total, phase=phase)


def finish(db: Session, job: ClaimedJob, result: dict[str, Any] | None) -> None:
    """The job is done. Raises :class:`ClaimLost`."""
    _write(db, job, status=JobStatus.DONE.value, done_at=utcnow(), result=result, error=None)


def fail(db: Session, job: ClaimedJob, reason: str) -> None:
    """The job is given up, and kept with the reason. Raises :class:`ClaimLost`."""
    _write(db, job, status=JobStatus.FAILED.value, done_at=utcnow(), error=_shortened(reason))


def run_again(
    db: Session, job: ClaimedJob, *, not_before: dt.datetime, reason: str | None, counts: bool = True
) -> None:
    """The job runs again, not before the moment given; superseded where the same job waits by now.

    ``counts``: whether this was an attempt. Does nothing where another worker has the job.
    """
    reason = _shortened(reason) if reason is not None else None
    twin = _rows.alias("twin")
    waits = sa.exists().where(
        twin.c.unique_key == _column.unique_key, twin.c.status == JobStatus.WAITING.value
    )
    superseded = (
        sa.update(_rows)
        .where(_held(job), waits)
        .values(status=JobStatus.SUPERSEDED.value, done_at=utcnow(), error=reason)
        .returning(_column.id)
    )
    if not db.execute(superseded).all():
        values = {"error": reason} if counts else {"attempts": _column.attempts - 1}
        waiting = JobStatus.WAITING.value
        try:
            with db.begin_nested():
                _claimable.release(db, _held(job), status=waiting, not_before=not_before, **values)
        except IntegrityError:  # somebody asked for the same job since, in a transaction that has just ended
            run_again(db, job, not_before=not_before, reason=reason, counts=counts)
    db.info[ENQUEUED] = True


def retry(db: Session, job_id: int) -> int:
    """Let a job that failed run again, as often as a new one; return its id. Raises :class:`JobUnknown`.

    Where the same job waits already, that one is the repetition, and its id is returned.
    """
    job = db.get(Job, job_id)
    if job is None or job.status != JobStatus.FAILED:
        raise JobUnknown(f"there is no failed job {job_id}")
    twin = sa.select(Job.id).where(Job.unique_key == job.unique_key, Job.status == JobStatus.WAITING)
    waiting = db.scalar(twin)
    if waiting is None:
        try:
            with db.begin_nested():
                job.status, job.done_at, job.attempts, job.not_before = JobStatus.WAITING, None, 0, utcnow()
        except IntegrityError:  # as in run_again
            return retry(db, job_id)
    db.info[ENQUEUED] = True
    return job_id if waiting is None else waiting


def delete_finished(db: Session, now: dt.datetime) -> int:
    """Delete some of the jobs that ended long ago; return how many, 0 once none is left."""
    kept = sa.case((_column.status == JobStatus.FAILED.value, now - FAILED_KEPT), else_=now - DONE_KEPT)
    return delete_some(db, _rows, _column.done_at < now - DONE_KEPT, _column.done_at < kept)


def _shortened(reason: str) -> str:
    return " ".join(reason.split())[:LONGEST_REASON]


def _held(job: ClaimedJob) -> sa.ColumnElement[bool]:
    return _claimable.held(job.claim, _column.id == job.id)


def _write(db: Session, job: ClaimedJob, **values: Any) -> None:
    written = db.execute(sa.update(_rows).where(_held(job)).values(**values).returning(_column.id)).all()
    if not written:
        raise ClaimLost
