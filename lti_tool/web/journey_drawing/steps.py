"""The drawing for a phone: a tile beside each line of a list, from top to bottom, so that the text may wrap and grow.

Both strands leave every tile upright at the same two places, so that tiles join in any order. What a tile shows is all
that is decided here; its shapes, which never change, are in the macros.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from lti_tool.mentoring.roles import Role
from lti_tool.web.journey_drawing.facts import (
    DrawnObjective,
    JourneyFacts,
    Meeting,
    MeetingState,
    ObjectiveState,
)

SHOWN_PAST_MEETINGS = 4
"""How many of the meetings held a phone shows; the earlier ones are folded."""


class Tile(enum.StrEnum):
    """What stands in a tile."""

    START = "start"
    KNOT = "knot"
    WAITING = "waiting"
    """A ring: unconfirmed or disputed."""
    NEXT = "next"
    TO_COME = "to_come"
    LEAF = "leaf"
    TODAY = "today"
    """Where what has been ends and what is to come begins."""
    END = "end"
    ENDED = "ended"
    """The pair came to its end without completion."""
    COMPLETE = "complete"


@dataclass(frozen=True)
class Solid:
    """Which of the two strands is solid on a stretch; the others are dotted."""

    mentor: bool
    mentee: bool


@dataclass(frozen=True)
class JourneyStep:
    """One line of the list and its tile."""

    tile: Tile
    on: dt.date | None
    above: Solid
    below: Solid
    meeting: Meeting | None = None
    number: int = 0
    """Which meeting it is, from 1; 0 of one to come while an earlier one is disputed."""
    objective: DrawnObjective | None = None


@dataclass(frozen=True)
class JourneySteps:
    """The list for a phone, in three parts, of which the middle one is folded."""

    first: tuple[JourneyStep, ...]
    folded: tuple[JourneyStep, ...]
    rest: tuple[JourneyStep, ...]

    @property
    def folded_meetings(self) -> int:
        """How many meetings are folded."""
        return sum(step.meeting is not None for step in self.folded)


def journey_steps(facts: JourneyFacts, *, with_today: bool = False) -> JourneySteps:
    """What happened in a pair and what is to come, from the agreement to the end.

    ``with_today``: with a line for today, unless nothing is to come.
    """
    steps = _in_order(facts)
    if with_today and steps[-1].tile is Tile.END:
        first_ahead = next(index for index, step in enumerate(steps) if index and _is_ahead(step))
        steps.insert(first_ahead, JourneyStep(Tile.TODAY, facts.today, _NEITHER, _NEITHER))
    for index, step in enumerate(steps[:-1]):
        steps[index] = replace(step, below=_between(facts, step, steps[index + 1]))
    for index in range(1, len(steps)):
        steps[index] = replace(steps[index], above=steps[index - 1].below)
    held = [index for index, step in enumerate(steps) if step.meeting is not None and step.meeting.state.held]
    fold = held[-SHOWN_PAST_MEETINGS] if len(held) > SHOWN_PAST_MEETINGS + 1 else 1
    return JourneySteps(tuple(steps[:1]), tuple(steps[1:fold]), tuple(steps[fold:]))


_NEITHER: Final = Solid(mentor=False, mentee=False)
_BOTH: Final = Solid(mentor=True, mentee=True)
_AHEAD: Final = (Tile.NEXT, Tile.TO_COME, Tile.END)


def _is_ahead(step: JourneyStep) -> bool:
    """Whether it is still to come: a meeting or the end, or an objective that is not begun."""
    is_bud = step.objective is not None and step.objective.state is ObjectiveState.AGREED
    return step.tile in _AHEAD or is_bud


def _in_order(facts: JourneyFacts) -> list[JourneyStep]:
    nothing = _NEITHER
    agreed_on = max(facts.signed_on.values()) if facts.agreed else None
    dated: list[tuple[dt.date, int, JourneyStep]] = []
    number = 0
    for meeting in facts.held:
        number += 1
        tile = Tile.KNOT if meeting.state is MeetingState.CONFIRMED else Tile.WAITING
        dated.append((meeting.on, 0, JourneyStep(tile, meeting.on, nothing, nothing, meeting, number)))
    is_due = facts.ends_on is None or facts.ends_on < facts.today
    waits_for_end = facts.held and not facts.ahead and facts.ended_on is None and is_due
    for objective in facts.drawn_objectives:
        is_past = objective.state is not ObjectiveState.AGREED
        if waits_for_end and not is_past:
            continue  # Nothing is left to learn it in; it stands among the objectives.
        on = min(objective.on, facts.latest_on) if is_past else facts.latest_on
        step = JourneyStep(Tile.LEAF, objective.on, nothing, nothing, objective=objective)
        dated.append((on, 1 if is_past else 2, step))
    dated.sort(key=lambda each: each[:2])
    steps = [JourneyStep(Tile.START, agreed_on, nothing, nothing), *(step for _on, _order, step in dated)]
    number -= facts.not_counted
    for index, meeting in enumerate(facts.ahead):
        number += 1
        tile = Tile.NEXT if index == 0 and not facts.paused else Tile.TO_COME
        planned_on = meeting.on if meeting.state is MeetingState.PLANNED else None
        steps.append(
            JourneyStep(tile, planned_on, nothing, nothing, meeting, 0 if facts.is_disputed else number)
        )
    if facts.completed_on is not None:
        steps.append(JourneyStep(Tile.COMPLETE, facts.completed_on, nothing, nothing))
    elif facts.ended_on is not None:
        steps.append(
            JourneyStep(Tile.ENDED, facts.ended_on if facts.end_is_dated else None, nothing, nothing)
        )
    else:
        is_past = facts.ends_on is not None and facts.ends_on < facts.today
        steps.append(JourneyStep(Tile.END, None if is_past else facts.ends_on, nothing, nothing))
    return steps


def _between(facts: JourneyFacts, step: JourneyStep, following: JourneyStep) -> Solid:
    """The stretch from one step to the next."""
    if facts.completed_on is not None:
        return _BOTH
    if facts.ended_on is not None and following.meeting is None:
        return _signed(facts)
    if following.tile is Tile.TODAY and facts.paused_on is not None:
        return _NEITHER
    is_start = step.tile is Tile.START
    if _is_ahead(following) or (is_start and following.tile is Tile.TODAY):
        # Whoever has signed has begun.
        return _signed(facts) if is_start else _NEITHER
    if following.meeting is None:
        return _BOTH
    return Solid(
        mentor=following.meeting.is_said_by(Role.MENTOR), mentee=following.meeting.is_said_by(Role.MENTEE)
    )


def _signed(facts: JourneyFacts) -> Solid:
    """The strands of those who have signed; both once they have met, whatever was signed."""
    has_met = bool(facts.held)
    return Solid(
        mentor=has_met or Role.MENTOR in facts.signed_on, mentee=has_met or Role.MENTEE in facts.signed_on
    )


def every_step(steps: JourneySteps) -> Sequence[JourneyStep]:
    """All of them, in order."""
    return (*steps.first, *steps.folded, *steps.rest)
