"""The two strands between the places where they meet: which curves, and which of them are solid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from lti_tool.mentoring.roles import Role
from lti_tool.web.journey_drawing.curves import Cubic, level_cubic, path

DOT: Final = 0.1
"""The length of a dash that its round ends make a dot."""


@dataclass(frozen=True)
class Node:
    """A place that both strands pass level, each ``distance`` from the middle: the mentor's above, the mentee's below.

    Where ``distance`` is negative they have changed sides.
    """

    x: float
    distance: float
    level: float = float("inf")
    """For how long a strand stays level at most, before and after; at most half the way to the next node."""
    crossed: bool = False
    """Whether the strands cross on the way to this node, and which is over which is to be seen."""


@dataclass(frozen=True)
class Piece:
    """A strand from one node to the next, or a part of that."""

    curve: Cubic
    solid: bool
    crossing: bool = False


@dataclass(frozen=True)
class Dots:
    """A path that is drawn in dots."""

    d: str
    length: float

    def in_steps(self, step: float) -> float:
        """The length to be said of it (``pathLength``) so that dots, ``step`` apart, begin and end it."""
        return round(max(round(self.length / step), 1) * step, 1) + DOT


def _outside(run: Sequence[Cubic], rings: Sequence[tuple[float, float]]) -> Iterator[list[Cubic]]:
    """The parts of curves that follow one another which are outside of these stretches."""
    row: list[Cubic] = []
    for curve in run:
        rest: Cubic | None = curve
        for left, right in rings:
            if rest is None or right <= rest.start[0] or left >= rest.end[0]:
                continue
            if left > rest.start[0]:
                before, rest = rest.split(rest.t_at_x(left))
                row.append(before)
            if row:
                yield row
                row = []
            rest = rest.split(rest.t_at_x(right))[1] if right < rest.end[0] else None
        if rest is not None:
            row.append(rest)
    if row:
        yield row


@dataclass(frozen=True)
class Strand:
    """One person's strand."""

    role: Role
    pieces: tuple[Piece, ...]
    rings: tuple[tuple[float, float], ...] = ()
    """From where to where what stands on it keeps dots away, in order: a dot on the edge of a ring would deform it."""

    @property
    def solid(self) -> tuple[str, ...]:
        """The path strings of what has been."""
        return self._paths(solid=True)

    @property
    def dotted(self) -> tuple[str, ...]:
        """The path strings of what is to come, or is not sure."""
        return self._paths(solid=False)

    @property
    def dots(self) -> tuple[Dots, ...]:
        """The same as rows of dots that leave its rings free."""
        rows = (row for run in self._runs(solid=False) for row in _outside(run, self.rings))
        return tuple(Dots(path(row), sum(curve.length for curve in row)) for row in rows)

    def _paths(self, *, solid: bool) -> tuple[str, ...]:
        return tuple(path(run) for run in self._runs(solid=solid))

    def _runs(self, *, solid: bool) -> list[list[Cubic]]:
        runs: list[list[Cubic]] = []
        joined = False
        for piece in self.pieces:
            if piece.solid is solid:
                if not joined:
                    runs.append([])
                runs[-1].append(piece.curve)
            joined = piece.solid is solid
        return runs

    def at_x(self, x: float) -> tuple[float, float]:
        """The point of the strand at ``x``; an end of it for a place beyond them."""
        piece = next((each for each in self.pieces if each.curve.end[0] >= x), self.pieces[-1])
        return piece.curve.at(piece.curve.t_at_x(x))


@dataclass(frozen=True)
class Crossing:
    """A piece to be drawn again over the other strand, in a casing of the ground's colour."""

    role: Role
    d: str


def strand(
    role: Role,
    nodes: Sequence[Node],
    *,
    middle: float,
    solid_until: float,
    solid: Callable[[int], bool] = lambda _index: True,
    rings: Sequence[tuple[float, float]] = (),
) -> Strand:
    """The strand of one of the two through all nodes.

    ``middle``: the y between the two. ``solid_until``: the x of today. ``solid``: whether the piece to the node of this
    index is solid, as far as today. ``rings``: the x and the radius of what stands on it, from left to right.
    """
    side = -1 if role is Role.MENTOR else 1
    pieces: list[Piece] = []
    for index, (before, after) in enumerate(pairwise(nodes), start=1):
        curve = level_cubic(
            (before.x, middle + side * before.distance),
            (after.x, middle + side * after.distance),
            leaving=before.level,
            arriving=after.level,
        )
        if before.x < solid_until < after.x:
            past, future = curve.split(curve.t_at_x(solid_until))
            pieces += (Piece(past, solid(index), after.crossed), Piece(future, solid=False))
        else:
            pieces.append(Piece(curve, after.x <= solid_until and solid(index), after.crossed))
    return Strand(role, tuple(pieces), tuple((x - radius, x + radius) for x, radius in rings))


def crossings(mentor: Strand, mentee: Strand) -> tuple[Crossing, ...]:
    """What is drawn again so that the strands pass over and under one another in turn."""
    over: list[Crossing] = []
    for first, second in zip(mentor.pieces, mentee.pieces, strict=True):
        if first.crossing and second.crossing and first.solid and second.solid:
            above = (Role.MENTOR, first) if len(over) % 2 == 0 else (Role.MENTEE, second)
            over.append(Crossing(above[0], path([above[1].curve])))
    return tuple(over)
