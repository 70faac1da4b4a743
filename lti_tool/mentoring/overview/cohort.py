"""What the tutor's page is made from: the people and pairs of a cohort, as values."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from lti_tool.mentoring.enrolment.queries import REFUSED
from lti_tool.mentoring.journey.views import PersonCard, Progress
from lti_tool.mentoring.overview.lazy_progress import LazyProgress
from lti_tool.mentoring.roles import Role
from lti_tool.translation.collation import sorted_name


@dataclass(frozen=True)
class Newcomer:
    """Somebody of the course who has not chosen a role yet."""

    person_id: uuid.UUID
    name: str | None
    has_opened: bool
    """Whether they have opened an activity of the cohort, and not another one of the course alone."""
    card: PersonCard = field(default_factory=lambda: PersonCard(uuid.UUID(int=0), ""))
    family_name: str | None = None
    group: int | None = None
    """The number of another group of the programme in the same course, to which they belong; None for most."""
    is_put_aside: bool = False
    """Whether a tutor has noted that they will take no part."""

    @property
    def sorts_as(self) -> str:
        """What puts them in the order of the alphabet."""
        return sorted_name(self.family_name, self.name)


@dataclass(frozen=True)
class ParticipantLine:
    """A participant, as the tutor sees them."""

    card: PersonCard
    person_id: uuid.UUID
    status: str
    free: bool
    """Whether they can be put in (another) pair."""
    has_left: bool
    """Whether they are no longer in the course; their pairs, meetings and grade stay as they are."""
    progress: Progress | LazyProgress
    validated: bool
    joined_at: dt.datetime | None = None
    """When they joined, or were invited."""
    listed_at: dt.datetime | None = None
    """When a roster last listed them; for somebody who has left, as far as is known, since when."""
    family_name: str | None = None
    capacity: int = 1
    """How many pairs they take at once."""
    taken: int = 0
    """In how many pairs that go on they are."""
    left_as_it_is: tuple[str, dt.datetime] | None = None
    """What of theirs asks for nothing any more, by a tutor's decision: a code, and when it came about."""
    refused_at: dt.datetime | None = None
    """When they said that they do not take part."""
    refusal_reason: str | None = None
    """A code of :data:`schemas.choices.REFUSAL_REASONS`; None where none was given."""
    taken_out_at: dt.datetime | None = None
    """When they were taken out of the programme, be it after they completed it."""
    taken_out_reason: str | None = None
    """A code of :data:`schemas.choices.TAKE_OUT_REASONS`; None where none was given."""

    @property
    def id(self) -> uuid.UUID:
        """The participant's id."""
        return self.card.participant_id

    @cached_property
    def sorts_as(self) -> str:
        """What puts them in the order of the alphabet."""
        return sorted_name(self.family_name, self.card.name)

    @property
    def can_validate(self) -> bool:
        """Whether the rule asks for the tutor's word, and it is still missing."""
        is_open = not self.validated and not self.progress.completed and self.taken_out_at is None
        return self.asks_for_approval and is_open

    @property
    def asks_for_approval(self) -> bool:
        """Whether the rule asks for the tutor's approval."""
        lines = (line for top in self.progress.criteria for line in (top, *top.children))
        return any(line.type == "tutor_validation" for line in lines)

    @property
    def awaits_tutor(self) -> bool:
        """Whether nothing but the tutor's word is missing."""
        return self.progress.status == "awaiting_tutor" and self.can_validate

    @property
    def can_take_approval_back(self) -> bool:
        """Whether an approval was given that has completed nobody yet."""
        return self.validated and not self.progress.completed


@dataclass(frozen=True)
class OpenSession:
    """A meeting that waits for an answer: held and unconfirmed, or disputed."""

    status: str
    held_on: dt.date
    minutes: int
    logged_by: uuid.UUID
    logged_on: dt.date
    dispute_reason: str | None = None

    @property
    def is_kept(self) -> bool:
        """Whether whoever noted it keeps it as it was, although the other disputed it: the two still disagree."""
        return self.status == "held" and self.dispute_reason is not None


@dataclass(frozen=True, eq=False)
class PairLine:
    """A pair, as the tutor sees it. Two are only equal when nothing has happened between two readings."""

    id: uuid.UUID
    status: str
    mentor: ParticipantLine
    mentee: ParticipantLine
    created_at: dt.datetime
    mentor_accepted_at: dt.datetime | None = None
    mentee_accepted_at: dt.datetime | None = None
    mentor_signed_at: dt.datetime | None = None
    mentee_signed_at: dt.datetime | None = None
    mentor_reminded_at: dt.datetime | None = None
    """When the mentor was last reminded of what waits for them, by whomever."""
    mentee_reminded_at: dt.datetime | None = None
    paused_until: dt.date | None = None
    """Until when a pair that is on hold is to be so; None where nobody has said so."""
    latest_at: dt.datetime | None = None
    """When something last happened in it."""
    disputed_at: dt.datetime | None = None
    """When a meeting was last disputed."""
    confirmed: int = 0
    minutes: int = 0
    """Of the confirmed meetings."""
    waiting: int = 0
    """Sessions that wait for the partner's yes."""
    disputed: int = 0
    last_held_on: dt.date | None = None
    objectives: int = 0
    objectives_reached: int = 0
    mentee_claims: int = 0
    """Objectives that the mentee says are reached, where the tutor's word settles it."""
    mentor_claims: int = 0
    claimed_at: dt.datetime | None = None
    """Since when the oldest of these waits; None where none does."""
    open_sessions: tuple[OpenSession, ...] = ()

    @property
    def both(self) -> tuple[ParticipantLine, ParticipantLine]:
        """The two, the mentee first."""
        return self.mentee, self.mentor

    @property
    def left(self) -> tuple[ParticipantLine, ...]:
        """Those of the two who are no longer in the course."""
        return tuple(line for line in self.both if line.has_left)

    @cached_property
    def is_complete(self) -> bool:
        """Whether both have completed; or the one who is still here has."""
        here = [line for line in self.both if not line.has_left] or list(self.both)
        return all(line.progress.completed for line in here)

    @cached_property
    def is_broken(self) -> bool:
        """Whether one of the two has left before the other had completed: its meetings are kept, it goes no further."""
        return bool(self.left) and not self.is_complete

    @property
    def signed_on(self) -> dt.date | None:
        """The day of the second signature."""
        if self.mentor_signed_at is None or self.mentee_signed_at is None:
            return None
        return max(self.mentor_signed_at, self.mentee_signed_at).date()

    @cached_property
    def last_met_on(self) -> dt.date | None:
        """When they last met, as far as both say that they did, even where they differ about how long or how."""
        days = [
            session.held_on
            for session in self.open_sessions
            if session.status == "disputed" and session.dispute_reason not in (None, "did-not-meet")
        ]
        return max([*days, *([self.last_held_on] if self.last_held_on is not None else [])], default=None)

    @cached_property
    def is_last_unconfirmed(self) -> bool:
        """Whether the meeting of that day waits for a yes, or the two differ about it."""
        return any(session.held_on == self.last_met_on for session in self.open_sessions)

    @property
    def accepted_at(self) -> dt.datetime | None:
        """When the second of the two accepted."""
        if self.mentor_accepted_at is None or self.mentee_accepted_at is None:
            return None
        return max(self.mentor_accepted_at, self.mentee_accepted_at)

    @property
    def target(self) -> int | None:
        """How many meetings the rule asks for; None where it counts none."""
        for line in self.both:
            if line.progress.meetings is not None:
                return line.progress.meetings.target
        return None

    @property
    def counted(self) -> int:
        """How many meetings count for the rule: those of the one who is less far."""
        values = [line.progress.meetings.value for line in self.both if line.progress.meetings is not None]
        return min(values, default=self.confirmed)

    @cached_property
    def uncounted(self) -> int:
        """How many of its confirmed meetings the rule does not count, being too short or of another format.

        Of whoever has completed it is not known any more.
        """
        if not self.confirmed:
            return 0
        measured = [line.progress.meetings for line in self.both if not line.progress.completed]
        values = [each.value for each in measured if each is not None]
        return max(0, self.confirmed - min(values)) if values else 0

    def partner_of(self, participant_id: uuid.UUID) -> ParticipantLine:
        """The other of the two."""
        return self.mentee if participant_id == self.mentor.id else self.mentor

    def reminded_at(self, line: ParticipantLine) -> dt.datetime | None:
        """When one of the two was last reminded of what waits for them, by whomever."""
        return self.mentor_reminded_at if line.card.role == Role.MENTOR else self.mentee_reminded_at

    def claims_of(self, line: ParticipantLine) -> int:
        """How many objectives one of the two says are reached, where the tutor's word settles it."""
        return self.mentor_claims if line.card.role == Role.MENTOR else self.mentee_claims

    def has_to_sign(self, line: ParticipantLine) -> bool:
        """Whether one of the two has not signed."""
        return (self.mentor_signed_at if line.card.role == Role.MENTOR else self.mentee_signed_at) is None

    def has_to_accept(self, line: ParticipantLine) -> bool:
        """Whether one of the two has not accepted."""
        return (self.mentor_accepted_at if line.card.role == Role.MENTOR else self.mentee_accepted_at) is None


@dataclass(frozen=True)
class DeclinedPair:
    """A pair that one of the two did not accept, which is nobody's fault."""

    mentor: ParticipantLine
    mentee: ParticipantLine
    by: ParticipantLine
    """Who said “not this time”."""
    reason: str | None
    """A code of :data:`schemas.choices.DECLINE_REASONS`; None where none was given."""
    at: dt.datetime

    @property
    def other(self) -> ParticipantLine:
        """The one who was to be the partner."""
        return self.mentee if self.by is self.mentor else self.mentor


@dataclass(frozen=True, eq=False)
class CohortOverview:
    """Everything that the tutor's page shows. Two are only equal when they come from one reading."""

    number: int
    kind: str
    status: str
    starts_on: dt.date
    ends_on: dt.date
    follow_up_on: dt.date
    is_copy: bool
    """Whether it began with a copy of an activity of another cohort."""
    title: Mapping[str, str] = field(default_factory=dict)
    """The programme's, by language."""
    rule: str = ""
    """The JSON of the rule in force; empty where there is none yet."""
    tutors: tuple[str, ...] = ()
    """The names of those who teach it."""
    participants: tuple[ParticipantLine, ...] = ()
    """In the order of the alphabet."""
    newcomers: tuple[Newcomer, ...] = ()
    """Those who have no role and could choose one, in the order of the alphabet."""
    of_other_groups: tuple[Newcomer, ...] = ()
    """Learners of its courses who belong to another group of the programme there, and are counted in that one alone."""
    put_aside: tuple[Newcomer, ...] = ()
    """Those without a role of whom a tutor has noted that they will take no part, in the order of the alphabet."""
    ended_pairs: int = 0
    """How many pairs have come to their end, without those that were declined."""
    pairs: tuple[PairLine, ...] = ()
    """Those that were not ended, the oldest first."""
    declined: tuple[DeclinedPair, ...] = ()
    awaited: int = 0
    """How many people a list has named who are in none of its courses."""
    state: tuple[int, int] | None = None
    """As :func:`lti_tool.events.log.state_columns` gives it, read before anything else was; None without people."""

    @cached_property
    def latest_declined(self) -> Mapping[uuid.UUID, DeclinedPair]:
        """Of each participant whom one concerns, the pair that was declined last."""
        in_order = sorted(self.declined, key=lambda pair: pair.at)
        return {line.id: pair for pair in in_order for line in (pair.mentor, pair.mentee)}

    @property
    def people(self) -> int:
        """How many people the page shows, each in one place: a row, or a list of those without a pair."""
        return len(self.participants) + len(self.newcomers) + len(self.put_aside)

    @cached_property
    def left_as_they_are(self) -> frozenset[tuple[uuid.UUID, str, dt.datetime]]:
        """Whose grade (a person's) was left as it is: with the code of what it was, and when that came about."""
        return frozenset(
            (line.person_id, *line.left_as_it_is) for line in self.participants if line.left_as_it_is
        )

    @property
    def free_mentors(self) -> tuple[ParticipantLine, ...]:
        """Those who teach and can take a pair."""
        return tuple(line for line in self.participants if line.free and line.card.role == Role.MENTOR)

    @property
    def free_mentees(self) -> tuple[ParticipantLine, ...]:
        """Those who learn and can be put in a pair."""
        return tuple(line for line in self.participants if line.free and line.card.role == Role.MENTEE)

    @cached_property
    def in_rows(self) -> frozenset[uuid.UUID]:
        """The participants of the table of pairs: those of a pair that goes on or has completed."""
        return frozenset(line.id for pair in self.pairs if not pair.is_broken for line in pair.both)

    @property
    def only_proposed(self) -> frozenset[uuid.UUID]:
        """Those of :attr:`in_rows` who are in no pair that both have accepted."""
        rows = [pair for pair in self.pairs if not pair.is_broken and pair.status != "proposed"]
        return self.in_rows - {line.id for pair in rows for line in pair.both}

    @cached_property
    def waiting_for_a_pair(self) -> tuple[ParticipantLine, ...]:
        """Those who are in no pair that goes on, and have not completed in one."""
        return tuple(
            line
            for line in self.participants
            if line.free and line.id not in self.in_rows and not line.progress.completed
        )

    @cached_property
    def gone(self) -> tuple[ParticipantLine, ...]:
        """Those who have left the course, and are in no row of the table of pairs nor taken out of the programme."""
        return tuple(
            line
            for line in self.participants
            if line.has_left and line.id not in self.in_rows and line.taken_out_at is None
        )

    @cached_property
    def refused(self) -> tuple[ParticipantLine, ...]:
        """Those who were invited, and have said that they do not take part."""
        return tuple(
            line
            for line in self.participants
            if line.status == REFUSED and not line.has_left and line.id not in self.in_rows
        )

    @cached_property
    def taken_out(self) -> tuple[ParticipantLine, ...]:
        """Those whom a tutor or an owner took out of the programme."""
        return tuple(line for line in self.participants if line.taken_out_at is not None)

    @cached_property
    def not_taking_part(self) -> tuple[ParticipantLine | Newcomer, ...]:
        """Everybody who takes no part, or none any more, without those who have just left the course."""
        return *self.taken_out, *self.refused, *self.put_aside

    @cached_property
    def finished_alone(self) -> tuple[ParticipantLine, ...]:
        """Those who have completed, or can take no part, and are in no row of the table of pairs."""
        elsewhere = (*self.waiting_for_a_pair, *self.gone, *self.refused, *self.taken_out)
        known = self.in_rows | {line.id for line in elsewhere}
        return tuple(line for line in self.participants if line.id not in known)

    @cached_property
    def without_role(self) -> tuple[Newcomer, ...]:
        """Those who have opened the activity and chosen no role."""
        return tuple(person for person in self.newcomers if person.has_opened)

    @cached_property
    def never_opened(self) -> tuple[Newcomer, ...]:
        """Those who have never opened the activity."""
        return tuple(person for person in self.newcomers if not person.has_opened)

    @cached_property
    def left_alone(self) -> tuple[tuple[ParticipantLine, ParticipantLine, PairLine], ...]:
        """Whose only partner has left the course before they had completed, with that partner and their pair."""
        waiting = {line.id for line in self.waiting_for_a_pair}
        found = {
            here.id: (here, gone, pair)
            for pair in self.pairs
            for here, gone in (pair.both, pair.both[::-1])
            if gone.has_left and here.id in waiting
        }
        return tuple(found.values())

    @cached_property
    def uncounted_sessions(self) -> int:
        """How many of these the rule does not count."""
        return sum(pair.uncounted for pair in self.pairs)

    @property
    def confirmed_sessions(self) -> int:
        """How many meetings the pairs agree on."""
        return sum(pair.confirmed for pair in self.pairs)
