"""PostgreSQL's server crashes while the tool works: what it acknowledged is delivered, and nothing needs a restart."""

from __future__ import annotations

import datetime as dt
import json
import threading
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from lti_tool.app import create_app
from lti_tool.composition.channels import make_worker
from lti_tool.composition.jobs import make_job_runner
from lti_tool.composition.services import Services, make_services
from lti_tool.config import Config
from lti_tool.database import Database, utcnow
from lti_tool.lti.ags.scores import ReachedScore, record_scores
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.messaging import outbox
from lti_tool.messaging.models import Delivery, DeliveryKind
from lti_tool.messaging.outbox import NewDelivery
from tests.builder.connected import MENTEE, Connected, connect
from tests.builder.situations import build_situation, under_way
from tests.jobs.kinds import WriteRows, ask, job, rows_written, wait_until_ended
from tests.killed_process import KINDS
from tests.messaging.ended_postgresql import EndedPostgreSQL, ended_postgresql
from tests.messaging.flaky_lrs import FlakyLRS, flaky_lrs
from tests.messaging.waiting import until

CRASHES = 2
LEASE = dt.timedelta(seconds=1)


@pytest.fixture(scope="module")
def server() -> Iterator[EndedPostgreSQL]:
    with ended_postgresql() as running:
        yield running


@pytest.fixture
def lrs() -> Iterator[FlakyLRS]:
    with flaky_lrs() as running:
        yield running


@pytest.fixture
def tool(server: EndedPostgreSQL, lrs: FlakyLRS, tmp_path: Path) -> Iterator[Services]:
    """The tool on that server, with a database of its own and that record store."""
    config = Config(
        base_url="http://127.0.0.1:5000",
        data_dir=tmp_path,
        database_url=server.new_database(),
        secret_key="a secret that only the tests know, long enough",
        allow_private_networks=True,
        lrs_endpoint=lrs.url,
        lrs_username="u",
        lrs_password="p",
    )
    services = make_services(config)
    yield services
    services.http.close()
    services.guarded.close()
    services.database.dispose()


def until_soon(condition: Callable[[], bool]) -> bool:
    """Whether it holds in time, on a machine that has other work too."""
    return until(condition, seconds=60)


class Enqueuing:
    """Enqueues statements of a few lines, again and again, and remembers which were acknowledged."""

    LINES, AT_ONCE = 3, 30

    def __init__(self, services: Services) -> None:
        self.acknowledged: list[str] = []
        self._services = services
        self._count = 0

    def enqueue(self) -> None:
        """Some more, in one transaction."""
        new = []
        for _ in range(self.AT_ONCE):
            self._count += 1
            key, line = uuid.uuid4(), f"line-{self._count % self.LINES}"
            body = json.dumps({"id": str(key), "line": line, "number": self._count}).encode()
            new.append(NewDelivery(kind=DeliveryKind.STATEMENT, key=key, order_key=line, body=body))
        with self._services.database.transaction() as db:
            outbox.enqueue_all(db, new)
        self.acknowledged += [str(each.key) for each in new]
        self._services.wake.set()

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Enqueue in a thread meanwhile, whatever becomes of the server."""
        stopping = threading.Event()

        def go_on() -> None:
            while not stopping.wait(0.02):
                try:
                    self.enqueue()
                except sa.exc.OperationalError:  # not acknowledged: it may be there or not
                    continue

        thread = threading.Thread(target=go_on)
        thread.start()
        try:
            yield
        finally:
            stopping.set()
            thread.join()


@contextmanager
def delivering(services: Services) -> Iterator[None]:
    worker = make_worker(services, lease=LEASE, poll_seconds=0.05)
    worker.start()
    try:
        yield
        assert all(thread.is_alive() for thread in worker._threads)
    finally:
        worker.stop()


def statuses(services: Services) -> Counter[str]:
    """How many statements are in each status."""
    with services.database.reading() as db:
        return Counter(db.scalars(sa.select(Delivery.status)))


def are_in_order(lrs: FlakyLRS) -> bool:
    """Whether the statements of each line came in their order, each where it came first."""
    lines = defaultdict(list)
    for statement in lrs.held.values():
        lines[statement["line"]].append(statement["number"])
    return all(numbers == sorted(numbers) for numbers in lines.values())


def test_every_statement_that_was_acknowledged_is_delivered_in_order(tool, server, lrs):
    enqueuing = Enqueuing(tool)
    with delivering(tool):
        with enqueuing.going_on():
            for _ in range(CRASHES):
                held = len(lrs.held)
                assert until_soon(lambda held=held: len(lrs.held) > held + 100)
                server.end_and_start()
        # Nobody commits synchronously after the last marking, which is in the server's memory alone: it may be undone.
        enqueuing.enqueue()
        assert until_soon(lambda: statuses(tool).keys() == {"sent"})
        server.end_and_start()
        assert until_soon(lambda: statuses(tool).keys() == {"sent"})
        assert set(enqueuing.acknowledged) <= lrs.held.keys()
        assert len(lrs.held) == statuses(tool)["sent"]
        assert are_in_order(lrs)


def test_a_job_is_neither_lost_nor_done_twice(tool, server, monkeypatch):
    monkeypatch.setattr(WriteRows, "seconds", 0.02)
    runner = make_job_runner(tool, KINDS, lease=LEASE, sweep_seconds=0.05)
    runner.start()
    try:
        made = ask(tool, WriteRows, "a", rows=30)
        assert until_soon(lambda: job(tool, made).progress > 5)
        server.end_and_start()
        wait_until_ended(tool, made)
        assert all(loop.is_alive() for loop in runner._loops)
    finally:
        runner.stop()
    assert job(tool, made).status == "done"
    assert rows_written(tool) == {f"a {number}": 1 for number in range(30)}


def fill_pool(database: Database, connections: int) -> None:
    """Leave as many connections in the pool."""
    held = [database.engine.connect() for _ in range(connections)]
    for each in held:
        each.close()


def test_the_first_request_after_the_restart_is_answered(tool, server):
    home = build_situation(tool, under_way)
    client = create_app(tool.config, tool).test_client()
    assert client.get(home).status_code == 200
    fill_pool(tool.database, 4)
    server.end()
    assert client.get("/readyz").status_code == 503
    assert client.get(home).status_code == 500
    server.start()
    assert [client.get(each).status_code for each in (home, "/readyz", home)] == [200] * 3
    fill_pool(tool.database, 4)
    server.end_and_start()
    assert client.get(home).status_code == 200


def reach(connected: Connected, score: int, participant_id: uuid.UUID) -> None:
    """This participant comes as far as that."""
    with connected.services.database.transaction() as db:
        person_id = db.get_one(Participant, participant_id).person_id
        reached = ReachedScore(connected.world.resource_link_id, person_id, "under_way", score, "live")
        assert record_scores(db, [reached], utcnow()) == 1


def test_a_score_that_was_posted_before_the_crash_is_not_taken_for_somebody_elses(
    tool, server, lms, httpserver
):
    """The gradebook has it, and nobody wrote that down: that it was claimed is all that is known."""
    connected = connect(tool, lms, httpserver)
    receiver = str(connected.world.registration_id)
    mentor, mentee = connected.world.mentor_id, connected.world.mentee_id
    reach(connected, 20, mentor)
    make_worker(tool).deliver(DeliveryKind.SCORE, receiver)  # which leaves an access token, and commits that

    def end_once_sent(step: str) -> None:
        if step == "score:sent":
            server.end()

    reach(connected, 40, mentee)
    with pytest.raises(sa.exc.OperationalError):
        make_worker(tool, at_step=end_once_sent).deliver(DeliveryKind.SCORE, receiver)
    server.start()
    assert connected.cell(MENTEE)["grade"] == 40
    reach(connected, 60, mentee)
    worker = make_worker(tool, clock=lambda: utcnow() + dt.timedelta(minutes=1))
    worker.deliver(DeliveryKind.SCORE, receiver)
    assert connected.cell(MENTEE)["grade"] == 60
