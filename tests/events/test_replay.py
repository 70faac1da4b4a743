"""Replay: what the log alone makes is what is stored, whatever happened; and it never sends anything."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from lti_tool.cli import tandem
from lti_tool.commands.migrate import prepare_to_serve
from lti_tool.composition.projections import check_projections, rebuild_outdated, rebuild_projections
from lti_tool.composition.services import Services, make_services
from lti_tool.composition.subscribers import SUBSCRIBERS
from lti_tool.config import Config
from lti_tool.database import utcnow
from lti_tool.events.base import EventUnreadable
from lti_tool.events.models import AuditEntry, EventRow, ProjectionState
from lti_tool.identity.models import Organisation
from lti_tool.identity.organisations import add_for, merge
from lti_tool.lti.ags.models import ScoreState
from lti_tool.mentoring.completion.models import CompletionRecord
from lti_tool.mentoring.overview.models import PairCounters
from lti_tool.mentoring.pairs.models import TimelineEntry
from lti_tool.messaging.models import Delivery
from tests.builder import Builder, World
from tests.builder.history import History

PROJECTIONS = {
    "completion": CompletionRecord,
    "scores": ScoreState,
    "audit": AuditEntry,
    "timeline": TimelineEntry,
    "counters": PairCounters,
}


def differences(services: Services) -> dict[str, tuple[str, ...]]:
    return {each.name: each.differences for each in check_projections(services) if not each.identical}


def share_the_group(world: World, role_view: str) -> None:
    """A second activity of the same group, for one role, opened while the pairs are at work."""
    world.second_activity(role_view=role_view)


@pytest.fixture
def silent(config: Config) -> Iterator[World]:
    """A world in which no statements are made: they are no projection, and take most of the time."""
    makers = [make for make in SUBSCRIBERS if make(config).name != "statements"]
    services = make_services(config, makers)
    yield Builder(services).world()
    services.http.close()
    services.database.dispose()


def test_ten_thousand_events_are_computed_again_identically(silent: World) -> None:
    world = silent
    # PostgreSQL keeps the same rows, and takes twice as long for them.
    events = 10_000 if world.services.database.is_sqlite else 2_500
    history = History(world, seed=20261112, also=world.another_group().id)
    history.go_on(events // 2, batch_size=400)
    share_the_group(world, "mentor")
    history.go_on(events, batch_size=400)
    compared = check_projections(world.services)
    assert {each.name: each.differences[:3] for each in compared if not each.identical} == {}
    assert {each.name for each in compared if each.rows > 100} == set(PROJECTIONS)


@pytest.mark.parametrize("seed", range(3))
def test_actions_one_by_one_are_computed_again_identically(world: World, seed: int) -> None:
    """Each in a transaction of its own, as pages do it."""
    History(world, seed, also=world.another_group().id).go_on(120, batch_size=1)
    assert differences(world.services) == {}


def test_a_replay_sends_nothing_and_appends_nothing(world: World) -> None:
    History(world, seed=7).go_on(100)

    def counted() -> list[int]:
        with world.services.database.reading() as db:
            return [
                db.scalar(sa.select(sa.func.count()).select_from(table)) or 0
                for table in (EventRow, Delivery)
            ]

    before = counted()
    rebuild_projections(world.services)
    assert counted() == before


def damage(db: Session, table: type[object]) -> None:
    row = db.scalars(sa.select(table).limit(1)).one()
    db.delete(row)


@pytest.mark.parametrize("name", PROJECTIONS)
def test_what_is_stored_otherwise_is_found_and_put_right(world: World, name: str) -> None:
    History(world, seed=3).go_on(100)
    with world.services.database.transaction() as db:
        damage(db, PROJECTIONS[name])
    [(found, lines)] = differences(world.services).items()
    assert (found, len(lines), "is not stored" in lines[0]) == (name, 1, True)
    rebuild_projections(world.services)
    assert differences(world.services) == {}


def test_a_row_that_no_event_makes_is_found(world: World) -> None:
    pair = world.pair()
    with world.services.database.transaction() as db:
        db.execute(
            sa.insert(TimelineEntry).values(
                event_id=uuid.UUID(int=7), pair_id=pair.id, at=utcnow(), kind="PairProposed"
            )
        )
    assert differences(world.services) == {
        "timeline": (f"{uuid.UUID(int=7)}: is stored, and no event makes it",)
    }


def test_a_value_that_differs_is_named_with_both(world: World) -> None:
    with world.services.database.transaction() as db:
        db.execute(
            sa.update(CompletionRecord)
            .where(CompletionRecord.participant_id == world.mentor_id)
            .values(score=42)
        )
    assert differences(world.services) == {
        "completion": (f"{world.mentor_id}: score is 42, and the log makes it 0",)
    }


def test_an_organisation_that_was_merged_into_another_is_computed_identically(world: World) -> None:
    History(world, seed=5).go_on(60)
    with world.services.database.transaction() as db:
        into = add_for(db, "Holding")
        merge(db, into=into, merged=db.get_one(Organisation, world.organisation_id))
    assert differences(world.services) == {}


def run(services: Services, *words: str) -> Result:
    environment = {
        "TANDEM_DATABASE_URL": services.config.database_url,
        "TANDEM_DATA_DIR": str(services.config.data_dir),
        "TANDEM_SECRET_KEY": services.config.secret_key,
    }
    return CliRunner().invoke(tandem, ["events", "replay", *words], env=environment)


def test_the_command_compares_and_exits_0(world: World) -> None:
    answer = run(world.services, "--check", "--json")
    found = json.loads(answer.stdout)
    assert (answer.exit_code, found["identical"]) == (0, True)
    assert {projection["name"] for projection in found["projections"]} == set(PROJECTIONS)


def test_the_command_says_what_differs_exits_1_and_changes_nothing(world: World) -> None:
    with world.services.database.transaction() as db:
        db.execute(sa.update(CompletionRecord).values(score=42))
    answer = run(world.services, "--check")
    assert (answer.exit_code, "completion: 2 rows, 2 differ" in answer.stdout) == (1, True)
    assert run(world.services, "--check").exit_code == 1


def test_the_command_puts_right_what_differs(world: World) -> None:
    with world.services.database.transaction() as db:
        db.execute(sa.update(CompletionRecord).values(score=42))
    assert "2 differ, put right" in run(world.services).stdout
    assert run(world.services, "--check").exit_code == 0


def spoil(world: World, **values: object) -> uuid.UUID:
    """Damage one event of the log."""
    with world.services.database.transaction() as db:
        row = db.scalars(sa.select(EventRow).where(EventRow.kind == "ProgrammeJoined").limit(1)).one()
        db.execute(sa.update(EventRow).where(EventRow.id == row.id).values(**values))
        return row.id


@pytest.mark.parametrize(
    "values", [{"kind": "FromTheFuture"}, {"version": 99}, {"details": {"role": 7}}, {"details": {}}], ids=str
)
def test_an_event_that_cannot_be_read_stops_the_replay_with_its_id_and_changes_nothing(
    world: World, values: dict[str, object]
) -> None:
    with world.services.database.transaction() as db:
        db.execute(sa.update(CompletionRecord).values(score=42))
    spoilt = spoil(world, **values)
    with pytest.raises(EventUnreadable, match=str(spoilt)):
        rebuild_projections(world.services)
    with world.services.database.reading() as db:
        assert set(db.scalars(sa.select(CompletionRecord.score))) == {42}


def test_the_command_names_an_event_that_cannot_be_read_in_one_line(world: World) -> None:
    spoilt = spoil(world, kind="FromTheFuture")
    answer = run(world.services)
    assert answer.exit_code == 1
    assert answer.stderr.count("\n") == 1
    assert str(spoilt) in answer.stderr
    assert "restore the row from a backup" in answer.stderr


def test_an_event_without_what_must_come_before_it_is_named_and_changes_nothing(world: World) -> None:
    world.pair()
    with world.services.database.transaction() as db:
        db.execute(sa.delete(EventRow).where(EventRow.kind == "PairProposed"))
        db.execute(sa.update(CompletionRecord).values(score=42))
        db.execute(sa.delete(ProjectionState))
        first = db.scalars(
            sa.select(EventRow.id).where(EventRow.kind == "PairAccepted").order_by(EventRow.sequence)
        ).first()
    with pytest.raises(EventUnreadable, match=f"{first}.*does not follow from the events before it"):
        rebuild_projections(world.services)
    prepare_to_serve(world.services)
    with world.services.database.reading() as db:
        assert set(db.scalars(sa.select(CompletionRecord.score))) == {42}


def test_an_event_that_cannot_be_read_does_not_stop_the_tool(world: World) -> None:
    spoil(world, kind="FromTheFuture")
    with world.services.database.transaction() as db:
        db.execute(sa.delete(ProjectionState))
    prepare_to_serve(world.services)
    world.pair()
    with world.services.database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(TimelineEntry)) == 5


def test_a_projection_of_an_older_version_is_computed_at_the_next_start(world: World) -> None:
    rebuild_projections(world.services)
    with world.services.database.transaction() as db:
        db.execute(sa.update(CompletionRecord).values(score=42))
        db.execute(sa.update(ProjectionState).where(ProjectionState.name == "completion").values(version=0))
    assert rebuild_outdated(world.services) == ["completion"]
    assert differences(world.services) == {}


def test_a_start_computes_nothing_that_is_up_to_date(world: World) -> None:
    rebuild_projections(world.services)
    assert rebuild_outdated(world.services) == []
