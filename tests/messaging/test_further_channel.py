"""A further kind of delivery, added from outside: a channel of its own, and nothing else of the tool is changed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import ClassVar

import pytest
import requests
import sqlalchemy as sa
from click.testing import CliRunner
from pytest_httpserver import HTTPServer
from werkzeug import Response

from lti_tool.cli import tandem
from lti_tool.composition.channels import make_channels
from lti_tool.composition.services import Services
from lti_tool.health_checks import Verdict
from lti_tool.health_checks.deliveries import deliveries
from lti_tool.messaging import outbox, pauses
from lti_tool.messaging.channel import Channel
from lti_tool.messaging.models import Delivery
from lti_tool.messaging.outbox import ClaimedDelivery
from lti_tool.messaging.outcomes import Dead, Outcome, Sent, Unavailable
from lti_tool.messaging.worker import Worker
from tests.messaging.waiting import until


class WebhookChannel(Channel):
    """Posts each delivery to the address in its target. The receiver is the name of a subscription."""

    kind: ClassVar[str] = "webhook"
    batch_size: ClassVar[int] = 10

    def send(self, receiver: str, deliveries: Sequence[ClaimedDelivery]) -> Sequence[Outcome]:
        return [self._post(delivery) for delivery in deliveries]

    def _post(self, delivery: ClaimedDelivery) -> Outcome:
        assert delivery.target is not None
        try:
            answer = requests.post(delivery.target["url"], data=delivery.body, timeout=5)
        except requests.RequestException as error:
            return Unavailable(str(error))
        if answer.status_code >= 500:
            return Unavailable(answer.text)
        return Sent() if answer.ok else Dead(answer.text)


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
    channels = [*make_channels(services), WebhookChannel()]
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
    assert (statuses(services), pause.receiver, pause.reason) == (["dead", "waiting"], "b", "out of order")


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
            "1 webhook refused for good by board: no such board",
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
    assert (row["receiver"], row["status"], row["last_error"]) == ("board", "dead", "no such board")
    assert run("retry", "--all") == "1 to be sent again.\n"
    httpserver.expect_ordered_request("/hook").respond_with_data("", 204)
    worker.deliver("webhook", "board")
    assert statuses(services) == ["sent"]
    assert run("retry", row["id"]) == f"Error: webhook {row['id']} is sent: nothing to send again\n"
    assert "--store is for statements alone" in run("list", "--store", "primary")
