"""Which receivers a worker serves: slow ones do not keep the others from a thread."""

from __future__ import annotations

import datetime as dt
import threading
import time
import uuid
from collections.abc import Sequence
from typing import ClassVar

import pytest
from sqlalchemy.orm import Session

from lti_tool.composition.services import Services
from lti_tool.messaging import outbox
from lti_tool.messaging.channel import Channel
from lti_tool.messaging.outbox import Claim, ClaimedDelivery
from lti_tool.messaging.outcomes import Outcome, Sent
from lti_tool.messaging.slots import batches_in_time
from lti_tool.messaging.worker import Worker
from tests.messaging.waiting import until


class SleepingChannel(Channel):
    """Takes as many seconds for each delivery as its receiver's name says after the dash."""

    kind: ClassVar[str] = "sleep"
    batch_size: ClassVar[int] = 1
    max_receivers: ClassVar[int] = 4

    def __init__(self) -> None:
        self.sent: list[tuple[str, float]] = []
        self.released = threading.Event()
        """While it is not set, no delivery to a slow receiver ends that was begun since."""
        self.released.set()

    def send(self, receiver: str, deliveries: Sequence[ClaimedDelivery]) -> Sequence[Outcome]:
        seconds = float(receiver.partition("-")[2])
        time.sleep(seconds)
        if seconds:
            self.released.wait(60)
        self.sent.append((receiver, time.monotonic()))
        return [Sent()] * len(deliveries)

    def rounds(self, receiver: str) -> int:
        return sum(name == receiver for name, _ in self.sent)


def enqueue(services: Services, receiver: str, count: int) -> None:
    with services.database.transaction() as db:
        for _ in range(count):
            outbox.enqueue(
                db, kind="sleep", receiver=receiver, key=uuid.uuid4(), order_key=receiver, body=b"{}"
            )


@pytest.fixture
def channel() -> SleepingChannel:
    return SleepingChannel()


@pytest.fixture
def worker(services: Services, channel: SleepingChannel) -> Worker:
    return Worker(services.database, [channel], wake=services.wake, poll_seconds=0.05)


def test_slow_receivers_leave_half_of_the_threads_to_the_others(services, channel, worker):
    slow = [f"{name}-2.5" for name in "abcdef"]
    for receiver in slow:
        enqueue(services, receiver, 5)
    worker.start()
    try:
        # Who is slow is known after a round.
        assert until(lambda: len({name for name, _ in channel.sent}) == len(slow), seconds=30)
        # From here on none of them ends: whatever is delivered has the other half of the threads.
        channel.released.clear()
        enqueue(services, "quick-0", 20)
        assert until(lambda: channel.rounds("quick-0") == 20, seconds=30)
    finally:
        channel.released.set()
        worker.stop()


def test_whoever_was_served_longest_ago_is_next(services, channel, worker):
    busy = [f"{name}-0.1" for name in "abcdefgh"]
    for receiver in busy:
        enqueue(services, receiver, 40)
    worker.start()
    try:
        assert until(lambda: all(channel.rounds(receiver) for receiver in busy), seconds=8)
        assert min(channel.rounds(receiver) for receiver in busy) > 0
        assert max(channel.rounds(receiver) for receiver in busy) < 40
    finally:
        worker.stop()


def test_an_extension_that_fails_does_not_keep_other_claims_from_being_extended(services, monkeypatch):
    extended: list[str] = []

    def extend(_db: Session, claim: Claim, **_options: object) -> None:
        if claim.receiver == "failing":
            raise RuntimeError("the database does not answer")
        extended.append(claim.receiver)

    monkeypatch.setattr(outbox, "extend", extend)
    channel = SleepingChannel()
    monkeypatch.setattr(channel, "send", lambda *_arguments: sending.wait(30) and [Sent()])
    sending = threading.Event()
    for receiver in ("failing", "other"):
        enqueue(services, receiver, 1)
    worker = Worker(
        services.database,
        [channel],
        wake=threading.Event(),
        lease=dt.timedelta(seconds=0.6),
        poll_seconds=0.05,
    )
    worker.start()
    try:
        assert until(lambda: len(extended) > 1)
    finally:
        sending.set()
        worker.stop()


@pytest.mark.parametrize(
    ("left", "took", "batches", "in_time"),
    [(0.9, 0.1, 1, 9), (0.5, 0.4, 4, 5), (0.1, 0.4, 4, 1), (-0.2, 1.2, 1, 1), (1.0, 0.0, 1, 1_000_000)],
)
def test_as_many_batches_are_claimed_as_are_likely_to_be_sent_in_time(left, took, batches, in_time):
    assert batches_in_time(left, took, batches) == in_time
