"""The large drawing: time from left to right, the mentor's strand above, the mentee's below.

The strands meet in a knot at each meeting that was held, are dotted after today, and end in a braid at completion.
Between two meetings they bow out: the longer the silence, the wider. Lengths are SVG user units, about a CSS pixel.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from lti_tool.mentoring.roles import Role
from lti_tool.web.journey_drawing.facts import JourneyFacts, Meeting, MeetingState, ObjectiveState
from lti_tool.web.journey_drawing.leaves import (
    Leaf,
    highest_label,
    lead_begins,
    leaves,
    lowest_label,
    lowest_title_over,
    today_label_y,
    today_line_ends,
)
from lti_tool.web.journey_drawing.placing import MEETING_GAP, Frame, Places, places
from lti_tool.web.journey_drawing.strands import Crossing, Node, Strand, crossings, strand

WIDTH: Final = 1040.0
MIDDLE: Final = 112.0
"""The y of the meetings."""
START: Final = 60.0
"""Where the strands begin, right of the two faces."""
END: Final = WIDTH - 40
"""Where they end before completion, around a ring."""
START_DISTANCE: Final = 30.0
KNOT: Final = -5.0
"""At a meeting the strands have changed sides by this much, so that they cross before and after it."""
KNOT_LEVEL: Final = 20.0
BOW_SLOPE: Final = 0.22
BOW_LEAST: Final = 26.0
BOW_MOST: Final = 44.0
BOW_REACH: Final = 130.0
"""The longest way from a meeting to where the strands are widest apart."""
BRAID_STEP: Final = 26.0
BRAID_TURNS: Final = 6
BRAID_DISTANCE: Final = 8.0
DISC: Final = 15.0
RING: Final = 8.0
"""The outer radius of a ring; of the others, where they are larger:"""
WAITING_RING: Final = 11.0
HALO: Final = 15.0
END_RING: Final = 12.0
RING_CLEAR: Final = 5.0
"""Between a ring and the nearest dot."""
DOT_STEP: Final = 9.1
"""From one dot to the next, as drawing.css has it."""
LABEL_GAP: Final = 6.0
NAME_WIDTH: Final = 88.0
"""Of the name of a meeting that has no day yet, in the longer of the languages."""
NUMBER_WIDTH: Final = 30.0
"""Of its number alone."""
DATE_ASCENT: Final = 26.0
"""Between the end of that line, or what is written above, and the dates."""
DATE_BELOW_TITLE: Final = 44.0
"""From the base of a title over a date to that of the date: nearer, it would read as one label with it."""
DATE_HALF: Final = 44.0
"""Half of what is written at a date, where it is widest."""
BELOW_DATES: Final = 50.0
"""For what is written below the dates; where no meeting was held, that is one line:"""
BELOW_LINE: Final = 30.0
LEAD_LENGTH: Final = 40.0
"""Of the line from a meeting to its date, where nothing is written between the two."""
LEAD_FROM_MIDDLE: Final = 22.0
"""Where that line begins, below a meeting."""
LEAD_FROM_STRAND: Final = 12.0
"""The same below the strand of the mentee, where a pair has ended."""
LEAD_TO_DATE: Final = 20.0
"""Where it ends, above the base of the date."""


@dataclass(frozen=True)
class Stop:
    """A meeting on the drawing."""

    x: float
    meeting: Meeting
    number: int
    """Which meeting it is, from 1; 0 of one to come while an earlier one is disputed."""
    is_next: bool
    label_width: float
    """The room for what is written below it; 0 where something more important stands there."""
    has_name: bool = True
    """Whether that has room for the name of one that has no day yet; else it is its number."""
    stands_for: int = 0
    """How many meetings without a number its label stands for; 0 of one with a label of its own."""
    label_x: float = 0.0
    """The middle of its label: its own place, or the middle of all that the label stands for."""

    @property
    def has_lead(self) -> bool:
        """Whether a line leads down to its label: not to one that stands for several."""
        return bool(self.label_width) and self.stands_for <= 1


@dataclass(frozen=True)
class Lead:
    """The line from a meeting, or from an end without completion, down to its date."""

    x: float
    top: float
    """Below the titles that it would cross."""
    bottom: float


class EndMark(enum.StrEnum):
    """What the strands end in."""

    COMPLETE = "complete"
    TO_COME = "to_come"
    ENDED = "ended"


@dataclass(frozen=True)
class TimelineDrawing:
    """The large drawing, in numbers and path strings."""

    facts: JourneyFacts
    mentor: Strand
    mentee: Strand
    crossings: tuple[Crossing, ...]
    today: float | None
    """The x of today; None once completed or ended."""
    today_top: float
    """The y of what the line from the word for today ends above."""
    today_label: float
    """The y of the word for today: above what is written beside it."""
    stops: tuple[Stop, ...]
    leads: tuple[Lead, ...]
    leaves: tuple[Leaf, ...]
    end: EndMark
    end_x: float
    end_label_width: float
    dates: float
    """The y of the dates: as near to the strands as what is written below them allows."""
    top: float
    height: float
    """Of all from ``top``."""
    width: float = WIDTH
    middle: float = MIDDLE
    start: float = START
    start_distance: float = START_DISTANCE
    dot_step: float = DOT_STEP

    @property
    def strands(self) -> tuple[Strand, Strand]:
        """The mentor's and the mentee's."""
        return self.mentor, self.mentee


def timeline(facts: JourneyFacts) -> TimelineDrawing:
    """The large drawing of a pair's journey."""
    complete = facts.completed_on is not None
    meetings = [*facts.held, *facts.ahead]
    at = places(facts, Frame(START, WIDTH - 30 if complete else END, BRAID_STEP * (BRAID_TURNS + 1)))
    xs = [*at.held, *at.ahead]
    is_over = complete or facts.ended_on is not None
    solid_until = at.end if is_over else at.now
    if at.paused is not None and not is_over:
        done = [*at.held, *(x for x, each in at.leaves if each.state is not ObjectiveState.AGREED)]
        solid_until = min(max([at.paused, *(x + KNOT_LEVEL for x in done)]), at.now)
    nodes, leads_to = _nodes(facts, meetings, at)
    next_at = len(at.held) if at.ahead and not facts.paused else None
    mentor, mentee = (
        strand(
            role,
            nodes,
            middle=MIDDLE,
            solid_until=solid_until,
            solid=lambda index, role=role: _is_solid(leads_to.get(index), role, facts),  # type: ignore[misc]
            rings=_rings(meetings, xs, next_at, at.end if not is_over else None),
        )
        for role in (Role.MENTOR, Role.MENTEE)
    )
    first_ahead = len(at.held) if at.ahead else None
    placed = list(zip(xs, meetings, strict=True))
    widths, end_width = _label_widths(placed, at.end, first_ahead, len(at.held), NAME_WIDTH)
    are_named = all(widths[len(at.held) :])
    if not are_named:
        # All or none of those after the next one have their name.
        widths, end_width = _label_widths(placed, at.end, first_ahead, len(at.held), NUMBER_WIDTH)
    stops = tuple(
        Stop(
            x,
            each,
            index + 1 if each.state.held else 0 if facts.is_disputed else index + 1 - facts.not_counted,
            index == next_at,
            0.0 if _is_nameless(each, index == next_at, facts) else widths[index],
            are_named or index <= len(at.held),
            label_x=x,
        )
        for index, (x, each) in enumerate(placed)
    )
    nameless = [
        index for index, (_x, each) in enumerate(placed) if _is_nameless(each, index == next_at, facts)
    ]
    if nameless:
        # No other label is among them.
        first, last = nameless[0], nameless[-1]
        named = replace(
            stops[first],
            label_width=widths[first] or NAME_WIDTH,
            stands_for=len(nameless),
            label_x=(xs[first] + xs[last]) / 2,
        )
        stops = (*stops[:first], named, *stops[first + 1 :])
    today = None if is_over else at.now
    led_down = {stop.x: MIDDLE + LEAD_FROM_MIDDLE for stop in stops if stop.has_lead}
    if facts.ended_on is not None:
        led_down[at.end] = MIDDLE + START_DISTANCE + LEAD_FROM_STRAND
    drawn_leaves = leaves(at.leaves, {Role.MENTOR: mentor, Role.MENTEE: mentee}, list(led_down), today, WIDTH)
    today_label = today_label_y(drawn_leaves, today, MIDDLE)
    dates = max(
        MIDDLE + LEAD_FROM_MIDDLE + LEAD_LENGTH + DATE_ASCENT,
        lowest_label(drawn_leaves) + DATE_ASCENT,
        *(lowest_title_over(drawn_leaves, x, DATE_HALF) + DATE_BELOW_TITLE for x in (*led_down, at.end)),
    )
    top = min(today_label if today is not None else MIDDLE, highest_label(drawn_leaves), MIDDLE - 52) - 18
    return TimelineDrawing(
        facts,
        mentor,
        mentee,
        crossings(mentor, mentee),
        today,
        MIDDLE if today is None else today_line_ends(drawn_leaves, today, mentor.at_x(today)[1]),
        today_label,
        stops,
        tuple(
            Lead(x, lead_begins(drawn_leaves, x, top), dates - LEAD_TO_DATE) for x, top in led_down.items()
        ),
        drawn_leaves,
        EndMark.COMPLETE if complete else EndMark.ENDED if is_over else EndMark.TO_COME,
        at.end,
        end_width,
        dates,
        top,
        dates + (BELOW_DATES if at.held else BELOW_LINE) - top,
    )


def _is_nameless(meeting: Meeting, is_next: bool, facts: JourneyFacts) -> bool:
    """Whether nothing is written below a meeting: one far ahead, while it is open which number it will have."""
    return facts.is_disputed and not is_next and meeting.state is MeetingState.EXPECTED


def _rings(
    meetings: Sequence[Meeting], xs: Sequence[float], next_at: int | None, end: float | None
) -> list[tuple[float, float]]:
    """Where no dots stand: round each ring of a meeting, and round that of an end to come."""
    found = []
    for index, (meeting, x) in enumerate(zip(meetings, xs, strict=True)):
        if meeting.state is not MeetingState.CONFIRMED:
            radius = HALO if index == next_at else WAITING_RING if meeting.state.held else RING
            found.append((x, radius + RING_CLEAR))
    return found if end is None else [*found, (end, END_RING + RING_CLEAR)]


def _nodes(
    facts: JourneyFacts, meetings: Sequence[Meeting], at: Places
) -> tuple[list[Node], dict[int, Meeting]]:
    """What the strands pass through, and to which meeting the way to a node leads, by the node's index."""
    nodes = [Node(START, START_DISTANCE)]
    leads_to: dict[int, Meeting] = {}
    for index, (meeting, place) in enumerate(zip(meetings, [*at.held, *at.ahead], strict=True)):
        is_knot = meeting.state is MeetingState.CONFIRMED
        before = len(nodes)
        if index:
            nodes += _bow(nodes[-1], place)
        elif place - START > BOW_REACH:
            nodes.append(Node(place - BOW_REACH, START_DISTANCE))
        elif not is_knot:
            nodes.append(Node((START + place) / 2, START_DISTANCE))
        is_direct = before == len(nodes)
        nodes.append(Node(place, KNOT if is_knot else 0.0, KNOT_LEVEL, crossed=is_knot))
        # Both come whole out of what was before, as far as where they are widest apart.
        leads_to |= dict.fromkeys(range(before if is_direct else before + 1, len(nodes)), meeting)
    if facts.completed_on is not None:
        last = nodes[-1].x
        # The last meeting and the end of what has been may differ in their last digits alone.
        begins = at.now if at.now - last > KNOT_LEVEL else last
        if meetings and begins > last:
            nodes += _bow(nodes[-1], begins)
        nodes += _braid(nodes[-1], begins, at.end)
    elif facts.ended_on is not None:
        if at.end - nodes[-1].x > BOW_REACH:
            nodes.append(Node(nodes[-1].x + BOW_REACH, START_DISTANCE, crossed=nodes[-1].distance < 0))
        nodes.append(Node(at.end, START_DISTANCE, crossed=nodes[-1].distance < 0))
    else:
        # The end is where they will be one.
        nodes += _bow(nodes[-1], at.end)
        nodes.append(Node(at.end, 0.0, KNOT_LEVEL))
    return nodes, leads_to


def _bow(before: Node, place: float) -> Iterator[Node]:
    """What leads from one meeting to the next: out, level for as long as the silence is, and back."""
    gap = place - before.x
    distance = _bow_distance(gap)
    crossed = before.distance < 0
    if gap <= 2 * BOW_REACH:
        yield Node(before.x + gap / 2, distance, crossed=crossed)
    else:
        yield Node(before.x + BOW_REACH, distance, crossed=crossed)
        yield Node(place - BOW_REACH, distance)


def _bow_distance(gap: float) -> float:
    """How far from the middle a strand is half-way between two meetings."""
    if gap < MEETING_GAP:
        return max(KNOT_LEVEL / 2, gap * BOW_LEAST / MEETING_GAP)
    return min(max(gap * BOW_SLOPE, BOW_LEAST), BOW_MOST)


def _braid(last: Node, begins: float, end_x: float) -> Iterator[Node]:
    """Half-turns that lead to the disc of completion."""
    step = (end_x - DISC / 2 - begins) / (BRAID_TURNS + 1)
    distance = BRAID_DISTANCE * max(step / BRAID_STEP, 1.0)
    for number in range(BRAID_TURNS + 1):
        side = -1 if number % 2 else 1
        is_crossed = number > 0 or last.distance < 0
        yield Node(begins + step * (number + 1), side * distance, step / 2, is_crossed)


def _is_solid(to: Meeting | None, role: Role, facts: JourneyFacts) -> bool:
    """Whether a strand is solid: not before its person signed, nor on the way to what the other alone has logged."""
    if not facts.held and role not in facts.signed_on:
        return False
    return to is None or to.is_said_by(role)


def _label_widths(
    stops: Sequence[tuple[float, Meeting]], end_x: float, next_at: int | None, held: int, name_width: float
) -> tuple[list[float], float]:
    """The room for the label of each meeting, and of the end. Next, last and first come before the others.

    ``name_width``: of one that has no day yet, after the next one.
    """
    places = [x for x, _each in stops]
    halves = [
        (
            MEETING_GAP - 1
            if each.state is not MeetingState.EXPECTED
            else NAME_WIDTH
            if at == next_at
            else name_width
        )
        / 2
        for at, (_x, each) in enumerate(stops)
    ]
    first_choice = [
        index for index in (next_at, held - 1, 0) if index is not None and 0 <= index < len(places)
    ]
    order = list(dict.fromkeys([*first_choice, *range(len(places))]))
    chosen: list[int] = []
    for index in order:
        if end_x - places[index] >= halves[index] + MEETING_GAP / 2 - 1 and all(
            abs(places[index] - places[other]) >= halves[index] + halves[other] for other in chosen
        ):
            chosen.append(index)
    widths = [0.0] * len(places)
    stand = [*(places[index] for index in chosen), end_x]
    for index in chosen:
        nearest = min(abs(places[index] - other) for other in stand if other != places[index])
        widths[index] = min(nearest - LABEL_GAP, 2 * places[index], 150.0)
    near_end = min((end_x - place for place in stand[:-1]), default=150.0)
    return widths, min(2 * (WIDTH - end_x), near_end)
