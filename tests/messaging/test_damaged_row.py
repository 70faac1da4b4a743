"""A delivery whose target cannot be read is dead alone. On SQLite alone: PostgreSQL keeps no such text in JSON."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import ClassVar

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from lti_tool.composition.services import Services
from lti_tool.messaging import backlog, outbox
from lti_tool.messaging.channel import Channel
from lti_tool.messaging.models import Delivery
from lti_tool.messaging.outbox import ClaimedDelivery
from lti_tool.messaging.outcomes import Outcome, Sent
from lti_tool.messaging.worker import Worker
from tests.messaging.waiting import until

pytestmark = pytest.mark.sqlite_alone


class Targeted(Channel):
    """Keeps the target of each delivery that it is given."""

    kind: ClassVar[str] = "targeted"
    batch_size: ClassVar[int] = 10

    def __init__(self) -> None:
        self.targets: list[dict[str, int] | None] = []

    def send(self, receiver: str, deliveries: Sequence[ClaimedDelivery]) -> Sequence[Outcome]:
        self.targets += [delivery.target for delivery in deliveries]
        return [Sent()] * len(deliveries)


def enqueue(services: Services, number: int) -> int:
    with services.database.transaction() as db:
        made = outbox.enqueue(
            db,
            kind="targeted",
            receiver="r",
            key=uuid.uuid4(),
            order_key="the same",
            body=b"{}",
            target={"number": number},
        )
        return made.id


def damage(services: Services, identifier: int, text: str) -> None:
    with services.database.transaction() as db:
        statement = sa.text("UPDATE delivery SET target = :text WHERE id = :id")
        db.execute(statement, {"text": text, "id": identifier})


def rows(services: Services) -> list[tuple[str, str | None]]:
    with services.database.reading() as db:
        return [(row.status, row.last_error) for row in db.scalars(sa.select(Delivery).order_by(Delivery.id))]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("not json", "it is not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("[1]", "it is not a JSON object"),
        ("5", "it is not a JSON object"),
    ],
)
def test_a_delivery_whose_target_cannot_be_read_is_dead_alone(services, text, reason):
    made = [enqueue(services, number) for number in range(3)]
    damage(services, made[1], text)
    channel = Targeted()
    worker = Worker(services.database, [channel], wake=services.wake, poll_seconds=0.05)
    dead = ("dead", f"its target cannot be read: {reason}")
    with capture_logs() as logs:
        worker.start()
        try:
            assert until(lambda: rows(services) == [("sent", None), dead, ("sent", None)]), rows(services)
        finally:
            worker.stop()
    assert channel.targets == [{"number": 0}, {"number": 2}]
    assert [entry["reason"] for entry in logs if entry["event"] == "delivery_dead"] == [dead[1]]


def test_a_claim_of_nothing_but_a_damaged_delivery_sends_nothing(services):
    made = enqueue(services, 0)
    damage(services, made, "not json")
    channel = Targeted()
    worker = Worker(services.database, [channel], wake=services.wake)
    assert worker.deliver("targeted", "r") == 1
    [(status, _)] = rows(services)
    assert (status, channel.targets) == ("dead", [])

    # Whoever has repaired the row can send it.
    damage(services, made, '{"number": 0}')
    with services.database.transaction() as db:
        assert backlog.retry(db, "targeted") == 1
    assert worker.deliver("targeted", "r") == 1
    assert (rows(services)[0][0], channel.targets) == ("sent", [{"number": 0}])
