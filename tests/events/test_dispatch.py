"""Subscribers: one added from outside, rounds within one transaction, and what a failing one undoes."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.composition import transaction as composition
from lti_tool.composition.services import Services, make_services
from lti_tool.composition.subscribers import SUBSCRIBERS
from lti_tool.config import Config
from lti_tool.database import Base, utcnow
from lti_tool.events import log
from lti_tool.events.base import LoggedEvent
from lti_tool.events.dispatch import MOST_ROUNDS
from lti_tool.events.models import EventRow
from lti_tool.events.replay import Projection, Projections
from lti_tool.identity.principal import TOOL
from lti_tool.mentoring.sessions.events import SessionConfirmed
from lti_tool.messaging.models import Delivery
from tests.builder import Builder, World


@dataclass
class RecordingSubscriber:
    """A subscriber as somebody else would write it: it reads events and nothing else, and nothing else knows it."""

    name: str = "thank-you notes"
    notes: list[str] = field(default_factory=list)

    def handle(self, db: Session, events: Sequence[LoggedEvent], now: dt.datetime) -> None:
        for logged in events:
            if isinstance(logged.event, SessionConfirmed):
                self.notes.append(f"{logged.scope.pair_id}: {logged.event.session_id}")

    def projection(self, db: Session, others: Projections) -> Projection | None:
        return None


WithSubscriber = Callable[[object], World]


@pytest.fixture
def world_with(config: Config) -> Iterator[WithSubscriber]:
    """Builds a world whose services have one more subscriber."""
    made: list[Services] = []

    def build(subscriber: object) -> World:
        services = make_services(config, (*SUBSCRIBERS, lambda _config: subscriber))
        made.append(services)
        return Builder(services).world()

    yield build
    for services in made:
        services.http.close()
        services.database.dispose()


def test_a_new_subscriber_is_one_module_and_one_line(world_with: WithSubscriber) -> None:
    notes = RecordingSubscriber()
    world = world_with(notes)
    pair_id = world.pair().id
    session_id = world.log_session()
    world.confirm(session_id)
    assert notes.notes == [f"{pair_id}: {session_id}"]


@dataclass
class Relay:
    """Answers every event of a kind with another event, so many times."""

    left: int
    name: str = "relay"

    def handle(self, db: Session, events: Sequence[LoggedEvent], now: dt.datetime) -> None:
        for logged in events:
            if isinstance(logged.event, SessionConfirmed) and self.left:
                self.left -= 1
                log.append(db, logged.event, logged.scope, at=now)

    def projection(self, db: Session, others: Projections) -> Projection | None:
        return None


def confirmed(world: World) -> World:
    world.pair()
    world.confirm(world.log_session())
    return world


def test_what_a_subscriber_appends_is_handled_in_the_same_transaction(
    world_with: WithSubscriber,
) -> None:
    world = confirmed(world_with(Relay(3)))
    with world.services.database.reading() as db:
        kinds = list(db.scalars(sa.select(EventRow.kind)))
    assert kinds.count("SessionConfirmed") == 4


def test_subscribers_that_answer_each_other_for_ever_are_stopped_and_nothing_is_kept(
    world_with: WithSubscriber, services: Services
) -> None:
    world = world_with(Relay(1000))
    with pytest.raises(RuntimeError, match=f"after {MOST_ROUNDS} rounds"):
        confirmed(world)
    with services.database.reading() as db:
        assert "SessionConfirmed" not in set(db.scalars(sa.select(EventRow.kind)))


@dataclass
class Failing:
    """Fails on a confirmation, after every other subscriber has done its part."""

    name: str = "failing"

    def handle(self, db: Session, events: Sequence[LoggedEvent], now: dt.datetime) -> None:
        if any(isinstance(logged.event, SessionConfirmed) for logged in events):
            raise ZeroDivisionError

    def projection(self, db: Session, others: Projections) -> Projection | None:
        return None


def test_a_subscriber_that_fails_undoes_the_event_and_everything_it_caused(
    world_with: WithSubscriber, services: Services
) -> None:
    def rows() -> dict[str, int]:
        with services.database.reading() as db:
            return {
                table.name: db.scalar(sa.select(sa.func.count()).select_from(table)) or 0
                for table in Base.metadata.sorted_tables
            }

    world = world_with(Failing())
    world.pair()
    session_id = world.log_session()
    before = rows()
    with pytest.raises(ZeroDivisionError):
        world.confirm(session_id)
    assert rows() == before


def test_an_event_says_who_acted(services: Services, world: World) -> None:
    from lti_tool.identity.principal import CourseRole
    from tests.builder import person_principal

    with services.database.reading() as db:
        person_id = world.mentor(db).person_id
    world = world.acting_as(person_principal(world, person_id, CourseRole.LEARNER))
    world.pair()
    with services.database.reading() as db:
        row = db.scalars(sa.select(EventRow).order_by(EventRow.sequence.desc()).limit(1)).one()
    assert (row.acted_by_kind, row.acted_by_id, row.placement_id) == ("person", person_id, world.placement_id)


def test_nothing_is_appended_without_saying_who_acts(services: Services, world: World) -> None:
    with pytest.raises(LookupError, match="who acted"), services.database.transaction() as db:
        world.pair(db, now=utcnow())


def test_the_declared_order_is_the_order_of_handling(services: Services) -> None:
    assert [subscriber.name for subscriber in services.subscribers] == [
        "participants",
        "united",
        "progress",
        "statements",
        "scores",
        "audit",
        "timeline",
        "counters",
    ]


def test_an_event_its_statements_and_its_scores_are_one_commit(services: Services, world: World) -> None:
    def interrupted() -> None:
        with composition.transaction(services, TOOL) as db:
            world.pair(db, now=utcnow())
            composition.process_events(db, services, utcnow())
            raise KeyboardInterrupt

    with services.database.reading() as db:
        before = db.scalar(sa.select(sa.func.count()).select_from(EventRow))
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with services.database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(EventRow)) == before
        assert db.scalar(sa.select(sa.func.count()).select_from(Delivery)) == 0


def test_an_id_is_given_once(services: Services, world: World) -> None:
    with services.database.reading() as db:
        ids = list(db.scalars(sa.select(EventRow.id)))
    assert len(ids) == len(set(ids))
    assert all(isinstance(each, uuid.UUID) for each in ids)
