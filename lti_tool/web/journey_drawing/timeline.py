"""The large drawing: time from left to right, the mentor's strand above, the mentee's below.

The strands meet in a knot at each meeting that was held, are dotted after today, and end in a braid at completion.
Between two meetings they bow out: the longer the silence, the wider. Lengths are SVG user units, about a CSS pixel.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from lti_tool.mentoring.roles import Role
from lti_tool.web.journey_drawing.facts import (
    DrawnObjective,
    JourneyFacts,
    Meeting,
    MeetingState,
    ObjectiveState,
)
from lti_tool.web.journey_drawing.strands import Crossing, Node, Strand, crossings, strand
from lti_tool.web.journey_drawing.time_scale import TimeScale, kept_apart

WIDTH: Final = 1040.0
HEIGHT: Final = 296.0
MIDDLE: Final = 112.0
"""The y of the meetings."""
START: Final = 60.0
"""Where the strands begin, right of the two faces."""
END: Final = WIDTH - 40
"""Where they end before completion, around a ring."""
START_DISTANCE: Final = 30.0
MEETING_GAP: Final = 76.0
"""Between two meetings, where there is room: as wide as what is written below one."""
KNOT: Final = -5.0
"""At a meeting the strands have changed sides by this much, so that they cross before and after it."""
KNOT_LEVEL: Final = 20.0
BOW_SLOPE: Final = 0.22
BOW_LEAST: Final = 26.0
BOW_MOST: Final = 44.0
BOW_REACH: Final = 105.0
"""The longest way from a meeting to where the strands are widest apart."""
BRAID_STEP: Final = 26.0
BRAID_TURNS: Final = 6
BRAID_DISTANCE: Final = 8.0
DISC: Final = 15.0
TODAY_FROM_MEETING: Final = 24.0
LEAF_GAP: Final = 56.0
LEAF_FROM_MEETING: Final = 24.0
LABEL_GAP: Final = 6.0


@dataclass(frozen=True)
class Stop:
    """A meeting on the drawing."""

    x: float
    meeting: Meeting
    number: int
    """Which meeting it is, from 1."""
    is_next: bool
    label_width: float
    """The room for what is written below it; 0 where something more important stands there."""


@dataclass(frozen=True)
class Leaf:
    """An objective on the strand of the one who learns; it points away from the other strand."""

    x: float
    y: float
    objective: DrawnObjective
    label_width: float


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
    """The y at which the mentor's strand passes today."""
    stops: tuple[Stop, ...]
    leaves: tuple[Leaf, ...]
    end: EndMark
    end_x: float
    end_label_width: float
    width: float = WIDTH
    height: float = HEIGHT
    middle: float = MIDDLE
    start: float = START
    start_distance: float = START_DISTANCE

    @property
    def strands(self) -> tuple[Strand, Strand]:
        """The mentor's and the mentee's."""
        return self.mentor, self.mentee


def timeline(facts: JourneyFacts) -> TimelineDrawing:
    """The large drawing of a pair's journey."""
    complete = facts.completed_on is not None
    held, ahead = facts.held, facts.ahead
    meetings = [*held, *ahead]
    end_x = END if not complete else WIDTH - 30
    last = end_x - (BRAID_STEP * (BRAID_TURNS + 1) if complete else MEETING_GAP)
    scale, places = _places(facts, meetings, last)
    is_over = complete or facts.ended_on is not None
    # What ended without completion stops at its last meeting.
    stops_at = end_x
    if facts.ended_on is not None:
        stops_at = min(places[len(held) - 1] + KNOT_LEVEL, end_x) if held else START
    today = None if is_over else _today(facts, scale, places, end_x)
    nodes, leads_to = _nodes(meetings, places, end_x, complete=complete)
    mentor, mentee = (
        strand(
            role,
            nodes,
            middle=MIDDLE,
            solid_until=stops_at if today is None else today,
            solid=lambda index, role=role: _is_solid(leads_to.get(index), role, facts),  # type: ignore[misc]
        )
        for role in (Role.MENTOR, Role.MENTEE)
    )
    next_at = next((index for index in range(len(held), len(meetings))), None)
    widths, end_width = _label_widths(places, end_x, next_at, len(held))
    stops = tuple(
        Stop(places[index], each, index + 1, index == next_at and not facts.paused, widths[index])
        for index, each in enumerate(meetings)
    )
    return TimelineDrawing(
        facts,
        mentor,
        mentee,
        crossings(mentor, mentee),
        today,
        mentor.at_x(today)[1] if today is not None else MIDDLE,
        stops,
        _leaves(facts, scale, places, today, end_x, {Role.MENTOR: mentor, Role.MENTEE: mentee}),
        EndMark.COMPLETE if complete else EndMark.ENDED if is_over else EndMark.TO_COME,
        end_x,
        end_width,
    )


def _places(facts: JourneyFacts, meetings: Sequence[Meeting], last: float) -> tuple[TimeScale, list[float]]:
    """Where each day stands, and each meeting: by its day, but apart from the others."""
    begins, finishes = facts.begins_on, facts.finishes_on
    if facts.completed_on is not None and meetings:
        # The braid takes the end of the drawing, and the last meeting is where it begins.
        finishes = meetings[-1].on
    days = max((finishes - begins).days, 1)
    first = START + MEETING_GAP / 2
    wanted = [START + (last - START) * ((each.on - begins).days / days) for each in meetings]
    places = kept_apart(wanted, gap=MEETING_GAP, left=first, right=last)
    fixed = {begins: START, finishes: last}
    for each, place in zip(meetings, places, strict=True):
        if begins < each.on:
            fixed[each.on] = place
    ordered = sorted(fixed)
    if len(ordered) == 1:
        fixed[facts.finishes_on] = last
        ordered = sorted(fixed)
    return TimeScale(tuple(ordered), tuple(fixed[day] for day in ordered)), places


def _today(facts: JourneyFacts, scale: TimeScale, places: Sequence[float], end_x: float) -> float:
    """The x of today: after every meeting that was held, before the next one."""
    held = len(facts.held)
    least = places[held - 1] + TODAY_FROM_MEETING if held else START + TODAY_FROM_MEETING
    most = places[held] - TODAY_FROM_MEETING if held < len(places) else end_x - TODAY_FROM_MEETING
    if least > most:
        return (least + most) / 2
    return min(max(scale.x(facts.today), least), most)


def _nodes(
    meetings: Sequence[Meeting], places: Sequence[float], end_x: float, *, complete: bool
) -> tuple[list[Node], dict[int, Meeting]]:
    """What the strands pass through, and to which meeting the way to a node leads, by the node's index."""
    nodes = [Node(START, START_DISTANCE)]
    leads_to: dict[int, Meeting] = {}
    for index, (meeting, place) in enumerate(zip(meetings, places, strict=True)):
        is_knot = meeting.state is MeetingState.CONFIRMED
        before = len(nodes)
        gap = place - nodes[-1].x
        if index:
            nodes += _bow(nodes[-1], place)
        elif gap > BOW_REACH:
            nodes.append(Node(place - BOW_REACH, START_DISTANCE))
        nodes.append(Node(place, KNOT if is_knot else 0.0, KNOT_LEVEL, crossed=is_knot))
        # Both come whole out of the knot before, as far as where they are widest apart.
        leads_to |= dict.fromkeys(range(before + 1 if index else before, len(nodes)), meeting)
    if complete:
        nodes += _braid(nodes[-1], end_x)
    else:
        if meetings and end_x - nodes[-1].x > BOW_REACH:
            nodes.append(Node(nodes[-1].x + BOW_REACH, START_DISTANCE, crossed=nodes[-1].distance < 0))
        nodes.append(Node(end_x, START_DISTANCE, crossed=nodes[-1].distance < 0))
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


def _braid(last: Node, end_x: float) -> Iterator[Node]:
    """Half-turns that lead to the disc of completion."""
    step = min(BRAID_STEP, (end_x - last.x) / (BRAID_TURNS + 1))
    begins = end_x - DISC / 2 - step * BRAID_TURNS
    side = 1
    for number in range(BRAID_TURNS + 1):
        yield Node(begins + step * number, side * BRAID_DISTANCE, crossed=number > 0 or last.distance < 0)
        side = -side


def _is_solid(to: Meeting | None, role: Role, facts: JourneyFacts) -> bool:
    """Whether a strand is solid: not before its person signed, nor on the way to a meeting that the other logged."""
    if not facts.held and role not in facts.signed_on:
        return False
    return to is None or to.state is MeetingState.CONFIRMED or to.logged_by is not role.other


def _label_widths(
    places: Sequence[float], end_x: float, next_at: int | None, held: int
) -> tuple[list[float], float]:
    """The room for the label of each meeting, and of the end. Next, last and first come before the others."""
    first_choice = [
        index for index in (next_at, held - 1, 0) if index is not None and 0 <= index < len(places)
    ]
    order = list(dict.fromkeys([*first_choice, *range(len(places))]))
    chosen: list[int] = []
    for index in order:
        others = [*(places[other] for other in chosen), end_x]
        if all(abs(places[index] - other) >= MEETING_GAP - 1 for other in others[:-1]) and (
            end_x - places[index] >= MEETING_GAP - 1
        ):
            chosen.append(index)
    widths = [0.0] * len(places)
    stand = [*(places[index] for index in chosen), end_x]
    for index in chosen:
        nearest = min(abs(places[index] - other) for other in stand if other != places[index])
        widths[index] = min(nearest - LABEL_GAP, 2 * places[index], 150.0)
    near_end = min((end_x - place for place in stand[:-1]), default=150.0)
    return widths, min(2 * (WIDTH - end_x), near_end)


def _leaves(
    facts: JourneyFacts,
    scale: TimeScale,
    places: Sequence[float],
    today: float | None,
    end_x: float,
    strands: dict[Role, Strand],
) -> tuple[Leaf, ...]:
    """A leaf for each objective that has room on the strand of the one who learns: the list says them all."""
    leaves: list[Leaf] = []
    # The braid is no place for a leaf.
    now = today if today is not None else places[-1] if places else end_x
    for role in (Role.MENTOR, Role.MENTEE):
        taken: list[tuple[float, DrawnObjective]] = []
        for objective in sorted(
            (each for each in facts.drawn_objectives if each.owner is role), key=lambda each: each.on
        ):
            to_come = objective.state is ObjectiveState.AGREED
            left, right = (now + 12, end_x - 24) if to_come else (START + 24, now - 20)
            wanted = now + 12 if to_come else scale.x(objective.on)
            place = _free_place(wanted, left, right, places, [x for x, _each in taken])
            if place is not None:
                taken.append((place, objective))
        taken.sort(key=lambda each: each[0])
        xs = [x for x, _each in taken]
        for index, (x, objective) in enumerate(taken):
            beside = [abs(x - other) for position, other in enumerate(xs) if position != index]
            # Below, the labels stand between the lines that lead to the dates; above, beside the word for today.
            fixed = places if role is Role.MENTEE else () if today is None else (today,)
            halves = [each / 2 for each in beside] + [abs(x - other) - 2 for other in fixed]
            room = 2 * min([*halves, x, WIDTH - x, 60.0]) - LABEL_GAP
            leaves.append(Leaf(x, strands[role].at_x(x)[1], objective, room))
    return tuple(leaves)


def _free_place(
    wanted: float, left: float, right: float, meetings: Sequence[float], leaves: Sequence[float]
) -> float | None:
    """The place nearest to ``wanted`` between ``left`` and ``right`` that is far enough from meetings and leaves."""
    if right < left:
        return None
    start = min(max(wanted, left), right)
    for offset in range(0, int(right - left) + 2, 2):
        for x in (start + offset, start - offset):
            if (
                left <= x <= right
                and all(abs(x - other) >= LEAF_GAP for other in leaves)
                and all(abs(x - other) >= LEAF_FROM_MEETING for other in meetings)
            ):
                return x
    return None
