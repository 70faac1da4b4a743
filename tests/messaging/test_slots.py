"""Which receivers a worker serves: slow ones do not keep the others from a thread."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Sequence
from typing import ClassVar

import pytest

from lti_tool.composition.services import Services
from lti_tool.messaging import outbox
from lti_tool.messaging.channel import Channel
from lti_tool.messaging.outbox import ClaimedDelivery
from lti_tool.messaging.outcomes import Outcome, Sent
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
