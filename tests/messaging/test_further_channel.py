"""A further kind of delivery, added from outside: a channel of its own, and nothing else of the tool is changed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import ClassVar

import pytest
import requests
import sqlalchemy as sa
from pytest_httpserver import HTTPServer
from werkzeug import Response

from lti_tool.composition.channels import make_channels
from lti_tool.composition.services import Services
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
