"""A worker killed at any step loses nothing and sends nothing twice: counted at real LRSs and in a gradebook."""

from __future__ import annotations

import dataclasses
import datetime as dt
import signal
import time
from collections import Counter
from typing import Any
from urllib.parse import urljoin

import pytest
import sqlalchemy as sa

from lti_tool.composition.channels import make_worker
from lti_tool.composition.services import Services, make_services
from lti_tool.messaging import backlog
from lti_tool.messaging.models import Delivery, DeliveryKind
from lti_tool.messaging.record_stores import access_of_settings
from lti_tool.messaging.worker import STEPS
from tests.builder.connected import MENTEE, MENTOR, Connected
from tests.killed_process import run_until_killed
from tests.lrs.processes import RunningLRS
from tests.xapi.scripted import ScriptedLRS

LONGEST = 180.0
POINTS = (*STEPS, "asking", "answered")


@pytest.fixture(params=["ralph", "strict_lrs"])
def lrs(request: pytest.FixtureRequest) -> RunningLRS:
    """Each of the two real LRSs."""
    running: RunningLRS = request.getfixturevalue(request.param)
    return running


def with_lrs(connected: Connected, endpoint: str, username: str, password: str) -> Services:
    """The same tool, with an LRS set."""
    config = dataclasses.replace(
        connected.services.config,
        lrs_endpoint=endpoint.rstrip("/"),
        lrs_username=username,
        lrs_password=password,
    )
    return make_services(config)


def complete_the_programme(connected: Connected, services: Services) -> None:
    """Two people are paired, sign, meet and confirm: statements for the LRS, and a grade of 100 for both."""
    world = connected.world.on(services)
    with world.acting():
        world.pair().session(confirmed=True)


def finish(services: Services, *kinds: DeliveryKind) -> None:
    """A healthy worker delivers what is left of these kinds, or of all."""
    worker = make_worker(services, lease=dt.timedelta(seconds=1), poll_seconds=0.05)
    worker.start()
    deadline = time.monotonic() + LONGEST
    try:
        while time.monotonic() < deadline:
            with services.database.reading() as db:
                left = [backlog.read(db, kind).waiting for kind in kinds or DeliveryKind]
            if not any(left):
                return
            time.sleep(0.05)
    finally:
        worker.stop()
    pytest.fail(f"still waiting after {LONGEST:g} s: {left}")


def enqueued(services: Services) -> list[str]:
    with services.database.reading() as db:
        chosen = sa.select(Delivery.key).where(Delivery.kind == DeliveryKind.STATEMENT.value)
        return [str(key) for key in db.scalars(chosen.order_by(Delivery.id))]


def held(services: Services) -> Counter[str]:
    """How often the LRS holds each statement, counted over everything that it lists."""
    access = access_of_settings(services.config)
    assert access is not None
    client = access.client(services.vault, services.http)
    counts: Counter[str] = Counter()
    answer = client.exchange("GET", "statements", params={"limit": "500"})
    while True:
        page: dict[str, Any] = answer.json()
        counts.update(statement["id"] for statement in page["statements"])
        if not page.get("more"):
            return counts
        answer = client.http.get(
            urljoin(client.endpoint, page["more"]),
            headers={"Authorization": client.auth, "X-Experience-API-Version": client.version},
        )


@pytest.mark.parametrize("step", POINTS)
def test_a_worker_killed_while_it_delivers_statements_loses_and_repeats_none(connected, lrs, step, tmp_path):
    services = with_lrs(connected, lrs.endpoint, lrs.username, lrs.password)
    complete_the_programme(connected, services)
    status = run_until_killed(services, "worker", f"statement:{step}", tmp_path)
    finish(services)
    expected = enqueued(services)
    found = held(services)
    services.http.close()
    services.database.dispose()
    assert (status, [found[identifier] for identifier in expected]) == (-signal.SIGKILL, [1] * 7)


@pytest.mark.parametrize("moment", ["asking", "answered"])
def test_a_worker_killed_while_it_asks_what_the_lrs_holds_repeats_nothing(
    connected, httpserver, moment, tmp_path
):
    """The first worker dies with its batch taken; the second is refused it, asks for each, and dies at that.

    Neither of the real LRSs here refuses a batch that it holds already, as others do.
    """
    lrs = ScriptedLRS(httpserver)
    services = with_lrs(connected, httpserver.url_for("/xAPI"), "someone", "secret")
    complete_the_programme(connected, services)
    points = ("statement:answered", f"held_statement:{moment}")
    ends = [run_until_killed(services, "worker", point, tmp_path) for point in points]
    finish(services, DeliveryKind.STATEMENT)
    expected = enqueued(services)
    services.http.close()
    services.database.dispose()
    # It refuses every batch that holds anything it has, so it has taken each of these once.
    assert (ends, sorted(lrs.held)) == ([-signal.SIGKILL] * 2, sorted(expected))


SCORE_KILL_POINTS = (
    *((f"score:{step}",) for step in POINTS),
    ("token:asking",),
    ("token:answered",),
    # A second worker sends again what was taken, is refused, and looks at what the gradebook holds.
    ("score:answered", "result:asking"),
    ("score:answered", "result:answered"),
)


@pytest.mark.parametrize("points", SCORE_KILL_POINTS, ids="-".join)
def test_workers_killed_while_they_deliver_scores_lose_and_repeat_none(connected, points, tmp_path):
    services = connected.services
    complete_the_programme(connected, services)
    ends = [run_until_killed(services, "worker", point, tmp_path) for point in points]
    finish(services, DeliveryKind.SCORE)
    cells = [connected.cell(subject) for subject in (MENTOR, MENTEE)]
    assert (ends, [(cell["grade"], cell["accepted_count"]) for cell in cells]) == (
        [-signal.SIGKILL] * len(points),
        [(100, 1)] * 2,
    )
