"""How the threads of a process are shared by kinds and groups."""

from __future__ import annotations

import threading
import time
import uuid
from typing import Any, ClassVar

import pytest
from marshmallow import Schema

from lti_tool.composition.jobs import make_job_runner
from lti_tool.jobs import shares
from lti_tool.jobs.kinds import JobKind, RunningJob
from lti_tool.jobs.queue import ClaimedJob
from lti_tool.jobs.shares import SLOW_SECONDS, FullShares, ThreadShares
from tests.jobs.kinds import RowsSchema, WriteRows, ask, job, wait_until_ended


def claimed(kind: str, group: str | None = None) -> ClaimedJob:
    return ClaimedJob(uuid.uuid4(), 1, kind, {}, 1, 0, None, group)


def test_a_kind_gets_half_of_the_threads():
    made = ThreadShares(4, ["a", "b"])
    assert made.full([(claimed("a"), 0), (claimed("b"), 0)]) == FullShares()
    assert made.full([(claimed("a"), 0)] * 2).kinds == {"a"}


def test_the_only_kind_of_a_process_gets_all_of_them():
    made = ThreadShares(4, ["a"])
    assert made.full([(claimed("a"), 0)] * 3).kinds == set()


def test_slow_groups_share_half_of_what_their_kind_has():
    made = ThreadShares(8, ["a", "b"])
    for group in "xyz":
        made.note(claimed("a", group), SLOW_SECONDS + 1)
    slow = [(claimed("a", "x"), 0.0), (claimed("a", "y"), 0.0)]
    assert made.full(slow[:1]).groups == set()
    assert made.full(slow).groups == {("a", "x"), ("a", "y"), ("a", "z")}
    made.note(claimed("a", "z"), 1)
    assert made.full(slow).groups == {("a", "x"), ("a", "y")}


def test_a_group_is_slow_as_soon_as_one_of_its_jobs_has_run_long():
    made = ThreadShares(4, ["a", "b"])
    assert made.full([(claimed("a", "x"), SLOW_SECONDS + 1)]).groups == {("a", "x")}


class Endless(JobKind):
    """Runs until the test lets it go."""

    name: ClassVar[str] = "endless"
    schema: ClassVar[type[Schema]] = RowsSchema
    max_per_group: ClassVar[int | None] = 2

    def __init__(self) -> None:
        self.release = threading.Event()

    def run(self, job: RunningJob) -> dict[str, Any] | None:
        if job.arguments["rows"]:
            self.release.wait(60)
        return None


@pytest.mark.parametrize("known", [False, True], ids=["in the first round", "once they are known as slow"])
def test_many_slow_groups_keep_nobody_else_waiting(services, monkeypatch, known):
    """Another kind never waits for them; another group of theirs waits once at most."""
    monkeypatch.setattr(shares, "SLOW_SECONDS", 0.2)
    kind = Endless()
    runner = make_job_runner(
        services, [lambda _services: kind, lambda _services: WriteRows()], threads=8, sweep_seconds=0.05
    )
    slow: list[int] = []
    try:
        if known:
            runner.start()
            slow += [ask(services, Endless, "slow", rows=1, group_key=str(group)) for group in range(4)]
            time.sleep(1)
            kind.release.set()
            wait_until_ended(services, *slow)
            kind.release.clear()
        slow += [
            ask(services, Endless, "slow", rows=1, group_key=str(group))
            for group in range(4)
            for _ in range(2)
        ]
        quick = [ask(services, WriteRows, "quick", rows=1)]
        if known:
            quick.append(ask(services, Endless, "quick", rows=0, group_key="quick"))
        runner.start() if not known else runner.wake()
        wait_until_ended(services, *quick, seconds=20)
        assert {job(services, each).status for each in quick} == {"done"}
        assert sum(job(services, each).status == "running" for each in slow) == (2 if known else 4)
    finally:
        kind.release.set()
        wait_until_ended(services)
        runner.stop()
