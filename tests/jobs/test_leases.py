"""Leases: no job runs twice at once, whatever keeps its runner from extending a lease."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest
from marshmallow import Schema
from sqlalchemy.orm import Session

from lti_tool.composition.jobs import make_job_runner
from lti_tool.composition.services import Services
from lti_tool.jobs import queue
from lti_tool.jobs.kinds import JobKind, RunningJob
from lti_tool.jobs.queue import ClaimedJob
from lti_tool.jobs.runner import JobRunner
from tests.jobs.kinds import RowsSchema, ask, job, wait_until_ended

LEASE = dt.timedelta(seconds=2)
"""Long enough that a busy machine, which stops a thread for a second now and then, loses none."""


class Counted(JobKind):
    """Takes several leases, and counts how many with the same name run at once."""

    schema: ClassVar[type[Schema]] = RowsSchema

    def __init__(self) -> None:
        self.running: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self._lock = threading.Lock()

    def run(self, job: RunningJob) -> dict[str, Any] | None:
        name = job.arguments["name"]
        with self._lock:
            self.running[name] += 1
            self.most[name] = max(self.most[name], self.running[name])
        try:
            self.work(job)
        finally:
            with self._lock:
                self.running[name] -= 1
        return None

    def work(self, job: RunningJob) -> None:
        time.sleep(5 * LEASE.total_seconds())


class Slow(Counted):
    """Waits for something else than the database."""

    name: ClassVar[str] = "slow"


class LongTransaction(Counted):
    """Keeps a transaction open for several leases."""

    name: ClassVar[str] = "long_transaction"

    def __init__(self) -> None:
        super().__init__()
        self.began = threading.Event()

    def work(self, job: RunningJob) -> None:
        with job.transaction():
            self.began.set()
            time.sleep(3 * LEASE.total_seconds())


StartRunner = Callable[..., JobRunner]


@pytest.fixture
def start(services: Services) -> Iterator[StartRunner]:
    """Start a runner of these kinds, as another process would."""
    started: list[JobRunner] = []

    def begin(*kinds: JobKind, **options: object) -> JobRunner:
        made = make_job_runner(
            services, [lambda _services, kind=kind: kind for kind in kinds],
            **{"sweep_seconds": 0.05, "lease": LEASE, **options},
        )  # fmt: skip
        made.start()
        started.append(made)
        return made

    yield begin
    for each in started:
        each.stop()


def wait_until_running(services: Services, job_id: int) -> None:
    deadline = time.monotonic() + 30
    while job(services, job_id).status != "running":
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_long_transaction_of_one_job_makes_no_other_run_twice(services, start):
    slow, long = Slow(), LongTransaction()
    others = [ask(services, Slow, name) for name in "ab"]
    for _ in range(2):
        start(slow, long)
    for other in others:
        wait_until_running(services, other)
    holder = ask(services, LongTransaction, "holder")
    wait_until_ended(services, holder, *others)
    assert slow.most | long.most == {"a": 1, "b": 1, "holder": 1}
    assert [job(services, each).attempts for each in (holder, *others)] == [1, 1, 1]


def test_the_same_job_waits_for_one_whose_transaction_outlasts_its_lease(services, start):
    long = LongTransaction()
    start(long, threads=1)
    first = ask(services, LongTransaction, "a", key="a")
    assert long.began.wait(30)
    # On SQLite nobody can ask before the transaction ends.
    second = ask(services, LongTransaction, "a", key="a")
    start(long, threads=1)
    wait_until_ended(services, first, second)
    assert long.most == {"a": 1}
    assert [job(services, each).attempts for each in (first, second)] == [1, 1]


def test_an_extension_that_fails_does_not_keep_others_from_being_extended(services, start, monkeypatch):
    extend = queue.extend
    slow = Slow()
    failing, other = ask(services, Slow, "failing"), ask(services, Slow, "other")

    def fail_for_one(db: Session, claimed: ClaimedJob, **options: Any) -> None:
        if claimed.id == failing:
            raise RuntimeError("the database does not answer")
        extend(db, claimed, **options)

    monkeypatch.setattr(queue, "extend", fail_for_one)
    start(slow)
    for each in (failing, other):
        wait_until_running(services, each)
    start(slow)
    wait_until_ended(services, failing, other)
    assert (slow.most["other"], job(services, other).attempts) == (1, 1)


class ManyTransactions(Counted):
    """Has hardly a moment without a transaction of its own, for several leases."""

    name: ClassVar[str] = "many_transactions"

    def work(self, job: RunningJob) -> None:
        ends_at = time.monotonic() + 4 * LEASE.total_seconds()
        while time.monotonic() < ends_at:
            with job.transaction():
                time.sleep(0.3 * LEASE.total_seconds())


def test_a_job_that_hardly_ever_lets_go_of_its_row_keeps_its_lease(services, start, monkeypatch):
    monkeypatch.setattr(JobRunner, "_extend_leases", lambda _runner: None)  # as where it finds the row locked
    busy = ManyTransactions()
    made = ask(services, ManyTransactions, "a")
    for _ in range(2):
        start(busy)
    wait_until_ended(services, made)
    assert (busy.most, job(services, made).attempts) == ({"a": 1}, 1)


def test_a_runner_does_not_claim_what_it_runs_itself(services, start, monkeypatch):
    monkeypatch.setattr(queue, "extend", lambda *_arguments, **_options: None)
    slow = Slow()
    made = ask(services, Slow, "a")
    start(slow)
    wait_until_ended(services, made)
    assert (slow.most, job(services, made).attempts) == ({"a": 1}, 1)
