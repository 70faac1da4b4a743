"""A job whose arguments cannot be read fails alone. On SQLite alone: PostgreSQL keeps no such text in a JSON column."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from lti_tool.composition.jobs import JOB_KINDS, make_job_runner
from lti_tool.composition.services import Services
from lti_tool.identity.principal import TOOL
from lti_tool.jobs import queue
from lti_tool.jobs.runner import JobRunner
from tests.jobs.kinds import Hourly, WriteRows, ask, job, rows_written, wait_until_ended

pytestmark = pytest.mark.sqlite_alone


@pytest.fixture
def runner(services: Services) -> Iterator[JobRunner]:
    """A runner of the tool's own kinds and of two of the tests'; not started."""
    kinds = (*JOB_KINDS, lambda _services: WriteRows(), lambda _services: Hourly())
    made = make_job_runner(services, kinds, sweep_seconds=0.05)
    yield made
    made.stop()


def damage(services: Services, job_id: int, text: str) -> None:
    with services.database.transaction() as db:
        statement = sa.text("UPDATE job SET arguments = :text WHERE id = :id")
        db.execute(statement, {"text": text, "id": job_id})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("not json", "it is not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("[1]", "it is not a JSON object"),
        ("5", "it is not a JSON object"),
    ],
)
def test_a_job_whose_arguments_cannot_be_read_fails_alone(services, runner, run, text, reason):
    # The oldest is claimed first; this kind takes no arguments, and must not run without them.
    with services.database.transaction() as db:
        damaged = queue.enqueue(db, Hourly, {}, requested_by=TOOL)
    damage(services, damaged, text)
    others = [ask(services, WriteRows, name, rows=1) for name in "ab"]
    runner.start()
    wait_until_ended(services, damaged, *others)
    found = job(services, damaged)
    error = f"its arguments cannot be read: {reason}"
    assert (found.status, found.error, found.attempts) == ("failed", error, 1)
    assert [job(services, other).status for other in others] == ["done", "done"]
    assert rows_written(services) == {"a 0": 1, "b 0": 1}

    [line] = run("jobs", "list", "--state", "failed").stdout.splitlines()[1:]
    assert error in line
    [listed] = json.loads(run("jobs", "list", "--state", "failed", "--json").stdout)
    assert (listed["id"], listed["error"]) == (damaged, error)

    assert run("jobs", "retry", str(damaged)).stdout == f"Job {damaged} will run again.\n"
    wait_until_ended(services, damaged)
    assert (job(services, damaged).status, job(services, damaged).error) == ("failed", error)
    # Whoever has repaired the row can run it.
    damage(services, damaged, "{}")
    run("jobs", "retry", str(damaged))
    wait_until_ended(services, damaged)
    assert job(services, damaged).status == "done"
