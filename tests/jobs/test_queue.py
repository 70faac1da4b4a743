"""Asking, claiming and marking: the same job once, groups, leases, and who may write what became of a job."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.identity.principal import OPERATOR
from lti_tool.jobs import queue
from lti_tool.jobs.models import Job
from lti_tool.jobs.queue import ClaimedJob, ClaimLost
from tests.composition.meanwhile import Meanwhile
from tests.jobs.kinds import Blocked, Hourly, WriteRows, ask, job

LEASE = dt.timedelta(seconds=30)
LATER = dt.timedelta(minutes=5)
KINDS = (WriteRows, Blocked, Hourly)


def claim(services: Services, later: dt.timedelta = dt.timedelta(0), **options) -> ClaimedJob | None:
    with services.database.transaction() as db:
        return queue.claim(db, KINDS, lease=LEASE, now=utcnow() + later, **options)


def claimed(services: Services, later: dt.timedelta = dt.timedelta(0)) -> ClaimedJob:
    found = claim(services, later)
    assert found is not None
    return found


def finish(services: Services, found: ClaimedJob) -> None:
    with services.database.transaction() as db:
        queue.finish(db, found, {"rows": 1})


def test_the_oldest_job_is_claimed_first(services):
    first = ask(services, WriteRows, "a")
    ask(services, WriteRows, "b")
    assert claimed(services).id == first


def test_arguments_that_the_schema_refuses_are_not_asked_for(services):
    with pytest.raises(ValidationError, match="rows"):
        ask(services, WriteRows, "a", rows=-1)
    assert claim(services) is None


def test_nothing_is_claimed_of_a_transaction_that_failed(services):
    def ask_and_fail() -> None:
        with services.database.transaction() as db:
            queue.enqueue(db, Hourly, {}, requested_by=OPERATOR)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        ask_and_fail()
    assert claim(services) is None


def test_who_asked_is_kept(services):
    with services.database.transaction() as db:
        made = queue.enqueue(db, Hourly, {}, requested_by=OPERATOR)
    assert (job(services, made).requested_by_kind, job(services, made).requested_by_id) == ("operator", None)


def test_the_same_job_asked_twice_while_it_waits_is_one(services):
    assert ask(services, WriteRows, "a", key="k") == ask(services, WriteRows, "a", key="k")


def test_many_who_ask_for_the_same_job_at_once_get_one(services):
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(ask(services, WriteRows, "a", key="k")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (len(found), len(set(found))) == (8, 1)


def test_the_same_job_asked_while_it_runs_waits_for_its_end(services):
    first = ask(services, WriteRows, "a", key="k")
    running = claimed(services)
    second = ask(services, WriteRows, "a", key="k")
    assert (first != second, claim(services)) == (True, None)
    finish(services, running)
    assert claimed(services).id == second


def test_a_job_that_runs_is_not_claimed_again(services):
    ask(services, WriteRows, "a")
    claimed(services)
    assert claim(services) is None


def test_a_job_is_not_claimed_before_its_time(services):
    ask(services, WriteRows, "a", not_before=utcnow() + LATER)
    assert (claim(services), claim(services, 2 * LATER) is not None) == (None, True)


def test_a_job_whose_lease_ran_out_is_claimed_again(services):
    made = ask(services, WriteRows, "a")
    claimed(services)
    again = claimed(services, LATER)
    assert (again.id, again.attempts) == (made, 2)


def test_an_extended_lease_holds(services):
    ask(services, WriteRows, "a")
    running = claimed(services)
    with services.database.transaction() as db:
        queue.extend(db, running, lease=2 * LATER)
    assert claim(services, LATER) is None


@pytest.mark.parametrize(
    "write",
    [
        lambda db, lost: queue.finish(db, lost, None),
        lambda db, lost: queue.fail(db, lost, "it failed"),
        lambda db, lost: queue.report(db, lost, progress=1, total=None, phase="writing"),
        lambda db, lost: queue.require_claim(db, lost),
    ],
    ids=["finish", "fail", "report", "require_claim"],
)
def test_whoever_lost_the_lease_writes_nothing(services, write):
    ask(services, WriteRows, "a")
    lost = claimed(services)
    claimed(services, LATER)
    with services.database.transaction() as db, pytest.raises(ClaimLost):
        write(db, lost)


def test_whoever_lost_the_lease_does_not_put_it_back(services):
    made = ask(services, WriteRows, "a")
    lost = claimed(services)
    claimed(services, LATER)
    with services.database.transaction() as db:
        queue.run_again(db, lost, not_before=utcnow(), reason="late")
    assert job(services, made).status == "running"


def test_of_one_group_no_more_run_than_the_kind_allows(services):
    for name in "abc":
        ask(services, Blocked, name, group_key="slow")
    other = ask(services, Blocked, "d", group_key="quick")
    found = [claimed(services), claimed(services), claimed(services)]
    assert (found[2].id, claim(services)) == (other, None)
    finish(services, found[0])
    assert claim(services) is not None


def test_a_killed_worker_s_jobs_no_longer_count_in_their_group(services):
    for name in "abc":
        ask(services, Blocked, name, group_key="slow")
    for _ in range(2):
        claimed(services)
    assert claimed(services, LATER) is not None


def test_jobs_without_a_group_are_not_limited(services):
    for name in "abc":
        ask(services, Blocked, name)
    assert all(claim(services) for _ in range(3))


def test_a_job_of_a_kind_that_the_process_does_not_know_is_left(services):
    ask(services, WriteRows, "a")
    with services.database.transaction() as db:
        assert queue.is_due(db, [Hourly]) is False
        assert queue.claim(db, [Hourly], lease=LEASE) is None


def test_only_the_jobs_named_are_claimed(services):
    ask(services, WriteRows, "a")
    wanted = ask(services, WriteRows, "b")
    assert claim(services, among=[wanted]).id == wanted


def test_a_job_that_is_to_run_again_waits(services):
    made = ask(services, WriteRows, "a")
    running = claimed(services)
    with services.database.transaction() as db:
        queue.run_again(db, running, not_before=utcnow() + LATER, reason="503")
    found = job(services, made)
    assert (found.status, found.error, claim(services)) == ("waiting", "503", None)


def test_a_job_that_is_to_run_again_makes_room_for_the_same_job(services):
    made = ask(services, WriteRows, "a", key="k")
    running = claimed(services)
    twin = ask(services, WriteRows, "a", key="k")
    with services.database.transaction() as db:
        queue.run_again(db, running, not_before=utcnow(), reason="503")
    assert (job(services, made).status, claimed(services).id) == ("superseded", twin)


def ask_meanwhile(services: Services, then: Callable[[Session], object]) -> int:
    """The same job is asked for in a transaction that ends once ``then`` waits for it in another; its id."""
    meanwhile, asked = Meanwhile(), []

    def enqueue() -> None:
        with services.database.transaction() as db:
            arguments = {"name": "a", "rows": 0}
            asked.append(queue.enqueue(db, WriteRows, arguments, requested_by=OPERATOR, key="k"))
            meanwhile.pause()

    def act() -> None:
        with services.database.transaction() as db:
            then(db)

    meanwhile.run(enqueue, act)
    return asked[0]


def test_a_job_that_is_to_run_again_makes_room_for_the_same_job_asked_for_at_that_moment(services):
    made = ask(services, WriteRows, "a", key="k")
    running = claimed(services)
    asked = ask_meanwhile(
        services, lambda db: queue.run_again(db, running, not_before=utcnow(), reason="503")
    )
    assert (job(services, made).status, job(services, made).error) == ("superseded", "503")
    assert claimed(services).id == asked


def test_a_failed_job_is_repeated_by_the_same_job_asked_for_at_that_moment(services):
    made, found = failed(services), []
    asked = ask_meanwhile(services, lambda db: found.append(queue.retry(db, made)))
    assert (found, job(services, made).status) == ([asked], "failed")


@pytest.mark.parametrize("status", ["waiting", "running"])
def test_the_same_job_is_looked_for_again_where_it_was_asked_for_after_the_first_look(
    services, monkeypatch, status
):
    """By then a worker may have claimed it."""
    made, twin = failed(services), ask(services, WriteRows, "a", key="k")
    scalar, looks = Session.scalar, []

    def look(db: Session, *args: object) -> object:
        looks.append(args)
        if len(looks) == 1:
            return None
        db.execute(sa.update(Job).where(Job.id == twin).values(status=status))
        return scalar(db, *args)

    monkeypatch.setattr(Session, "scalar", look)
    with services.database.transaction() as db:
        repeated = queue.retry(db, made)
    assert repeated == (twin if status == "waiting" else made)
    assert (len(looks), job(services, made).status) == (
        2,
        "failed" if status == "waiting" else "waiting",
    )


def failed(services: Services, key: str = "k") -> int:
    made = ask(services, WriteRows, "a", key=key)
    running = claimed(services)
    with services.database.transaction() as db:
        queue.fail(db, running, "HTTP 403")
    return made


def test_a_failed_job_keeps_its_reason_and_is_not_claimed(services):
    made = failed(services)
    assert (job(services, made).error, claim(services)) == ("HTTP 403", None)


def test_a_failed_job_that_is_repeated_begins_anew(services):
    made = failed(services)
    with services.database.transaction() as db:
        queue.retry(db, made)
    again = claimed(services)
    assert (again.id, again.attempts) == (made, 1)


def test_repeating_a_failed_job_while_the_same_waits_changes_nothing(services):
    made = failed(services)
    twin = ask(services, WriteRows, "a", key="k")
    with services.database.transaction() as db:
        queue.retry(db, made)
    assert (job(services, made).status, claimed(services).id, claim(services)) == ("failed", twin, None)


def test_only_a_failed_job_can_be_repeated(services):
    made = ask(services, WriteRows, "a")
    with services.database.transaction() as db, pytest.raises(queue.JobUnknown):
        queue.retry(db, made)


def test_jobs_that_ended_long_ago_are_deleted(services):
    old_failure, recent_failure = failed(services, "a"), failed(services, "b")
    done = []
    for name in "cd":
        done.append(ask(services, WriteRows, name))
        finish(services, claimed(services))
    waiting = ask(services, WriteRows, "e")
    now = utcnow()
    with services.database.transaction() as db:
        for job_id, age in ((old_failure, 8), (recent_failure, 2), (done[0], 2)):
            db.get_one(Job, job_id).done_at = now - dt.timedelta(days=age)
    with services.database.transaction() as db:
        assert queue.delete_finished(db, now) == 2
    with services.database.reading() as db:
        assert set(db.scalars(sa.select(Job.id))) == {recent_failure, done[1], waiting}


def test_many_workers_claim_each_job_once(services):
    made = [ask(services, Blocked, str(number), group_key=str(number % 3)) for number in range(30)]
    taken: list[int] = []
    lock = threading.Lock()

    def work() -> None:
        while True:
            found = claim(services)
            if found is None:
                with services.database.reading() as db:
                    if not queue.is_due(db, KINDS):
                        return
                continue
            with lock:
                taken.append(found.id)
            finish(services, found)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert Counter(taken) == Counter(made)
