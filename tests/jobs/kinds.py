"""Kinds of jobs that the tool does not have. Nothing of it has to know them: tests give them to the runner."""

from __future__ import annotations

import datetime as dt
import threading
import time
import uuid
from collections import Counter
from typing import Any, ClassVar

import sqlalchemy as sa
from marshmallow import Schema, fields, validate

from lti_tool.composition import transaction as composition
from lti_tool.composition.services import Services
from lti_tool.identity.principal import TOOL
from lti_tool.jobs import queue
from lti_tool.jobs.kinds import JobFailed, JobKind, RunningJob
from lti_tool.jobs.models import Job
from lti_tool.lti.models import Refusal


class RowsSchema(Schema):
    name = fields.String(required=True, validate=validate.Length(max=40))
    rows = fields.Integer(required=True, validate=validate.Range(min=0))


class WriteRows(JobKind):
    """Writes rows into a table that takes the same row twice, each in a transaction of its own."""

    name: ClassVar[str] = "write_rows"
    schema: ClassVar[type[Schema]] = RowsSchema
    seconds: ClassVar[float] = 0.0
    """Between two rows."""

    def run(self, job: RunningJob) -> dict[str, Any] | None:
        name, rows = job.arguments["name"], job.arguments["rows"]
        for number in range(job.progress, rows):
            with job.transaction() as db:
                db.add(
                    Refusal(
                        aggregate=uuid.uuid4().hex,
                        step="job",
                        reason=f"{name} {number}",
                        reference=str(job.id),
                    )
                )
                job.report(db, number + 1, total=rows, phase="writing")
            time.sleep(self.seconds)
        return {"rows": rows}


class Hourly(JobKind):
    """Writes a row each time that the schedule asks for it."""

    name: ClassVar[str] = "hourly"
    every: ClassVar[dt.timedelta | None] = dt.timedelta(hours=1)

    def run(self, job: RunningJob) -> dict[str, Any] | None:
        with job.transaction() as db:
            db.add(Refusal(aggregate=uuid.uuid4().hex, step="job", reason="hourly", reference=str(job.id)))
            job.finish(db)
        return None


class Blocked(JobKind):
    """Waits until the test lets it go; two of a group at a time."""

    name: ClassVar[str] = "blocked"
    schema: ClassVar[type[Schema]] = RowsSchema
    max_per_group: ClassVar[int | None] = 2

    def __init__(self) -> None:
        self.release = threading.Event()

    def run(self, job: RunningJob) -> dict[str, Any] | None:
        while not self.release.wait(0.02):
            with job.transaction():
                pass  # raises once the runner is stopping
        return None


class Faulty(JobKind):
    """Fails: for good when its name says so, otherwise as a fault of ours would."""

    name: ClassVar[str] = "faulty"
    schema: ClassVar[type[Schema]] = RowsSchema
    max_attempts: ClassVar[int] = 2

    def run(self, job: RunningJob) -> dict[str, Any] | None:
        if job.arguments["name"] == "poison":
            raise JobFailed("the file holds a row without a name")
        if job.arguments["name"] == "unstorable":
            raise JobFailed("the platform said \0\ud800:\nno")
        raise RuntimeError("a fault\nof ours")


def ask(services: Services, kind: type[JobKind], name: str, rows: int = 0, **options: Any) -> int:
    """Ask for a job of one of these kinds; its id."""
    with composition.transaction(services, TOOL) as db:
        arguments = {"name": name, "rows": rows}
        return queue.enqueue(db, kind, arguments, requested_by=TOOL, **options)


def job(services: Services, job_id: int) -> Job:
    with services.database.reading() as db:
        return db.get_one(Job, job_id)


def rows_written(services: Services) -> Counter[str]:
    """How often each row was written."""
    with services.database.reading() as db:
        return Counter(db.scalars(sa.select(Refusal.reason).where(Refusal.step == "job")))


def wait_until_ended(services: Services, *job_ids: int, seconds: float = 60) -> None:
    """Return once these jobs have ended, or all where none is named; fail after ``seconds``."""
    deadline = time.monotonic() + seconds
    chosen = sa.select(Job).where(Job.done_at.is_(None))
    if job_ids:
        chosen = chosen.where(Job.id.in_(job_ids))
    while True:
        with services.database.reading() as db:
            left = [(each.id, each.kind, each.status, each.error) for each in db.scalars(chosen)]
        if not left:
            return
        assert time.monotonic() < deadline, left
        time.sleep(0.02)
