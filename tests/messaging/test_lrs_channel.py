"""Statements from the event to the LRS: at once, in order, and whatever the LRS does."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import threading
import time
import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from lti_tool.composition import transaction as composition
from lti_tool.composition.channels import make_channels, make_worker
from lti_tool.composition.services import Services, make_services
from lti_tool.database import utcnow
from lti_tool.identity.principal import TOOL
from lti_tool.lti.ags import reports, scores
from lti_tool.lti.registration.models import Registration
from lti_tool.mentoring.enrolment.actions import change_role
from lti_tool.mentoring.roles import Role
from lti_tool.messaging import backlog, outbox, pauses
from lti_tool.messaging.models import LRS, Delivery, DeliveryBody, DeliveryKind, DeliveryPause
from lti_tool.messaging.worker import Worker
from tests.builder import World
from tests.messaging.waiting import until
from tests.xapi.scripted import ScriptedLRS


@pytest.fixture
def lrs(httpserver: HTTPServer) -> ScriptedLRS:
    return ScriptedLRS(httpserver)


@pytest.fixture
def with_lrs(services: Services, httpserver: HTTPServer) -> Iterator[Services]:
    """The same tool and database, with the scripted LRS set."""
    config = dataclasses.replace(
        services.config,
        lrs_endpoint=httpserver.url_for("/xAPI"),
        lrs_username="someone",
        lrs_password="sécret",
    )
    # A thread that a test leaves sending may use the database afterwards.
    connected = make_services(config, database=services.database)
    yield connected
    connected.http.close()


def pair_up(services: Services, world: World) -> None:
    """An event that makes two statements of one registration."""
    world.on(services).pair(signed=False)


def change_roles(services: Services, world: World) -> None:
    """An event of each of two enrolments: two registrations."""
    with composition.transaction(services, TOOL) as db:
        change_role(db, participant_id=world.mentor_id, role=Role.MENTEE, now=utcnow())
        change_role(db, participant_id=world.mentee_id, role=Role.MENTOR, now=utcnow())


def deliver(worker: Worker) -> int:
    return worker.deliver(DeliveryKind.STATEMENT, LRS)


def one_at_a_time(services: Services) -> Worker:
    channels = make_channels(services)
    channels[0].batch_size = 1  # type: ignore[misc]  # of this one alone
    return Worker(services.database, channels, wake=services.wake)


def rows(services: Services) -> list[Delivery]:
    with services.database.reading() as db:
        return list(db.scalars(sa.select(Delivery).order_by(Delivery.id)))


def statuses(services: Services) -> list[str]:
    return [row.status for row in rows(services)]


def due_now(services: Services) -> None:
    """Let what waits go out at once, as if the pauses were over."""
    with services.database.transaction() as db:
        db.execute(sa.update(Delivery).values(not_before=utcnow()))
        db.execute(sa.update(DeliveryPause).values(until=utcnow()))


def pause_of_the_lrs(services: Services) -> DeliveryPause:
    with services.database.reading() as db:
        [pause] = pauses.read(db, DeliveryKind.STATEMENT).rows
        return pause


def test_exactly_the_stored_bytes_reach_the_lrs(with_lrs, world, lrs):
    pair_up(with_lrs, world)
    deliver(make_worker(with_lrs))
    with with_lrs.database.reading() as db:
        bodies = [row.body for row in db.scalars(sa.select(Delivery).order_by(Delivery.id))]
    assert lrs.bodies == [b"[" + b",".join(bodies) + b"]"]


def test_a_statement_whose_body_was_lost_is_given_up_alone(with_lrs, world, lrs):
    pair_up(with_lrs, world)
    first, second = rows(with_lrs)
    with with_lrs.database.transaction() as db:
        db.execute(sa.delete(DeliveryBody).where(DeliveryBody.delivery_id == first.id))
    deliver(make_worker(with_lrs))
    assert [(row.status, row.last_error) for row in rows(with_lrs)] == [
        ("dead", "its body was lost"),
        ("sent", None),
    ]
    assert lrs.batches == [[str(second.key)]]


@pytest.mark.sqlite_alone
def test_a_body_that_was_written_as_text_is_sent(with_lrs, world, lrs):
    """As by hand; PostgreSQL takes no text there."""
    pair_up(with_lrs, world)
    with with_lrs.database.transaction() as db:
        db.execute(sa.text("UPDATE delivery_body SET body = CAST(body AS TEXT)"))
    deliver(make_worker(with_lrs))
    assert statuses(with_lrs) == ["sent", "sent"]


@pytest.mark.sqlite_alone
@pytest.mark.parametrize(
    ("value", "body"), [("CAST(x'ff7b' AS TEXT)", b"\xff{"), ("5", b"5")], ids=["no-utf-8", "a-number"]
)
def test_a_body_of_another_type_keeps_no_other_from_being_claimed(with_lrs, world, value, body):
    pair_up(with_lrs, world)
    first, _ = rows(with_lrs)
    with with_lrs.database.transaction() as db:
        db.execute(sa.text(f"UPDATE delivery_body SET body = {value} WHERE delivery_id = {first.id}"))
        claimed = outbox.claim(db, DeliveryKind.STATEMENT)
    assert (claimed.deliveries[0].body, len(claimed.deliveries)) == (body, 2)


def test_what_was_delivered_is_marked(with_lrs, world, lrs):
    pair_up(with_lrs, world)
    deliver(make_worker(with_lrs))
    assert statuses(with_lrs) == ["sent", "sent"]


def test_a_running_worker_is_woken_by_the_commit(with_lrs, world, lrs):
    worker = make_worker(with_lrs, poll_seconds=60)
    worker.start()
    try:
        pair_up(with_lrs, world)
        assert until(lambda: statuses(with_lrs) == ["sent", "sent"])
    finally:
        worker.stop()


def test_a_worker_of_another_process_finds_it_by_looking(with_lrs, services, world, lrs):
    worker = make_worker(with_lrs, poll_seconds=0.05)
    worker.start()
    try:
        pair_up(services, world)
        assert until(lambda: statuses(with_lrs) == ["sent", "sent"])
    finally:
        worker.stop()


def test_without_an_lrs_statements_wait(services, world):
    pair_up(services, world)
    deliver(make_worker(services))
    assert statuses(services) == ["waiting", "waiting"]


def test_they_go_once_one_is_set(services, with_lrs, world, lrs):
    pair_up(services, world)
    deliver(make_worker(services))
    deliver(make_worker(with_lrs))
    assert statuses(with_lrs) == ["sent", "sent"]


def test_an_lrs_in_trouble_gets_the_same_bytes_later(with_lrs, world, lrs):
    lrs.script.append(Response("busy", 503))
    pair_up(with_lrs, world)
    deliver(make_worker(with_lrs))
    due_now(with_lrs)
    deliver(make_worker(with_lrs))
    assert lrs.bodies[0] == lrs.bodies[1]


def test_the_pause_of_a_failing_lrs_grows(with_lrs, world, lrs):
    lrs.script.extend([Response("busy", 503)] * 4)
    pair_up(with_lrs, world)
    worker = make_worker(with_lrs)
    lengths = []
    for _ in range(4):
        deliver(worker)
        lengths.append(pause_of_the_lrs(with_lrs).until - utcnow())
        due_now(with_lrs)
    assert lengths[3] > 2 * lengths[0]


def test_an_lrs_that_refuses_us_loses_nothing(with_lrs, world, lrs):
    lrs.script.append(Response("who are you", 401))
    pair_up(with_lrs, world)
    deliver(make_worker(with_lrs))
    assert (statuses(with_lrs), pause_of_the_lrs(with_lrs).refused) == (["waiting", "waiting"], True)


def test_an_lrs_that_refuses_us_is_not_asked_again_at_once(with_lrs, world, lrs):
    lrs.script.append(Response("who are you", 401))
    pair_up(with_lrs, world)
    worker = make_worker(with_lrs)
    deliver(worker)
    deliver(worker)
    assert len(lrs.bodies) == 1


def test_what_the_lrs_answered_is_kept_for_the_admin(with_lrs, world, lrs):
    lrs.script.append(Response("who are you", 401))
    pair_up(with_lrs, world)
    deliver(make_worker(with_lrs))
    with with_lrs.database.reading() as db:
        assert "who are you" in (backlog.read(db, DeliveryKind.STATEMENT).last_error or "")


@pytest.mark.parametrize(
    "page", [b"<p>out of <b>order</b><script>x</script>", b"<p>out of order" + b"<!--" * 300_000]
)
def test_of_a_web_page_its_words_are_kept(with_lrs, world, lrs, page):
    lrs.script.append(Response(page, 503, content_type="text/html"))
    pair_up(with_lrs, world)
    deliver(make_worker(with_lrs))
    assert pause_of_the_lrs(with_lrs).reason == "HTTP 503 SERVICE UNAVAILABLE: out of order"


def test_a_dead_letter_keeps_the_lrss_words_and_lets_the_rest_go(with_lrs, world, lrs):
    pair_up(with_lrs, world)
    lrs.bad.add(str(rows(with_lrs)[0].key))
    deliver(make_worker(with_lrs))
    first, second = rows(with_lrs)
    assert (first.status, "invalid" in (first.last_error or ""), second.status) == ("dead", True, "sent")


def test_another_statement_under_the_same_id_is_a_dead_letter_with_both(with_lrs, world, lrs):
    pair_up(with_lrs, world)
    key = str(rows(with_lrs)[0].key)
    lrs.held[key] = {"id": key, "actor": {"mbox": "mailto:x@example.org"}}
    deliver(make_worker(with_lrs))
    dead = rows(with_lrs)[0]
    assert (dead.status, dead.conflict["actor"]) == ("dead", {"mbox": "mailto:x@example.org"})


def test_order_is_kept_within_a_registration_across_a_failure(with_lrs, world, lrs):
    lrs.script.append(Response("busy", 503))
    pair_up(with_lrs, world)
    worker = one_at_a_time(with_lrs)
    deliver(worker)
    due_now(with_lrs)
    other = one_at_a_time(with_lrs)
    while deliver(other):
        pass
    sent = [json.loads(body)[0]["timestamp"] for body in lrs.bodies]
    assert sent == sorted(sent)


def test_one_registration_in_trouble_does_not_hold_another(with_lrs, world, lrs):
    change_roles(with_lrs, world)
    first = rows(with_lrs)[0]
    with with_lrs.database.transaction() as db:
        db.execute(
            sa.update(Delivery)
            .where(Delivery.id == first.id)
            .values(not_before=utcnow() + dt.timedelta(hours=1))
        )
    deliver(make_worker(with_lrs))
    assert {row.status for row in rows(with_lrs) if row.order_key != first.order_key} == {"sent"}


def test_a_statement_that_fails_alone_delays_nothing_but_itself(with_lrs, world, lrs):
    change_roles(with_lrs, world)
    first = rows(with_lrs)[0]
    lrs.ghosts.add(str(first.key))
    deliver(make_worker(with_lrs))
    failed, *others = rows(with_lrs)
    assert (failed.status, failed.failures, {row.status for row in others}) == ("waiting", 1, {"sent"})
    with with_lrs.database.reading() as db:
        assert pauses.read(db, DeliveryKind.STATEMENT).rows == []


def slow(server: HTTPServer, seconds: float, started: threading.Event) -> None:
    def answer(_request: Request) -> Response:
        started.set()
        time.sleep(seconds)
        return Response(status=204)

    server.expect_request("/xAPI/statements", method="POST").respond_with_handler(answer)


def test_the_worker_stops_within_five_seconds_while_the_lrs_hangs(with_lrs, world, httpserver):
    started = threading.Event()
    slow(httpserver, 7.0, started)
    pair_up(with_lrs, world)
    worker = make_worker(with_lrs)
    worker.start()
    assert started.wait(20)
    begun = time.monotonic()
    worker.stop()
    assert time.monotonic() - begun < 5


def test_a_long_sending_keeps_its_lease(with_lrs, world, httpserver):
    lease = dt.timedelta(seconds=3)
    answered = threading.Event()
    httpserver.expect_request("/xAPI/statements", method="POST").respond_with_handler(
        lambda _request: (answered.wait(60), Response(status=204))[1]
    )
    pair_up(with_lrs, world)
    begun = utcnow()
    worker = make_worker(with_lrs, lease=lease)
    worker.start()
    try:
        # The first lease is over, and the sending still goes on.
        while leased_until(with_lrs) < begun + 3 * lease:
            assert utcnow() - begun < dt.timedelta(seconds=60)
            time.sleep(0.05)
        with with_lrs.database.transaction() as db:
            assert outbox.claim(db, DeliveryKind.STATEMENT).deliveries == []
    finally:
        answered.set()
        worker.stop()


def leased_until(services: Services) -> dt.datetime:
    with services.database.reading() as db:
        return db.scalars(sa.select(sa.func.min(Delivery.not_before))).one()


@pytest.fixture
def platform() -> Iterator[HTTPServer]:
    """A second server: one that is slow answers nobody else meanwhile."""
    with HTTPServer(port=0) as server:
        yield server


def test_a_slow_lrs_does_not_hold_up_a_score(with_lrs, world, httpserver, platform):
    started, taken = threading.Event(), threading.Event()
    slow(httpserver, 4.0, started)
    platform.expect_request("/token").respond_with_json({"access_token": "abc", "expires_in": 3600})
    platform.expect_request("/item/scores").respond_with_handler(
        lambda _request: (taken.set(), Response(status=200))[1]
    )
    with with_lrs.database.transaction() as db:
        db.execute(sa.update(Registration).values(auth_token_url=platform.url_for("/token")))
    worker = make_worker(with_lrs, poll_seconds=0.05)
    pair_up(with_lrs, world)
    worker.start()
    try:
        assert started.wait(20)
        item, person_id = platform.url_for("/item"), uuid.uuid4()
        with with_lrs.database.transaction() as db:
            outbox.enqueue(
                db,
                kind=DeliveryKind.SCORE,
                receiver=str(world.registration_id),
                key=uuid.uuid4(),
                order_key=scores.order_key(item, person_id),
                body=json.dumps({"userId": "2", "timestamp": reports.timestamp(utcnow())}).encode(),
                target={"line_item_url": item, "user_id": "2", "person_id": str(person_id)},
            )
        assert taken.wait(3.5)
    finally:
        worker.stop()


def test_a_fault_of_ours_does_not_end_the_worker(with_lrs, world, lrs):
    steps: list[str] = []

    def fail_once(step: str) -> None:
        steps.append(step)
        if len(steps) == 1:
            raise RuntimeError("once")

    worker = make_worker(with_lrs, poll_seconds=0.05, at_step=fail_once)
    worker.start()
    try:
        pair_up(with_lrs, world)
        assert until(lambda: statuses(with_lrs) == ["sent", "sent"])
    finally:
        worker.stop()
