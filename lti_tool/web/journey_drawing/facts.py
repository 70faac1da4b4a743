"""What a drawing is made from: dates and states of a pair, and nothing else."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from lti_tool.mentoring.roles import Role

ONE_DAY = dt.timedelta(days=1)


class MeetingState(enum.StrEnum):
    """Where a meeting is, as far as the drawing shows it."""

    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"
    """One of the two has logged it."""
    DISPUTED = "disputed"
    PLANNED = "planned"
    EXPECTED = "expected"
    """The programme asks for it, and it has no day yet."""

    @property
    def held(self) -> bool:
        """Whether somebody says that it took place."""
        return self not in (MeetingState.PLANNED, MeetingState.EXPECTED)


@dataclass(frozen=True)
class Meeting:
    """One meeting."""

    on: dt.date
    """Its day; of one that is expected, where it is drawn."""
    state: MeetingState = MeetingState.CONFIRMED
    logged_by: Role | None = None
    minutes: int = 0
    format: str = ""
    """A code of :data:`lti_tool.web.wording.FORMATS`."""
    mode: str | None = None
    """A code of :data:`lti_tool.web.wording.MODES`; None where it is not known."""
    id: uuid.UUID | None = None
    """Of the meeting, for what stands beside it in a list."""
    proposed_minutes: int | None = None
    """What the other proposes in place of ``minutes``; None where they propose nothing else."""

    def is_said_by(self, role: Role) -> bool:
        """Whether somebody says that it was so: both once it is confirmed, before that whoever logged it."""
        if self.logged_by is None or self.state not in (MeetingState.UNCONFIRMED, MeetingState.DISPUTED):
            return True
        return role is self.logged_by


class ObjectiveState(enum.StrEnum):
    """Where an objective is, as far as the drawing shows it."""

    AGREED = "agreed"
    UNDER_WAY = "under_way"
    REACHED = "reached"


@dataclass(frozen=True)
class DrawnObjective:
    """One objective."""

    owner: Role
    """The role of the one who learns."""
    on: dt.date
    """When it was agreed, begun or reached, as its state says."""
    state: ObjectiveState = ObjectiveState.AGREED
    title: str = ""
    waits: bool = False
    """Whether the one who learns says that it is reached, and nobody has answered."""


@dataclass(frozen=True)
class JourneyFacts:
    """Everything that the drawings of one pair are made from."""

    today: dt.date
    ends_on: dt.date | None = None
    """The planned end."""
    signed_on: Mapping[Role, dt.date] = field(default_factory=dict, hash=False)
    """When each signed the agreement; only those who have."""
    meetings: tuple[Meeting, ...] = ()
    """Held and planned ones, in any order."""
    objectives: tuple[DrawnObjective, ...] = ()
    to_come: int = 0
    """How many more meetings the programme asks for, besides ``meetings``."""
    not_counted: int = 0
    """How many of the meetings held have no number: those that the programme does not count, whoever confirms them."""
    completed_on: dt.date | None = None
    ended_on: dt.date | None = None
    """When the pair came to its end without completion; ``today`` is then no later."""
    end_is_dated: bool = True
    """Whether that day is known; of a partner who has left the course it is not, and ``ended_on`` is today."""
    paused: bool = False
    paused_on: dt.date | None = None
    """Since when, where that is known."""

    @property
    def agreed(self) -> bool:
        """Whether both have signed."""
        return len(self.signed_on) == len(Role)

    @property
    def held(self) -> tuple[Meeting, ...]:
        """What took place before completion, in order."""
        return tuple(each for each in self._held if not self._is_after(each))

    @property
    def is_disputed(self) -> bool:
        """Whether the two do not agree on a meeting: which number the next one has is then open."""
        return any(each.state is MeetingState.DISPUTED for each in self.held)

    @property
    def after_completion(self) -> tuple[Meeting, ...]:
        """What took place after completion: it is listed, and not drawn."""
        return tuple(each for each in self._held if self._is_after(each))

    @property
    def _held(self) -> list[Meeting]:
        return sorted((each for each in self.meetings if each.state.held), key=lambda each: each.on)

    def _is_after(self, meeting: Meeting) -> bool:
        return self.completed_on is not None and meeting.on > self.completed_on

    @property
    def drawn_objectives(self) -> tuple[DrawnObjective, ...]:
        """Those that are drawn: at completion, what was reached by then."""
        if self.completed_on is None:
            return self.objectives
        return tuple(
            each
            for each in self.objectives
            if each.state is ObjectiveState.REACHED and each.on <= self.completed_on
        )

    @property
    def reached_after_completion(self) -> int:
        """How many objectives were reached after completion: the ring and the lists have them."""
        if self.completed_on is None:
            return 0
        reached = [each for each in self.objectives if each.state is ObjectiveState.REACHED]
        return sum(each.on > self.completed_on for each in reached)

    @property
    def begins_on(self) -> dt.date:
        """The agreement, or the first thing that happened where that was earlier; today before anything did."""
        happened = [*self.signed_on.values(), *(each.on for each in self._held)]
        return min([*happened, self.today])

    @property
    def latest_on(self) -> dt.date:
        """Today, or the last meeting where somebody has dated it later; at completion, the day of that."""
        last = self.held[-1].on if self.held else self.begins_on
        return max(last, self.completed_on or self.today)

    @property
    def finishes_on(self) -> dt.date:
        """Where the drawing ends: at completion, else the planned end, with a week for each meeting to come."""
        if self.completed_on is not None or self.ended_on is not None:
            return self.latest_on
        planned = [each.on for each in self.meetings if not each.state.held]
        least = max([self.latest_on, *planned]) + (self.to_come + 1) * 7 * ONE_DAY
        return max(self.ends_on or least, least)

    @property
    def ahead(self) -> tuple[Meeting, ...]:
        """What is planned or expected, in order; nothing once completed."""
        if self.completed_on is not None:
            return ()
        planned = sorted(
            (each for each in self.meetings if each.state is MeetingState.PLANNED), key=lambda each: each.on
        )
        since = max([self.latest_on, *(each.on for each in planned)])
        step = (self.finishes_on - since) / (self.to_come + 1)
        expected = [
            Meeting(since + step * number, MeetingState.EXPECTED) for number in range(1, self.to_come + 1)
        ]
        return (*planned, *expected)
