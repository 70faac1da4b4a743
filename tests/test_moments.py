"""Stored moments that a wrong clock has written: what is further ahead than anybody would store has come."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import table_of, utcnow
from lti_tool.health_checks import Verdict
from lti_tool.jobs import queue, schedule
from lti_tool.jobs.models import Job, JobSchedule
from lti_tool.messaging import due_deliveries, outbox, pauses
from lti_tool.messaging.models import Delivery, DeliveryPause
from lti_tool.moments import CLOCKS_DIFFER, has_come, is_ahead
from tests.health_checks.test_doctor import findings
from tests.jobs.kinds import Hourly, WriteRows, ask

YEAR = dt.timedelta(days=365)
HOUR = dt.timedelta(hours=1)
SECOND = dt.timedelta(seconds=1)


@pytest.mark.parametrize(
    ("after", "come"),
    [(-YEAR, True), (dt.timedelta(0), True), (SECOND, False), (HOUR, False), (HOUR + CLOCKS_DIFFER, False),
     (HOUR + CLOCKS_DIFFER + SECOND, True), (YEAR, True)],
)  # fmt: skip
def test_a_moment_has_come_when_it_is_over_or_too_far_ahead(services, after, come):
    now = utcnow()
    assert has_come(now + after, now, HOUR) is come
    made = ask(services, WriteRows, "a")
    with services.database.transaction() as db:
        db.execute(sa.update(Job).values(not_before=now + after))
        ahead = sa.select(Job.id).where(is_ahead(table_of(Job).c.not_before, now, HOUR))
        assert db.scalars(ahead).all() == ([] if come else [made])


def test_a_schedule_written_by_a_clock_a_year_ahead_goes_on(services):
    now = utcnow()
    with services.database.transaction() as db:
        schedule.hold_lease(db, uuid.uuid4(), now + YEAR)
        schedule.enqueue_due(db, [Hourly], now + YEAR)
        db.execute(sa.update(Job).values(status="done", done_at=now))
    mine, other = uuid.uuid4(), uuid.uuid4()
    with services.database.transaction() as db:
        assert schedule.hold_lease(db, mine, now)
        assert not schedule.hold_lease(db, other, now)
        assert schedule.enqueue_due(db, [Hourly], now) == ["hourly"]
        assert schedule.enqueue_due(db, [Hourly], now) == []
        due_at = db.scalars(sa.select(JobSchedule.due_at)).one()
    assert due_at <= now + HOUR


@pytest.mark.parametrize("status", ["waiting", "running"])
def test_a_job_that_a_clock_a_year_ahead_put_off_or_claimed_runs_now(services, status):
    made = ask(services, WriteRows, "a")
    with services.database.transaction() as db:
        db.execute(sa.update(Job).values(not_before=utcnow() + YEAR, status=status))
        assert queue.is_due(db, [WriteRows])
        found = queue.claim(db, [WriteRows], lease=SECOND)
    assert found is not None
    assert found.id == made


def enqueue(services: Services) -> None:
    with services.database.transaction() as db:
        outbox.enqueue(db, kind="test", receiver="one", part="a", key=uuid.uuid4(), order_key="a", body=b"{}")


def test_a_delivery_that_was_put_off_by_a_year_goes_out_now(services):
    enqueue(services)
    enqueue(services)
    with services.database.transaction() as db:
        first = db.scalar(sa.select(sa.func.min(Delivery.id)))
        db.execute(sa.update(Delivery).where(Delivery.id == first).values(not_before=utcnow() + YEAR))
        assert due_deliveries.is_due(db, "test", "one")
        assert len(outbox.claim(db, "test", receiver="one").deliveries) == 2


@pytest.mark.parametrize("part", ["", "a"])
def test_a_pause_until_next_year_is_over(services, part):
    enqueue(services)
    now = utcnow()
    with services.database.transaction() as db:
        db.add(
            DeliveryPause(
                kind="test", receiver="one", part=part, until=now + YEAR, since=now, failures=1, refused=False,
                reason="",
            )
        )  # fmt: skip
    with services.database.transaction() as db:
        found = pauses.read(db, "test")
        assert (found.paused_receivers(now), found.has_paused_parts(now)) == (set(), False)
        assert due_deliveries.due_receivers(db, "test", found, now=now) == {"one"}
        further = DeliveryPause(
            kind="test", receiver="one", part="b", until=now + SECOND * 30, since=now, failures=1, refused=False,
            reason="",
        )  # fmt: skip
        db.add(further)
        db.flush()
        claim = outbox.claim(db, "test", receiver="one", pauses=pauses.read(db, "test"), now=now)
    assert len(claim.deliveries) == 1


def test_doctor_names_a_clock_that_is_behind_what_was_stored(services):
    ask(services, WriteRows, "a")
    assert [each.verdict for each in findings(services, "clock")] == [Verdict.OK]
    with services.database.transaction() as db:
        db.execute(sa.update(Job).values(created_at=utcnow() + HOUR))
    found = findings(services, "clock")[0]
    assert (found.verdict, "is behind" in found.message) == (Verdict.WARNING, True)
