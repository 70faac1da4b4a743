"""A tool that moves to another address: no statement goes out again, and nobody becomes a second person."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

import pytest

from lti_tool.commands.migrate import prepare_to_serve
from lti_tool.composition.projections import check_projections
from lti_tool.composition.services import Services, make_services
from lti_tool.config import Config
from lti_tool.database import utcnow
from lti_tool.events import log
from lti_tool.subscribers.statements import StatementEmitter
from tests.builder import World
from tests.enqueued import actor_of, statements, verbs

OLD = "http://127.0.0.1:5000"
NEW = "https://mentoring.example"


@pytest.fixture
def before(world: World) -> World:
    """A pair that has met and completed at the old address, every event of it with its statements."""
    prepare_to_serve(world.services)
    with world.transaction() as db:
        emitter = StatementEmitter(db, world.services.config, utcnow())
        for logged in log.read(db):
            emitter.emit([logged])
    world.pair()
    world.agree("Short videos")
    world.confirm(world.log_session())
    assert sorted(verbs(world.services)) == [
        "attended", "attended", "completed", "completed", "confirmed", "defined",
        "joined", "joined", "progressed", "progressed", "registered", "registered",
    ]  # fmt: skip
    return world


@pytest.fixture
def moved(before: World, config: Config) -> Iterator[World]:
    """The same database, served at the new address."""
    services = make_services(dataclasses.replace(config, base_url=NEW))
    prepare_to_serve(services)
    yield before.on(services)
    services.http.close()
    services.database.dispose()


def accounts(services: Services) -> set[tuple[str, str]]:
    """Home page and name of every account of a person in the statements."""
    return {
        (account["homePage"], account["name"])
        for statement in statements(services)
        if (account := statement["actor"]["account"]) and not statement["verb"]["id"].endswith("voided")
    }


def test_a_start_at_another_address_enqueues_nothing(before: World, moved: World) -> None:
    assert len(statements(moved.services)) == 12


def test_what_happened_before_has_its_statements_already(before: World, moved: World) -> None:
    """Their ids are computed again as they were, so that none would go out a second time."""
    with moved.transaction() as db:
        emitter = StatementEmitter(db, moved.services.config, utcnow())
        assert [type(logged.event).__name__ for logged in log.read(db) if emitter.emit([logged])] == []


def test_nobody_becomes_a_second_person(before: World, moved: World) -> None:
    moved.log_session()
    people = {(OLD, actor_of(moved, each)) for each in (moved.mentor_id, moved.mentee_id)}
    assert accounts(moved.services) == people


def test_nothing_names_the_new_address(before: World, moved: World) -> None:
    moved.correct(moved.log_session())
    assert NEW not in json.dumps(statements(moved.services))


def test_what_was_sent_from_the_old_address_is_voided_by_its_id(before: World, moved: World) -> None:
    session_id = before.log_session()
    attended = [each["id"] for each in statements(before.services)[-2:]]
    moved.correct(session_id)
    voided = [
        each["object"]["id"]
        for each in statements(moved.services)
        if each["object"]["objectType"] == "StatementRef"
    ]
    assert sorted(voided) == sorted(attended)


def test_the_log_agrees_with_what_is_stored(before: World, moved: World) -> None:
    moved.log_session()
    assert [each.name for each in check_projections(moved.services) if not each.identical] == []
