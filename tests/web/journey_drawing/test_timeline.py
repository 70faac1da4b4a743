"""The large drawing: a pure function of dates and states, at its edges."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from itertools import combinations, pairwise

import pytest

from lti_tool.mentoring.roles import Role
from lti_tool.web.journey_drawing.curves import Cubic
from lti_tool.web.journey_drawing.facts import JourneyFacts, Meeting, MeetingState, ObjectiveState
from lti_tool.web.journey_drawing.leaves import LABEL_GAP, LEFT_MOST, TEXT_ASCENT, Leaf, title_lines
from lti_tool.web.journey_drawing.placing import (
    LEAD_MOST,
    LEAF_FROM_MEETING,
    LEAF_GAP,
    MEETING_GAP,
    WIDE_MEETING_GAP,
)
from lti_tool.web.journey_drawing.sparkline import in_equal_steps
from lti_tool.web.journey_drawing.steps import Solid, Tile, journey_steps
from lti_tool.web.journey_drawing.timeline import (
    END,
    MIDDLE,
    START,
    WIDTH,
    EndMark,
    TimelineDrawing,
    timeline,
)
from tests.web.journey_drawing.journeys import JOURNEYS, OBJECTIVES, TODAY, day, journey, met, objective

every = pytest.mark.parametrize("facts", JOURNEYS.values(), ids=JOURNEYS.keys())


def numbers(d: str) -> list[tuple[float, float]]:
    """The points of a path, which are absolute and in pairs."""
    found = [float(each) for each in re.findall(r"-?\d+(?:\.\d+)?", d)]
    return list(zip(found[::2], found[1::2], strict=True))


def paths(drawing: TimelineDrawing) -> list[str]:
    return [d for strand in drawing.strands for d in (*strand.solid, *strand.dotted)]


@every
def test_everything_is_within_the_drawing_and_goes_to_the_right(facts: JourneyFacts) -> None:
    drawing = timeline(facts)
    assert paths(drawing)
    for d in paths(drawing):
        points = numbers(d)
        assert all(0 <= x <= WIDTH and drawing.top <= y <= drawing.top + drawing.height for x, y in points)
        assert [x for x, _y in points] == sorted(x for x, _y in points)


@every
def test_both_strands_run_from_one_end_to_the_other_without_a_gap(facts: JourneyFacts) -> None:
    drawing = timeline(facts)
    for strand in drawing.strands:
        curves = [piece.curve for piece in strand.pieces]
        assert curves[0].start[0] == START
        assert curves[-1].end[0] == pytest.approx(drawing.end_x, abs=8)
        for before, after in pairwise(curves):
            assert before.end == pytest.approx(after.start)


@every
def test_only_what_has_been_is_solid(facts: JourneyFacts) -> None:
    drawing = timeline(facts)
    if drawing.today is None:
        assert all(not strand.dotted for strand in drawing.strands)
        return
    for strand in drawing.strands:
        for d in strand.solid:
            assert max(x for x, _y in numbers(d)) <= drawing.today + 0.1
    held = [stop.x for stop in drawing.stops if stop.meeting.state.held]
    ahead = [stop.x for stop in drawing.stops if not stop.meeting.state.held]
    assert max([0, *held]) < drawing.today < min([WIDTH, *ahead])


@every
def test_meetings_are_in_order_and_apart_where_there_is_room(facts: JourneyFacts) -> None:
    drawing = timeline(facts)
    xs = [stop.x for stop in drawing.stops]
    assert len(xs) == len(facts.held) + len(facts.ahead)
    room = (drawing.end_x - START - 300) / max(len(xs), 1)
    assert all(after - before >= min(MEETING_GAP, room) - 0.01 for before, after in pairwise(xs))
    assert all(before.meeting.on <= after.meeting.on for before, after in pairwise(drawing.stops))


@every
def test_leaves_are_apart_on_their_owners_strand_and_on_their_side_of_today(facts: JourneyFacts) -> None:
    drawing = timeline(facts)
    for strand in drawing.strands:
        leaves = [leaf for leaf in drawing.leaves if leaf.objective.owner is strand.role]
        xs = [leaf.x for leaf in leaves]
        for before, after in pairwise(leaves):
            same_day = min(before.objective.on, facts.latest_on) == min(after.objective.on, facts.latest_on)
            assert after.x - before.x >= LEAF_GAP or (same_day and after.x == before.x)
        assert all(abs(x - stop.x) >= LEAF_FROM_MEETING for x in xs for stop in drawing.stops)
        for leaf in leaves:
            assert (leaf.x, leaf.y) == pytest.approx(strand.at_x(leaf.x), abs=0.01)
            if drawing.today is not None:
                to_come = leaf.objective.state is ObjectiveState.AGREED
                assert (leaf.x > drawing.today) is to_come


@every
def test_marks_stand_in_the_order_of_their_moments(facts: JourneyFacts) -> None:
    drawing = timeline(facts)
    marks = [(stop.x, (stop.meeting.on, 0)) for stop in drawing.stops if stop.meeting.state.held]
    marks += [
        (leaf.x, (min(leaf.objective.on, facts.latest_on), 1))
        for leaf in drawing.leaves
        if leaf.objective.state is not ObjectiveState.AGREED
    ]
    moments = [moment for _x, moment in sorted(marks)]
    assert moments == sorted(moments)


@every
def test_a_longer_silence_is_never_narrower_than_a_shorter_one(facts: JourneyFacts) -> None:
    drawing = timeline(facts)
    if drawing.today is None:
        return
    marks = [(START, facts.begins_on)]
    marks += [(stop.x, stop.meeting.on) for stop in drawing.stops if stop.meeting.state.held]
    marks += [(drawing.today, facts.latest_on)]
    silences = sorted(((day - on).days, x - at) for (at, on), (x, day) in pairwise(marks))
    # What is written below and between meetings needs some room, however short a silence was.
    wider = [
        (narrow, wide) for (_days, narrow), (_more, wide) in pairwise(silences) if narrow > 2 * MEETING_GAP
    ]
    assert all(wide >= narrow - 0.1 for narrow, wide in wider)


def are_apart(one: Leaf, other: Leaf) -> bool:
    """Whether the titles of two leaves do not stand on one another."""
    if one.between[1] < other.between[0] or other.between[1] < one.between[0]:
        return True
    above, below = sorted(map(title_between, (one, other)))
    return above[1] < below[0]


def title_between(leaf: Leaf) -> tuple[float, float]:
    """The y of the top of a leaf's title, and of the base of its last line."""
    if leaf.objective.owner is Role.MENTOR:
        return leaf.label_y - 15 * (len(leaf.lines) - 1) - TEXT_ASCENT, leaf.label_y
    return leaf.label_y - TEXT_ASCENT, leaf.label_y + 15 * (len(leaf.lines) - 1)


def test_today_stands_at_its_date_and_what_is_to_come_has_the_rest_of_the_width() -> None:
    facts = journey(*met(77), to_come=2)
    drawing = timeline(facts)
    share = (facts.today - facts.begins_on) / (facts.finishes_on - facts.begins_on)
    assert drawing.today == pytest.approx(START + share * (END - START))
    assert drawing.today - drawing.stops[0].x == pytest.approx(24, abs=0.1), "two days, after eleven weeks"
    assert timeline(journey(*met(1), today=day(2), to_come=2)).today < START + (END - START) / 5


@every
def test_what_is_to_come_stands_at_equal_steps(facts: JourneyFacts) -> None:
    drawing = timeline(facts)
    if drawing.today is None:
        return
    xs = [drawing.today, *(stop.x for stop in drawing.stops if not stop.meeting.state.held), drawing.end_x]
    steps = [after - before for before, after in pairwise(xs)]
    assert steps == pytest.approx([steps[0]] * len(steps))
    for strand in drawing.strands:
        assert strand.pieces[-1].curve.end == pytest.approx((drawing.end_x, MIDDLE)), "closed on the end"


@pytest.mark.parametrize("last", [40, 77])
def test_the_latest_objective_of_today_hangs_at_today_and_each_has_a_place_and_a_title(last: int) -> None:
    today = tuple(objective(role, 79) for role in Role for _each in range(2))
    drawing = timeline(journey(*met(7, last), to_come=2, objectives=today))
    for role in Role:
        earlier, latest = (leaf for leaf in drawing.leaves if leaf.objective.owner is role)
        assert (latest.x, latest.x - earlier.x >= LEAF_GAP) == (drawing.today, True)
        assert are_apart(earlier, latest), "neither title stands on the other"
    above = min(leaf.top_line for leaf in drawing.leaves if leaf.objective.owner is Role.MENTOR)
    assert drawing.today_label < drawing.today_top < above, "the line does not cross a title"


def test_the_first_of_few_meetings_is_near_the_beginning_of_a_journey_that_is_over() -> None:
    assert timeline(journey(*met(70), completed_on=day(71))).stops[0].x <= START + LEAD_MOST


@every
def test_each_leaf_has_room_for_a_title_beside_its_neighbours(facts: JourneyFacts) -> None:
    drawing = timeline(facts)
    for role in Role:
        own = [leaf for leaf in drawing.leaves if leaf.objective.owner is role]
        assert all(leaf.lines for leaf in own)
        assert all(are_apart(before, after) for before, after in combinations(own, 2))
    for leaf in drawing.leaves:
        left, right = leaf.label_left, leaf.label_right
        assert 0 <= left < right <= WIDTH
        assert left <= leaf.x <= right
        assert len(leaf.lines) <= (2 if crosses_a_line(leaf, drawing) else 3)
        if leaf.objective.owner is Role.MENTEE:
            assert not is_crossed_in_vain(leaf, drawing)
            assert leaf.label_y + 15 * (len(leaf.lines) - 1) < drawing.dates - 14


@every
def test_no_line_to_a_date_touches_a_title_and_no_title_stands_right_over_a_date(facts: JourneyFacts) -> None:
    drawing = timeline(facts)
    for leaf in drawing.leaves:
        left, right = leaf.between
        bottom = title_between(leaf)[1]
        for lead in drawing.leads:
            if leaf.objective.owner is Role.MENTEE and left - 4 < lead.x < right + 4:
                assert bottom + 9 <= lead.top <= lead.bottom - 12
                assert bottom + 44 <= drawing.dates


def test_a_title_stands_in_three_lines_between_two_dates_sooner_than_across_one() -> None:
    worked_on = objective(Role.MENTEE, 22, ObjectiveState.UNDER_WAY)
    drawing = timeline(journey(*met(7, 18, 27, 36), to_come=2, objectives=(worked_on,)))
    (leaf,) = drawing.leaves
    assert len(leaf.lines) == 3
    assert " ".join(leaf.lines) == worked_on.title
    assert not crosses_a_line(leaf, drawing)


def test_a_title_crosses_one_line_sooner_than_two() -> None:
    long = dataclasses.replace(
        objective(Role.MENTEE, 62, ObjectiveState.REACHED),
        title="Draft effective prompts for an AI assistant",
    )
    short = dataclasses.replace(
        objective(Role.MENTEE, 70, ObjectiveState.UNDER_WAY), title="Read a dashboard"
    )
    drawing = timeline(journey(*met(40, 55, 70), to_come=3, objectives=(long, short)))
    leaf = drawing.leaves[0]
    left, right = leaf.between
    assert " ".join(leaf.lines) == long.title
    assert sum(left - 4 < lead.x < right + 4 for lead in drawing.leads) == 1


def crosses_a_line(leaf: Leaf, drawing: TimelineDrawing) -> bool:
    """Whether a line to a date begins below the title, because that stands on its way."""
    left, right = leaf.between
    is_below = leaf.objective.owner is Role.MENTEE
    return is_below and any(left - 4 < lead.x < right + 4 for lead in drawing.leads)


def test_a_line_to_a_date_begins_below_the_title_that_it_would_cross() -> None:
    worked_on = dataclasses.replace(
        objective(Role.MENTEE, 20, ObjectiveState.UNDER_WAY), title="Internationalise communications"
    )
    meetings = met(7, 18, 27, 36)
    drawing = timeline(journey(*meetings, to_come=2, objectives=(worked_on,)))
    (leaf,) = drawing.leaves
    whole = timeline(journey(*meetings, to_come=2)).leads
    left, right = leaf.between
    crossing = [left - 4 < lead.x < right + 4 for lead in drawing.leads]
    assert 0 < sum(crossing) < len(crossing)
    assert [lead.top > before.top for lead, before in zip(drawing.leads, whole, strict=True)] == crossing


def test_a_title_stands_below_another_between_two_lines_sooner_than_across_one() -> None:
    two = (
        objective(Role.MENTEE, 79, ObjectiveState.UNDER_WAY),
        dataclasses.replace(
            objective(Role.MENTEE, 79, ObjectiveState.AGREED),
            title="Publish a first article on the internal network",
        ),
    )
    drawing = timeline(journey(*met(36, 50), to_come=3, objectives=two))
    upper, lower = drawing.leaves
    assert title_between(upper)[1] < title_between(lower)[0]
    left, right = lower.between
    assert not [lead for lead in drawing.leads if left < lead.x < right]


def is_crossed_in_vain(leaf: Leaf, drawing: TimelineDrawing) -> bool:
    """Whether a line to a date crosses a title that has room beside it."""
    leads = [stop.x for stop in drawing.stops if stop.label_width]
    own = [each.x for each in drawing.leaves if each.objective.owner is leaf.objective.owner]
    limits = [*leads, *((leaf.x + x) / 2 for x in own)]
    left = max((each for each in limits if each < leaf.x), default=LEFT_MOST - LABEL_GAP)
    right = min((each for each in limits if each > leaf.x), default=WIDTH + LABEL_GAP)
    is_crossed = any(leaf.label_left < each < leaf.label_right for each in leads)
    lines = title_lines(leaf.objective.title, right - left - 2 * LABEL_GAP)
    return is_crossed and " ".join(lines) == leaf.objective.title


def test_a_title_that_would_be_cut_between_two_dates_is_written_across_the_line_to_one() -> None:
    worked_on = objective(Role.MENTEE, 20, ObjectiveState.UNDER_WAY)
    drawing = timeline(journey(*met(7, 18, 27, 36), to_come=2, objectives=(worked_on,)))
    (leaf,) = drawing.leaves
    assert " ".join(leaf.lines) == worked_on.title


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (140, ("Present a project", "to a committee")),
        (96, ("Present a", "project…")),
        (60, ("Present a", "project…")),
        (40, ("Pres…",)),
        (30, ()),
    ],
)
def test_a_title_has_two_lines_at_most_and_no_word_alone_in_the_second(
    width: float, lines: tuple[str, ...]
) -> None:
    assert title_lines("Present a project to a committee", width) == lines


@every
def test_labels_do_not_overlap(facts: JourneyFacts) -> None:
    drawing = timeline(facts)
    labels = [(stop.label_x, stop.label_width) for stop in drawing.stops if stop.label_width]
    for (left, width), (right, next_width) in pairwise(labels):
        assert left + width / 2 <= right - next_width / 2


def test_there_are_two_crossings_at_each_confirmed_meeting_and_the_strands_pass_over_in_turn() -> None:
    drawing = timeline(journey(*met(7, 23), to_come=2))
    assert [crossing.role for crossing in drawing.crossings] == [Role.MENTOR, Role.MENTEE] * 2
    for stop in drawing.stops[:2]:
        assert drawing.mentor.at_x(stop.x)[1] == pytest.approx(MIDDLE + 5, abs=0.01)
        assert drawing.mentee.at_x(stop.x)[1] == pytest.approx(MIDDLE - 5, abs=0.01)
    between = (drawing.stops[0].x + drawing.stops[1].x) / 2
    assert drawing.mentor.at_x(between)[1] < MIDDLE < drawing.mentee.at_x(between)[1]


def test_a_longer_silence_is_a_wider_bow() -> None:
    drawing = timeline(journey(*met(1, 12, 40, 72)))
    xs = [stop.x for stop in drawing.stops]
    bows = [MIDDLE - drawing.mentor.at_x((before + after) / 2)[1] for before, after in pairwise(xs)]
    assert bows == sorted(bows)
    assert bows[0] >= 26
    assert bows[-1] <= 44


def test_two_meetings_of_one_day_are_drawn_apart() -> None:
    first, second = (stop.x for stop in timeline(journey(*met(10, 10), to_come=4)).stops[:2])
    assert second - first == pytest.approx(WIDE_MEETING_GAP, abs=0.1)


def test_a_meeting_before_the_agreement_begins_the_drawing() -> None:
    facts = journey(*met(-30, 20))
    assert facts.begins_on == day(-30)
    assert timeline(facts).stops[0].x < timeline(journey(*met(20))).stops[0].x


@pytest.mark.parametrize(
    ("by", "solid", "dotted"), [(Role.MENTEE, "mentee", "mentor"), (Role.MENTOR, "mentor", "mentee")]
)
def test_to_an_unconfirmed_meeting_only_the_strand_of_who_logged_it_is_solid(
    by: Role, solid: str, dotted: str
) -> None:
    unconfirmed = Meeting(day(60), MeetingState.UNCONFIRMED, by)
    drawing = timeline(journey(*met(7, 20), unconfirmed, to_come=3))
    x = drawing.stops[2].x - 30

    def is_solid(role: str) -> bool:
        strand = getattr(drawing, role)
        piece = next(each for each in strand.pieces if each.curve.end[0] >= x)
        return bool(piece.solid)

    assert (is_solid(solid), is_solid(dotted)) == (True, False)
    assert len(drawing.crossings) == 4, "the knots before it alone"


def test_before_both_have_signed_the_strand_of_who_has_is_solid() -> None:
    drawing = timeline(JOURNEYS["one has signed"])
    assert (len(drawing.mentee.solid), len(drawing.mentor.solid)) == (1, 0)


def test_the_next_meeting_is_marked_unless_the_pair_is_on_hold() -> None:
    assert [stop.is_next for stop in timeline(journey(*met(7), to_come=2)).stops] == [False, True, False]
    assert not any(stop.is_next for stop in timeline(JOURNEYS["paused"]).stops)


def braid_of(drawing: TimelineDrawing) -> list[Cubic]:
    """The mentor's strand after the last meeting."""
    return [piece.curve for piece in drawing.mentor.pieces if piece.curve.start[0] > drawing.stops[-1].x]


def test_the_braid_has_six_half_turns_however_many_meetings_were_held() -> None:
    one, eight = (timeline(journey(*met(*days), completed_on=day(70))) for days in ([70], range(0, 71, 10)))
    # Nor is there a stretch of no length before it, where the last digits of two places differ.
    assert len(braid_of(eight)) == len(braid_of(one)) == 6
    assert one.end_x < eight.end_x, "the drawing ends there, and not at its edge"


def test_completion_ends_in_a_braid_and_leaves_out_what_came_after() -> None:
    drawing = timeline(JOURNEYS["met after completion"])
    assert (drawing.end, drawing.today, len(drawing.stops)) == (EndMark.COMPLETE, None, 2)
    sides = [curve.end[1] > MIDDLE for curve in braid_of(drawing)]
    assert len(sides) >= 6
    assert all(before is not after for before, after in pairwise(sides))
    assert [each.on for each in drawing.facts.after_completion] == [day(79)]


def test_without_completion_it_ends_at_the_planned_end() -> None:
    assert timeline(journey(to_come=1)).end_x == END


@pytest.mark.parametrize("is_dated", [True, False])
def test_a_pair_that_has_ended_is_drawn_whole_to_its_end(is_dated) -> None:
    left_open = (objective(Role.MENTEE, 10, ObjectiveState.AGREED),)
    facts = dataclasses.replace(
        journey(*met(7), objectives=left_open), ended_on=day(20), today=day(20), end_is_dated=is_dated
    )
    drawing = timeline(facts)
    assert (drawing.end, drawing.today, facts.finishes_on) == (EndMark.ENDED, None, day(20))
    assert [(len(each.solid), len(each.dotted)) for each in drawing.strands] == [(1, 0)] * 2
    assert [leaf.objective for leaf in drawing.leaves] == list(left_open), "what was left open is seen"
    small = in_equal_steps(facts)
    assert [(len(each.solid), len(each.dotted)) for each in small.strands] == [(1, 0)] * 2
    assert small.ended_at == small.mentor.pieces[-1].curve.end[0]
    both = Solid(mentor=True, mentee=True)
    rest = journey_steps(facts).rest
    assert [(each.tile, each.above) for each in rest[-2:]] == [(Tile.LEAF, both), (Tile.ENDED, both)]


def test_a_pause_is_drawn_in_dots_since_its_day() -> None:
    paused = dataclasses.replace(
        JOURNEYS["paused"], paused_on=TODAY, objectives=(objective(Role.MENTEE, 79),)
    )
    [leaf] = timeline(paused).leaves
    for each in timeline(paused).strands:
        assert max(piece.curve.end[0] for piece in each.pieces if piece.solid) == pytest.approx(leaf.x)
    drawing = timeline(dataclasses.replace(JOURNEYS["paused"], paused_on=day(40)))
    assert drawing.today is not None
    for each in drawing.strands:
        solid_until = max(piece.curve.end[0] for piece in each.pieces if piece.solid)
        assert drawing.stops[1].x < solid_until < drawing.today


@pytest.mark.parametrize("state", [MeetingState.UNCONFIRMED, MeetingState.DISPUTED])
def test_the_strand_of_whoever_did_not_log_a_meeting_is_dotted_on_the_way_to_it(state) -> None:
    facts = journey(Meeting(day(60), state, Role.MENTEE), to_come=3)
    meeting = timeline(facts).stops[0]
    for each in timeline(facts).strands:
        before = [piece for piece in each.pieces if piece.curve.end[0] <= meeting.x]
        assert [piece.solid for piece in before] == [True, each.role is Role.MENTEE], "both have signed"
    assert journey_steps(facts).first[0].below == Solid(mentor=False, mentee=True)


def test_a_programme_past_its_end_still_has_room_for_what_is_asked_for() -> None:
    facts = JOURNEYS["past its end"]
    assert facts.finishes_on > facts.today
    assert all(each.on > facts.today for each in facts.ahead)


def test_objectives_that_have_no_room_are_left_to_the_list() -> None:
    many = tuple(objective(Role.MENTEE, 30) for _each in range(60))
    drawing = timeline(journey(*met(7, 23), objectives=(*OBJECTIVES, *many)))
    assert 0 < len(drawing.leaves) < 40


def test_no_objective_is_squeezed_in_before_an_end_that_only_waits_for_a_word() -> None:
    agreed = (objective(Role.MENTEE, 5, ObjectiveState.AGREED),)
    waits = journey(*met(7), ends_on=TODAY + dt.timedelta(days=7), objectives=agreed)
    assert waits.ahead == ()
    assert timeline(waits).leaves == ()
    goes_on = journey(*met(7), ends_on=TODAY + dt.timedelta(days=70), objectives=agreed)
    assert len(timeline(goes_on).leaves) == 1


def test_the_same_facts_make_the_same_drawing() -> None:
    assert timeline(JOURNEYS["twelve"]) == timeline(JOURNEYS["twelve"])


def test_the_planned_end_does_not_move_what_has_been_out_of_order() -> None:
    late = timeline(journey(*met(7, 23), to_come=3, ends_on=day(0) + dt.timedelta(days=2000)))
    assert late.stops[0].x < late.stops[1].x < late.stops[2].x


def test_meetings_to_come_have_their_numbers_alone_where_their_names_have_no_room() -> None:
    few, many = (timeline(journey(*met(7), to_come=number)).stops[1:] for number in (3, 5))
    assert all(stop.label_width and stop.has_name for stop in few)
    assert all(stop.label_width for stop in many)
    assert [stop.has_name for stop in many] == [True] + [False] * 4


@pytest.mark.parametrize(("to_come", "has_lead"), [(2, True), (5, False)])
def test_what_stands_for_all_meetings_without_a_number_is_below_the_middle_of_them(to_come, has_lead) -> None:
    disputed = Meeting(day(60), MeetingState.DISPUTED, Role.MENTOR)
    drawing = timeline(journey(disputed, to_come=to_come))
    _disputed, _next, *nameless = drawing.stops
    [label] = [stop for stop in nameless if stop.label_width]
    assert label.stands_for == len(nameless) == to_come - 1
    assert label.label_x == pytest.approx((nameless[0].x + nameless[-1].x) / 2)
    assert (label.x in [lead.x for lead in drawing.leads]) == has_lead, (
        "to one meeting, and to none of several"
    )
