"""A claim of several batches: sent one after the other, until something of one must go again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import ClassVar

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.messaging import pauses, sending, worker
from lti_tool.messaging.channel import Channel
from lti_tool.messaging.lrs_channel import LRSChannel
from lti_tool.messaging.models import Delivery, DeliveryPause
from lti_tool.messaging.outbox import ClaimedDelivery
from lti_tool.messaging.outcomes import Blocked, Dead, Outcome, Retry, Sent, Superseded, Unavailable
from lti_tool.messaging.worker import Worker
from tests.messaging.scripted import enqueue
from tests.messaging.waiting import until
from tests.sql_counter import counting

Answer = Callable[[Sequence[ClaimedDelivery]], Sequence[Outcome]]


class InBatches(Channel):
    """Three batches of two a claim; what becomes of each is what the test says."""

    kind: ClassVar[str] = "scripted"
    batch_size: ClassVar[int] = 2
    batches_at_once: ClassVar[int] = 3

    def __init__(self, answer: Answer | None = None) -> None:
        self.batches: list[list[str]] = []
        self.answer = answer or (lambda batch: [Sent()] * len(batch))

    def send(self, receiver: str, deliveries: Sequence[ClaimedDelivery]) -> Sequence[Outcome]:
        self.batches.append([each.order_key for each in deliveries])
        return self.answer(deliveries)

    def fault_of(self, delivery: ClaimedDelivery) -> str | None:
        return "it is damaged" if delivery.order_key.startswith("damaged") else None


def deliver(services: Services, channel: Channel) -> int:
    return Worker(services.database, [channel], wake=services.wake).deliver("scripted", "r")


def rows(services: Services) -> list[tuple[str, str, str | None]]:
    with services.database.reading() as db:
        found = db.scalars(sa.select(Delivery).order_by(Delivery.id))
        return [(row.order_key, row.status, row.last_error) for row in found]


def end_pauses(services: Services) -> None:
    with services.database.transaction() as db:
        db.execute(sa.update(DeliveryPause).values(until=utcnow()))


def test_a_claim_goes_out_in_batches_and_is_marked_once(services):
    enqueue(services, *"abcdefgh")
    channel = InBatches()
    steps: list[str] = []
    one = Worker(services.database, [channel], wake=services.wake, at_step=steps.append)
    assert (one.deliver("scripted", "r"), one.deliver("scripted", "r"), one.deliver("scripted", "r")) == (
        6,
        2,
        0,
    )
    assert channel.batches == [["a", "b"], ["c", "d"], ["e", "f"], ["g", "h"]]
    assert steps == [f"scripted:{step}" for step in worker.STEPS] * 2
    assert {status for _, status, _ in rows(services)} == {"sent"}


def test_statements_are_claimed_four_batches_at_a_time():
    assert (LRSChannel.batch_size, LRSChannel.batches_at_once) == (500, 4)


def raise_a_fault() -> Outcome:
    raise OverflowError("no such second")


def lose_the_database() -> Outcome:
    raise sa.exc.OperationalError("SELECT 1", {}, ConnectionError("closed"))


@pytest.mark.parametrize(
    ("fail", "reason"),
    [
        (lambda: Unavailable("HTTP 503"), "HTTP 503"),
        (lambda: Blocked("HTTP 401"), "HTTP 401"),
        (raise_a_fault, "sending failed: OverflowError: no such second"),
        (lose_the_database, "the tool’s own database failed: ConnectionError: closed"),
    ],
    ids=["unavailable", "blocked", "exception", "database"],
)
def test_a_receiver_that_fails_is_not_asked_for_the_other_batches(services, fail, reason):
    enqueue(services, *"abcdef")

    def answer(batch: Sequence[ClaimedDelivery]) -> Sequence[Outcome]:
        return [fail()] * 2 if batch[0].order_key == "c" else [Sent()] * 2

    channel = InBatches(answer)
    assert deliver(services, channel) == 6
    assert channel.batches == [["a", "b"], ["c", "d"]]
    assert rows(services) == [
        ("a", "sent", None),
        ("b", "sent", None),
        ("c", "waiting", reason),
        ("d", "waiting", reason),
        ("e", "waiting", None),
        ("f", "waiting", None),
    ]
    with services.database.reading() as db:
        [pause] = pauses.read(db, "scripted", "r").rows
    assert pause.reason == reason
    assert deliver(services, channel) == 0

    channel.answer = lambda batch: [Sent()] * len(batch)
    end_pauses(services)
    assert (deliver(services, channel), channel.batches[2:]) == (2, [["c", "d"]])
    assert (deliver(services, channel), channel.batches[3:]) == (2, [["e", "f"]])
    assert {status for _, status, _ in rows(services)} == {"sent"}


def test_nothing_overtakes_a_delivery_of_the_same_key_that_must_go_again(services):
    enqueue(services, "a", "b", "a", "c")
    channel = InBatches(
        lambda batch: [Retry("once more") if each.order_key == "a" else Sent() for each in batch]
    )
    deliver(services, channel)
    assert [(key, status) for key, status, _ in rows(services)] == [
        ("a", "waiting"),
        ("b", "sent"),
        ("a", "waiting"),
        ("c", "waiting"),
    ]
    channel.answer = lambda batch: [Sent()] * len(batch)
    assert deliver(services, channel) == 1
    assert channel.batches == [["a", "b"], ["c"]]


def test_what_is_given_up_or_replaced_holds_nothing_back(services):
    enqueue(services, *"abcd")
    channel = InBatches(
        lambda batch: [Dead("no"), Superseded()] if batch[0].order_key == "a" else [Sent()] * 2
    )
    assert (deliver(services, channel), channel.batches) == (4, [["a", "b"], ["c", "d"]])
    assert [status for _, status, _ in rows(services)] == ["dead", "superseded", "sent", "sent"]


def test_what_is_damaged_is_in_no_batch(services):
    enqueue(services, "a", "damaged 1", "b", "c", "damaged 2", "d")
    channel = InBatches()
    assert (deliver(services, channel), channel.batches) == (6, [["a", "b"], ["c", "d"]])
    assert [status for _, status, _ in rows(services)] == ["sent", "dead", "sent", "sent", "dead", "sent"]


def test_a_slow_receiver_keeps_its_slot_for_no_more_batches(services, monkeypatch):
    enqueue(services, *"abcdef")
    monkeypatch.setattr(worker, "SLICE_SECONDS", 0.01)

    def answer(batch: Sequence[ClaimedDelivery]) -> Sequence[Outcome]:
        time.sleep(0.02)
        return [Sent()] * len(batch)

    channel = InBatches(answer)
    deliver(services, channel)
    assert channel.batches == [["a", "b"]]
    assert [status for _, status, _ in rows(services)] == ["sent"] * 2 + ["waiting"] * 4
    with services.database.reading() as db:
        assert not pauses.read(db, "scripted", "r").rows
    deliver(services, channel)
    assert channel.batches == [["a", "b"], ["c", "d"]]


def run_until_sent(services: Services, one: Worker, count: int) -> None:
    """By threads of its own, as the tool runs it."""
    one.start()
    try:
        assert until(lambda: [status for _, status, _ in rows(services)] == ["sent"] * count)
    finally:
        one.stop()


def claims(services: Services) -> list[int]:
    """How often each delivery was claimed."""
    with services.database.reading() as db:
        return list(db.scalars(sa.select(Delivery.attempts).order_by(Delivery.id)))


def test_of_a_slow_receiver_no_more_is_claimed_than_is_sent_in_time(services, monkeypatch):
    monkeypatch.setattr(worker, "SLICE_SECONDS", 0.1)
    enqueue(services, *"abcdef")

    def answer(batch: Sequence[ClaimedDelivery]) -> Sequence[Outcome]:
        time.sleep(0.11)
        return [Sent()] * len(batch)

    channel = InBatches(answer)
    run_until_sent(services, Worker(services.database, [channel], wake=services.wake, poll_seconds=0.05), 6)
    assert (channel.batches, claims(services)) == ([["a", "b"], ["c", "d"], ["e", "f"]], [1] * 6)


def test_a_quick_receiver_gets_several_batches_of_a_claim_after_the_first(services):
    steps: list[str] = []
    enqueue(services, *"abcdefgh")
    channel = InBatches()
    one = Worker(services.database, [channel], wake=services.wake, poll_seconds=0.05, at_step=steps.append)
    run_until_sent(services, one, 8)
    assert channel.batches == [["a", "b"], ["c", "d"], ["e", "f"], ["g", "h"]]
    assert steps.count("scripted:sent") == 2


class Recording(Worker):
    """Keeps when the slice of each claim ends."""

    slice_ends: list[float | None]

    def deliver(
        self, kind: str, receiver: str, *, batches: int | None = None, slice_ends: float | None = None
    ) -> int:
        self.slice_ends.append(slice_ends)
        return super().deliver(kind, receiver, batches=batches, slice_ends=slice_ends)


def test_all_claims_of_a_slice_end_with_it(services):
    enqueue(services, *"abcdefgh")
    one = Recording(services.database, [InBatches()], wake=services.wake, poll_seconds=0.05)
    one.slice_ends = []
    run_until_sent(services, one, 8)
    assert one.slice_ends[0] is not None
    assert one.slice_ends[0] == one.slice_ends[1]


def test_once_the_slice_is_over_no_further_batch_is_sent(services):
    enqueue(services, *"abcdef")
    channel = InBatches()
    one = Worker(services.database, [channel], wake=services.wake)
    one.deliver("scripted", "r", slice_ends=time.monotonic())
    assert channel.batches == [["a", "b"]]


def test_however_many_are_given_up_one_statement_says_so(services):
    enqueue(services, *(str(number) for number in range(6)))
    channel = InBatches(lambda batch: [Dead(f"no {each.order_key}") for each in batch])
    with counting(services.database) as counter:
        deliver(services, channel)
    updates = [each for each in counter.statements if "UPDATE deliver" in each]
    assert len(updates) == 2
    assert [(status, reason) for _, status, reason in rows(services)] == [
        ("dead", f"no {number}") for number in range(6)
    ]


def test_a_worker_that_is_stopped_marks_what_it_sent_and_sends_no_more(services):
    enqueue(services, *"abcdef")
    channel = InBatches()
    one = Worker(services.database, [channel], wake=services.wake)

    def answer(batch: Sequence[ClaimedDelivery]) -> Sequence[Outcome]:
        one.stop()
        return [Sent()] * len(batch)

    channel.answer = answer
    one.deliver("scripted", "r")
    assert channel.batches == [["a", "b"]]
    assert [status for _, status, _ in rows(services)] == ["sent"] * 2 + ["waiting"] * 4


def test_a_claim_that_cannot_be_read_over_is_a_failure_of_all_of_it(services, monkeypatch):
    enqueue(services, *"abcdef")
    channel = InBatches()
    monkeypatch.setattr(sending, "fault_of", lambda _delivery: raise_a_fault())
    deliver(services, channel)
    assert not channel.batches
    assert {row[1:] for row in rows(services)} == {
        ("waiting", "sending failed: OverflowError: no such second")
    }
