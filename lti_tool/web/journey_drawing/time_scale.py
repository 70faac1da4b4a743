"""Where each day stands on a drawing: evenly by time, and moved apart where two would stand on one another."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class TimeScale:
    """A scale with fixed places for some days; the days between stand between them."""

    days: tuple[dt.date, ...]
    places: tuple[float, ...]
    """Rises with ``days``."""

    def x(self, day: dt.date) -> float:
        """Where a day stands; at the ends of the scale for one beyond them."""
        if day <= self.days[0]:
            return self.places[0]
        index = bisect_right(self.days, day)
        if index == len(self.days):
            return self.places[-1]
        share = (day - self.days[index - 1]) / (self.days[index] - self.days[index - 1])
        return self.places[index - 1] + share * (self.places[index] - self.places[index - 1])


def even_scale(first: dt.date, last: dt.date, left: float, right: float) -> TimeScale:
    """Days from ``first`` to ``last``, at equal distances from ``left`` to ``right``."""
    return TimeScale((first, max(last, first + dt.timedelta(days=1))), (left, right))


def kept_apart(wanted: Sequence[float], *, gap: float, left: float, right: float) -> list[float]:
    """Rising places near the ``wanted`` ones, of which each is at least ``gap`` after the one before.

    All are within ``left`` and ``right``: the later of two is moved, then those that went too far are moved back. Where
    there is no room for all of them they share it evenly.
    """
    if len(wanted) > 1:
        gap = min(gap, (right - left) / (len(wanted) - 1))
    placed: list[float] = []
    for place in wanted:
        placed.append(max(place, placed[-1] + gap if placed else left))
    limit = right
    for index in range(len(placed) - 1, -1, -1):
        placed[index] = min(placed[index], limit)
        limit = placed[index] - gap
    return placed
