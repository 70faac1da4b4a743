"""A process killed with SIGKILL at any step of a job: the job runs again, and its effects are there once."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from lti_tool.composition import transaction as composition
from lti_tool.composition.jobs import make_job_runner
from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.identity.models import Course, Membership, Person
from lti_tool.identity.principal import OPERATOR
from lti_tool.jobs.models import Job, SchedulerLease
from lti_tool.jobs.runner import STEPS
from lti_tool.lti.ags.models import GradeStatus
from lti_tool.lti.ags.read_results_job import request_results
from lti_tool.lti.models import AccessToken
from lti_tool.lti.nrps.read_roster_job import request_roster
from tests.builder.connected import Connected
from tests.jobs.kinds import WriteRows, ask, job, rows_written, wait_until_ended
from tests.killed_process import KINDS, ROOT, command, run_until_killed
from tests.lti.ags.reading_back import ReadingBack
from tests.slow_platforms.slow_server import wait_until


@contextmanager
def healthy_runner(services: Services) -> Iterator[None]:
    runner = make_job_runner(services, KINDS, lease=dt.timedelta(seconds=1), sweep_seconds=0.05)
    runner.start()
    try:
        yield
    finally:
        runner.stop()


@pytest.mark.parametrize("step", STEPS)
def test_a_job_killed_at_any_step_writes_its_rows_once(services, step, tmp_path):
    made = ask(services, WriteRows, "a", rows=3)
    status = run_until_killed(services, "runner", f"write_rows:{step}", tmp_path)
    with healthy_runner(services):
        wait_until_ended(services)
    assert (status, rows_written(services)["a 0"]) == (-signal.SIGKILL, 1)
    assert {name: count for name, count in rows_written(services).items() if name.startswith("a ")} == {
        "a 0": 1, "a 1": 1, "a 2": 1,
    }  # fmt: skip
    found = job(services, made)
    assert (found.status, found.attempts) == ("done", 1 if step in ("claiming", "finished") else 2)


def test_a_job_killed_again_and_again_goes_on_where_it_was(services, tmp_path):
    made = ask(services, WriteRows, "a", rows=6)
    ends = [run_until_killed(services, "runner", "write_rows:reported", tmp_path) for _ in range(3)]
    assert (ends, job(services, made).progress) == ([-signal.SIGKILL] * 3, 3)
    with healthy_runner(services):
        wait_until_ended(services)
    written = rows_written(services)
    assert [written[f"a {number}"] for number in range(6)] == [1] * 6


@pytest.mark.parametrize("step", ["claimed", "finishing", "finished"])
def test_a_scheduled_job_killed_at_a_step_is_asked_for_and_done_once(services, step, tmp_path):
    status = run_until_killed(services, "runner", f"hourly:{step}", tmp_path)
    with healthy_runner(services):
        wait_until_ended(services)
    assert (status, rows_written(services)["hourly"]) == (-signal.SIGKILL, 1)


POINTS = (*(f"read_roster:{step}" for step in STEPS), "token:asking", "token:answered", "members:asking",
          "members:answered")  # fmt: skip


def read_at(services: Services) -> dt.datetime | None:
    with services.database.reading() as db:
        return db.scalars(sa.select(Course.roster_read_at)).one()


@pytest.mark.parametrize("point", POINTS)
def test_a_reading_of_a_roster_killed_at_any_step_is_made_again(connected: Connected, point, tmp_path):
    services = connected.services
    with composition.transaction(services, OPERATOR) as db:
        made = request_roster(db, connected.world.course_id, OPERATOR)
    status = run_until_killed(services, "runner", point, tmp_path)
    with healthy_runner(services):
        wait_until_ended(services)
    found = job(services, made)
    assert (status, found.status, found.result["members"]) == (-signal.SIGKILL, "done", 5)
    assert read_at(services) is not None
    with services.database.reading() as db:
        people = db.execute(
            sa.select(Person.subject, Membership.active).join(Membership, Membership.person_id == Person.id)
        )
        assert sorted(tuple(row) for row in people) == [(subject, True) for subject in "12345"]


@pytest.mark.parametrize(
    "point",
    [
        *(f"read_results:{step}" for step in STEPS if not step.startswith("report")),
        "token:asking",
        "token:answered",
        "result:asking",
        "result:answered",
    ],
)
def test_a_reading_of_results_killed_at_any_step_sends_what_is_missing_once(
    connected: Connected, point, tmp_path
):
    book = ReadingBack(connected)
    book.complete()
    book.reset()
    book.later(hours=1)
    with composition.transaction(book.services, OPERATOR) as db:
        db.execute(sa.delete(AccessToken))
        request_results(db, connected.world.resource_link_id, OPERATOR)
    status = run_until_killed(book.services, "runner", point, tmp_path)
    book.deliver()
    with healthy_runner(book.services):
        wait_until_ended(book.services)
    book.deliver()
    book.read()
    assert (status, book.grade(), book.posted) == (-signal.SIGKILL, 100, 2)
    assert (book.status(), book.trail().deletions) == (GradeStatus.RECORDED, 1)


SCHEDULED = ["check_gradebooks", "delete_expired", "delete_used_nonces", "enqueue_due_rosters", "hourly"]


def scheduled(services: Services) -> list[str]:
    """The kinds of the jobs that the schedule has asked for, once for each time."""
    with services.database.reading() as db:
        asked = sa.select(Job.kind).where(Job.requested_by_kind == "tool", Job.kind.not_in(["write_rows"]))
        return sorted(db.scalars(asked))


def test_three_processes_on_one_database_do_every_job_once(services, tmp_path):
    """One of them is killed with -9 in the middle of its work."""
    made = [ask(services, WriteRows, f"job-{number}", rows=10) for number in range(24)]
    processes = [
        subprocess.Popen(command(services, "runner", "none", tmp_path), cwd=ROOT, stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == b"started\n"
        processes[0].kill()
        made += [ask(services, WriteRows, f"late-{number}", rows=10) for number in range(6)]
        wait_until_ended(services, *made)
        # The killed process may be the one that was to ask for what is due, and keeps that for three minutes. As if
        # they had passed: another one asks when it looks at the clock next.
        with services.database.transaction() as db:
            db.execute(sa.update(SchedulerLease).values(until=utcnow()))
        wait_until(lambda: scheduled(services) == SCHEDULED, 90)
        wait_until_ended(services)
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    written = rows_written(services)
    assert written.pop("hourly") == 1
    assert written == {
        f"{name}-{number} {row}": 1
        for name, count in (("job", 24), ("late", 6))
        for number in range(count)
        for row in range(10)
    }
    assert scheduled(services) == SCHEDULED
