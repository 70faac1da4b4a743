"""After any outage what waited goes out within a minute, and a failure counts against whoever failed alone."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
import time
import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from lti_tool.composition.channels import make_channels, make_worker
from lti_tool.composition.services import Services, make_services
from lti_tool.database import utcnow
from lti_tool.messaging import backlog, outbox, pauses
from lti_tool.messaging.models import LRS, Delivery, DeliveryKind, DeliveryPause
from lti_tool.messaging.pauses import LONGEST_PAUSE
from lti_tool.messaging.slots import LARGEST_PROBE, PROBE_SIZE
from lti_tool.messaging.worker import Worker
from tests.messaging.flaky_lrs import FlakyLRS, flaky_lrs
from tests.messaging.waiting import until

MINUTE = dt.timedelta(minutes=1)
STATEMENT = DeliveryKind.STATEMENT


@pytest.fixture
def lrs() -> Iterator[FlakyLRS]:
    with flaky_lrs() as server:
        yield server


@pytest.fixture
def with_lrs(services: Services, lrs: FlakyLRS) -> Iterator[Services]:
    """The same tool and database, with that record store set."""
    connected = make_services(
        dataclasses.replace(services.config, lrs_endpoint=lrs.url, lrs_username="u", lrs_password="p"),
        database=services.database,
    )
    yield connected
    connected.http.close()


class Clock:
    """A clock that is set by the test."""

    def __init__(self) -> None:
        self.now = utcnow() + MINUTE

    def __call__(self) -> dt.datetime:
        return self.now


def enqueue(services: Services, count: int, *, lines: int = 7) -> None:
    with services.database.transaction() as db:
        for number in range(count):
            key = uuid.uuid4()
            body = json.dumps({"id": str(key)}).encode()
            outbox.enqueue(db, kind=STATEMENT, key=key, order_key=f"line-{number % lines}", body=body)


def dead(services: Services) -> int:
    with services.database.reading() as db:
        return backlog.read(db, STATEMENT).dead


def waiting(services: Services) -> int:
    with services.database.reading() as db:
        return backlog.read(db, STATEMENT).waiting


def the_pauses(services: Services) -> list[DeliveryPause]:
    with services.database.reading() as db:
        return list(pauses.read(db, STATEMENT).rows)


def clocked(services: Services, clock: Clock) -> Worker:
    return Worker(services.database, make_channels(services), wake=services.wake, clock=clock)


def go_on(worker: Worker, services: Services, clock: Clock, duration: dt.timedelta) -> None:
    """Let the worker work for so long by the clock; it is asked at the end of each pause."""
    end = clock.now + duration
    while clock.now < end:
        while worker.deliver(STATEMENT, LRS):
            pass
        until_then = [pause.until for pause in the_pauses(services) if pause.until > clock.now]
        clock.now = min([*until_then, end])


@pytest.mark.parametrize(
    ("fault", "headers", "minutes"),
    [
        (503, {}, 120),
        # The longest pause between two attempts is half a minute, so that half an hour has sixty of them.
        (500, {}, 30),
        (401, {}, 30),
        (403, {}, 30),
        ("closed", {}, 30),
        (429, {"Retry-After": "3600"}, 120),
    ],
    ids=["busy", "broken", "unauthorised", "forbidden", "reset", "an hour asked for"],
)
def test_after_hours_out_of_order_all_goes_out_within_a_minute(with_lrs, lrs, fault, headers, minutes):
    clock = Clock()
    worker = clocked(with_lrs, clock)
    enqueue(with_lrs, 700)
    lrs.fault, lrs.headers = fault, headers
    go_on(worker, with_lrs, clock, dt.timedelta(minutes=minutes))
    lrs.fault, lrs.headers = None, {}
    go_on(worker, with_lrs, clock, MINUTE)
    assert (waiting(with_lrs), len(lrs.held), the_pauses(with_lrs)) == (0, 700, [])


def test_an_outage_is_asked_about_with_small_batches_and_not_too_often(with_lrs, lrs):
    clock = Clock()
    worker = clocked(with_lrs, clock)
    enqueue(with_lrs, 700)
    lrs.fault = 503
    go_on(worker, with_lrs, clock, dt.timedelta(hours=1))
    assert set(lrs.batches[1:]) == {PROBE_SIZE}
    assert 3600 / 30 <= len(lrs.batches) <= 3600 / 15 + 10


def test_an_outage_is_no_failure_of_the_statements(with_lrs, lrs):
    clock = Clock()
    worker = clocked(with_lrs, clock)
    enqueue(with_lrs, 20)
    lrs.fault = 503
    go_on(worker, with_lrs, clock, dt.timedelta(hours=1))
    with with_lrs.database.reading() as db:
        failures = db.scalars(sa.select(Delivery.failures).distinct()).all()
    [pause] = the_pauses(with_lrs)
    assert (failures, pause.failures > 100, pause.reason[:8]) == ([0], True, "HTTP 503")


def test_kills_in_an_outage_delay_nothing(with_lrs, lrs):
    """Claims that nobody marks, one after another, as of workers that are killed while they send."""
    clock = Clock()
    worker = clocked(with_lrs, clock)
    enqueue(with_lrs, 40)
    for _ in range(30):
        with with_lrs.database.transaction() as db:
            outbox.claim(db, STATEMENT, now=clock.now)
        clock.now += dt.timedelta(seconds=30)
    lrs.fault = 503
    go_on(worker, with_lrs, clock, dt.timedelta(minutes=10))
    lrs.fault = None
    go_on(worker, with_lrs, clock, MINUTE)
    assert waiting(with_lrs) == 0


def test_pauses_outlive_the_worker(with_lrs, lrs):
    clock = Clock()
    enqueue(with_lrs, 20)
    lrs.fault = 503
    clocked(with_lrs, clock).deliver(STATEMENT, LRS)
    assert clocked(with_lrs, clock).deliver(STATEMENT, LRS) == 0
    assert len(lrs.batches) == 1


def test_a_real_outage_is_over_for_the_statements_when_it_is_for_the_lrs(with_lrs):
    """By the stopwatch: nobody listens, then somebody answers 503, then is silent, then is well."""
    with flaky_lrs() as gone:
        port = gone.server_address[1]
    config = dataclasses.replace(with_lrs.config, lrs_endpoint=f"http://127.0.0.1:{port}/xAPI")
    services = make_services(config, database=with_lrs.database)
    worker = make_worker(services, poll_seconds=0.05)
    enqueue(services, 1_500)
    worker.start()
    try:
        time.sleep(2)
        with flaky_lrs(port) as lrs:
            for fault in (503, "silent", 401):
                lrs.fault = fault
                time.sleep(2)
            lrs.fault = None
            well = time.monotonic()
            assert until(lambda: waiting(services) == 0, seconds=60)
            assert time.monotonic() - well < LONGEST_PAUSE.total_seconds() + 15
            assert len(lrs.held) == 1_500
    finally:
        worker.stop()
        services.http.close()


def test_sending_again_ends_the_pause_of_a_running_worker(with_lrs, lrs):
    enqueue(with_lrs, 20)
    lrs.fault = 503
    make_worker(with_lrs).deliver(STATEMENT, LRS)
    with with_lrs.database.transaction() as db:
        db.execute(sa.update(DeliveryPause).values(until=utcnow() + LONGEST_PAUSE))
    lrs.fault = None
    worker = make_worker(with_lrs, poll_seconds=0.05)
    worker.start()
    try:
        time.sleep(0.5)
        assert lrs.held == {}
        with with_lrs.database.transaction() as db:
            assert backlog.retry(db, STATEMENT) == 20
        assert until(lambda: waiting(with_lrs) == 0, seconds=10)
    finally:
        worker.stop()


def test_a_store_that_refuses_everything_is_paused_and_its_backlog_arrives_once_it_takes_statements(
    with_lrs, lrs
):
    clock = Clock()
    worker = clocked(with_lrs, clock)
    enqueue(with_lrs, 64)
    lrs.fault = 400
    go_on(worker, with_lrs, clock, MINUTE)
    [pause] = the_pauses(with_lrs)
    assert (waiting(with_lrs), dead(with_lrs), pause.failures > 1) == (64, 0, True)
    assert re.match(r"it refused all (10|20|40|64) statements alike: HTTP 400", pause.reason)
    lrs.fault = None
    go_on(worker, with_lrs, clock, MINUTE)
    assert (waiting(with_lrs), len(lrs.held)) == (0, 64)


@pytest.mark.parametrize("refused", [PROBE_SIZE, LARGEST_PROBE - 1])
def test_statements_that_are_refused_alike_at_the_head_of_the_backlog_are_passed(with_lrs, lrs, refused):
    """They may all be bad, and stand first when a pause is over: each time more are tried, until one is taken."""
    clock = Clock()
    worker = clocked(with_lrs, clock)
    enqueue(with_lrs, refused + 50)
    lrs.fault = 503
    go_on(worker, with_lrs, clock, MINUTE)
    with with_lrs.database.reading() as db:
        keys = db.scalars(sa.select(Delivery.key).order_by(Delivery.id).limit(refused))
        lrs.refused = {str(key) for key in keys}
    lrs.fault = None
    go_on(worker, with_lrs, clock, 5 * MINUTE)
    assert (waiting(with_lrs), dead(with_lrs), len(lrs.held)) == (0, refused, 50)
    assert the_pauses(with_lrs) == []


def test_of_a_store_that_refuses_everything_ever_more_is_tried_up_to_eighty_then_few_again(with_lrs, lrs):
    clock = Clock()
    worker = clocked(with_lrs, clock)
    enqueue(with_lrs, 400, lines=400)
    lrs.fault = 400
    with capture_logs() as logs:
        go_on(worker, with_lrs, clock, 5 * MINUTE)
        lrs.fault = 503
        go_on(worker, with_lrs, clock, MINUTE)
    tried = [entry["unavailable"] for entry in logs if entry["event"] == "delivery_round"]
    assert tried[:7] == [400, 20, 40, 80, 10, 20, 40]
    assert tried[-1] == PROBE_SIZE
    assert (waiting(with_lrs), dead(with_lrs)) == (400, 0)
