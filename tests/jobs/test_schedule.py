"""The schedule: what is due is asked for once, by one process at a time, whatever ends meanwhile."""

from __future__ import annotations

import datetime as dt
import threading
import uuid

import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.jobs import schedule
from lti_tool.jobs.models import Job
from tests.jobs.kinds import Hourly, WriteRows

KINDS = (WriteRows, Hourly)
HOUR = dt.timedelta(hours=1)
ONE, TWO = uuid.UUID(int=1), uuid.UUID(int=2)


def tick(services: Services, now: dt.datetime) -> list[str]:
    with services.database.transaction() as db:
        return schedule.enqueue_due(db, KINDS, now)


def hold(services: Services, holder: uuid.UUID, now: dt.datetime) -> bool:
    with services.database.transaction() as db:
        return schedule.hold_lease(db, holder, now)


def asked_for(services: Services) -> int:
    with services.database.reading() as db:
        return db.scalar(sa.select(sa.func.count()).select_from(Job)) or 0


def end_all(services: Services) -> None:
    with services.database.transaction() as db:
        db.execute(sa.update(Job).values(status="done", done_at=utcnow()))


def test_a_scheduled_kind_is_due_at_the_first_look(services):
    assert (tick(services, utcnow()), asked_for(services)) == (["hourly"], 1)


def test_it_is_due_again_after_its_interval(services):
    now = utcnow()
    assert [tick(services, now + after) for after in (HOUR * 0, HOUR * 0.9, HOUR, HOUR * 1.5)] == [
        ["hourly"], [], ["hourly"], [],
    ]  # fmt: skip


def test_a_job_that_still_waits_is_not_asked_for_twice(services):
    now = utcnow()
    tick(services, now)
    tick(services, now + HOUR)
    assert asked_for(services) == 1


def test_times_that_passed_while_nobody_looked_are_asked_for_once(services):
    now = utcnow()
    tick(services, now)
    end_all(services)
    assert tick(services, now + 5 * HOUR) == ["hourly"]
    assert tick(services, now + 5 * HOUR) == []
    assert asked_for(services) == 2


def test_many_schedulers_at_once_ask_once(services):
    now = utcnow()
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(tick(services, now))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(found) == [[]] * 7 + [["hourly"]]
    assert asked_for(services) == 1


def test_one_of_two_schedulers_is_elected_and_stays(services):
    now = utcnow()
    minutes = [now + dt.timedelta(minutes=number) for number in range(10)]
    assert [(hold(services, ONE, at), hold(services, TWO, at)) for at in minutes] == [(True, False)] * 10


def test_another_scheduler_takes_over_from_one_that_was_killed(services):
    now = utcnow()
    hold(services, ONE, now)
    assert not hold(services, TWO, now + schedule.LEASE - dt.timedelta(seconds=1))
    assert hold(services, TWO, now + schedule.LEASE)
    assert not hold(services, ONE, now + schedule.LEASE)


def test_a_scheduler_that_stops_leaves_at_once(services):
    now = utcnow()
    hold(services, ONE, now)
    with services.database.transaction() as db:
        schedule.release_lease(db, ONE)
    assert hold(services, TWO, now)


def test_a_scheduler_that_stops_does_not_end_another_s_lease(services):
    now = utcnow()
    hold(services, ONE, now)
    with services.database.transaction() as db:
        schedule.release_lease(db, TWO)
    assert not hold(services, TWO, now)
