"""A further kind of delivery, added from outside: a channel of its own, and nothing else of the tool is changed."""

from __future__ import annotations

import datetime as dt
import inspect
import json
import sys
import uuid
from collections.abc import Sequence
from typing import ClassVar

import pytest
import requests
import sqlalchemy as sa
from click.testing import CliRunner
from pytest_httpserver import HTTPServer
from sqlalchemy.orm import Session
from werkzeug import Response

from lti_tool.cli import tandem
from lti_tool.composition.channels import make_channels
from lti_tool.composition.services import Services, make_services
from lti_tool.composition.subscribers import SUBSCRIBERS
from lti_tool.events.base import LoggedEvent
from lti_tool.health_checks import Verdict
from lti_tool.health_checks.deliveries import deliveries
from lti_tool.mentoring.sessions.events import SessionLogged
from lti_tool.messaging import outbox, pauses
from lti_tool.messaging.channel import Channel
from lti_tool.messaging.models import Delivery
from lti_tool.messaging.outbox import ClaimedDelivery
from lti_tool.messaging.outcomes import Blocked, Dead, Outcome, Sent, Unavailable
from lti_tool.messaging.retry import retry_after
from lti_tool.messaging.worker import Worker
from lti_tool.outbound.answer_text import plain_text
from lti_tool.outbound.client import network_fault
from tests.builder import Builder
from tests.documented import DOCUMENT
from tests.messaging.waiting import until

ADDRESS = "https://board.example/hook"


class WebhookChannel(Channel):
    """Posts each delivery to the address in its target. The receiver is the name of a subscription."""

    kind: ClassVar[str] = "webhook"
    batch_size: ClassVar[int] = 10

    def __init__(self, http: requests.Session) -> None:
        self._http = http

    def send(self, receiver: str, deliveries: Sequence[ClaimedDelivery]) -> Sequence[Outcome]:
        return [self._post(delivery) for delivery in deliveries]

    def _post(self, delivery: ClaimedDelivery) -> Outcome:
        assert delivery.target is not None
        try:
            answer = self._http.post(delivery.target["url"], data=delivery.body)
        except requests.RequestException as error:
            return Unavailable(network_fault(error))
        words = f"HTTP {answer.status_code}: {plain_text(answer.content)}"
        if answer.status_code in (401, 403):
            return Blocked(words)
        if answer.status_code == 429 or answer.status_code >= 500:
            return Unavailable(words, retry_after(answer.headers.get("Retry-After", "")))
        return Sent() if 200 <= answer.status_code < 300 else Dead(words)


class PostMeetings:
    """Enqueues each meeting that is logged, in its transaction."""

    name = "post_meetings"

    def handle(self, db: Session, events: Sequence[LoggedEvent], now: dt.datetime) -> None:
        for logged in events:
            if isinstance(logged.event, SessionLogged):
                outbox.enqueue(
                    db,
                    kind=WebhookChannel.kind,
                    receiver="board",
                    key=logged.id,
                    order_key=str(logged.scope.pair_id),
                    body=json.dumps({"minutes": logged.event.minutes}).encode(),
                    target={"url": ADDRESS},
                )


def enqueue(services: Services, url: str, *texts: str, receiver: str = "board") -> None:
    with services.database.transaction() as db:
        for text in texts:
            outbox.enqueue(
                db,
                kind=WebhookChannel.kind,
                receiver=receiver,
                key=uuid.uuid4(),
                order_key=receiver,
                body=json.dumps(text).encode(),
                target={"url": url},
            )


@pytest.fixture
def worker(services: Services) -> Worker:
    channels = [*make_channels(services), WebhookChannel(services.http)]
    return Worker(services.database, channels, wake=services.wake, poll_seconds=0.05)


def statuses(services: Services) -> list[str]:
    with services.database.reading() as db:
        return list(db.scalars(sa.select(Delivery.status).order_by(Delivery.id)))


def test_a_running_worker_serves_a_further_channel(services, worker, httpserver: HTTPServer):
    got: list[bytes] = []
    httpserver.expect_request("/hook").respond_with_handler(
        lambda request: (got.append(request.get_data()), Response(status=204))[1]
    )
    worker.start()
    try:
        enqueue(services, httpserver.url_for("/hook"), "first", "second")
        assert until(lambda: statuses(services) == ["sent", "sent"])
    finally:
        worker.stop()
    assert got == [b'"first"', b'"second"']


def test_its_dead_letters_and_pauses_are_like_those_of_the_others(services, worker, httpserver: HTTPServer):
    httpserver.expect_request("/gone").respond_with_data("no such board", 410)
    httpserver.expect_request("/broken").respond_with_data("out of order", 503)
    enqueue(services, httpserver.url_for("/gone"), "one", receiver="a")
    enqueue(services, httpserver.url_for("/broken"), "two", receiver="b")
    for receiver in ("a", "b"):
        worker.deliver("webhook", receiver)
    with services.database.reading() as db:
        [pause] = pauses.read(db, "webhook").rows
    assert (statuses(services), pause.receiver, pause.reason) == (
        ["dead", "waiting"],
        "b",
        "HTTP 503: out of order",
    )


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (204, Sent()),
        (302, Dead("HTTP 302: no")),
        (401, Blocked("HTTP 401: no")),
        (422, Dead("HTTP 422: no")),
        (429, Unavailable("HTTP 429: no", 7)),
        (503, Unavailable("HTTP 503: no", 7)),
    ],
)
def test_what_each_answer_means(services, httpserver: HTTPServer, status, outcome):
    httpserver.expect_request("/hook").respond_with_data("no", status, headers={"Retry-After": "7"})
    delivery = ClaimedDelivery(1, uuid.uuid4(), "a", b"{}", 0, {"url": httpserver.url_for("/hook")}, "")
    assert list(WebhookChannel(services.http).send("board", [delivery])) == [outcome]


def test_a_subscriber_enqueues_with_the_event(config, services, httpserver: HTTPServer, monkeypatch):
    """The tool with the documented subscriber and the documented channel, each a line in ``composition/``."""
    got: list[bytes] = []
    httpserver.expect_request("/hook").respond_with_handler(
        lambda request: (got.append(request.get_data()), Response(status=204))[1]
    )
    monkeypatch.setattr(sys.modules[__name__], "ADDRESS", httpserver.url_for("/hook"))
    made = make_services(config, (*SUBSCRIBERS, lambda _config: PostMeetings()), database=services.database)
    try:
        Builder(made).cohort("demo").pair().session(minutes=30)
        worker = Worker(
            made.database,
            [*make_channels(made), WebhookChannel(made.http)],
            wake=made.wake,
            poll_seconds=0.05,
        )
        worker.deliver("webhook", "board")
    finally:
        made.http.close()
    assert got == [b'{"minutes": 30}']


def test_the_documented_channel_and_subscriber_are_these():
    for documented in (WebhookChannel, PostMeetings):
        assert inspect.getsource(documented).strip() in DOCUMENT


def test_the_doctor_knows_of_it(services, worker, httpserver: HTTPServer):
    httpserver.expect_request("/broken").respond_with_data("out of order", 503)
    enqueue(services, httpserver.url_for("/broken"), "one")
    worker.deliver("webhook", "board")
    found = [message for _, message, _ in deliveries(services)]
    assert any("1 webhook waiting" in message and "out of order" in message for message in found)


def test_the_doctor_gives_the_reason_of_what_was_refused_and_the_commands(
    services, worker, httpserver: HTTPServer
):
    httpserver.expect_request("/gone").respond_with_data("no such board", 410)
    enqueue(services, httpserver.url_for("/gone"), "one")
    worker.deliver("webhook", "board")
    assert list(deliveries(services)) == [
        (
            Verdict.WARNING,
            "1 webhook refused for good by board: HTTP 410: no such board",
            "see all: tandem statements list --kind webhook --status dead; once the cause is gone, send them again: "
            "tandem statements retry --all --kind webhook",
        )
    ]


def test_the_doctor_says_when_there_is_no_channel_of_a_kind(services):
    enqueue(services, "http://127.0.0.1:9/", "one")
    [(verdict, message, fix)] = deliveries(services)
    assert (verdict, message) == (
        Verdict.WARNING,
        "1 webhook waiting for board: this version has no channel that sends them",
    )
    assert "a channel of the kind webhook" in fix


def test_what_was_refused_is_listed_and_sent_again_by_command(
    services, worker, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
):
    for name, value in (
        ("DATA_DIR", services.config.data_dir),
        ("DATABASE_URL", services.config.database_url),
        ("SECRET_KEY", services.config.secret_key),
    ):
        monkeypatch.setenv(f"TANDEM_{name}", str(value))

    def run(*words: str) -> str:
        return CliRunner().invoke(tandem, ["statements", *words, "--kind", "webhook"]).output

    assert run("list") == "No webhook.\n"
    httpserver.expect_ordered_request("/hook").respond_with_data("no such board", 410)
    enqueue(services, httpserver.url_for("/hook"), "one")
    worker.deliver("webhook", "board")
    [row] = json.loads(run("list", "--status", "dead", "--json"))
    assert (row["receiver"], row["status"], row["last_error"]) == ("board", "dead", "HTTP 410: no such board")
    assert run("retry", "--all") == "1 to be sent again.\n"
    httpserver.expect_ordered_request("/hook").respond_with_data("", 204)
    worker.deliver("webhook", "board")
    assert statuses(services) == ["sent"]
    assert run("retry", row["id"]) == f"Error: webhook {row['id']} is sent: nothing to send again\n"
    assert "--store is for statements alone" in run("list", "--store", "primary")
