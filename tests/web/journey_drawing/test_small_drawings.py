"""The small drawing, the ring, the list with tiles, and the lines of labels."""

from __future__ import annotations

import datetime as dt
import math
import re
from itertools import pairwise

import pytest

from lti_tool.mentoring.roles import Role
from lti_tool.web.journey_drawing.facts import JourneyFacts, Meeting, MeetingState, ObjectiveState
from lti_tool.web.journey_drawing.ring import RADIUS, SIZE, ring
from lti_tool.web.journey_drawing.sparkline import (
    BeadKind,
    TimeAxis,
    in_equal_steps,
    sparkline,
)
from lti_tool.web.journey_drawing.steps import Solid, Tile, every_step, journey_steps
from lti_tool.web.journey_drawing.text import lines_within, text_width
from lti_tool.web.programmes.drawings import rule_drawing
from tests.web.journey_drawing.journeys import (
    JOURNEYS,
    OBJECTIVES,
    day,
    journey,
    met,
    objective,
)

every = pytest.mark.parametrize("facts", JOURNEYS.values(), ids=JOURNEYS.keys())
AXIS = TimeAxis(
    min(each.begins_on for each in JOURNEYS.values()), max(each.finishes_on for each in JOURNEYS.values())
)
BOTH, NEITHER = Solid(mentor=True, mentee=True), Solid(mentor=False, mentee=False)


@every
@pytest.mark.parametrize(
    "draw", [lambda facts: sparkline(facts, AXIS), in_equal_steps], ids=["table", "alone"]
)
def test_a_small_drawing_stays_within_itself(facts: JourneyFacts, draw) -> None:  # type: ignore[no-untyped-def]
    drawing = draw(facts)
    for strand in drawing.strands:
        for d in (*strand.solid, *strand.dotted):
            values = [float(each) for each in re.findall(r"-?\d+(?:\.\d+)?", d)]
            assert all(0 <= x <= drawing.width for x in values[::2])
            assert all(0 <= y <= drawing.height for y in values[1::2])
    xs = [bead.x for bead in drawing.beads]
    assert xs == sorted(xs)


def test_the_drawing_of_a_table_is_at_most_20_pixels_high() -> None:
    assert sparkline(JOURNEYS["twelve"], AXIS).height <= 20


def test_the_strands_of_a_table_make_no_wedge_with_the_bar_of_the_agreement() -> None:
    axis = TimeAxis(day(0), day(200))
    soon, late = (sparkline(journey(*met(number)), axis) for number in (12, 100))
    assert (soon.has_bar, late.has_bar) == (False, True)
    assert late.mentor.at_x(late.beads[0].x - late.size.reach)[1] == late.middle - late.size.rest
    lead = soon.beads[0].x - soon.start
    assert soon.mentor.pieces[0].curve.start[1] == pytest.approx(soon.middle - lead / 2)


def test_one_day_is_at_one_place_in_all_rows() -> None:
    axis = TimeAxis(day(0), day(200))
    rows = [sparkline(journey(*met(30, 60), to_come=to_come), axis) for to_come in (1, 4)]
    assert {row.beads[0].x for row in rows} == {axis.x(day(30))}
    assert axis.x(day(-9)) == axis.x(day(0)) < axis.x(day(200)) == axis.x(day(999))


def test_the_axis_names_its_months() -> None:
    months = TimeAxis(dt.date(2026, 9, 7), dt.date(2027, 1, 20)).months()
    assert [first.month for _x, first in months] == [10, 11, 12, 1]
    assert [x for x, _first in months] == sorted(x for x, _first in months)
    # The letter of one that has just begun would stand in the next column.
    assert [first.month for _x, first in TimeAxis(dt.date(2026, 9, 7), dt.date(2027, 1, 5)).months()] == [
        10,
        11,
        12,
    ]


def test_beads_say_what_was_held_what_waits_and_what_is_next() -> None:
    facts = journey(*met(7), Meeting(day(60), MeetingState.UNCONFIRMED, Role.MENTEE), to_come=2)
    kinds = [bead.kind for bead in sparkline(facts, AXIS).beads]
    assert kinds == [BeadKind.HELD, BeadKind.WAITING, BeadKind.NEXT, BeadKind.TO_COME]


def test_a_complete_pair_ends_in_a_braid_at_completion() -> None:
    for drawing in (sparkline(JOURNEYS["complete"], AXIS), in_equal_steps(JOURNEYS["complete"])):
        assert drawing.beads[-1].kind is BeadKind.COMPLETE
        assert all(not strand.dotted for strand in drawing.strands)
        assert drawing.crossings
        assert max(piece.curve.end[0] for piece in drawing.mentor.pieces) == drawing.beads[-1].x
    assert sparkline(JOURNEYS["complete"], AXIS).beads[-1].x == AXIS.x(day(70))


@every
def test_a_ring_is_closed_and_has_a_leaf_for_what_was_reached(facts: JourneyFacts) -> None:
    drawing = ring(facts)
    for d in (drawing.mentor, drawing.mentee):
        points = [float(each) for each in re.findall(r"-?\d+(?:\.\d+)?", d)]
        assert points[:2] == pytest.approx(points[-2:], abs=0.1)
    assert len(drawing.leaves) == sum(each.state is ObjectiveState.REACHED for each in facts.objectives)
    for leaf in drawing.leaves:
        assert math.dist((leaf.x, leaf.y), (SIZE / 2, SIZE / 2)) > RADIUS
    for before, after in pairwise(drawing.leaves):
        assert math.dist((before.x, before.y), (after.x, after.y)) > 30


def test_a_ring_has_a_turn_for_each_meeting() -> None:
    six, seven = (ring(journey(*met(*range(count)), completed_on=day(50))) for count in (6, 7))
    assert (len(six.crossings), len(seven.crossings)) == (24, 28)


def test_more_leaves_than_the_ring_has_places_are_left_out() -> None:
    many = tuple(objective(Role.MENTOR, number) for number in range(50))
    assert 5 <= len(ring(journey(*met(1), objectives=many)).leaves) <= 10


@every
def test_the_tiles_of_the_list_join(facts: JourneyFacts) -> None:
    steps = every_step(journey_steps(facts))
    assert (steps[0].tile, steps[0].above) == (Tile.START, NEITHER)
    assert steps[-1].tile in (Tile.END, Tile.COMPLETE)
    for before, after in pairwise(steps):
        assert before.below == after.above
    told = len(facts.held) + len(facts.ahead) + len(facts.drawn_objectives)
    assert len(steps) == told + 2


def test_the_list_is_solid_until_today() -> None:
    steps = every_step(journey_steps(journey(*met(7, 20), to_come=2)))
    assert [step.below for step in steps[:-1]] == [BOTH, BOTH, NEITHER, NEITHER, NEITHER]
    assert [step.tile for step in steps[1:]] == [Tile.KNOT, Tile.KNOT, Tile.NEXT, Tile.TO_COME, Tile.END]


def test_in_the_list_the_strand_of_who_confirmed_nothing_is_dotted() -> None:
    facts = journey(*met(7), Meeting(day(60), MeetingState.UNCONFIRMED, Role.MENTEE))
    assert every_step(journey_steps(facts))[1].below == Solid(mentor=False, mentee=True)


def test_past_meetings_beyond_four_are_folded() -> None:
    steps = journey_steps(journey(*met(*range(7)), to_come=1))
    assert steps.folded_meetings == 3
    assert [step.number for step in steps.rest if step.meeting] == [4, 5, 6, 7, 8]
    assert journey_steps(journey(*met(*range(5)))).folded == (), "one line is not worth folding"


def test_an_objective_to_come_stands_after_what_has_been() -> None:
    steps = every_step(journey_steps(journey(*met(7, 79), objectives=OBJECTIVES, to_come=1)))
    tiles = [step.tile for step in steps]
    buds = [
        index
        for index, step in enumerate(steps)
        if step.objective and step.objective.state is ObjectiveState.AGREED
    ]
    assert max(index for index, tile in enumerate(tiles) if tile is Tile.KNOT) < min(buds)
    assert max(buds) < tiles.index(Tile.NEXT)


def test_a_label_is_broken_between_words_and_cut_at_its_end() -> None:
    title = "Present a project to a committee"
    wide = lines_within(title, 400)
    assert wide == [title]
    narrow = lines_within(title, 90)
    assert len(narrow) == 2
    assert narrow[1].endswith("…")
    assert all(text_width(line, 13) <= 90 for line in narrow)
    assert lines_within("Donaudampfschifffahrt", 60) == []
    assert lines_within("", 60) == []
    assert text_width("学ぶ", 13) == 26


def test_a_rule_is_drawn_with_a_stop_for_each_meeting_and_group_and_nobody_on_it() -> None:
    drawn = rule_drawing(4, [(1, 2)], is_signed=True)
    assert [bead.kind for bead in drawn.line.beads] == [BeadKind.TO_COME] * 5
    assert not any(strand.solid for strand in drawn.line.strands)
    [group] = [caption for caption in drawn.captions if caption.is_above]
    assert (group.words, group.x) == ("1 of 2 conditions", drawn.line.beads[-1].x)
