"""The values that a learner's pages show: a participant, their pairs, meetings, objectives, and how far they are.

:mod:`lti_tool.mentoring.journey.queries` makes them of what is stored; the tutor's preview makes them by hand.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lti_tool.mentoring.journey.initials import initials
from lti_tool.mentoring.journey.steps import URGENCY, Step, step_of
from lti_tool.mentoring.profiles.queries import NO_PROFILE, Profile
from lti_tool.mentoring.programmes.tutor_queries import TutorRecord


@dataclass(frozen=True)
class PersonCard:
    """A participant as others see them; ``name`` is None where the LMS shares none."""

    participant_id: uuid.UUID
    role: str
    name: str | None = None
    given_name: str | None = None
    has_left: bool = False
    """Whether they are no longer in the course, as far as whoever made the card asked."""

    @property
    def initials(self) -> str:
        """One or two capitals for the round badge; empty without a name."""
        return initials(self.name, self.given_name)


@dataclass(frozen=True)
class SessionLine:
    """One mentoring session, seen by one of the pair."""

    id: uuid.UUID
    held_on: dt.date
    minutes: int
    format: str
    status: str
    mine: bool
    """Whether the one who looks logged it."""
    revision: int = 0
    """Raised by every correction; an answer says which one it is about."""
    dispute_reason: str | None = None
    mode: str | None = None
    """How the two spoke; None where nobody was asked."""
    logged_at: dt.datetime | None = None
    answered_at: dt.datetime | None = None
    """When the partner of its logger confirmed or disputed it."""
    proposed_on: dt.date | None = None
    proposed_minutes: int | None = None
    proposed_mode: str | None = None
    proposed_format: str | None = None
    """What the partner proposes in place of what was logged, where they dispute it and it differs."""

    @property
    def to_confirm(self) -> bool:
        """The partner logged it, and waits for a yes."""
        return self.status == "held" and not self.mine

    @property
    def is_kept(self) -> bool:
        """Its logger keeps to it although the other said that it was not so: the two have to talk."""
        return self.status == "held" and self.dispute_reason is not None

    @property
    def to_correct(self) -> bool:
        """The partner said that it was not so: to correct or to take back."""
        return self.status == "disputed" and self.mine

    @property
    def is_proposed(self) -> bool:
        """Whether whoever disputes it proposes something in its place."""
        return bool(self.changes)

    @property
    def changes(self) -> tuple[str, ...]:
        """What whoever disputes it proposes to change: names of its fields."""
        proposed = {
            "held_on": self.proposed_on,
            "minutes": self.proposed_minutes,
            "mode": self.proposed_mode,
            "format": self.proposed_format,
        }
        return tuple(name for name, value in proposed.items() if value is not None)

    @property
    def proposal(self) -> SessionLine:
        """The meeting as whoever disputes it proposes it."""
        return dataclasses.replace(
            self,
            held_on=self.proposed_on or self.held_on,
            minutes=self.proposed_minutes or self.minutes,
            mode=self.proposed_mode or self.mode,
            format=self.proposed_format or self.format,
        )

    @property
    def can_change(self) -> bool:
        """Whether the one who looks sees a way to put it right: its logger, as long as it stands."""
        return self.mine and self.correctable

    @property
    def correctable(self) -> bool:
        """Neither taken back nor cancelled."""
        return self.status in ("held", "confirmed", "disputed")


@dataclass(frozen=True)
class ObjectiveLine:
    """One objective, seen by one of the pair."""

    id: uuid.UUID
    title: str
    direction: str
    tag: str
    required: bool
    status: str
    mine: bool
    """Whether the one who looks is the one who learns."""
    proposed_by_me: bool = False
    """Whether the one who looks wrote what it says now."""
    revision: int = 0
    """Raised by every edit; an answer says which one it is about."""
    since: dt.datetime | None = None
    """When it came to its present status."""
    target_on: dt.date | None = None
    worked_on: dt.date | None = None
    """The day of the latest meeting that was about it."""
    level: int | None = None
    """The level of the skill that it leads to, from 1 to 5."""
    trend: bool = False
    accepts: tuple[str, ...] = ("partner",)
    """Whose word is enough for it to be reached."""
    catalogue_code: str | None = None
    """Of the objective of the programme's catalogue that it is."""
    skill: str | None = None
    """The code of a skill of the programme; None where it is about none in particular."""
    was_agreed: bool = False
    """Whether both have agreed to it once, in whatever wording."""
    refused_by: str | None = None
    """Who said no to it, where its status comes from that: ``partner``, the other of the two, or ``tutor``."""
    refusal_is_read: bool = False

    @property
    def open(self) -> bool:
        """Agreed by both, and still being worked on."""
        return self.status in ("agreed", "in_progress")

    @property
    def to_agree(self) -> bool:
        """The partner proposed it, or changed it, and waits for a yes."""
        return self.status == "proposed" and not self.proposed_by_me

    @property
    def can_decline(self) -> bool:
        """Whether a no takes it off the list; one to which both had agreed is reworded, or removed by who learns."""
        return self.to_agree and not self.was_agreed

    @property
    def declined(self) -> bool:
        """One of the two did not want what the other proposed."""
        return self.status == "withdrawn" and self.refused_by is not None

    @property
    def refusal_to_read(self) -> bool:
        """The partner did not want it, or it is not reached yet, and the one who looks has not read so."""
        if self.refused_by is None or self.refusal_is_read:
            return False
        return self.proposed_by_me if self.declined else self.mine

    @property
    def moved_by_me(self) -> bool:
        """Whether the one who looks claimed it, gave it up or declined it, and nobody has read so."""
        if self.declined:
            return not self.proposed_by_me and not self.refusal_is_read
        return self.mine and self.status in ("claimed", "withdrawn")

    @property
    def can_edit(self) -> bool:
        """Whether what it says can still change."""
        return self.open or self.status == "proposed"

    @property
    def to_confirm(self) -> bool:
        """The partner says that they reached it, and waits for a yes."""
        return self.status == "claimed" and not self.mine and "partner" in self.accepts

    @property
    def awaits_me(self) -> bool:
        """It waits for a yes of the one who looks."""
        return self.to_agree or self.to_confirm

    @property
    def for_tutor(self) -> bool:
        """Whether the tutor may confirm it, and therefore sees its title."""
        return "tutor" in self.accepts


@dataclass(frozen=True)
class PairView:
    """A pair, seen by one of the two."""

    id: uuid.UUID
    status: str
    partner: PersonCard
    charter_version: str
    accepted_by_me_at: dt.datetime | None = None
    accepted_by_partner_at: dt.datetime | None = None
    signed_by_me_at: dt.datetime | None = None
    signed_by_partner_at: dt.datetime | None = None
    sessions: tuple[SessionLine, ...] = ()
    """The latest first; without those that were removed."""
    objectives: tuple[ObjectiveLine, ...] = ()
    """In the order in which they were set; without those that were removed."""
    objectives_given_up: tuple[ObjectiveLine, ...] = ()
    """Those that were removed."""
    about_partner: Profile = NO_PROFILE
    """What the partner says of themselves; how to reach them once both have accepted."""

    reminded_me_at: dt.datetime | None = None
    """When the partner last reminded me of what waits for me."""
    reminded_partner_at: dt.datetime | None = None
    end_reason: str | None = None
    ended_at: dt.datetime | None = None
    paused_at: dt.datetime | None = None
    """Since when it is on hold."""
    paused_until: dt.date | None = None
    """Until when it is to be on hold; None where nobody has said so."""
    declined_by_me: bool = False

    @property
    def declined(self) -> bool:
        """One of the two did not accept."""
        return self.end_reason == "declined"

    @property
    def unconfirmed(self) -> SessionLine | None:
        """The oldest meeting that I logged and the partner has not answered."""
        return next((line for line in reversed(self.sessions) if line.status == "held" and line.mine), None)

    @property
    def uncorrected(self) -> SessionLine | None:
        """The oldest meeting of the partner's that I said was not so."""
        found = (line for line in reversed(self.sessions) if line.status == "disputed" and not line.mine)
        return next(found, None)

    @property
    def active(self) -> bool:
        """Both have signed, and the pair goes on."""
        return self.status == "active"

    @property
    def can_meet(self) -> bool:
        """The pair goes on, and the partner is there."""
        return self.active and not self.partner.has_left

    @property
    def sessions_to_confirm(self) -> tuple[SessionLine, ...]:
        """What the partner logged and waits for, the oldest first."""
        return tuple(reversed([line for line in self.sessions if line.to_confirm]))

    @property
    def objectives_to_confirm(self) -> tuple[ObjectiveLine, ...]:
        """What the partner says is reached."""
        return tuple(line for line in self.objectives if line.to_confirm)

    @property
    def objectives_to_agree(self) -> tuple[ObjectiveLine, ...]:
        """What the partner proposed, or changed."""
        return tuple(line for line in self.objectives if line.to_agree)

    @property
    def refusals_to_read(self) -> tuple[ObjectiveLine, ...]:
        """What the partner did not want, and what is not reached yet, until the one who looks has read so."""
        return tuple(line for line in (*self.objectives_given_up, *self.objectives) if line.refusal_to_read)

    @property
    def sessions_to_correct(self) -> tuple[SessionLine, ...]:
        """What I logged and the partner did not recognise."""
        return tuple(line for line in self.sessions if line.to_correct)

    @property
    def last_session(self) -> SessionLine | None:
        """The latest meeting that stands; None before the first."""
        return next((line for line in self.sessions if line.status != "disputed"), None)


@dataclass(frozen=True)
class CriterionLine:
    """One line of “what is still needed”; the shape of the stored explanation."""

    type: str
    value: int
    target: int
    satisfied: bool
    params: Mapping[str, Any] = field(default_factory=dict)
    children: tuple[CriterionLine, ...] = ()

    @property
    def least_minutes(self) -> int:
        """How long a meeting has to be to be counted; 0 where any will do."""
        return int(self.params.get("min_minutes_each") or 0)

    def leaves_out(self, minutes: int, format: str) -> str | None:
        """Why a meeting is not counted, whoever confirms it: ``minutes`` or ``format``; None where it is."""
        if minutes < self.least_minutes:
            return "minutes"
        formats = self.params.get("formats", ("*",))
        return None if "*" in formats or format in formats else "format"


@dataclass(frozen=True)
class Progress:
    """How far a participant is."""

    score: int = 0
    status: str = "onboarded"
    criteria: tuple[CriterionLine, ...] = ()
    completed_at: dt.datetime | None = None

    @property
    def counts_required_objectives(self) -> bool:
        """Whether the rule asks for the required objectives, in one of its criteria or in one within another."""
        lines = list(self.criteria)
        while lines:
            line = lines.pop()
            if line.type == "objectives" and line.params.get("which") == "required":
                return True
            lines += line.children
        return False

    @property
    def completed(self) -> bool:
        """Whether the journey is complete, and counted as such."""
        return self.status == "satisfied"

    @property
    def meetings(self) -> CriterionLine | None:
        """The criterion that counts meetings, if the rule has one: it is drawn as a path."""
        for line in self.criteria:
            for candidate in (line, *line.children):
                if candidate.type == "sessions":
                    return candidate
        return None


@dataclass(frozen=True)
class Journey:
    """Everything that a participant's home shows."""

    me: PersonCard
    status: str
    cohort_id: uuid.UUID
    progress: Progress
    pairs: tuple[PairView, ...] = ()
    """Those that go on, the oldest first."""
    about_me: Profile = NO_PROFILE
    """What they say of themselves."""
    tutor: TutorRecord | None = None
    """Who looks after the group; None where the platform shares no name."""

    def pair(self, wanted: uuid.UUID | None = None) -> PairView | None:
        """The pair that was asked for; else the one in which something waits for an answer; else the first."""
        if wanted is not None:
            return next((pair for pair in self.pairs if pair.id == wanted), None)
        return min(self.pairs, key=lambda pair: URGENCY.index(self.step(pair)), default=None)

    def step(self, pair: PairView | None) -> Step:
        """What is next, seen from ``pair``."""
        return step_of(self.progress, pair)
