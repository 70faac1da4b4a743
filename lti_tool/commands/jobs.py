"""``tandem jobs``: the background jobs that wait, run and failed, and repeating one."""

from __future__ import annotations

from typing import Any

import click
import sqlalchemy as sa

from lti_tool.commands.context import operator_command, print_json, print_rows, transaction
from lti_tool.composition.jobs import known_job_kinds
from lti_tool.composition.services import Services
from lti_tool.identity.policy import Action
from lti_tool.jobs import queue
from lti_tool.jobs.models import Job, JobStatus


@click.group()
def jobs() -> None:
    """Background jobs: what waits, runs or failed, and running a failed one again.

    \b
    Example:
      tandem jobs list --state failed
    """


@jobs.command("list")
@click.option(
    "--state", type=click.Choice([status.value for status in JobStatus]), help="Only those in this state."
)
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="The newest, at most."
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON for a script.")
@operator_command(Action.MANAGE_JOBS)
def list_(services: Services, state: str | None, limit: int, as_json: bool) -> None:
    """List background jobs, newest first. JSON has their arguments, results and who asked for them.

    \b
    Example:
      tandem jobs list --state failed
    """
    chosen = sa.select(Job).order_by(Job.id.desc()).limit(limit)
    if state:
        chosen = chosen.where(Job.status == state)
    with services.database.reading() as db:
        found = list(db.scalars(chosen))
    known = known_job_kinds(services)
    if as_json:
        print_json([{**_everything(job), "kind_is_known": job.kind in known} for job in found])
        return
    rows = [_line(job) for job in found]
    for row, job in zip(rows, found, strict=True):
        if job.done_at is None and job.kind not in known:
            row["error"] = "it waits: this version does not know its kind"
    print_rows(rows, empty="No jobs.")


@jobs.command()
@click.argument("identifier", metavar="ID", type=click.IntRange(1, 2**63 - 1))
@click.option("--json", "as_json", is_flag=True, help="Write JSON for a script.")
@operator_command(Action.MANAGE_JOBS)
def retry(services: Services, identifier: int, as_json: bool) -> None:
    """Run a failed job again. Where the same job waits already, nothing changes: that one is the repetition.

    \b
    Example:
      tandem jobs retry 42
    """
    try:
        with transaction(services) as db:
            waiting = queue.retry(db, identifier)
    except queue.JobUnknown as error:
        raise click.ClickException(f"{error}; `tandem jobs list --state failed` shows them") from None
    if as_json:
        print_json({"id": waiting, "state": JobStatus.WAITING})
    elif waiting != identifier:
        click.echo(f"The same job waits already, as job {waiting}. Job {identifier} stays failed.")
    else:
        click.echo(f"Job {identifier} will run again.")


def _line(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.status,
        "attempts": job.attempts,
        "progress": _progress(job),
        "asked_for": job.created_at.isoformat(timespec="seconds"),
        "error": job.error,
    }


def _progress(job: Job) -> str:
    of_total = f" of {job.total}" if job.total is not None else ""
    return f"{job.phase} {job.progress}{of_total}" if job.phase else ""


def _everything(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.status,
        "arguments": job.arguments,
        "attempts": job.attempts,
        "phase": job.phase,
        "progress": job.progress,
        "total": job.total,
        "result": job.result,
        "error": job.error,
        "organisation_id": job.organisation_id,
        "requested_by": job.requested_by_kind,
        "requested_by_id": job.requested_by_id,
        "created_at": job.created_at.isoformat(timespec="seconds"),
        "not_before": job.not_before.isoformat(timespec="seconds"),
        "done_at": job.done_at.isoformat(timespec="seconds") if job.done_at else None,
    }
