"""Running the jobs that a command has asked for, in its own process, until they have ended."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Collection, Sequence
from typing import Final

import click
import sqlalchemy as sa

from lti_tool.composition.jobs import make_job_runner
from lti_tool.composition.services import Services
from lti_tool.jobs.models import Job

LOOK_SECONDS: Final = 0.2
"""How often the command looks whether its jobs have ended."""
SAID_SECONDS: Final = 2.0
"""How often it says at a terminal how far they are."""


def run_here(
    services: Services, ids: Collection[int], how_far: Callable[[int, Sequence[Job]], str]
) -> Sequence[Job]:
    """Run these jobs here as far as no other process does, until all have ended; return them.

    ``how_far``: says in words how far they are, given how many have ended, and all of them.
    """
    if not ids:
        return []
    runner = make_job_runner(services, among=ids, sweep_seconds=LOOK_SECONDS)
    runner.start()
    said = time.monotonic()
    try:
        while True:
            with services.database.reading() as db:
                jobs = db.scalars(sa.select(Job).where(Job.id.in_(ids)).order_by(Job.id)).all()
            ended = sum(job.done_at is not None for job in jobs)
            if ended == len(jobs):
                return jobs
            if time.monotonic() - said > SAID_SECONDS and sys.stderr.isatty():
                said = time.monotonic()
                click.echo(how_far(ended, jobs), err=True)
            time.sleep(LOOK_SECONDS)
    finally:
        runner.stop()
