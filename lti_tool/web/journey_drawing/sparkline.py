"""The small drawing, at most 20 pixels high: two strands that touch at a bead for each meeting.

In a table of pairs all share one :class:`TimeAxis`, so that rhythm and silence are seen without reading; alone, the
meetings stand at equal steps.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Final

from lti_tool.mentoring.roles import Role
from lti_tool.web.journey_drawing.facts import JourneyFacts, Meeting, MeetingState
from lti_tool.web.journey_drawing.strands import Crossing, Node, Strand, crossings, strand
from lti_tool.web.journey_drawing.time_scale import even_scale, kept_apart

MARGIN: Final = 4.0
"""Left and right of a time axis, for half a bead."""
MONTH_LETTER: Final = 13.0
"""From where a month begins to the right edge of its letter."""


@dataclass(frozen=True)
class Size:
    """How large a small drawing is; SVG user units, about a CSS pixel."""

    height: float
    rest: float
    """How far a strand is from the middle between meetings."""
    touch: float
    """The same at a meeting."""
    gap: float
    """Between two meetings, where there is room."""
    braid: float
    """A half-turn of the braid at completion."""
    bead: float
    """The radius of a bead, at most."""
    dot_step: float = 0.0
    """From one dot of what is to come to the next, as drawing.css has it; 0 where they are too small to be placed."""

    @property
    def reach(self) -> float:
        """The longest way from a meeting to where the strands are at rest: farther apart, they run level."""
        return 3 * self.rest


IN_TABLE: Final = Size(height=16, rest=5, touch=0.8, gap=4.5, braid=5, bead=1.9)
LARGER: Final = Size(height=44, rest=11, touch=0, gap=30, braid=12, bead=5, dot_step=7.1)


@dataclass(frozen=True)
class TimeAxis:
    """The time that every row of a table shows, from left to right."""

    first: dt.date
    last: dt.date
    width: float = 112.0

    def x(self, day: dt.date) -> float:
        """Where a day stands; at an end of the axis for one beyond it."""
        return even_scale(self.first, self.last, MARGIN, self.width - MARGIN).x(day)

    def months(self) -> list[tuple[float, dt.date]]:
        """Where each month begins that has room for its letter on the axis, and its first day, for the table's head."""
        found: list[tuple[float, dt.date]] = []
        day = self.first.replace(day=1)
        while day <= self.last:
            if day >= self.first and self.x(day) + MONTH_LETTER <= self.width:
                found.append((self.x(day), day))
            day = (day + dt.timedelta(days=32)).replace(day=1)
        return found


RING_CLEAR: Final = 4.0
"""Between a ring and the nearest dot."""


class BeadKind(enum.StrEnum):
    """What stands where the strands touch."""

    HELD = "held"
    WAITING = "waiting"
    """Unconfirmed or disputed: somebody has to answer."""
    NEXT = "next"
    TO_COME = "to_come"
    COMPLETE = "complete"


RING_RADII: Final = {BeadKind.WAITING: 8.0, BeadKind.NEXT: 14.0, BeadKind.TO_COME: 7.0}
"""Of the larger drawing, where no dots stand."""


@dataclass(frozen=True)
class Bead:
    """One of them."""

    x: float
    kind: BeadKind


@dataclass(frozen=True)
class Sparkline:
    """The small drawing, in numbers and path strings."""

    facts: JourneyFacts
    mentor: Strand
    mentee: Strand
    crossings: tuple[Crossing, ...]
    beads: tuple[Bead, ...]
    bead_radius: float
    start: float
    """Where the strands begin."""
    has_bar: bool
    """Whether a bar stands there for the agreement: signed by both, and with room before the first meeting."""
    width: float
    size: Size
    ended_at: float | None = None
    """Where the bar of an end without completion stands; None where the journey goes on, and in a table."""

    @property
    def strands(self) -> tuple[Strand, Strand]:
        """The mentor's and the mentee's."""
        return self.mentor, self.mentee

    @property
    def height(self) -> float:
        """Of the whole drawing."""
        return self.size.height

    @property
    def dot_step(self) -> float:
        """Between two dots of what is to come; 0 where they are too small to be placed."""
        return self.size.dot_step

    @property
    def middle(self) -> float:
        """The y of the beads."""
        return self.size.height / 2


@lru_cache(maxsize=2048)
def sparkline(facts: JourneyFacts, axis: TimeAxis) -> Sparkline:
    """The small drawing of a pair, on the time axis of its table; made once, since tables show the same pairs often."""
    held = facts.held
    meetings = [*held, *facts.ahead]
    start, end = axis.x(facts.begins_on), axis.x(facts.finishes_on)
    end = max(end, min(start + IN_TABLE.gap, axis.width - MARGIN))
    xs = kept_apart([axis.x(each.on) for each in meetings], gap=IN_TABLE.gap, left=start, right=end)
    today = axis.x(facts.today) if facts.completed_on is None else end
    if held:
        today = max(today, xs[len(held) - 1])
    if len(xs) > len(held):
        today = min(today, xs[len(held)])
    return _drawn(facts, meetings, xs, start, end, today, axis.width, IN_TABLE)


def in_equal_steps(facts: JourneyFacts, *, width: float = 340.0) -> Sparkline:
    """The small drawing of a pair by itself: a bead at equal distances for each meeting, without dates."""
    held = facts.held
    meetings = [*held, *facts.ahead]
    start, end = 2.0, width - 16
    step = (end - start) / (len(meetings) + 1)
    xs = [start + step * number for number in range(1, len(meetings) + 1)]
    if facts.completed_on is not None:
        xs = kept_apart(xs, gap=step, left=start, right=end - 3 * LARGER.braid)
        today = end
    elif facts.ended_on is not None:
        drawn = _drawn(facts, meetings, xs, start, end, end, width, LARGER)
        return replace(drawn, ended_at=end)
    else:
        today = start + step * (len(held) + 0.5)
    return _drawn(facts, meetings, xs, start, end, today, width, LARGER)


def all_to_come(stops: int, *, width: float, start: float = 2.0) -> Sparkline:
    """So many stops at equal steps and a braid into the end, all of it still to come and nobody at any of it.

    It ends twelve units before ``width``, for half of the sign that stands there.
    """
    facts = JourneyFacts(dt.date(2001, 1, 1), to_come=stops)
    end = width - 12
    step = (end - start) / (stops + 1.4)
    xs = [start + step * number for number in range(1, stops + 1)]
    size = replace(LARGER, braid=18)
    return _drawn(facts, facts.ahead, xs, start, end, start - 1, width, size, closes=True)


def _drawn(
    facts: JourneyFacts,
    meetings: Sequence[Meeting],
    xs: Sequence[float],
    start: float,
    end: float,
    today: float,
    width: float,
    size: Size,
    *,
    closes: bool = False,
) -> Sparkline:
    """``closes``: with a braid at the end, although nobody has completed, and with no next stop."""
    complete = facts.completed_on is not None
    lead = xs[0] - start if xs else size.reach
    nodes = [Node(start, min(size.rest, max(lead / 2, size.touch)))]
    for x in xs:
        nodes += _way_to(x, nodes, size)
        nodes.append(Node(x, min(size.touch, size.rest), size.gap))
    if complete or closes:
        nodes = _with_braid(nodes, end, size)
    elif end > nodes[-1].x:
        left = end - nodes[-1].x
        if xs and left > size.reach:
            nodes.append(Node(nodes[-1].x + size.reach, size.rest))
        nodes.append(Node(end, min(size.rest, left / 2) if xs else size.rest))
    ahead = len(facts.held)
    beads = [Bead(x, _kind(each)) for x, each in zip(xs, meetings, strict=True)]
    if ahead < len(beads) and not (facts.paused or closes):
        beads[ahead] = Bead(beads[ahead].x, BeadKind.NEXT)
    rings = [
        (bead.x, RING_RADII[bead.kind] + RING_CLEAR)
        for bead in beads
        if size.dot_step and bead.kind in RING_RADII
    ]
    mentor, mentee = (
        strand(
            role,
            nodes,
            middle=size.height / 2,
            solid_until=today,
            solid=lambda _index, role=role: bool(facts.held) or role in facts.signed_on,  # type: ignore[misc]
            rings=rings,
        )
        for role in (Role.MENTOR, Role.MENTEE)
    )
    if complete:
        beads = [*(bead for bead in beads if bead.x < end - size.gap / 2), Bead(end, BeadKind.COMPLETE)]
    closest = min((after.x - before.x for before, after in pairwise(beads)), default=size.gap)
    return Sparkline(
        facts,
        mentor,
        mentee,
        crossings(mentor, mentee),
        tuple(beads),
        max(min(size.bead, closest * 0.45), size.bead / 3),
        start,
        facts.agreed and lead >= size.reach,
        width,
        size,
    )


def _way_to(x: float, nodes: Sequence[Node], size: Size) -> list[Node]:
    """What the strands pass on the way to a meeting: out to where they rest, level while it lasts, and back."""
    last = nodes[-1].x
    gap = x - last
    if len(nodes) == 1:
        return [Node(x - size.reach, size.rest)] if gap > size.reach else []
    if gap > 2 * size.reach:
        return [Node(last + size.reach, size.rest), Node(x - size.reach, size.rest)]
    return [Node(last + gap / 2, min(size.rest, gap / 2))]


def _with_braid(nodes: list[Node], end: float, size: Size) -> list[Node]:
    """Half-turns into the green disc: in what is left after the last meeting but one, or after the last."""
    at_meetings = [nodes[0].x, *(each.x for each in nodes if each.level == size.gap)]
    braid_from = at_meetings[-1 if end - at_meetings[-1] >= 2 * size.braid else max(-2, -len(at_meetings))]
    kept = [node for node in nodes if node.x <= braid_from]
    turns = max(int((end - braid_from) / size.braid), 3)
    step = (end - braid_from) / turns
    side = 1
    for number in range(1, turns):
        kept.append(Node(braid_from + step * (number - 0.5), side * size.rest / 2, crossed=number > 1))
        side = -side
    kept.append(Node(end, side * size.touch, crossed=True))
    return kept


def _kind(meeting: Meeting) -> BeadKind:
    if meeting.state is MeetingState.CONFIRMED:
        return BeadKind.HELD
    return BeadKind.WAITING if meeting.state.held else BeadKind.TO_COME
