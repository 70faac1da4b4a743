"""Running jobs in this process: what fails, what is tried again, and what other jobs notice of it."""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from lti_tool.composition.jobs import JOB_KINDS, MakeJobKind, make_job_runner
from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.jobs import queue, runner
from lti_tool.jobs.kinds import JobKind, RunningJob
from lti_tool.jobs.models import Job
from lti_tool.jobs.runner import JobRunner
from lti_tool.messaging.retry import next_attempt
from tests.jobs.kinds import Blocked, Faulty, WriteRows, ask, job, rows_written, wait_until_ended

StartRunner = Callable[..., JobRunner]


@pytest.fixture
def start(services: Services) -> Iterator[StartRunner]:
    """Start a runner of the tool's own kinds and of these."""
    started: list[JobRunner] = []

    def begin(*kinds: MakeJobKind, **options: object) -> JobRunner:
        made = make_job_runner(services, (*JOB_KINDS, *kinds), **{"sweep_seconds": 0.05, **options})
        made.start()
        started.append(made)
        return made

    yield begin
    for each in started:
        each.stop()


def write_rows(_services: Services) -> WriteRows:
    """The line that registers the kind."""
    return WriteRows()


def faulty(_services: Services) -> Faulty:
    return Faulty()


@pytest.fixture
def no_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed is tried again at once."""
    monkeypatch.setattr(runner, "next_attempt", lambda _attempts: dt.timedelta(0))


def test_a_kind_from_outside_is_one_class_and_one_line(services, start):
    made = ask(services, WriteRows, "a", rows=3)
    start(write_rows)
    wait_until_ended(services, made)
    found = job(services, made)
    assert (found.status, found.result, found.progress, found.total, found.phase, found.attempts) == (
        "done", {"rows": 3}, 3, 3, "writing", 1,
    )  # fmt: skip
    assert rows_written(services) == {"a 0": 1, "a 1": 1, "a 2": 1}


def test_a_poison_input_fails_its_own_job_with_its_reason(services, start):
    poisoned = ask(services, Faulty, "poison")
    others = [ask(services, WriteRows, name, rows=1) for name in "ab"]
    start(write_rows, faulty)
    wait_until_ended(services, poisoned, *others)
    found = job(services, poisoned)
    assert (found.status, found.error, found.attempts) == ("failed", "the file holds a row without a name", 1)
    assert [job(services, other).status for other in others] == ["done", "done"]


def test_a_reason_that_no_database_keeps_fails_its_job_all_the_same(services, start):
    made = ask(services, Faulty, "unstorable")
    start(faulty)
    wait_until_ended(services, made)
    found = job(services, made)
    assert (found.status, found.error, found.attempts) == ("failed", "the platform said : no", 1)


def test_stored_arguments_that_cannot_be_read_fail_the_job(services, start):
    made = ask(services, WriteRows, "a", rows=1)
    with services.database.transaction() as db:
        db.get_one(Job, made).arguments = {"name": "a", "rows": "many"}
    start(write_rows)
    wait_until_ended(services, made)
    found = job(services, made)
    assert found.status == "failed"
    assert "its arguments cannot be read" in found.error
    assert "rows" in found.error


def test_a_fault_is_tried_again_and_then_given_up(services, start, no_delay):
    made = ask(services, Faulty, "fault")
    with capture_logs() as logs:
        start(faulty)
        wait_until_ended(services, made)
    found = job(services, made)
    assert (found.status, found.error, found.attempts) == ("failed", "RuntimeError: a fault of ours", 2)
    assert [entry["attempts"] for entry in logs if entry["event"] == "job_fault"] == [1, 2]


def test_a_fault_waits_before_it_is_tried_again(services, start):
    made = ask(services, Faulty, "fault")
    before = utcnow()
    start(faulty)
    deadline = time.monotonic() + 30
    while job(services, made).error is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    found = job(services, made)
    assert (found.status, found.not_before > before + dt.timedelta(seconds=0.9)) == ("waiting", True)


class FaultyByTheSchedule(Faulty):
    """What the schedule asks for once a day, and fails."""

    name: ClassVar[str] = "faulty_by_the_schedule"
    every: ClassVar[dt.timedelta | None] = dt.timedelta(days=1)


def test_a_scheduled_job_waits_for_minutes_before_it_is_tried_again(services, start):
    made = ask(services, FaultyByTheSchedule, "fault")
    before = utcnow()
    start(lambda _services: FaultyByTheSchedule())
    deadline = time.monotonic() + 30
    while job(services, made).error is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert job(services, made).not_before > before + dt.timedelta(seconds=79)


def test_the_attempts_of_a_scheduled_job_spread_over_about_half_an_hour():
    def whole(kind: JobKind, share: float) -> dt.timedelta:
        chance = random.Random()
        chance.uniform = lambda low, high: low + share * (high - low)  # type: ignore[method-assign]  # no chance
        delays = [next_attempt(attempt, rng=chance) for attempt in range(1, JobKind.max_attempts)]
        return sum((kind.retry_delay(delay) for delay in delays), dt.timedelta())

    scheduled = FaultyByTheSchedule()
    assert whole(scheduled, 0) == dt.timedelta(minutes=20)
    assert whole(scheduled, 1) == dt.timedelta(minutes=40)
    assert whole(Faulty(), 1) == dt.timedelta(seconds=30)


def test_a_job_that_is_often_asked_for_waits_no_longer_than_until_its_next_time():
    class Often(FaultyByTheSchedule):
        every: ClassVar[dt.timedelta | None] = dt.timedelta(minutes=10)

    assert Often().retry_delay(dt.timedelta(seconds=16)) == dt.timedelta(minutes=10)


def test_a_failed_job_is_repeated_on_demand(services, start, no_delay):
    made = ask(services, Faulty, "poison")
    start(faulty)
    wait_until_ended(services, made)
    with services.database.transaction() as db:
        db.get_one(Job, made).arguments = {"name": "fault", "rows": 0}
    with services.database.transaction() as db:
        queue.retry(db, made)
    wait_until_ended(services, made)
    assert job(services, made).error == "RuntimeError: a fault of ours"


def test_a_job_that_ends_its_process_every_time_fails(services, start):
    made = ask(services, Faulty, "fault")
    with services.database.transaction() as db:
        db.get_one(Job, made).attempts = Faulty.max_attempts
    start(faulty)
    wait_until_ended(services, made)
    assert job(services, made).error == "it ended without a result 2 times"


def test_a_group_that_is_busy_keeps_nobody_else_waiting(services, start):
    kind = Blocked()
    slow = [ask(services, Blocked, str(number), group_key="slow") for number in range(6)]
    start(lambda _services: kind, write_rows, threads=4)
    quick = ask(services, WriteRows, "a", rows=1)
    wait_until_ended(services, quick)
    with services.database.reading() as db:
        running = db.scalars(sa.select(Job.id).where(Job.status == "running")).all()
    assert len(running) == 2
    kind.release.set()
    wait_until_ended(services, *slow)


def test_no_more_jobs_run_than_there_are_threads(services):
    kind = Blocked()
    made = [ask(services, Blocked, str(number)) for number in range(5)]
    running = make_job_runner(services, [lambda _services: kind], threads=3, sweep_seconds=0.05)
    running.start()
    deadline = time.monotonic() + 30
    while running.running < 3:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.3)
    assert running.running == 3
    kind.release.set()
    wait_until_ended(services, *made)
    running.stop()


def test_a_job_that_takes_longer_than_its_lease_is_not_run_twice(services, start):
    kind = Blocked()
    made = ask(services, Blocked, "a")
    for _ in range(2):
        start(lambda _services: kind, lease=dt.timedelta(seconds=0.6))
    time.sleep(2)
    kind.release.set()
    wait_until_ended(services, made)
    assert job(services, made).attempts == 1


def test_a_runner_that_stops_gives_its_jobs_back_at_once(services, start):
    made = ask(services, Blocked, "a")
    first = start(lambda _services: Blocked())
    deadline = time.monotonic() + 30
    while job(services, made).status != "running":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    first.stop()
    found = job(services, made)
    assert (found.status, found.attempts, found.not_before <= utcnow()) == ("waiting", 0, True)


class SlowToNotice(Blocked):
    """Takes a while until it finds out that the runner stops."""

    def run(self, job: RunningJob) -> dict[str, Any] | None:
        time.sleep(0.5)
        return super().run(job)


def test_a_job_that_was_claimed_as_its_runner_stops_is_given_back(services, start):
    """The runner claims, is told to stop, and only then starts the thread of the job."""
    claimed, go_on = threading.Event(), threading.Event()

    def pause(step: str) -> None:
        if step == "blocked:claimed":
            claimed.set()
            go_on.wait(30)

    made = ask(services, SlowToNotice, "a")
    runner = start(lambda _services: SlowToNotice(), on_step=pause)
    assert claimed.wait(30)
    stopping = threading.Thread(target=runner.stop)
    stopping.start()
    while not runner.is_stopping:
        time.sleep(0.01)
    time.sleep(0.2)  # it waits for its threads by now
    go_on.set()
    stopping.join(30)
    found = job(services, made)
    assert (found.status, found.attempts) == ("waiting", 0)


def test_two_that_finish_the_same_job_write_its_effects_once(services, start):
    """The first was so slow that its lease ran out: what it would write after that is rolled back."""
    made = ask(services, WriteRows, "a", rows=2)

    def lose_the_lease(step: str) -> None:
        if step == "write_rows:reported" and job(services, made).progress == 1:
            with services.database.transaction() as db:
                queue.claim(db, [WriteRows], lease=dt.timedelta(0), now=utcnow() + dt.timedelta(minutes=1))
                db.execute(sa.update(Job).values(not_before=utcnow()))

    with capture_logs() as logs:
        start(write_rows, on_step=lose_the_lease)
        wait_until_ended(services, made)
    assert rows_written(services) == {"a 0": 1, "a 1": 1}
    assert "job_claim_lost" in {entry["event"] for entry in logs}
