"""Check of background jobs: which have failed and why, and whether what is due is run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from lti_tool.composition.jobs import known_job_kinds
from lti_tool.composition.services import Services
from lti_tool.database import table_of, utcnow
from lti_tool.health_checks.findings import Found, Verdict, one_line
from lti_tool.health_checks.stored import name_of
from lti_tool.jobs.models import Job, JobStatus, SchedulerLease
from lti_tool.jobs.schedule import LEASE
from lti_tool.lti.registration.models import Registration
from lti_tool.moments import is_ahead

OVERDUE: Final = dt.timedelta(minutes=5)
"""Runners look every few seconds, and a job whose process was killed is due again after half a minute."""
MOST_NAMED: Final = 5
"""How many failures are named, the latest ones."""


def jobs(services: Services) -> Found:
    """The jobs that failed and did not succeed since, those that nobody runs, and those that nobody could."""
    known = known_job_kinds(services)
    with services.database.reading() as db:
        found = [*_failed(db), *_unknown(db, known), *_overdue(db, known)]
    yield from found or [(Verdict.OK, "none has failed, and none is overdue", "")]


def _failed(db: Session) -> Iterator[tuple[Verdict, str, str]]:
    """The latest failure of each job, unless the same job has succeeded since or is about to run again.

    What failed alike for one platform is one finding: it may have been asked for hundreds of courses.
    """
    later = aliased(Job)
    replaced = sa.exists().where(
        later.unique_key == Job.unique_key,
        later.id > Job.id,
        later.status.in_([status for status in JobStatus if status != JobStatus.SUPERSEDED]),
    )
    alike = (Job.kind, Job.group_key, Job.error)
    failed = (
        sa.select(*alike, sa.func.count().label("alike"), sa.func.max(Job.done_at), sa.func.max(Job.id))
        .where(Job.status == JobStatus.FAILED, sa.not_(replaced))
        .group_by(*alike)
    )
    latest_first = failed.order_by(sa.func.max(Job.done_at).desc(), sa.func.max(Job.id).desc())
    rows = db.execute(latest_first.limit(MOST_NAMED)).all()
    platforms = {str(each.id): name_of(each) for each in db.scalars(sa.select(Registration))} if rows else {}
    for kind, group_key, error, count, done_at, job_id in rows:
        at = f" at {done_at:%Y-%m-%d %H:%M} UTC" if done_at else ""
        platform = f" for {platforms[group_key]}" if group_key in platforms else ""
        more = f", like {count - 1} more" if count > 1 else ""
        again = f"tandem jobs retry {job_id}" if count == 1 else "tandem jobs list --state failed"
        yield (
            Verdict.WARNING,
            f"{kind}{platform} failed{at}{more}: {one_line(error or 'no reason was kept')}",
            f"once the cause is gone, run it again: {again}",
        )
    if len(rows) == MOST_NAMED:
        total = db.scalar(sa.select(sa.func.sum(failed.subquery().c.alike))) or 0
        if rest := total - sum(row.alike for row in rows):
            yield Verdict.WARNING, f"{rest} more failed", "tandem jobs list --state failed"


def _unknown(db: Session, known: Collection[str]) -> Iterator[tuple[Verdict, str, str]]:
    """What waits for ever, because no process knows its kind."""
    waiting = (
        sa.select(Job.kind, sa.func.count())
        .where(Job.done_at.is_(None), Job.kind.not_in(known))
        .group_by(Job.kind)
        .order_by(Job.kind)
    )
    for kind, count in db.execute(waiting).all():
        yield (
            Verdict.WARNING,
            f"{count} job{'' if count == 1 else 's'} of a kind that this version does not know: {kind}",
            "they wait for a version with this kind (a line in composition/jobs.py)",
        )


def _overdue(db: Session, known: Collection[str]) -> Iterator[tuple[Verdict, str, str]]:
    """What has been due for long, but for jobs whose group waits for others of it that run."""
    now = utcnow()
    other = aliased(Job)
    group_runs = sa.exists().where(
        other.status == JobStatus.RUNNING,
        other.not_before > now,
        other.kind == Job.kind,
        other.group_key == Job.group_key,
    )
    overdue = (
        sa.select(Job.kind, sa.func.count(), sa.func.min(Job.not_before))
        .where(
            Job.done_at.is_(None), Job.not_before < now - OVERDUE, Job.kind.in_(known), sa.not_(group_runs)
        )
        .group_by(Job.kind)
        .order_by(Job.kind)
    )
    worker_runs = (
        db.scalar(
            sa.select(SchedulerLease.until).where(is_ahead(table_of(SchedulerLease).c.until, now, LEASE))
        )
        is not None
    )
    for kind, count, since in db.execute(overdue).all():
        jobs_due = f"{count} {kind} job{'' if count == 1 else 's'} due since {since:%Y-%m-%d %H:%M} UTC"
        if worker_runs:
            yield (
                Verdict.WARNING,
                f"{jobs_due}, although a worker runs",
                "look into its log; more jobs at the same time: start another tandem worker",
            )
        else:
            yield (
                Verdict.ERROR,
                f"{jobs_due}, and no worker runs",
                "start one: tandem serve, or tandem worker",
            )
