"""A pair that goes on moves to another cohort of its programme, with its people and everything that they did."""

from __future__ import annotations

import uuid
from functools import partial

import pytest
import sqlalchemy as sa

from lti_tool.composition.projections import check_projections
from lti_tool.lti.ags.models import ScoreState, ScoreTrail
from lti_tool.mentoring.completion.models import CompletionRecord
from lti_tool.mentoring.enrolment.actions import take_back_invitation
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.enrolment.queries import (
    moved_from,
    participant,
    participant_of_person,
    participants_of_people,
)
from lti_tool.mentoring.pairs.models import Pair, TimelineEntry
from lti_tool.mentoring.pairs.moving import hindrances, move_pairs, pairs_moved_together
from lti_tool.mentoring.pairs.queries import open_pairs_of
from lti_tool.mentoring.roles import Role
from tests.builder import BuiltPair, World
from tests.builder.cohorts import BuiltCohort
from tests.builder.rules import apply, document, meetings
from tests.builder.world import LINE_ITEM
from tests.enqueued import statements
from tests.mentoring.checks import LATER, event_names, refused

OTHER_LINE_ITEM = "https://lms.example/lineitems/2/lineitem?type_id=1"


def move(world: World, there: BuiltCohort, *pairs: BuiltPair, here: uuid.UUID | None = None) -> int:
    """Move these pairs, with what follows from it. ``here``: another cohort than the world's."""
    with world.acting() as db:
        return move_pairs(
            db,
            pair_ids=[pair.id for pair in pairs],
            from_cohort_id=here or world.cohort_id,
            to_cohort_id=there.id,
            now=LATER,
        )


def differences(world: World) -> list[str]:
    """What a replay of the log would make otherwise."""
    return [line for each in check_projections(world.services) for line in each.differences]


def strict_group(world: World, meetings_asked: int) -> BuiltCohort:
    """Another cohort of the programme, whose rule asks for so many meetings."""
    there = world.another_group(line_item_url=OTHER_LINE_ITEM)
    apply(world, document(meetings(meetings_asked)), there.id)
    return there


def test_everything_goes_with_the_pair_and_counts_by_the_other_rule(world: World) -> None:
    world.grade_column()
    pair = world.pair()
    apply(world, document(meetings(2)))
    pair.session(confirmed=True)
    pair.objective()
    there = strict_group(world, 4)
    for one in (pair.mentor, pair.mentee):
        there.course.enrol(one.person)
    with world.acting() as db:
        before = db.get_one(CompletionRecord, pair.mentee.id).score
    assert move(world, there, pair) == 1
    with world.acting() as db:
        record = db.get_one(CompletionRecord, pair.mentee.id)
        assert (before, record.score) == (75, 62)
        assert db.get_one(Pair, pair.id).cohort_id == there.id
        assert {row.cohort_id for row in db.scalars(sa.select(Participant))} == {there.id}
        assert event_names(db)[-2:] == ["PairMovedOut", "PairMovedIn"]
        # One line of the timeline says it, and what should stand does so in the new gradebook alone.
        kinds = db.scalars(sa.select(TimelineEntry.kind).where(TimelineEntry.kind.like("PairMoved%")))
        assert list(kinds) == ["PairMovedIn"]
        stands = db.execute(sa.select(ScoreState.placement_id, ScoreState.participant_id)).all()
        assert {tuple(row) for row in stands} == {
            (there.programme.placement_id, each) for each in (pair.mentor.id, pair.mentee.id)
        }
        found = moved_from(db, world.cohort_id, pair.mentee.person.id)
        assert found is not None
        assert found.cohort_id == there.id
        assert moved_from(db, there.id, pair.mentee.person.id) is None
    # What they do next is the new cohort's, in statements too; that they moved has none.
    before = len(statements(world.services))
    pair.session(confirmed=True)
    made = statements(world.services)[before:]
    assert all(str(there.id) in str(each["context"]["contextActivities"]["grouping"]) for each in made)
    assert {each["context"]["registration"] for each in made} >= {str(pair.id)}
    with world.acting() as db:
        assert db.get_one(CompletionRecord, pair.mentee.id).score == 75
    assert differences(world) == []


def test_the_completed_stay_so_and_the_new_gradebook_gets_their_grade(world: World) -> None:
    world.grade_column()
    pair = world.pair()
    pair.session(confirmed=True)
    there = strict_group(world, 4)
    for one in (pair.mentor, pair.mentee):
        there.course.enrol(one.person)
    move(world, there, pair)
    with world.acting() as db:
        record = db.get_one(CompletionRecord, pair.mentee.id)
        assert (record.completion, record.score, record.status) == ("completed", 100, "satisfied")
        trails = db.execute(sa.select(ScoreTrail.line_item_url, ScoreTrail.score)).all()
    assert sorted(map(tuple, trails)) == [(LINE_ITEM, 100)] * 2 + [(OTHER_LINE_ITEM, 100)] * 2
    assert differences(world) == []


def test_whoever_fulfils_the_other_rule_completes_by_moving(world: World) -> None:
    pair = world.pair()
    apply(world, document(meetings(6)))
    pair.session(confirmed=True)
    there = strict_group(world, 1)
    move(world, there, pair)
    with world.acting() as db:
        assert {row.completion for row in db.scalars(sa.select(CompletionRecord))} == {"completed"}
        assert {row.status for row in db.scalars(sa.select(Participant))} == {"completed"}
    assert differences(world) == []


def test_a_past_pair_stays_and_still_counts_for_whoever_moved(world: World) -> None:
    cohort = world.built_cohort
    apply(world, document(meetings(9)))
    past = cohort.pair(world.built_mentor, "Marc Petit")
    past.session(confirmed=True)
    past.end()
    pair = world.pair()
    there = strict_group(world, 4)
    move(world, there, pair)
    with world.acting() as db:
        assert db.get_one(Pair, past.id).cohort_id == world.cohort_id
    # Read cohort by cohort, as whoever applies a rule reads them.
    for group in (there.id, world.cohort_id):
        apply(world, document(meetings(5), pairs="sum"), group)
    with world.acting() as db:
        score = {row.participant_id: row.score for row in db.scalars(sa.select(CompletionRecord))}
        assert (score[pair.mentor.id], score[past.mentee.id], score[pair.mentee.id]) == (60, 60, 50)
    assert differences(world) == []


def test_it_comes_back_the_same_way(world: World) -> None:
    pair, there = world.pair(), world.another_group()
    move(world, there, pair)
    move(world, world.built_cohort, pair, here=there.id)
    with world.acting() as db:
        assert moved_from(db, world.cohort_id, pair.mentee.person.id) is None
        back = moved_from(db, there.id, pair.mentee.person.id)
        assert back is not None
        assert back.cohort_id == world.cohort_id
    assert move(world, there, pair) == 1
    assert move(world, there, pair) == 0
    assert differences(world) == []


def test_invited_people_of_a_proposed_pair_move_too(world: World) -> None:
    cohort, there = world.built_cohort, world.another_group()
    invited = cohort.participant("Marc Petit", Role.MENTEE, invited=True)
    pair = cohort.pair(world.built_mentor, invited, accepted="", signed="")
    move(world, there, pair)
    pair.accept(invited)
    with world.acting() as db:
        moved = participant(db, invited.id)
        assert moved is not None
        assert (moved.cohort_id, moved.status) == (there.id, "onboarded")
    assert differences(world) == []


def test_all_pairs_of_the_same_people_move_together(world: World) -> None:
    cohort, there = world.built_cohort, world.another_group()
    with world.acting() as db:
        db.get_one(Participant, world.mentor_id).capacity = 2
    first, second = world.pair(), cohort.pair(world.built_mentor, "Marc Petit")
    with world.acting() as db:
        together = [pair.id for pair in pairs_moved_together(db, [first.id])]
    assert set(together) == {first.id, second.id}
    refused("pairs_left_behind", partial(move, world, there, first))
    assert move(world, there, first, second) == 2
    assert differences(world) == []


def test_what_cannot_be_moved_stays_whole(world: World) -> None:
    cohort, there = world.built_cohort, world.another_group()
    pair, over = world.pair(), cohort.pair("Other Mentor", "Other Mentee")
    over.end()
    elsewhere = world.course.platform.course().programme().cohort()
    refused("pair_over", partial(move, world, there, pair, over))
    refused("other_programme", partial(move, world, elsewhere, pair))
    refused("same_group", partial(move, world, cohort, pair))
    refused("nobody_chosen", partial(move, world, there))
    with world.acting() as db:
        assert db.get_one(Pair, pair.id).cohort_id == world.cohort_id
        assert db.get_one(Participant, pair.mentor.id).cohort_id == world.cohort_id
    third = world.another_group("Third")
    refused("moved_elsewhere", partial(move, world, third, pair, here=there.id))


@pytest.mark.parametrize("status", ["joined", "invited", "withdrawn"])
def test_whoever_is_there_already_is_there_once(world: World, status: str) -> None:
    world.grade_column()
    pair = world.pair()
    apply(world, document(meetings(2)))
    pair.session(confirmed=True)
    there = strict_group(world, 4)
    for one in (pair.mentor, pair.mentee):
        there.course.enrol(one.person)
    kept = there.participant(pair.mentee.person, Role.MENTEE, invited=status != "joined")
    if status == "withdrawn":
        with world.acting() as db:
            take_back_invitation(db, participant_id=kept.id, cohort_id=there.id, now=LATER)
    assert move(world, there, pair) == 1
    with world.acting() as db:
        assert db.get_one(Pair, pair.id).mentee_id == kept.id
        people = [pair.mentor.person.id, pair.mentee.person.id]
        enrolled = participants_of_people(db, there.id, people).values()
        assert {each.id: each.status for each in enrolled} == {pair.mentor.id: "active", kept.id: "active"}
        assert participant_of_person(db, world.cohort_id, pair.mentee.person.id) is None
        goes_on = moved_from(db, world.cohort_id, pair.mentee.person.id)
        assert goes_on is not None
        assert goes_on.id == kept.id
        assert db.get(CompletionRecord, pair.mentee.id) is None
        assert db.get_one(CompletionRecord, kept.id).score == 62
    assert differences(world) == []
    # They can be moved back, to where the former enrolment still is.
    assert move(world, world.built_cohort, pair, here=there.id) == 1
    with world.acting() as db:
        assert db.get_one(Pair, pair.id).mentee_id == pair.mentee.id
        assert db.get_one(CompletionRecord, pair.mentee.id).score == 75
    assert differences(world) == []


def test_room_for_one_more_partner_decides_for_whoever_is_in_a_pair_there(world: World) -> None:
    pair, there = world.pair(), strict_group(world, 4)
    apply(world, document(meetings(9)))
    pair.session(confirmed=True)
    there.course.enrol(pair.mentor.person)
    kept = there.participant(pair.mentor.person, Role.MENTOR)
    theirs = there.pair(kept, "Marc Petit")
    theirs.session(confirmed=True)
    refused("hindered_there", partial(move, world, there, pair))
    with world.acting() as db:
        [(one, hindered)] = hindrances(db, pairs_moved_together(db, [pair.id]), there.id).items()
        assert (one, hindered.why, hindered.with_whom) == (pair.mentor.id, "full", (theirs.mentee.id,))
        db.get_one(Participant, pair.mentor.id).capacity = 2
    assert move(world, there, pair) == 1
    apply(world, document(meetings(4), pairs="sum"), there.id)
    with world.acting() as db:
        assert {each.id for each in open_pairs_of(db, kept.id)} == {pair.id, theirs.id}
        assert db.get_one(CompletionRecord, kept.id).score == 75
    assert differences(world) == []


def test_nobody_has_two_roles_or_the_same_partner_twice_there(world: World) -> None:
    pair, there = world.pair(), world.another_group()
    for one in (pair.mentor, pair.mentee):
        there.course.enrol(one.person)
    learns = there.participant(pair.mentor.person, Role.MENTEE)
    past = there.pair(there.participant("Other Mentor", Role.MENTOR), learns)
    past.end()
    refused("hindered_there", partial(move, world, there, pair))
    third = world.another_group("Third")
    for one in (pair.mentor, pair.mentee):
        third.course.enrol(one.person)
    with world.acting() as db:
        db.get_one(Participant, pair.mentor.id).capacity = 2
        db.get_one(Participant, pair.mentee.id).capacity = 2
    third.pair(
        third.participant(pair.mentor.person, Role.MENTOR), third.participant(pair.mentee.person, Role.MENTEE)
    )
    with world.acting() as db:
        found = hindrances(db, pairs_moved_together(db, [pair.id]), third.id)
        assert {each.why for each in found.values()} == {"together"}
