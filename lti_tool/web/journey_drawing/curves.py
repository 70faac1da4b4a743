"""Cubic Bézier curves (https://www.w3.org/TR/SVG2/paths.html#PathDataCubicBezierCommands), in SVG user units."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

Point = tuple[float, float]

BISECTIONS = 30
"""Enough to find a place on a curve of a thousand units to a millionth of one."""


CHORDS = 8


@dataclass(frozen=True)
class Cubic:
    """One cubic Bézier curve."""

    start: Point
    first: Point
    """The first control point."""
    second: Point
    end: Point

    def at(self, t: float) -> Point:
        """The point at the parameter ``t``, 0 to 1."""
        return self.split(t)[0].end

    def t_at_x(self, x: float) -> float:
        """The parameter at which a curve that only goes to the right is at ``x``; 0 or 1 beyond its ends."""
        low, high = 0.0, 1.0
        for _each in range(BISECTIONS):
            middle = (low + high) / 2
            if self._x(middle) < x:
                low = middle
            else:
                high = middle
        return (low + high) / 2

    def _x(self, t: float) -> float:
        left = 1 - t
        return (
            left**3 * self.start[0]
            + 3 * left**2 * t * self.first[0]
            + 3 * left * t**2 * self.second[0]
            + t**3 * self.end[0]
        )

    def split(self, t: float) -> tuple[Cubic, Cubic]:
        """The curve in two parts, which meet at ``t`` (de Casteljau)."""
        a, b, c = (
            _between(p, q, t)
            for p, q in (
                (self.start, self.first),
                (self.first, self.second),
                (self.second, self.end),
            )
        )
        ab, bc = _between(a, b, t), _between(b, c, t)
        middle = _between(ab, bc, t)
        return Cubic(self.start, a, ab, middle), Cubic(middle, bc, c, self.end)

    @property
    def length(self) -> float:
        """About how long it is: by chords, of which there are enough for curves as gentle as these."""
        points = [self.at(step / CHORDS) for step in range(CHORDS + 1)]
        return sum(math.dist(before, after) for before, after in pairwise(points))


def _between(p: Point, q: Point, t: float) -> Point:
    return p[0] + (q[0] - p[0]) * t, p[1] + (q[1] - p[1]) * t


def level_cubic(start: Point, end: Point, *, leaving: float, arriving: float) -> Cubic:
    """A curve that is level at both ends; ``leaving`` and ``arriving``: how long it stays so, at most half the way."""
    half = (end[0] - start[0]) / 2
    return Cubic(
        start,
        (start[0] + min(leaving, half), start[1]),
        (end[0] - min(arriving, half), end[1]),
        end,
    )


def number(value: float) -> str:
    """A coordinate to a tenth of a unit, without what says nothing."""
    return f"{round(value, 1) + 0.0:g}"


def path(curves: Iterable[Cubic]) -> str:
    """The ``d`` of curves of which each begins where the one before ends."""
    parts: list[str] = []
    for curve in curves:
        if not parts:
            parts.append(f"M{_pair(curve.start)}")
        parts.append(f"C{_pair(curve.first)} {_pair(curve.second)} {_pair(curve.end)}")
    return "".join(parts)


# The drawings of a table share one time and one height, and so most of their points.
@lru_cache(maxsize=4096)
def _pair(point: Point) -> str:
    return f"{number(point[0])} {number(point[1])}"
