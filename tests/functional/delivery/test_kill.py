"""A worker killed at any step loses nothing and sends nothing twice: counted at real LRSs and in a gradebook."""

from __future__ import annotations

import dataclasses
import datetime as dt
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import sqlalchemy as sa

from lti_tool import outbox, recording
from lti_tool.database import utcnow
from lti_tool.delivery import STEPS, Worker, lrs_client
from lti_tool.mentoring import actions
from lti_tool.outbox import Delivery, DeliveryKind
from lti_tool.tool import Tool, make_tool
from tests.functional.connected import MENTEE, MENTOR, Connected
from tests.functional.delivery.dying_worker import write_config
from tests.lrs.processes import RunningLRS
from tests.xapi.scripted import ScriptedLRS

ROOT = Path(__file__).parents[3]
POINTS = (*STEPS, "asking", "answered")
LONGEST = 180.0


@pytest.fixture(params=["ralph", "strict_lrs"])
def lrs(request: pytest.FixtureRequest) -> RunningLRS:
    """Each of the two real LRSs."""
    running: RunningLRS = request.getfixturevalue(request.param)
    return running


def with_lrs(connected: Connected, endpoint: str, username: str, password: str) -> Tool:
    """The same tool, with an LRS set."""
    config = dataclasses.replace(
        connected.tool.config,
        lrs_endpoint=endpoint.rstrip("/"),
        lrs_username=username,
        lrs_password=password,
    )
    return make_tool(config)


def complete_the_programme(connected: Connected, tool: Tool) -> None:
    """Two people are paired, sign, meet and confirm: statements for the LRS, and a grade of 100 for both."""
    world = connected.world
    with recording.transaction(tool) as db:
        pair = world.pair(db, now=utcnow())
        session = actions.log_session(
            db,
            pair=pair,
            by=world.mentor(db),
            held_on=utcnow().date(),
            minutes=45,
            format="video",
            form_key=uuid.uuid4(),
            now=utcnow(),
        )
        actions.confirm_session(db, session=session, by=world.mentee(db), now=utcnow())


def run_until_it_dies(tool: Tool, point: str, folder: Path) -> int:
    """Start the dying worker and wait for its end; its exit status."""
    settings = folder / "settings.json"
    write_config(tool.config, settings)
    command = [sys.executable, "-m", "tests.functional.delivery.dying_worker", str(settings), point]
    return subprocess.run(command, cwd=ROOT, timeout=LONGEST, capture_output=True, check=False).returncode


def finish(tool: Tool, *kinds: DeliveryKind) -> None:
    """A healthy worker delivers what is left of these kinds, or of all."""
    worker = Worker(tool, lease=dt.timedelta(seconds=1), poll_seconds=0.05)
    worker.start()
    deadline = time.monotonic() + LONGEST
    try:
        while time.monotonic() < deadline:
            with tool.database.reading() as db:
                left = [outbox.backlog(db, kind).waiting for kind in kinds or DeliveryKind]
            if not any(left):
                return
            time.sleep(0.05)
    finally:
        worker.stop()
    pytest.fail(f"still waiting after {LONGEST:g} s: {left}")


def enqueued(tool: Tool) -> list[str]:
    with tool.database.reading() as db:
        chosen = sa.select(Delivery.key).where(Delivery.kind == DeliveryKind.STATEMENT.value)
        return [str(key) for key in db.scalars(chosen.order_by(Delivery.id))]


def held(tool: Tool) -> Counter[str]:
    """How often the LRS holds each statement, counted over everything that it lists."""
    client = lrs_client(tool)
    assert client is not None
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
    tool = with_lrs(connected, lrs.endpoint, lrs.username, lrs.password)
    complete_the_programme(connected, tool)
    status = run_until_it_dies(tool, f"statement:{step}", tmp_path)
    finish(tool)
    expected = enqueued(tool)
    found = held(tool)
    tool.http.close()
    tool.database.dispose()
    assert (status, [found[identifier] for identifier in expected]) == (-signal.SIGKILL, [1] * 7)


@pytest.mark.parametrize("moment", ["asking", "answered"])
def test_a_worker_killed_while_it_asks_what_the_lrs_holds_repeats_nothing(
    connected, httpserver, moment, tmp_path
):
    """The first worker dies with its batch taken; the second is refused it, asks for each, and dies at that.

    Neither of the real LRSs here refuses a batch that it holds already, as others do.
    """
    lrs = ScriptedLRS(httpserver)
    tool = with_lrs(connected, httpserver.url_for("/xAPI"), "someone", "secret")
    complete_the_programme(connected, tool)
    points = ("statement:answered", f"held_statement:{moment}")
    ends = [run_until_it_dies(tool, point, tmp_path) for point in points]
    finish(tool, DeliveryKind.STATEMENT)
    expected = enqueued(tool)
    tool.http.close()
    tool.database.dispose()
    # It refuses every batch that holds anything it has, so it has taken each of these once.
    assert (ends, sorted(lrs.held)) == ([-signal.SIGKILL] * 2, sorted(expected))


SCORE_DEATHS = (
    *((f"score:{step}",) for step in POINTS),
    ("token:asking",),
    ("token:answered",),
    # A second worker sends again what was taken, is refused, and looks at what the gradebook holds.
    ("score:answered", "result:asking"),
    ("score:answered", "result:answered"),
)


@pytest.mark.parametrize("points", SCORE_DEATHS, ids="-".join)
def test_workers_killed_while_they_deliver_scores_lose_and_repeat_none(connected, points, tmp_path):
    tool = connected.tool
    complete_the_programme(connected, tool)
    ends = [run_until_it_dies(tool, point, tmp_path) for point in points]
    finish(tool, DeliveryKind.SCORE)
    cells = [connected.cell(subject) for subject in (MENTOR, MENTEE)]
    assert (ends, [(cell["grade"], cell["accepted_count"]) for cell in cells]) == (
        [-signal.SIGKILL] * len(points),
        [(100, 1)] * 2,
    )
