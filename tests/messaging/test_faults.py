"""Exceptions in sending and in marking are stored like any other failure: nothing is claimed again without a reason."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import uuid
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.lti.ags.score_outcomes import Refused
from lti_tool.lti.platforms.base import ScoreRefusal
from lti_tool.messaging import outbox, pauses
from lti_tool.messaging import worker as messaging_worker
from lti_tool.messaging.channel import Channel
from lti_tool.messaging.models import Delivery, DeliveryPause
from lti_tool.messaging.outbox import ClaimedDelivery
from lti_tool.messaging.outcomes import (
    Answered,
    Blocked,
    Damaged,
    Dead,
    Outcome,
    PartUnavailable,
    Retry,
    Sent,
    Superseded,
    Unavailable,
    storable,
)
from lti_tool.messaging.worker import Worker
from tests.commits import waits_for_disk
from tests.messaging.scripted import enqueue
from tests.messaging.waiting import until

UNSTORABLE = "a\0b\ud800\nc"


class Scripted(Channel):
    """Gives the outcomes that the test gives to it."""

    kind: ClassVar[str] = "scripted"
    batch_size: ClassVar[int] = 10

    def __init__(self, answer: Callable[[], Sequence[Outcome]]) -> None:
        self.answer = answer

    def send(self, receiver: str, deliveries: Sequence[ClaimedDelivery]) -> Sequence[Outcome]:
        return self.answer()


def deliver(services: Services, answer: Callable[[], Sequence[Outcome]], count: int) -> None:
    enqueue(services, *(str(number) for number in range(count)))
    assert Worker(services.database, [Scripted(answer)], wake=services.wake).deliver("scripted", "r") == count


def rows(services: Services) -> list[tuple[str, str | None]]:
    with services.database.reading() as db:
        return [(row.status, row.last_error) for row in db.scalars(sa.select(Delivery).order_by(Delivery.id))]


def the_pause(services: Services) -> DeliveryPause | None:
    with services.database.reading() as db:
        return pauses.read(db, "scripted").find(pauses.WHOLE)


def raise_in_sending() -> Sequence[Outcome]:
    raise OverflowError(f"date value\n{UNSTORABLE}" + "x" * 5000)


def test_an_exception_in_sending_pauses_the_receiver_with_its_reason(services):
    with capture_logs() as logs:
        deliver(services, raise_in_sending, 2)
    [(status, reason), other] = rows(services)
    pause = the_pause(services)
    assert (status, reason, other) == ("waiting", pause.reason if pause else None, (status, reason))
    assert reason is not None
    assert reason.startswith("sending failed: OverflowError: date value a b c")
    assert len(reason) < 600
    assert [entry["exc_info"] for entry in logs if entry["event"] == "delivery_fault"] == [True]


def test_a_channel_that_forgets_an_outcome_loses_no_delivery(services):
    deliver(services, lambda: [Sent()], 2)
    assert [status for status, _ in rows(services)] == ["waiting", "waiting"]
    assert the_pause(services) is not None


@pytest.mark.parametrize("make", [Dead, Retry, Unavailable, Blocked])
def test_no_words_of_a_receiver_keep_its_answer_from_being_stored(services, make):
    deliver(services, lambda: [make(UNSTORABLE)], 1)
    [(_, reason)] = rows(services)
    assert reason == "a b c"


def fail(_db: Session) -> None:
    raise OverflowError("no such second")


def test_what_cannot_be_marked_is_marked_with_its_text_alone(services):
    outcomes = [Sent(), Superseded(fail), Superseded(), Unavailable(UNSTORABLE, 1e300)]
    with capture_logs() as logs:
        deliver(services, lambda: outcomes, 4)
    assert rows(services) == [
        ("sent", None),
        ("waiting", "what became of it could not be stored: OverflowError: no such second"),
        ("superseded", None),
        ("waiting", "a b c"),
    ]
    pause = the_pause(services)
    assert pause is not None
    assert (pause.reason, pause.until - pause.since < dt.timedelta(minutes=2)) == ("a b c", True)
    assert [entry["exc_info"] for entry in logs if entry["event"] == "marking_fault"] == [True]


class Notes(Scripted):
    """Keeps the outcomes that it is told of, but cannot for some deliveries."""

    def __init__(
        self, answer: Callable[[], Sequence[Outcome]], *, unnotable: Sequence[str], times: int = 1000
    ) -> None:
        """``times``: how often it fails, for one after another, before it can note all."""
        super().__init__(answer)
        self.unnotable = set(unnotable)
        self.times = times
        self.noted: list[list[tuple[str, Outcome]]] = []

    def note(
        self,
        db: Session,
        deliveries: Sequence[ClaimedDelivery],
        outcomes: Sequence[Outcome],
        now: dt.datetime,
    ) -> None:
        keys = [each.order_key for each in deliveries]
        if self.unnotable & set(keys) and self.times:
            self.times -= 1
            raise OverflowError("no such second")
        self.noted.append(list(zip(keys, outcomes, strict=True)))


NOT_STORED = ("waiting", "what became of it could not be stored: OverflowError: no such second")


def test_one_of_which_the_channel_cannot_note_what_became_waits_alone(services):
    enqueue(services, *"abcde")
    outcomes = [Sent(), Dead("no"), Dead(UNSTORABLE), Unavailable("HTTP 503"), Superseded()]
    channel = Notes(lambda: outcomes, unnotable=["b"])
    worker = Worker(services.database, [channel], wake=services.wake)
    with capture_logs() as logs:
        assert worker.deliver("scripted", "r") == 5
    [logged] = [entry for entry in logs if entry["event"] == "delivery_round"]
    assert [logged[name] for name in ("sent", "retry", "dead", "unavailable", "superseded")] == [1] * 5
    assert rows(services) == [
        ("sent", None),
        NOT_STORED,
        ("dead", "a b c"),
        ("waiting", "HTTP 503"),
        ("superseded", None),
    ]
    pause = the_pause(services)
    assert pause is not None
    assert pause.reason == "HTTP 503"
    assert channel.noted == [[("a", Sent())], [("c", Dead("a b c"))], [("e", Superseded())]]


def test_a_channel_that_can_note_nothing_of_a_receiver_holds_up_none_of_the_others(services):
    """Each goes again by itself, with the reason; the receiver is well, and is not paused."""
    enqueue(services, *"abc")
    channel = Notes(lambda: [Sent()] * 3, unnotable=list("abc"))
    worker = Worker(services.database, [channel], wake=services.wake)
    worker.deliver("scripted", "r")
    assert rows(services) == [NOT_STORED] * 3
    assert the_pause(services) is None

    channel.answer = lambda: [Sent()] * 2
    enqueue(services, "d", "e")
    assert worker.deliver("scripted", "r") == 2
    assert [status for status, _ in rows(services)] == ["waiting"] * 3 + ["sent"] * 2


def test_what_goes_again_is_not_overtaken_by_a_later_one_of_its_key(services):
    enqueue(services, "a", "a", "b")
    # Both times for all together, and for the first alone.
    channel = Notes(lambda: [Sent()] * 3, unnotable=["a"], times=3)
    Worker(services.database, [channel], wake=services.wake).deliver("scripted", "r")
    assert rows(services) == [NOT_STORED, NOT_STORED, ("sent", None)]
    assert channel.noted == [[("b", Sent())]]


@pytest.mark.parametrize("outcome", [Damaged("its body was lost"), Superseded()])
def test_one_that_was_not_sent_ends_no_pause_where_it_cannot_be_noted(services, outcome):
    enqueue(services, "a")
    with services.database.transaction() as db:
        now = utcnow()
        pause = {"until": now, "since": now, "failures": 3, "refused": False, "reason": "HTTP 503"}
        db.add(DeliveryPause(kind="scripted", receiver="r", part=pauses.WHOLE, **pause))
    channel = Notes(lambda: [outcome], unnotable=["a"])
    Worker(services.database, [channel], wake=services.wake).deliver("scripted", "r")
    assert rows(services) == [NOT_STORED]
    assert the_pause(services) is not None


def test_a_database_that_fails_while_they_are_written_one_by_one_leaves_the_rest_to_the_lease(services):
    class Failing(Notes):
        def note(self, db: Session, deliveries: Sequence[ClaimedDelivery], *args: Any) -> None:
            if [each.order_key for each in deliveries] == ["b"]:
                raise OperationalError("note", None, OSError("disk"))
            super().note(db, deliveries, *args)

    enqueue(services, *"abc")
    channel = Failing(lambda: [Sent()] * 3, unnotable=["a"])
    with pytest.raises(OperationalError):
        Worker(services.database, [channel], wake=services.wake).deliver("scripted", "r")
    assert [status for status, _ in rows(services)] == ["claimed"] * 3


def test_a_line_of_the_log_that_cannot_be_written_makes_nobody_note_twice(services, monkeypatch):
    def fail_to_log(*_of_the_round: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(messaging_worker, "log_round", fail_to_log)
    enqueue(services, "a")
    channel = Notes(lambda: [Sent()], unnotable=[])
    with pytest.raises(OSError, match="No space left"):
        Worker(services.database, [channel], wake=services.wake).deliver("scripted", "r")
    assert (channel.noted, rows(services)) == ([[("a", Sent())]], [("sent", None)])


@pytest.mark.parametrize(
    "theirs", [{"a": float("nan")}, {"a": json.loads("[" * 900 + "]" * 900)}, {"a": UNSTORABLE}]
)
def test_a_dead_letter_is_stored_whatever_the_receiver_holds(services, theirs):
    deliver(services, lambda: [Sent(), Dead("another", theirs)], 2)
    assert rows(services) == [("sent", None), ("dead", "another")]


@pytest.mark.parametrize(
    ("outcome", "dropped"),
    [
        (
            Refused(UNSTORABLE, refusal=ScoreRefusal.LINE_ITEM_GONE, is_missing=True),
            {"theirs": {"a": 1}},
        ),
        (PartUnavailable(UNSTORABLE, may_have_arrived=False), {"after_seconds": 1e300}),
        (Retry(UNSTORABLE, answered=Answered.NOBODY), {"after_seconds": 1e300}),
    ],
)
def test_what_an_outcome_says_beside_its_text_is_kept(outcome, dropped):
    kept = storable(dataclasses.replace(outcome, **dropped), OverflowError())
    assert kept == dataclasses.replace(outcome, reason="a b c")


@pytest.mark.parametrize("repeats_count_once", [True, False])
def test_only_what_may_be_repeated_is_claimed_and_marked_without_waiting_for_the_disk(
    services, monkeypatch, repeats_count_once
):
    monkeypatch.setattr(Scripted, "repeats_count_once", repeats_count_once)
    with waits_for_disk(services.database) as waits:
        enqueue(services, "a")
        Worker(services.database, [Scripted(lambda: [Sent()])], wake=services.wake).deliver("scripted", "r")
        enqueue(services, "b")
    assert rows(services) == [("sent", None), ("waiting", None)]
    assert waits == [True, not repeats_count_once, not repeats_count_once, True]


class Picky(Scripted):
    """Cannot say of one receiver whether it can be sent to."""

    def is_ready(self, db: Session, receiver: str) -> bool:
        return bool(uuid.UUID(receiver))


def test_a_receiver_whose_row_cannot_be_read_keeps_no_other_waiting(services):
    readable = str(uuid.uuid4())
    with services.database.transaction() as db:
        for receiver in ("damaged", readable):
            outbox.enqueue(
                db, kind="scripted", receiver=receiver, key=uuid.uuid4(), order_key=receiver, body=b"{}"
            )
    worker = Worker(services.database, [Picky(lambda: [Sent()])], wake=services.wake, poll_seconds=0.05)
    with capture_logs() as logs:
        worker.start()
        try:
            assert until(lambda: [status for status, _ in rows(services)] == ["waiting", "sent"])
        finally:
            worker.stop()
    assert {entry["receiver"] for entry in logs if entry["event"] == "receiver_unreadable"} == {"damaged"}
