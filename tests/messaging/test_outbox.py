"""Claiming and marking, on both databases: order, leases, and nothing claimed twice."""

import datetime as dt
import threading
import uuid
from collections import Counter

import pytest

from lti_tool.composition.services import Services
from lti_tool.database import Database, utcnow
from lti_tool.lti.ags import unsent_scores
from lti_tool.messaging import backlog, due_deliveries, outbox
from lti_tool.messaging.models import Delivery, DeliveryKind, DeliveryStatus
from lti_tool.messaging.outbox import Claim
from lti_tool.messaging.outcomes import Dead

STATEMENT = DeliveryKind.STATEMENT
SOON = dt.timedelta(minutes=5)


@pytest.fixture
def database(services: Services) -> Database:
    return services.database


def fill(
    database: Database, *lines: str, kind: DeliveryKind = STATEMENT, receiver: str = outbox.LRS
) -> list[int]:
    """One delivery for each order key given, in that order; their ids."""
    with database.transaction() as db:
        made = []
        for line in lines:
            made.append(
                outbox.enqueue(db, kind=kind, receiver=receiver, key=uuid.uuid4(), order_key=line, body=b"{}")
            )
            db.flush()
        return [delivery.id for delivery in made]


def claim(database: Database, *, limit: int = 500, later: dt.timedelta = dt.timedelta(0), **options) -> Claim:
    with database.transaction() as db:
        return outbox.claim(db, STATEMENT, limit=limit, now=utcnow() + later, **options)


def ids(claimed: Claim) -> list[int]:
    return [delivery.id for delivery in claimed.deliveries]


def again(database: Database, claimed: Claim, which: list[int], after: dt.timedelta = SOON) -> None:
    with database.transaction() as db:
        outbox.mark_again(db, claimed, which, not_before=utcnow() + after, reason="503")


def status(database: Database, identifier: int) -> str:
    with database.reading() as db:
        return db.get_one(Delivery, identifier).status


def test_a_claim_takes_the_oldest_first(database):
    made = fill(database, "a", "b", "a")
    assert ids(claim(database, limit=2)) == made[:2]


def test_a_claim_carries_the_exact_bytes(database):
    with database.transaction() as db:
        outbox.enqueue(db, kind=STATEMENT, key=uuid.uuid4(), order_key="a", body='{"é": 1}'.encode())
    [delivery] = claim(database).deliveries
    assert delivery.body == '{"é": 1}'.encode()


def test_nothing_is_claimed_before_the_transaction_that_wrote_it_commits(database):
    def write_and_fail() -> None:
        with database.transaction() as db:
            outbox.enqueue(db, kind=STATEMENT, key=uuid.uuid4(), order_key="a", body=b"{}")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert ids(claim(database)) == []


def test_what_is_claimed_is_not_claimed_again(database):
    fill(database, "a", "b")
    claim(database)
    assert ids(claim(database)) == []


def test_a_key_in_flight_holds_back_what_is_behind_it(database):
    fill(database, "a")
    claim(database)
    fill(database, "a")
    other = fill(database, "b")
    assert ids(claim(database)) == other


def test_a_key_that_backs_off_holds_back_what_is_behind_it(database):
    made = fill(database, "a", "a", "b")
    first = claim(database, limit=1)
    again(database, first, made[:1])
    assert ids(claim(database)) == made[2:]


def test_a_key_goes_on_in_order_once_its_back_off_is_over(database):
    made = fill(database, "a", "a")
    first = claim(database, limit=1)
    again(database, first, made[:1])
    assert ids(claim(database, later=2 * SOON)) == made


def test_a_dead_letter_holds_nothing_back(database):
    made = fill(database, "a", "a")
    first = claim(database, limit=1)
    with database.transaction() as db:
        outbox.mark_dead(db, first, {made[0]: Dead("HTTP 400")})
    assert ids(claim(database)) == made[1:]


def test_an_expired_lease_is_claimed_again(database):
    made = fill(database, "a")
    claim(database)
    assert ids(claim(database, later=SOON)) == made


def test_an_extended_lease_is_not_claimed_again(database):
    fill(database, "a")
    first = claim(database)
    with database.transaction() as db:
        outbox.extend(db, first, lease=2 * SOON)
    assert ids(claim(database, later=SOON)) == []


def test_whoever_lost_the_lease_cannot_put_it_back(database):
    made = fill(database, "a")
    lost = claim(database)
    claim(database, later=SOON)
    again(database, lost, made)
    assert status(database, made[0]) == DeliveryStatus.CLAIMED


def test_whoever_lost_the_lease_cannot_declare_it_dead(database):
    made = fill(database, "a")
    lost = claim(database)
    claim(database, later=SOON)
    with database.transaction() as db:
        outbox.mark_dead(db, lost, {made[0]: Dead("HTTP 400")})
    assert status(database, made[0]) == DeliveryStatus.CLAIMED


def test_what_was_sent_is_never_claimed_again(database):
    fill(database, "a", "b")
    first = claim(database)
    with database.transaction() as db:
        outbox.mark_sent(db, first, ids(first))
    assert ids(claim(database, later=SOON)) == []


def test_marking_a_part_leaves_the_rest_claimed(database):
    made = fill(database, "a", "b", "c")
    first = claim(database)
    with database.transaction() as db:
        outbox.mark_sent(db, first, [made[1]])
    assert [status(database, identifier) for identifier in made] == ["claimed", "sent", "claimed"]


def test_a_claim_after_a_kill_is_no_failure_of_the_delivery(database):
    [made] = fill(database, "a")
    claim(database)
    [delivery] = claim(database, later=SOON).deliveries
    with database.reading() as db:
        assert (delivery.failures, db.get_one(Delivery, made).attempts) == (0, 2)


def test_receivers_do_not_hold_each_other_back(database):
    fill(database, "a", receiver="one")
    other = fill(database, "a", receiver="two")
    claim(database, receiver="one")
    assert ids(claim(database, receiver="two")) == other


def test_only_receivers_with_something_due_are_named(database):
    fill(database, "a", kind=DeliveryKind.SCORE, receiver="one")
    fill(database, "b", kind=DeliveryKind.SCORE, receiver="two")
    with database.transaction() as db:
        outbox.claim(db, DeliveryKind.SCORE, receiver="one")
    with database.reading() as db:
        assert due_deliveries.due_receivers(db, DeliveryKind.SCORE) == {"two"}


def test_a_dead_letter_can_be_sent_again(database):
    made = fill(database, "a")
    first = claim(database)
    with database.transaction() as db:
        outbox.mark_dead(db, first, {made[0]: Dead("HTTP 400", {"id": "x"})})
    with database.transaction() as db:
        assert backlog.retry(db, STATEMENT) == 1
    assert ids(claim(database)) == made


def test_only_the_dead_letters_named_are_sent_again(database):
    made = fill(database, "a", "b")
    first = claim(database)
    with database.transaction() as db:
        outbox.mark_dead(db, first, dict.fromkeys(made, Dead("HTTP 400")))
    with database.transaction() as db:
        backlog.retry(db, STATEMENT, keys=[first.deliveries[1].key])
    assert ids(claim(database)) == made[1:]


def test_what_is_named_is_not_held_by_what_waits_before_it(database):
    made = fill(database, "a", "a", "b")
    first = claim(database, limit=3)
    again(database, first, made)
    with database.transaction() as db:
        assert backlog.retry(db, STATEMENT, keys=[first.deliveries[1].key]) == 1
    assert ids(claim(database)) == made[:2]


def test_the_backlog_has_what_waits_and_the_receivers_answer(database):
    made = fill(database, "a", "b", "c")
    first = claim(database, limit=2)
    again(database, first, made[:1])
    with database.transaction() as db:
        outbox.mark_dead(db, first, {made[1]: Dead("HTTP 400")})
    with database.reading() as db:
        found = backlog.read(db, STATEMENT)
    assert (found.waiting, found.dead, found.last_error) == (2, 1, "503")


def test_what_is_enqueued_together_goes_out_in_its_order(database):
    """In more rows than one INSERT takes."""
    new = [
        outbox.NewDelivery(kind=STATEMENT, key=uuid.uuid4(), order_key="a", body=str(number).encode())
        for number in range(2500)
    ]
    with database.transaction() as db:
        ids = outbox.enqueue_all(db, new)
    assert ids == sorted(ids)
    with database.transaction() as db:
        taken = outbox.claim(db, STATEMENT, limit=3000)
    assert [(each.key, each.body) for each in taken.deliveries] == [(each.key, each.body) for each in new]


def test_a_score_that_waits_is_withdrawn_and_was_never_sent(database):
    made = fill(database, "a", kind=DeliveryKind.SCORE)
    with database.transaction() as db:
        assert unsent_scores.supersede_waiting(db, ["a"]) == {"a": 0}
    assert status(database, made[0]) == DeliveryStatus.SUPERSEDED


def test_a_score_in_flight_is_not_withdrawn(database):
    made = fill(database, "a", kind=DeliveryKind.SCORE)
    with database.transaction() as db:
        outbox.claim(db, DeliveryKind.SCORE)
    with database.transaction() as db:
        assert unsent_scores.supersede_waiting(db, ["a"]) == {}
    assert status(database, made[0]) == DeliveryStatus.CLAIMED


def test_a_score_that_was_once_claimed_may_have_been_sent(database):
    made = fill(database, "a", kind=DeliveryKind.SCORE)
    with database.transaction() as db:
        first = outbox.claim(db, DeliveryKind.SCORE)
        outbox.mark_again(db, first, made, not_before=utcnow(), reason="reset")
    with database.transaction() as db:
        assert unsent_scores.supersede_waiting(db, ["a"]) == {"a": 1}


def test_many_workers_claim_everything_once_and_each_key_in_order(database):
    lines = [f"line-{number % 7}" for number in range(140)]
    made = fill(database, *lines)
    taken: list[tuple[int, str]] = []
    lock = threading.Lock()

    def work() -> None:
        while True:
            claimed = claim(database, limit=9)
            if not claimed.deliveries:
                with database.reading() as db:
                    if backlog.read(db, STATEMENT).waiting == 0:
                        return
                continue
            with lock:
                taken.extend((delivery.id, delivery.order_key) for delivery in claimed.deliveries)
            with database.transaction() as db:
                outbox.mark_sent(db, claimed, ids(claimed))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert Counter(identifier for identifier, _ in taken) == Counter(made)
    for line in set(lines):
        of_line = [identifier for identifier, key in taken if key == line]
        assert of_line == sorted(of_line)
