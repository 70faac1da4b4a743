"""Which receivers a worker serves: slow ones do not keep the others from a thread."""

from __future__ import annotations

import datetime as dt
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import pytest
from sqlalchemy.orm import Session

from lti_tool.composition.services import Services
from lti_tool.messaging import outbox
from lti_tool.messaging import worker as messaging_worker
from lti_tool.messaging.channel import Channel
from lti_tool.messaging.outbox import Claim, ClaimedDelivery
from lti_tool.messaging.outcomes import NotTried, Outcome, Sent, Unavailable
from lti_tool.messaging.slots import Slots, batches_in_time
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


@dataclass
class Clock:
    """The monotonic clock that a worker reads, in place of the system's."""

    now: float = 0.0

    def monotonic(self) -> float:
        return self.now


class Batches(Worker):
    """Keeps how many batches each claim of a slice may have, and takes ``seconds`` for each of its batches."""

    def __init__(self, services: Services, channel: Channel, clock: Clock, *seconds: float) -> None:
        """``seconds``: in the first claim, in the second and so on; the last holds for all that follow."""
        super().__init__(services.database, [channel], wake=services.wake)
        self.asked: list[int | None] = []
        self.clock, self.seconds = clock, seconds

    def deliver(
        self, kind: str, receiver: str, *, batches: int | None = None, slice_ends: float | None = None
    ) -> int:
        self.asked.append(batches)
        self.clock.now += self.seconds[min(len(self.asked), len(self.seconds)) - 1] * (batches or 0)
        return 1

    def serve(self, slots: Slots) -> None:
        """One slice of the receiver ``r``."""
        slots.active["r"] = threading.current_thread()
        self._serve(slots, "r")


class ThreeAtOnce(SleepingChannel):
    """Three batches a claim at most."""

    batches_at_once: ClassVar[int] = 3


@pytest.mark.parametrize(
    ("seconds", "batches"),
    [(0.09, [1, 3, 3, 3, 1, 1]), (0.15, [1, 3, 2, 1]), (0.3, [1, 2, 1]), (0.6, [1, 1]), (1.2, [1])],
)
def test_each_claim_of_a_slice_has_as_many_batches_as_the_one_before_lets_expect(
    services, monkeypatch, seconds, batches
):
    clock = Clock()
    monkeypatch.setattr(messaging_worker, "time", clock)
    one = Batches(services, ThreeAtOnce(), clock, seconds)
    slots = one._slots["sleep"]
    one.serve(slots)
    assert one.asked == batches
    assert (slots.active, slots.ended_at) == ({}, {"r": pytest.approx(sum(batches) * seconds)})


def test_a_receiver_is_slow_by_all_of_its_slice_not_by_its_last_claim(services, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(messaging_worker, "time", clock)
    one = Batches(services, ThreeAtOnce(), clock, 0.9, 1.3)
    slots = one._slots["sleep"]
    one.serve(slots)
    assert (one.asked, slots.slow) == ([1, 1], {"r"})


class LargeBatches(SleepingChannel):
    """With batches as large as a record store gets."""

    batch_size: ClassVar[int] = 500


REFUSED = Unavailable("HTTP 400: no", refused=True)


def test_twice_as_many_are_tried_each_time_that_all_were_refused_then_few_again():
    slots = Slots(LargeBatches())
    tried = []
    for _ in range(6):
        tried.append(slots.probe_size("r"))
        slots.probed("r", [REFUSED] * tried[-1])
    assert tried == [10, 20, 40, 80, 10, 20]
    assert slots.probe_size("another") == 10


@pytest.mark.parametrize("other", [Sent(), Unavailable("HTTP 503"), NotTried()])
def test_few_are_tried_again_once_a_receiver_answers_otherwise(other):
    slots = Slots(LargeBatches())
    slots.probed("r", [REFUSED] * 10)
    assert slots.probe_size("r") == 20
    slots.probed("r", [*[REFUSED] * 19, other])
    assert slots.probe_size("r") == 10


def test_no_more_are_tried_than_are_in_a_batch():
    slots = Slots(SleepingChannel())
    slots.probed("r", [REFUSED])
    assert slots.probe_size("r") == SleepingChannel.batch_size


def test_a_receiver_is_slow_whose_slice_took_more_than_twice_as_long_as_it_should():
    slots = Slots(SleepingChannel())
    for ended, is_slow in ((2.0, False), (2.1, True), (2.0, False)):
        slots.active["r"] = threading.current_thread()
        slots.free("r", begun=0.0, ended=ended)
        assert ("r" in slots.slow) is is_slow


def test_slow_receivers_share_half_of_the_slots_and_no_receiver_has_two():
    slots = Slots(SleepingChannel())
    slots.slow |= {"slow 1", "slow 2", "slow 3"}
    served = []
    for receiver in ("slow 1", "slow 2", "slow 3", "quick 1", "quick 1", "quick 2", "quick 3"):
        if slots.is_free(receiver):
            served.append(receiver)
            slots.active[receiver] = threading.current_thread()
    assert served == ["slow 1", "slow 2", "quick 1", "quick 2"]


def test_a_slow_receiver_is_served_where_there_is_one_slot():
    class OneAtATime(SleepingChannel):
        max_receivers: ClassVar[int] = 1

    slots = Slots(OneAtATime())
    slots.slow.add("r")
    assert slots.is_free("r")


def test_who_was_never_served_comes_first_then_whoever_was_longest_ago():
    slots = Slots(SleepingChannel())
    slots.ended_at.update({"a": 3.0, "b": 2.0})
    assert slots.in_turn({"a", "b", "d", "c"}) == ["c", "d", "b", "a"]
