"""The milestones of a participant: the event, its one statement, and what a replay makes of it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from lti_tool.composition.projections import check_projections, rebuild_projections
from lti_tool.composition.services import Services
from lti_tool.events.models import EventRow
from lti_tool.mentoring.completion.models import CompletionRecord
from tests.builder import Builder, World
from tests.enqueued import actor_of, statements
from xapi import vocabulary


@pytest.fixture
def world(services: Services) -> World:
    """A signed pair, each at 20 per cent; six confirmed sessions complete the programme, with 13 1/3 for each."""
    world = Builder(services).world("digital-skills")
    with world.build.without_statements():
        world.pair()
    return world


def meet(world: World, times: int = 1) -> list[uuid.UUID]:
    """The two meet and confirm it, as often as asked."""
    ids = [world.log_session() for _ in range(times)]
    for session_id in ids:
        world.confirm(session_id)
    return ids


def progressed(world: World, participant_id: uuid.UUID) -> list[dict[str, Any]]:
    """The results of a participant's progressed statements."""
    return [
        statement["result"]
        for statement in statements(world.services)
        if statement["verb"]["id"] == vocabulary.PROGRESSED.iri
        and statement["actor"]["account"]["name"] == actor_of(world, participant_id)
    ]


def milestones(world: World, participant_id: uuid.UUID) -> list[int]:
    return [result["extensions"][vocabulary.CMI5_PROGRESS] for result in progressed(world, participant_id)]


def meet_without_consequences(world: World, times: int) -> None:
    """The two meet and confirm it, and no subscriber handles that."""
    with world.transaction():
        for _ in range(times):
            world.the_pair().session(confirmed=True)


def test_each_milestone_has_a_statement_about_each_of_the_two(world: World) -> None:
    meet(world, 6)
    assert [milestones(world, each) for each in (world.mentor_id, world.mentee_id)] == [[25, 50, 75]] * 2


def test_a_progressed_statement_says_the_milestone_and_how_far_the_participant_was(world: World) -> None:
    meet(world)
    assert progressed(world, world.mentee_id) == [
        {
            "extensions": {vocabulary.CMI5_PROGRESS: 25},
            "score": {"scaled": 0.33, "raw": 33, "min": 0, "max": 100},
        }
    ]


def test_it_is_in_the_enrolment_s_registration_about_the_programme(world: World) -> None:
    meet(world)
    found = [each for each in statements(world.services) if each["verb"]["id"] == vocabulary.PROGRESSED.iri]
    assert {each["context"]["registration"] for each in found} == {
        str(world.mentor_id),
        str(world.mentee_id),
    }
    assert {each["object"]["definition"]["type"] for each in found} == {vocabulary.PROGRAMME.iri}


def test_completing_has_a_statement_of_its_own(world: World) -> None:
    meet(world, 6)
    mine = [
        each["verb"]["display"]["en"]
        for each in statements(world.services)
        if each["context"]["registration"] == str(world.mentee_id)
    ]
    assert mine == ["progressed", "progressed", "progressed", "completed"]


def test_of_several_milestones_at_once_the_highest_has_a_statement(world: World) -> None:
    meet_without_consequences(world, 3)
    world.log_session()
    assert progressed(world, world.mentee_id) == [
        {
            "extensions": {vocabulary.CMI5_PROGRESS: 50},
            "score": {"scaled": 0.6, "raw": 60, "min": 0, "max": 100},
        }
    ]


def test_falling_back_and_rising_again_sends_nothing_twice(world: World) -> None:
    first, *_ = meet(world, 3)
    world.withdraw(first)
    meet(world)
    world.withdraw(meet(world)[0])
    assert milestones(world, world.mentee_id) == [25, 50]


def test_whoever_was_beyond_a_milestone_before_it_was_recorded_sends_the_next_one(world: World) -> None:
    """As after an upgrade: 60 per cent, and no event of a milestone."""
    meet_without_consequences(world, 3)
    rebuild_projections(world.services)
    meet(world)
    assert milestones(world, world.mentee_id) == []
    meet(world)
    assert milestones(world, world.mentee_id) == [75]


def test_one_act_that_changes_nothing_sends_nothing(world: World) -> None:
    meet(world)
    world.log_session()
    assert milestones(world, world.mentee_id) == [25]


def test_a_milestone_is_an_event_of_the_participant_and_of_no_pair(world: World) -> None:
    meet(world)
    with world.services.database.reading() as db:
        rows = db.scalars(
            sa.select(EventRow).where(EventRow.kind == "ProgressReached").order_by(EventRow.sequence)
        ).all()
    assert {row.participant_id for row in rows} == {world.mentor_id, world.mentee_id}
    assert [(row.pair_id, row.details["milestone"], row.details["score"]) for row in rows] == [
        (None, 25, 33)
    ] * 2


def test_a_replay_makes_the_same_milestones_and_sends_nothing(world: World) -> None:
    first, *_ = meet(world, 4)
    world.withdraw(first)
    before = len(statements(world.services))
    assert [each.name for each in check_projections(world.services) if not each.identical] == []
    rebuild_projections(world.services)
    meet(world)
    assert milestones(world, world.mentee_id) == [25, 50]
    assert len(statements(world.services)) == before + 3


def test_a_milestone_that_was_lost_is_found_and_put_right(world: World) -> None:
    meet(world)
    with world.services.database.transaction() as db:
        db.execute(sa.update(CompletionRecord).values(milestone=0))
    [completion] = [each for each in check_projections(world.services) if not each.identical]
    assert (completion.name, "milestone is 0, and the log makes it 25" in completion.differences[0]) == (
        "completion",
        True,
    )
    rebuild_projections(world.services)
    world.withdraw(meet(world)[0])
    meet(world)
    assert milestones(world, world.mentee_id) == [25]
