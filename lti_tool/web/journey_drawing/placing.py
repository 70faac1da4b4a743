"""Where each mark of the large drawing stands, from left to right, in the order of their moments.

What has been is drawn by time and has at least half of the width once the two have met; what is to come follows today
in equal steps. Marks that would stand on one another are moved apart, and never past one another: an objective that was
reached after a meeting is always to the right of it. Lengths are SVG user units, about a CSS pixel.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lti_tool.mentoring.roles import Role
from lti_tool.web.journey_drawing.facts import DrawnObjective, JourneyFacts, Meeting, ObjectiveState
from lti_tool.web.journey_drawing.time_scale import TimeScale

MEETING_GAP: Final = 76.0
"""Between two meetings, where there is room: as wide as what is written below one."""
WIDE_MEETING_GAP: Final = 92.0
"""The same where there is ample room: what is written below needs no second line."""
AMPLE: Final = 0.85
"""Of the even share of the width: the rest is for the differences between silences."""
LEAF_GAP: Final = 56.0
"""Between two leaves of one strand, at least."""
LEAF_FROM_MEETING: Final = 24.0
LEAF_GAPS: Final = ((116.0, 44.0), (92.0, 36.0), (74.0, LEAF_FROM_MEETING), (LEAF_GAP, LEAF_FROM_MEETING))
"""Between two leaves of one strand, and between a leaf and a meeting or now: with room for titles, the best first."""
LEAF_FROM_LEAF_OF_OTHER: Final = 10.0
"""Enough to see which of the two was first."""
LEAF_FROM_START: Final = 24.0
LEAF_AFTER_NOW: Final = 12.0
BUD_FROM_TODAY: Final = 54.0
"""For one of the mentor's, which the word for today stands beside."""
LEAF_FROM_END: Final = 24.0
TODAY_FROM_MEETING: Final = 24.0
LEAD_MOST: Final = 150.0
"""Before the first meeting, however long the two took to meet."""
SILENCE_MOST: Final = 260.0
"""What one silence may have of the width where little has been, so that strands do not run level for long."""
STEP_MOST: Final = 120.0
"""Between two of what is to come, where it leaves the past more than its half."""
BEFORE_MEETING: Final = 90.0
"""What has been, before the first meeting."""
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
    now, end = _now_and_end(facts, frame, ahead)
    last_on = max(facts.latest_on, facts.ended_on or facts.latest_on)
    if _braid_begins_at_meeting(facts, marks):
        last_on = facts.held[-1].on
    scale = _scale(facts, frame.start, now, last_on)
    xs, marks = _placed(marks, facts, scale, frame.start, now)
    step = (end - now) / (ahead + 1)
    held = [x for x, mark in zip(xs, marks, strict=True) if isinstance(mark.what, Meeting)]
    to_come = [now + step * number for number in range(1, ahead + 1)]
    past = [
        (x, mark.what) for x, mark in zip(xs, marks, strict=True) if isinstance(mark.what, DrawnObjective)
    ]
    buds = _buds(facts, [*held, *to_come], past, now, end)
    return Places(
        tuple(held),
        tuple(to_come),
        now,
        end,
        tuple(sorted([*past, *buds], key=lambda each: each[0])),
        None if facts.paused_on is None else min(scale.x(facts.paused_on), now),
    )


def _in_order(facts: JourneyFacts) -> list[_Mark]:
    """What has been, as it followed: an objective of the day of a meeting after that."""
    leaves: list[_Mark] = []
    for role in Role:
        own = [
            _Mark(min(each.on, facts.latest_on), each)
            for each in facts.drawn_objectives
            if each.owner is role and each.state is not ObjectiveState.AGREED
        ]
        leaves += sorted(own, key=lambda each: each.on)[-MOST_LEAVES:]
    return sorted([*(_Mark(each.on, each) for each in facts.held), *leaves], key=lambda each: each.on)


def _now_and_end(facts: JourneyFacts, frame: Frame, ahead: int) -> tuple[float, float]:
    """The places of now and of the end: equal steps after now, and at least half of the width before it."""
    whole = frame.end - frame.start
    steps = MEETING_GAP * (ahead + 1)
    held = len(facts.held)
    filled = LEAD_MOST + SILENCE_MOST * len({each.on for each in facts.held})
    if facts.completed_on is not None:
        filled -= SILENCE_MOST if _braid_begins_at_meeting(facts, _in_order(facts)) else 0
        return frame.start + min(filled, whole - frame.braid), frame.end
    if facts.ended_on is not None:
        filled = whole - STEP_MOST * ahead if held else min(filled - STEP_MOST, whole - STEP_MOST * ahead)
        now = frame.start + max(filled, whole / 2 if ahead else 0)
        return now, min(now + STEP_MOST * (ahead + 1), frame.end) if ahead else now
    if not held:
        begun = [each.owner for each in facts.drawn_objectives if each.state is not ObjectiveState.AGREED]
        needed = LEAF_GAPS[1][0] * max(begun.count(role) for role in Role)
        return frame.start + max(min(needed, whole / 2, whole - steps), BEFORE_MEETING), frame.end
    past = max(whole - STEP_MOST * (ahead + 1), min(MEETING_GAP * (held + 1), whole - steps))
    now = frame.start + max(min(past, filled), whole / 2)
    return now, min(frame.end, now + SILENCE_MOST * (ahead + 1))


def _braid_begins_at_meeting(facts: JourneyFacts, marks: Sequence[_Mark]) -> bool:
    """Whether the braid of completion begins at the last meeting: where no objective was reached after it."""
    return facts.completed_on is not None and bool(marks) and isinstance(marks[-1].what, Meeting)


def _scale(facts: JourneyFacts, start: float, now: float, last_on: dt.date) -> TimeScale:
    """Where the days of the past stand: by time, but what was before the first meeting is short."""
    begins = facts.begins_on
    fixed = {begins: start}
    if facts.held:
        first = facts.held[0].on
        share = (first - begins) / max(last_on - begins, dt.timedelta(days=1))
        fixed[first] = start + min(max(share * (now - start), MEETING_GAP / 2), LEAD_MOST)
    if last_on > max(fixed):
        fixed[last_on] = now
    ordered = sorted(fixed)
    return TimeScale(tuple(ordered), tuple(fixed[day] for day in ordered))


def _placed(
    marks: Sequence[_Mark], facts: JourneyFacts, scale: TimeScale, start: float, now: float
) -> tuple[list[float], list[_Mark]]:
    """The places of the marks that have room, which all meetings have; of the leaves, the oldest is left out first."""
    chosen = list(marks)
    meetings = sum(isinstance(each.what, Meeting) for each in chosen)
    before_now = TODAY_FROM_MEETING
    if facts.completed_on is not None:
        before_now = 0 if _braid_begins_at_meeting(facts, chosen) else MEETING_GAP
    elif facts.ended_on is not None:
        before_now = MEETING_GAP
    share = (now - start - MEETING_GAP / 2 - before_now) / max(meetings, 1)
    meeting_gap = min(share, max(MEETING_GAP, min(WIDE_MEETING_GAP, share * AMPLE)))
    gaps = list(LEAF_GAPS)
    while True:
        for leaf_gap, beside in gaps:
            xs = _apart(chosen, scale, start, now, _Distances(meeting_gap, leaf_gap, beside, before_now))
            if xs is not None:
                return xs, chosen
        gaps = gaps[-1:]
        leaf = next(index for index, each in enumerate(chosen) if isinstance(each.what, DrawnObjective))
        del chosen[leaf]


@dataclass(frozen=True)
class _Distances:
    """How far apart marks are at least."""

    meetings: float
    leaves: float
    leaf_from_meeting: float
    meeting_before_now: float

    def between(self, first: _Mark, second: _Mark) -> float:
        """Between two marks, of which ``second`` is later."""
        if isinstance(first.what, Meeting) and isinstance(second.what, Meeting):
            return self.meetings
        if isinstance(first.what, DrawnObjective) and isinstance(second.what, DrawnObjective):
            return self.leaves if first.what.owner is second.what.owner else LEAF_FROM_LEAF_OF_OTHER
        return self.leaf_from_meeting

    def from_start(self, mark: _Mark) -> float:
        """Between where the strands begin and a mark."""
        return min(MEETING_GAP / 2, self.meetings) if isinstance(mark.what, Meeting) else LEAF_FROM_START

    def to_now(self, mark: _Mark) -> float:
        """Between a mark and now."""
        return self.meeting_before_now if isinstance(mark.what, Meeting) else self.leaf_from_meeting


def _apart(
    marks: Sequence[_Mark], scale: TimeScale, start: float, now: float, distances: _Distances
) -> list[float] | None:
    """Places in the order of ``marks``, as near to their days as the distances allow; None where there is no room."""
    most: list[float] = []
    following: dict[Role | None, tuple[float, _Mark]] = {}
    for mark in reversed(marks):
        later = [x - distances.between(mark, other) for x, other in following.values()]
        most.append(min([now - distances.to_now(mark), *later]))
        following[mark.owner] = most[-1], mark
    most.reverse()
    placed: list[float] = []
    before: dict[Role | None, tuple[float, _Mark]] = {}
    for mark, limit in zip(marks, most, strict=True):
        # Places rise, and distances depend on what a mark is: of each kind the last one is enough.
        earlier = [x + distances.between(other, mark) for x, other in before.values()]
        least = max([start + distances.from_start(mark), *earlier])
        if least > limit + 0.001:
            return None
        placed.append(min(max(scale.x(mark.on), least), limit))
        before[mark.owner] = placed[-1], mark
    return placed


def _buds(
    facts: JourneyFacts,
    meetings: Sequence[float],
    past: Sequence[tuple[float, DrawnObjective]],
    now: float,
    end: float,
) -> list[tuple[float, DrawnObjective]]:
    """What was agreed and not begun: just after now, one after the other."""
    buds: list[tuple[float, DrawnObjective]] = []
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
            free = (
                _free(now + after, end, meetings, own, gap)
                for after in after_now
                for gap, _beside in LEAF_GAPS
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
