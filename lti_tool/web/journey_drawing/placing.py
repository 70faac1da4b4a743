"""Where each mark of the large drawing stands, from left to right, in the order of their moments.

What has been is drawn by time: a longer silence is never narrower than a shorter one, and today stands where its date
is between the beginning and the planned end. What is to come follows today in equal steps. Marks that would stand on
one another are moved apart, and never past one another: an objective that was reached after a meeting is always to the
right of it. Lengths are SVG user units, about a CSS pixel.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lti_tool.mentoring.roles import Role
from lti_tool.web.journey_drawing.facts import (
    ONE_DAY,
    DrawnObjective,
    JourneyFacts,
    Meeting,
    ObjectiveState,
)
from lti_tool.web.journey_drawing.time_scale import TimeScale

MEETING_GAP: Final = 84.0
"""Between two meetings, where there is room: as wide as what is written below one."""
WIDE_MEETING_GAP: Final = 92.0
"""The same where there is ample room: what is written below needs no second line."""
AMPLE: Final = 0.85
"""Of the width of what has been: more of it is not for distances, so that the rest shows how long each silence was."""
LEAF_GAP: Final = 56.0
"""Between two leaves of one strand, at least."""
LEAF_FROM_MEETING: Final = 24.0
LEAF_GAPS: Final = ((116.0, 44.0), (92.0, 36.0), (74.0, LEAF_FROM_MEETING), (LEAF_GAP, LEAF_FROM_MEETING))
"""Between two leaves of one strand, and between a leaf and a meeting or now: with room for titles, the best first."""
LEAF_FROM_BUD: Final = 160.0
"""Between a leaf and a bud of one strand, where there is room: what has been reached is read whole beside now."""
LEAF_FROM_LEAF_OF_OTHER: Final = 10.0
"""Enough to see which of the two was first."""
LEAF_FROM_START: Final = 24.0
BUD_GAP: Final = 74.0
"""Between a leaf and a bud before the next meeting, at least: with less, the bud stands after that."""
LEAST_FOR_BUDS: Final = 120.0
"""Between now and the end, where no meeting is to come."""
MOST_OF_ONE_DAY: Final = 3
"""Of one person's leaves."""
LEAF_AFTER_NOW: Final = 12.0
BUD_FROM_TODAY: Final = 54.0
"""For one of the mentor's, which the word for today stands beside."""
LEAF_FROM_END: Final = 24.0
TODAY_FROM_MEETING: Final = 24.0
LEAD_MOST: Final = 150.0
"""Before the first meeting of a pair whose journey is over."""
SILENCE_MOST: Final = 260.0
"""What one silence of it may have of the width where little has been, so that strands do not run level for long."""
BRAID_MOST: Final = 252.0
"""The room for the braid at completion, at most: after few meetings the drawing ends before the edge."""
STEP_MOST: Final = 120.0
"""Between two of what was still to come at its end."""
TODAY_FROM_START: Final = 48.0
SEARCH_STEPS: Final = 12
"""Of the search for how wide a day is: now is then less than a quarter of a unit from where it should be."""
MOST_LEAVES: Final = 12
"""Of one person, before it is tried which have room: the latest."""


@dataclass(frozen=True)
class Frame:
    """Between which places all stands."""

    start: float
    end: float
    """Where the drawing ends at most."""
    braid: float
    """The least room for the braid at completion."""


@dataclass(frozen=True)
class Places:
    """Where the marks stand."""

    held: tuple[float, ...]
    ahead: tuple[float, ...]
    now: float
    """Today; at completion, where the braid begins; of a pair that has ended, its end."""
    end: float
    leaves: tuple[tuple[float, DrawnObjective], ...]
    """Those that have room, in order."""
    paused: float | None = None
    """Since when nothing goes on, where that is known."""


@dataclass(frozen=True)
class _Mark:
    """A meeting or an objective of the past."""

    on: dt.date
    what: Meeting | DrawnObjective

    @property
    def owner(self) -> Role | None:
        """Of an objective, the one who learns; None of a meeting."""
        return None if isinstance(self.what, Meeting) else self.what.owner


def places(facts: JourneyFacts, frame: Frame) -> Places:
    """Where everything stands that a pair did and will do."""
    ahead = len(facts.ahead)
    marks = _in_order(facts)
    last_on = max(facts.latest_on, facts.ended_on or facts.latest_on)
    if _braid_begins_at_meeting(facts, marks):
        last_on = facts.held[-1].on
    past = _past(marks, facts, frame, last_on)
    now = past.now
    end = frame.end
    if facts.completed_on is not None:
        end = min(now + BRAID_MOST, frame.end)
    elif facts.ended_on is not None:
        end = min(now + STEP_MOST * (ahead + 1), frame.end) if ahead else now
    step = (end - now) / (ahead + 1)
    held = [x for x, mark in past.marks if isinstance(mark.what, Meeting)]
    to_come = [now + step * number for number in range(1, ahead + 1)]
    leaves = [(x, mark.what) for x, mark in past.marks if isinstance(mark.what, DrawnObjective)]
    buds = _buds(facts, [*held, *to_come], leaves, now, end)
    return Places(
        tuple(held),
        tuple(to_come),
        now,
        end,
        tuple(sorted([*leaves, *buds], key=lambda each: each[0])),
        None if facts.paused_on is None else past.scale(facts.begins_on, frame.start).x(facts.paused_on),
    )


def _in_order(facts: JourneyFacts) -> list[_Mark]:
    """What has been, as it followed: an objective of the day of a meeting after that.

    Of a journey that is over, what was never begun stands there too: nothing is to come.
    """
    leaves: list[_Mark] = []
    for role in Role:
        own = [
            _Mark(min(each.on, facts.latest_on), each)
            for each in facts.drawn_objectives
            if each.owner is role and (each.state is not ObjectiveState.AGREED or facts.ended_on is not None)
        ]
        latest = sorted(own, key=lambda each: each.on)[-MOST_LEAVES:]
        for _day, of_day in itertools.groupby(latest, key=lambda each: each.on):
            leaves += list(of_day)[-MOST_OF_ONE_DAY:]
    return sorted([*(_Mark(each.on, each) for each in facts.held), *leaves], key=lambda each: each.on)


@dataclass(frozen=True)
class _Past:
    """The marks of what has been, at their places, and now."""

    marks: tuple[tuple[float, _Mark], ...]
    now: float
    now_on: dt.date

    def scale(self, begins_on: dt.date, start: float) -> TimeScale:
        """Where each day stands, between the marks too."""
        by_day = {begins_on: start}
        by_day |= {mark.on: x for x, mark in self.marks if mark.on > begins_on}
        by_day[self.now_on] = self.now
        days = sorted(by_day)
        return TimeScale(tuple(days), tuple(by_day[each] for each in days))


def _braid_begins_at_meeting(facts: JourneyFacts, marks: Sequence[_Mark]) -> bool:
    """Whether the braid of completion begins at the last meeting: where no objective was reached after it."""
    return facts.completed_on is not None and bool(marks) and isinstance(marks[-1].what, Meeting)


def _wanted(facts: JourneyFacts, frame: Frame, last_on: dt.date) -> float:
    """The width of what has been: its share of the time until the planned end; most, of a journey that is over."""
    whole = frame.end - frame.start
    ahead, held = len(facts.ahead), len(facts.held)
    filled = LEAD_MOST + SILENCE_MOST * len({each.on for each in facts.held})
    if facts.completed_on is not None:
        filled -= SILENCE_MOST if _braid_begins_at_meeting(facts, _in_order(facts)) else 0
        return min(filled, whole - frame.braid)
    if facts.ended_on is not None:
        filled = min(filled if held else filled - STEP_MOST, whole - STEP_MOST * ahead)
        return max(filled, whole / 2 if ahead else 0)
    past, time = last_on - facts.begins_on, facts.finishes_on - facts.begins_on
    return min(whole * (past / max(time, ONE_DAY)), whole - MEETING_GAP * (ahead + 1))


def _past(marks: Sequence[_Mark], facts: JourneyFacts, frame: Frame, last_on: dt.date) -> _Past:
    """The places of the marks that have room, which all meetings have; of the leaves, the oldest is left out first."""
    whole = frame.end - frame.start
    wanted = _wanted(facts, frame, last_on)
    is_over = facts.completed_on is not None or facts.ended_on is not None
    # Where what has been needs more than its share, what is to come gives way, but for its half.
    most = wanted if is_over else max(whole - MEETING_GAP * (len(facts.ahead) + 1), whole / 2)
    before_now = TODAY_FROM_MEETING
    if is_over:
        before_now = 0 if _braid_begins_at_meeting(facts, marks) else MEETING_GAP
    meetings = sum(isinstance(each.what, Meeting) for each in marks)
    least_gap = min(MEETING_GAP, (most - MEETING_GAP / 2 - before_now) / max(meetings, 1))
    gap = max(least_gap, min(WIDE_MEETING_GAP, (wanted - before_now) / max(meetings, 1) * AMPLE))
    chosen = list(marks)
    gaps = [(gap, *each) for each in LEAF_GAPS] + [(least_gap, *LEAF_GAPS[-1])]
    while True:
        for position, each in enumerate(gaps, 1):
            distances = _Distances(*each, before_now, is_over)
            least = distances.placed(chosen, frame.start, facts.begins_on, last_on, 0)[1] - frame.start
            if least <= (most + 0.001 if position == len(gaps) else wanted * AMPLE):
                return _stretched(
                    chosen, distances, frame.start, facts.begins_on, last_on, max(wanted, least)
                )
        gaps = gaps[-1:]
        leaf = next(index for index, each in enumerate(chosen) if isinstance(each.what, DrawnObjective))
        del chosen[leaf]


def _stretched(
    marks: Sequence[_Mark],
    distances: _Distances,
    start: float,
    begins_on: dt.date,
    last_on: dt.date,
    width: float,
) -> _Past:
    """The marks at their days on the scale that brings now to ``width`` after the start."""
    fits, too_wide = 0.0, width / max((last_on - begins_on).days, 1)
    for _step in range(SEARCH_STEPS):
        middle = (fits + too_wide) / 2
        if distances.placed(marks, start, begins_on, last_on, middle)[1] <= start + width:
            fits = middle
        else:
            too_wide = middle
    xs, reached = distances.placed(marks, start, begins_on, last_on, fits)
    # What is left of the width where no day has passed, and what the search did not find.
    factor = width / max(reached - start, 0.001)
    now = start + width
    latest = {mark.owner: mark for mark in marks}
    placed = tuple(
        (
            now
            if mark is latest[mark.owner] and distances.is_at_now(mark, last_on)
            else start + (x - start) * factor,
            mark,
        )
        for x, mark in zip(xs, marks, strict=True)
    )
    return _Past(placed, now, last_on)


@dataclass(frozen=True)
class _Distances:
    """How far apart marks are at least."""

    meetings: float
    leaves: float
    leaf_from_meeting: float
    meeting_before_now: float
    is_over: bool
    """Whether now is not today but where a journey ended."""

    def between(self, first: _Mark, second: _Mark) -> float:
        """Between two marks, of which ``second`` is later."""
        if isinstance(first.what, Meeting) and isinstance(second.what, Meeting):
            return self.meetings
        if isinstance(first.what, DrawnObjective) and isinstance(second.what, DrawnObjective):
            if first.owner is second.owner:
                return self.leaves
            return 0 if first.on == second.on else LEAF_FROM_LEAF_OF_OTHER
        return self.leaf_from_meeting

    def from_start(self, mark: _Mark) -> float:
        """Between where the strands begin and a mark."""
        return min(MEETING_GAP / 2, self.meetings) if isinstance(mark.what, Meeting) else LEAF_FROM_START

    def is_at_now(self, mark: _Mark, now_on: dt.date) -> bool:
        """Whether a mark hangs at now, if it is the last of its owner's: an objective of today."""
        return isinstance(mark.what, DrawnObjective) and mark.on == now_on and not self.is_over

    def to_now(self, mark: _Mark, now_on: dt.date) -> float:
        """Between a mark and now."""
        if isinstance(mark.what, Meeting):
            return self.meeting_before_now
        return 0 if self.is_at_now(mark, now_on) else self.leaf_from_meeting

    def placed(
        self, marks: Sequence[_Mark], start: float, begins_on: dt.date, now_on: dt.date, day_width: float
    ) -> tuple[list[float], float]:
        """The places of the marks and of now: each at least as far after the one before as its days are wide."""
        xs: list[float] = []
        before: dict[Role | None, tuple[float, _Mark]] = {}
        x, on = start, begins_on
        for mark in marks:
            # Distances depend on what a mark is: of each kind the last one is enough.
            apart = [other_x + self.between(other, mark) for other_x, other in before.values()]
            x = max([start + self.from_start(mark), x + day_width * max((mark.on - on).days, 0), *apart])
            xs.append(x)
            before[mark.owner] = x, mark
            on = max(on, mark.on)
        ends = [other_x + self.to_now(other, now_on) for other_x, other in before.values()]
        least = start if self.is_over else start + TODAY_FROM_START
        return xs, max([least, x + day_width * max((now_on - on).days, 0), *ends])


def _buds(
    facts: JourneyFacts,
    meetings: Sequence[float],
    past: Sequence[tuple[float, DrawnObjective]],
    now: float,
    end: float,
) -> list[tuple[float, DrawnObjective]]:
    """What was agreed and not begun: one after the other, just after now, before the next meeting if there is room."""
    buds: list[tuple[float, DrawnObjective]] = []
    # Where a journey only waits to be closed, there is no room left, and nothing before it to learn in.
    if facts.ended_on is not None or (not facts.ahead and end - now < LEAST_FOR_BUDS):
        return buds
    until_next = min((x for x in meetings if x > now), default=end)
    for role in Role:
        own = [x for x, each in past if each.owner is role]
        agreed = [
            each
            for each in facts.drawn_objectives
            if each.owner is role and each.state is ObjectiveState.AGREED
        ]
        for objective in sorted(agreed, key=lambda each: each.on)[:MOST_LEAVES]:
            # The mentor's leave the word for today its room, as long as that leaves one for them.
            after_now = (BUD_FROM_TODAY, LEAF_AFTER_NOW) if role is Role.MENTOR else (LEAF_AFTER_NOW,)
            gaps = [LEAF_FROM_BUD, *(gap for gap, _beside in LEAF_GAPS)]
            free = (
                _free(now + after, until, meetings, own, gap)
                for until, wide_enough in ((until_next, BUD_GAP), (end, LEAF_GAP))
                for after in after_now
                for gap in gaps
                if gap >= wide_enough
            )
            place = next((each for each in free if each is not None), None)
            if place is not None:
                own.append(place)
                buds.append((place, objective))
    return buds


def _free(
    begin: float, end: float, meetings: Sequence[float], leaves: Sequence[float], gap: float
) -> float | None:
    """The first place from ``begin`` on that is far enough from meetings and leaves."""
    x = begin
    while x <= end - LEAF_FROM_END:
        if all(abs(x - other) >= gap for other in leaves) and all(
            abs(x - other) >= LEAF_FROM_MEETING for other in meetings
        ):
            return x
        x += 2
    return None
