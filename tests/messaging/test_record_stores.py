"""To which record stores statements go, and what becomes of what waits when stores are set, removed or merged."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from lti_tool.composition import transaction as composition
from lti_tool.composition.channels import make_worker
from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.identity import organisations
from lti_tool.identity.principal import TOOL
from lti_tool.messaging import backlog, outbox, pauses, setting_record_stores
from lti_tool.messaging.models import (
    LRS,
    NO_STORE,
    PRIMARY,
    Delivery,
    DeliveryBody,
    DeliveryKind,
    RecordStore,
)
from lti_tool.messaging.outcomes import Sent, Unavailable
from lti_tool.messaging.record_stores import INSTALLATION, Scope, receivers
from lti_tool.messaging.setting_record_stores import StoreRefused
from tests.builder import Builder, World, add_registration
from tests.messaging.flaky_lrs import FlakyLRS, flaky_lrs
from tests.messaging.waiting import until
from tests.sql_counter import counting

STATEMENT = DeliveryKind.STATEMENT
MINUTE = dt.timedelta(minutes=1)
A, B, R = uuid.UUID(int=1), uuid.UUID(int=2), uuid.UUID(int=3)


def store(organisation: uuid.UUID | None, registration: uuid.UUID | None, name: str = PRIMARY) -> RecordStore:
    return RecordStore(
        id=uuid.uuid5(uuid.NAMESPACE_OID, f"{organisation} {registration} {name}"),
        organisation_id=organisation,
        registration_id=registration,
        name=name,
    )


OURS, OUR_COPY, OUR_MOODLE, THEIRS, THE_COPY = (
    store(A, None),
    store(A, None, "copy"),
    store(A, R),
    store(B, None),
    store(None, None, "copy"),
)


@pytest.mark.parametrize(
    ("stores", "scope", "expected"),
    [
        ([], Scope(A, R), [LRS]),
        ([THEIRS], Scope(A, R), [LRS]),
        ([THE_COPY], Scope(A, R), [LRS, str(THE_COPY.id)]),
        ([THE_COPY, OURS], Scope(A, R), [str(OURS.id)]),
        ([OUR_COPY, OURS], Scope(A, R), [str(OURS.id), str(OUR_COPY.id)]),
        ([OURS, OUR_COPY, OUR_MOODLE], Scope(A, R), [str(OUR_MOODLE.id)]),
        ([OURS, OUR_MOODLE], Scope(A, uuid.UUID(int=9)), [str(OURS.id)]),
        ([OURS, OUR_MOODLE], Scope(A, None), [str(OURS.id)]),
        ([OUR_MOODLE], Scope(A, uuid.UUID(int=9)), [NO_STORE]),
        ([OUR_MOODLE, THE_COPY], Scope(A, None), [NO_STORE]),
        ([OUR_MOODLE], Scope(B, R), [LRS]),
    ],
)
def test_a_statement_goes_to_the_narrowest_scope_that_has_stores(stores, scope, expected):
    assert list(receivers(stores, scope)) == expected


# With a tool and record stores that run


@pytest.fixture
def first() -> Iterator[FlakyLRS]:
    with flaky_lrs() as server:
        yield server


@pytest.fixture
def second() -> Iterator[FlakyLRS]:
    with flaky_lrs() as server:
        yield server


def set_store(
    services: Services, lrs: FlakyLRS | None, scope: Scope = INSTALLATION, name: str = PRIMARY
) -> tuple[str, int]:
    """Set a store; its receiver, and how many waiting statements it took over."""
    with services.database.transaction() as db:
        found, moved = setting_record_stores.set_store(
            db,
            services.vault,
            scope,
            {
                "name": name,
                "endpoint": lrs.url if lrs else "http://127.0.0.1:9/xapi",
                "username": "someone",
                "password": "sécret",
                "version": "1.0.3",
            },
            settings=None,
        )
        return found.receiver, moved


def pair_up(world: World) -> None:
    """Two statements."""
    world.pair(signed=False)


def deliver_all(services: Services) -> None:
    worker = make_worker(services)
    with services.database.reading() as db:
        found = list(db.scalars(sa.select(Delivery.receiver).distinct()))
    for receiver in found:
        while worker.deliver(STATEMENT, receiver):
            pass


def statuses(services: Services) -> list[tuple[str, str]]:
    """Receiver and status of each delivery, in order."""
    with services.database.reading() as db:
        rows = db.execute(sa.select(Delivery.receiver, Delivery.status).order_by(Delivery.id))
        return [(receiver, status) for receiver, status in rows]


def test_what_waited_goes_to_the_primary_once_it_is_set(services, world, first):
    pair_up(world)
    set_store(services, first)
    deliver_all(services)
    assert (len(first.held), statuses(services)) == (2, [(LRS, "sent")] * 2)


def test_what_waited_goes_to_the_organisations_own_once_it_is_set(services, world, first):
    pair_up(world)
    receiver, moved = set_store(services, first, Scope(world.organisation_id))
    deliver_all(services)
    assert (moved, len(first.held), statuses(services)) == (2, 2, [(receiver, "sent")] * 2)


def claim(services: Services, receiver: str = LRS, *, lease: dt.timedelta = MINUTE) -> outbox.Claim:
    """One statement, claimed by a worker that sends it just now, or that was killed when the lease is over."""
    with services.database.transaction() as db:
        return outbox.claim(db, STATEMENT, receiver=receiver, limit=1, lease=lease)


@pytest.mark.parametrize("lease", [-MINUTE, MINUTE], ids=["its worker was killed", "it is being sent"])
def test_what_was_claimed_goes_to_the_organisation_s_own_too(services, world, first, second, lease):
    set_store(services, first)
    pair_up(world)
    held = claim(services, lease=lease)
    receiver, moved = set_store(services, second, Scope(world.organisation_id))
    with services.database.transaction() as db:
        outbox.mark(db, held, [Sent()], now=utcnow())
    deliver_all(services)
    assert (moved, len(first.held), len(second.held)) == (2, 0, 2)
    assert statuses(services) == [(receiver, "sent")] * 2


def test_what_the_installation_s_store_refused_is_sent_again_to_the_own_one_alone(
    services, world, first, second
):
    set_store(services, first)
    first.fault = 400
    pair_up(world)
    deliver_all(services)
    first.fault = None
    receiver, moved = set_store(services, second, Scope(world.organisation_id))
    assert (moved, statuses(services)) == (2, [(receiver, "dead")] * 2)
    with services.database.transaction() as db:
        assert backlog.retry(db, STATEMENT) == 2
    deliver_all(services)
    assert (len(first.held), len(second.held)) == (0, 2)


@pytest.mark.parametrize("of_registration", [False, True])
@pytest.mark.parametrize("was", ["waiting", "claimed", "dead"])
def test_copies_for_the_installation_s_further_stores_are_withdrawn(
    services, world, first, second, was, of_registration
):
    set_store(services, first)
    copy, _ = set_store(services, second, name="copy")
    other = Builder(services).world(issuer="https://other.example")
    pair_up(world)
    pair_up(other)
    if was == "dead":
        with services.database.transaction() as db:
            db.execute(sa.update(Delivery).values(status="dead", done_at=utcnow()))
    held = claim(services, copy, lease=-MINUTE) if was == "claimed" else None
    with flaky_lrs() as own:
        scope = Scope(world.organisation_id, world.registration_id if of_registration else None)
        set_store(services, own, scope)
        if held is not None:
            with services.database.transaction() as db:
                outbox.mark(db, held, [Unavailable("503")], now=utcnow())
        with services.database.transaction() as db:
            backlog.retry(db, STATEMENT)
        deliver_all(services)
        assert (len(own.held), len(first.held), len(second.held)) == (2, 2, 2)
        assert first.held.keys() == second.held.keys()
        assert not own.held.keys() & first.held.keys()
        bodies = sa.select(sa.func.count()).select_from(DeliveryBody)
        known_by = sa.select(Delivery.id, Delivery.key, Delivery.receiver)
        beside = sa.select(DeliveryBody.delivery_id, DeliveryBody.key, DeliveryBody.receiver)
        with services.database.reading() as db:
            assert db.scalar(bodies) == len(statuses(services)) == 6
            assert {*db.execute(known_by)} == {*db.execute(beside)}


def test_a_store_for_a_registration_leaves_the_organisation_s_own_copies(services, world, first, second):
    set_store(services, None, Scope(world.organisation_id))
    set_store(services, first, Scope(world.organisation_id), name="copy")
    pair_up(world)
    set_store(services, second, Scope(world.organisation_id, world.registration_id))
    deliver_all(services)
    assert (len(first.held), len(second.held)) == (2, 2)


def test_one_company_s_statements_never_go_to_another_s_store(services, world, first, second):
    other = Builder(services).world(issuer="https://other.example")
    pair_up(world)
    set_store(services, first, Scope(other.organisation_id))
    pair_up(other)
    deliver_all(services)
    assert [status for _, status in statuses(services)] == ["waiting", "waiting", "sent", "sent"]
    set_store(services, second, Scope(world.organisation_id))
    deliver_all(services)
    assert (len(first.held), len(second.held), first.held.keys() & second.held.keys()) == (2, 2, set())


def test_a_registration_can_have_a_store_of_its_own(services, world, first, second):
    set_store(services, first, Scope(world.organisation_id))
    set_store(services, second, Scope(world.organisation_id, world.registration_id))
    pair_up(world)
    deliver_all(services)
    assert (len(first.held), len(second.held)) == (0, 2)


def test_another_registration_s_store_gets_nothing(services, world, first, second):
    with services.database.transaction() as db:
        organisation = organisations.find(db, str(world.organisation_id))
        other, _ = add_registration(db, organisation, "https://second.example")
    set_store(services, first, Scope(world.organisation_id))
    set_store(services, second, Scope(world.organisation_id, other.id))
    pair_up(world)
    deliver_all(services)
    assert (len(first.held), len(second.held)) == (2, 0)


# An organisation with a store for one of its registrations alone


@pytest.fixture
def second_platform(services: Services, world: World) -> Scope:
    """A second registration of the world's organisation."""
    with services.database.transaction() as db:
        organisation = organisations.find(db, str(world.organisation_id))
        other, _ = add_registration(db, organisation, "https://second.example")
        return Scope(world.organisation_id, other.id)


def test_an_organisation_with_any_store_of_its_own_never_uses_the_installations(
    services, world, second_platform, first, second
):
    set_store(services, first)
    set_store(services, first, name="copy")
    set_store(services, second, second_platform)
    pair_up(world)
    deliver_all(services)
    assert (first.held, second.held, statuses(services)) == ({}, {}, [(NO_STORE, "waiting")] * 2)
    with services.database.reading() as db:
        assert setting_record_stores.unserved(db, world.organisation_id) == 2


def test_what_waited_for_the_installations_store_waits_for_one_of_the_organisation(
    services, world, second_platform, first, second
):
    other = Builder(services).world(issuer="https://other.example")
    pair_up(world)
    pair_up(other)
    set_store(services, second, second_platform)
    set_store(services, first)
    deliver_all(services)
    assert statuses(services) == [(NO_STORE, "waiting")] * 2 + [(LRS, "sent")] * 2


def test_what_the_installations_store_refused_is_not_sent_there_again(
    services, world, second_platform, first, second
):
    set_store(services, first)
    first.fault = 400
    pair_up(world)
    deliver_all(services)
    set_store(services, second, second_platform)
    first.fault = None
    with services.database.transaction() as db:
        backlog.retry(db, STATEMENT)
    deliver_all(services)
    assert (first.held, statuses(services)) == ({}, [(NO_STORE, "waiting")] * 2)


def test_statements_without_a_store_go_once_there_is_one_for_the_whole_organisation(
    services, world, second_platform, first, second
):
    set_store(services, second, second_platform)
    pair_up(world)
    _, moved = set_store(services, first, Scope(world.organisation_id))
    deliver_all(services)
    assert (moved, len(first.held), second.held) == (2, 2, {})


def test_statements_without_a_store_go_once_there_is_one_for_their_platform(
    services, world, second_platform, first, second
):
    set_store(services, second, second_platform)
    pair_up(world)
    _, moved = set_store(services, first, Scope(world.organisation_id, world.registration_id))
    deliver_all(services)
    assert (moved, len(first.held), second.held) == (2, 2, {})


def test_the_installations_store_is_used_again_after_the_last_own_one(
    services, world, second_platform, first, second
):
    set_store(services, first)
    set_store(services, second, second_platform)
    pair_up(world)
    left = remove(services, second_platform)
    deliver_all(services)
    assert (left.waiting, left.released, left.goes_to, len(first.held)) == (0, 2, LRS, 2)


def test_a_removed_store_for_all_leaves_nothing_to_the_installations_while_another_is_there(
    services, world, second_platform, first, second
):
    set_store(services, first)
    set_store(services, second, second_platform)
    set_store(services, None, Scope(world.organisation_id))
    pair_up(world)
    left = remove(services, Scope(world.organisation_id))
    deliver_all(services)
    assert (left.goes_to, first.held, statuses(services)) == (NO_STORE, {}, [(NO_STORE, "waiting")] * 2)


def test_what_waited_in_a_merged_organisation_without_a_store_waits_for_one(
    services, world, second_platform, first, second
):
    other = Builder(services).world(issuer="https://other.example")
    set_store(services, second, second_platform)
    pair_up(world)
    pair_up(other)
    merge(services, other, world)
    set_store(services, first)
    deliver_all(services)
    assert (first.held, statuses(services)) == ({}, [(NO_STORE, "waiting")] * 4)


def test_a_copy_gets_what_is_recorded_from_then_on(services, world, first, second):
    other = Builder(services).world(issuer="https://other.example")
    set_store(services, first)
    pair_up(world)
    set_store(services, second, name="copy")
    pair_up(other)
    deliver_all(services)
    assert (len(first.held), len(second.held)) == (4, 2)
    assert second.held.keys() < first.held.keys()


def test_a_store_that_is_away_does_not_keep_a_copy_from_another(services, world, first, second):
    set_store(services, first)
    set_store(services, second, name="copy")
    first.fault = 503
    pair_up(world)
    deliver_all(services)
    assert (len(first.held), len(second.held)) == (0, 2)
    with services.database.reading() as db:
        assert [pause.receiver for pause in pauses.read(db, STATEMENT).rows] == [LRS]


def test_a_dead_letter_is_one_store_s_alone(services, world, first, second):
    set_store(services, first)
    copy, _ = set_store(services, second, name="copy")
    second.fault = 400
    pair_up(world)
    deliver_all(services)
    with services.database.reading() as db:
        dead = db.scalars(sa.select(Delivery.receiver).where(Delivery.status == "dead")).all()
    assert (dead, len(first.held)) == ([copy, copy], 2)


def test_a_worker_that_runs_uses_a_store_once_it_is_set(services, world, first):
    worker = make_worker(services, poll_seconds=0.05)
    worker.start()
    try:
        pair_up(world)
        set_store(services, first)
        assert until(lambda: len(first.held) == 2)
    finally:
        worker.stop()


def test_what_waits_goes_with_the_credentials_that_are_set_later(services, world, first, second):
    set_store(services, first)
    first.fault = 401
    pair_up(world)
    deliver_all(services)
    set_store(services, second)
    deliver_all(services)
    assert (len(first.held), len(second.held)) == (0, 2)


def test_the_password_is_encrypted(services, first):
    set_store(services, first)
    with services.database.reading() as db:
        password = db.scalars(sa.select(RecordStore.password)).one()
    assert "sécret".encode() not in password
    assert services.vault.open(password).decode() == "sécret"


def test_a_copy_needs_a_primary(services, world):
    with pytest.raises(StoreRefused, match="primary"):
        set_store(services, None, Scope(world.organisation_id), name="copy")


def remove(
    services: Services, scope: Scope = INSTALLATION, name: str = PRIMARY
) -> setting_record_stores.Remainder:
    with services.database.transaction() as db:
        return setting_record_stores.remove(db, scope, name)


def test_what_waits_for_a_removed_store_goes_to_the_next_wider_one(services, world, first):
    set_store(services, first)
    set_store(services, None, Scope(world.organisation_id))
    pair_up(world)
    left = remove(services, Scope(world.organisation_id))
    deliver_all(services)
    assert (left.waiting, left.goes_to, len(first.held)) == (2, LRS, 2)


def test_what_waits_for_the_last_store_waits_for_another(services, world, first):
    set_store(services, None)
    pair_up(world)
    remove(services)
    deliver_all(services)
    assert statuses(services) == [(LRS, "waiting")] * 2
    set_store(services, first)
    deliver_all(services)
    assert len(first.held) == 2


def test_what_waits_for_a_removed_copy_is_deleted_with_it(services, world, first):
    set_store(services, first)
    set_store(services, None, name="copy")
    pair_up(world)
    left = remove(services, name="copy")
    deliver_all(services)
    assert (left.waiting, left.goes_to, statuses(services)) == (2, None, [(LRS, "sent")] * 2)


def test_a_statement_in_flight_at_a_removed_store_is_not_lost(services, world, first):
    set_store(services, None, Scope(world.organisation_id))
    pair_up(world)
    with services.database.reading() as db:
        receiver = db.scalars(sa.select(Delivery.receiver).distinct()).one()
    with services.database.transaction() as db:
        claim = outbox.claim(db, STATEMENT, receiver=receiver)
    remove(services, Scope(world.organisation_id))
    with services.database.transaction() as db:
        ids = [delivery.id for delivery in claim.deliveries]
        outbox.mark_again(db, claim, ids, not_before=utcnow(), reason="503")
    set_store(services, first)
    deliver_all(services)
    assert len(first.held) == 2


def test_a_primary_is_not_removed_before_its_copies(services):
    set_store(services, None)
    set_store(services, None, name="copy")
    with pytest.raises(StoreRefused, match="copy"):
        remove(services)


def merge(services: Services, into: World, merged: World) -> None:
    with services.database.transaction() as db:
        setting_record_stores.check_merge(db, into.organisation_id, merged.organisation_id)
        organisations.merge(
            db,
            into=organisations.find(db, str(into.organisation_id)),
            merged=organisations.find(db, str(merged.organisation_id)),
        )
        setting_record_stores.after_merge(db, into.organisation_id)


@pytest.mark.parametrize("has_store", ["kept", "merged"])
def test_after_a_merge_what_waits_goes_to_the_store_of_either(services, world, first, has_store):
    other = Builder(services).world(issuer="https://other.example")
    pair_up(world)
    pair_up(other)
    owner = world if has_store == "kept" else other
    set_store(services, first, Scope(owner.organisation_id))
    merge(services, world, other)
    deliver_all(services)
    assert len(first.held) == 4


def test_organisations_that_both_have_a_store_are_not_merged(services, world):
    other = Builder(services).world(issuer="https://other.example")
    for each in (world, other):
        set_store(services, None, Scope(each.organisation_id))
    with pytest.raises(StoreRefused, match="both"):
        merge(services, world, other)


def test_a_statement_recorded_while_a_store_is_set_is_not_left_behind(services, world, first):
    """Whoever sets a store waits for the transactions that have chosen where their statements go."""
    chosen, done = threading.Event(), threading.Event()

    def record() -> None:
        with composition.transaction(services, TOOL) as db:
            world.pair(db, now=utcnow(), signed=False)
            composition.process_events(db, services, utcnow())
            chosen.set()
            done.wait(1.0)

    thread = threading.Thread(target=record)
    thread.start()
    assert chosen.wait(20)
    _, moved = set_store(services, first, Scope(world.organisation_id))
    thread.join(20)
    deliver_all(services)
    assert (moved, len(first.held)) == (2, 2)


def test_choosing_takes_one_statement_for_a_transaction(services, world):
    """However many statements are recorded."""
    with counting(services.database) as counter:
        pair_up(world)
    assert sum("record_store" in statement for statement in counter.statements) == 1
