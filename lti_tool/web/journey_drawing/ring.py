"""The drawing at completion: both strands bent round into a ring, with a leaf outside for each objective reached."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from lti_tool.mentoring.roles import Role
from lti_tool.web.journey_drawing.curves import Cubic, path
from lti_tool.web.journey_drawing.facts import DrawnObjective, JourneyFacts, ObjectiveState
from lti_tool.web.journey_drawing.strands import Crossing

SIZE: Final = 420.0
RADIUS: Final = 152.0
DISTANCES: Final = (-10.5, 13.5, -10.8, 13.5)
"""How far the mentee's strand is outside the middle radius, at each quarter of a meeting; the mentor's is inside."""
FEWEST_TURNS: Final = 5
MOST_TURNS: Final = 9
"""A ring of fewer or more meetings is drawn with so many: beyond them it would be no ring, or no strands."""


@dataclass(frozen=True)
class RingLeaf:
    """An objective that was reached, on the outer side of the strand of the one who learned."""

    x: float
    y: float
    angle: float
    """In degrees clockwise, of the direction outwards; 0 is to the right."""
    objective: DrawnObjective


@dataclass(frozen=True)
class Ring:
    """The ring, in numbers and path strings."""

    facts: JourneyFacts
    mentor: str
    mentee: str
    crossings: tuple[Crossing, ...]
    leaves: tuple[RingLeaf, ...]
    size: float = SIZE


def ring(facts: JourneyFacts) -> Ring:
    """The ring of a pair: a turn of the strands for each meeting that was held."""
    turns = min(max(len(facts.held), FEWEST_TURNS), MOST_TURNS)
    quarters = turns * len(DISTANCES)
    mentor, mentee = (_round(quarters, side) for side in (-1, 1))
    over = [
        Crossing(*((Role.MENTOR, path([first])) if index % 2 == 0 else (Role.MENTEE, path([second]))))
        for index, (first, second) in enumerate(zip(mentor, mentee, strict=True))
    ]
    return Ring(facts, path(mentor), path(mentee), tuple(over), _leaves(facts.objectives, quarters))


def _angle(quarter: float, quarters: int) -> float:
    """In radians clockwise from the top."""
    return 2 * math.pi * quarter / quarters - math.pi / 2


def _round(quarters: int, side: int) -> list[Cubic]:
    """One strand, all the way round; ``side``: 1 for the mentee's, -1 for the mentor's."""
    nodes = [
        (_angle(quarter, quarters), RADIUS + side * DISTANCES[quarter % len(DISTANCES)])
        for quarter in range(quarters + 1)
    ]
    return [_arc(*before, *after) for before, after in pairwise(nodes)]


def _arc(from_angle: float, from_radius: float, to_angle: float, to_radius: float) -> Cubic:
    """From one radius to another, along the circle at both ends: what a level cubic is on a straight drawing."""
    reach = (to_angle - from_angle) / 2
    return Cubic(
        _point(from_angle, from_radius),
        _tangent(from_angle, from_radius, reach * from_radius),
        _tangent(to_angle, to_radius, -reach * to_radius),
        _point(to_angle, to_radius),
    )


def _point(angle: float, radius: float) -> tuple[float, float]:
    return SIZE / 2 + radius * math.cos(angle), SIZE / 2 + radius * math.sin(angle)


def _tangent(angle: float, radius: float, length: float) -> tuple[float, float]:
    x, y = _point(angle, radius)
    return x - length * math.sin(angle), y + length * math.cos(angle)


def _leaves(objectives: Sequence[DrawnObjective], quarters: int) -> tuple[RingLeaf, ...]:
    """Evenly round the ring, each where the strand of its owner is the outer one; at most one at each such place."""
    reached = [each for each in objectives if each.state is ObjectiveState.REACHED]
    free = list(range(quarters))
    leaves: list[RingLeaf] = []
    for index, objective in enumerate(sorted(reached, key=lambda each: each.on)):
        outer = 1 if objective.owner is Role.MENTEE else -1
        places = [place for place in free if outer * DISTANCES[place % len(DISTANCES)] > 0]
        if not places:
            continue
        wanted = (index + 0.5) * quarters / len(reached)
        place = min(places, key=lambda each: abs(each - wanted))
        free = [other for other in free if abs(other - place) > 1]
        angle = _angle(place, quarters)
        x, y = _point(angle, RADIUS + abs(DISTANCES[place % len(DISTANCES)]))
        leaves.append(RingLeaf(x, y, math.degrees(angle), objective))
    return tuple(leaves)
