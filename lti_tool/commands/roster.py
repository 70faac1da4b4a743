"""``tandem roster``: read the rosters of courses now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.commands.context import (
    BadInput,
    operator_command,
    print_json,
    print_rows,
    read_id,
    transaction,
)
from lti_tool.commands.jobs_here import run_here
from lti_tool.composition.services import Services
from lti_tool.identity.models import Course
from lti_tool.identity.policy import Action
from lti_tool.identity.principal import OPERATOR
from lti_tool.jobs.models import Job, JobStatus
from lti_tool.lti.nrps.read_roster_job import request_roster


@click.group()
def roster() -> None:
    """The rosters of courses: who belongs to each, as its platform says.

    \b
    Example:
      tandem roster sync
    """


@roster.command()
@click.option("--course", metavar="C", help="The id or the title of one course; otherwise all of them.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON for a script.")
@operator_command(Action.READ_ROSTER_NOW)
def sync(services: Services, course: str | None, as_json: bool) -> None:
    """Read rosters now, and wait for their end. Exits 1 when one could not be read.

    Each is a background job: a worker that runs may read some of them, and goes on when this command is stopped.

    \b
    Example:
      tandem roster sync --course "Digital cultures"
    """
    with transaction(services) as db:
        chosen = _courses(db, course)
        jobs = {request_roster(db, found.id, OPERATOR): found for found in chosen}
    ended = run_here(
        services,
        jobs.keys(),
        lambda read, of: f"{read} of {len(of)} rosters, {sum(job.progress for job in of)} people…",
    )
    shown = [_shown(job, jobs[job.id]) for job in ended]
    if as_json:
        print_json(shown)
    else:
        print_rows(shown, empty="No course has a roster that can be read.")
    if any(job.status == JobStatus.FAILED for job in ended):
        raise click.exceptions.Exit(1)


def _courses(db: Session, course: str | None) -> Sequence[Course]:
    """The courses with a roster, or the one that is named. Ends the command where there is none or more than one."""
    readable = sa.select(Course).where(Course.roster_url.is_not(None)).order_by(Course.created_at, Course.id)
    if course is None:
        return db.scalars(readable).all()
    found = db.scalars(readable.where(Course.title == course)).all()
    if not found:
        found = db.scalars(readable.where(Course.id == read_id(course, "--course"))).all()
    if not found:
        raise BadInput(f"--course: no course {course!r} has a roster that can be read")
    if len(found) > 1:
        listed = ", ".join(str(row.id) for row in found)
        raise BadInput(f"--course: there is more than one {course!r}; give its id: {listed}")
    return found


def _shown(job: Job, course: Course) -> dict[str, Any]:
    result = job.result or {}
    return {
        "course": course.title or course.id,
        "course_id": course.id,
        "job": job.id,
        "state": job.status,
        "members": result.get("members"),
        "left": result.get("left"),
        "error": job.error,
    }
