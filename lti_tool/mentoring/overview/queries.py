"""What the tutor's page shows of a cohort: its people, its pairs, and how far each is.

Everything is read in a fixed number of queries whatever the number of people. Nothing here changes anything.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.identity.models import CourseRole, Membership, Person, display_name
from lti_tool.mentoring.completion.queries import progress_and_approval_of
from lti_tool.mentoring.enrolment.queries import ParticipantRecord, participants_and_who_left
from lti_tool.mentoring.journey.queries import PersonCard, Progress, card, progress_from
from lti_tool.mentoring.overview.models import PairCounters
from lti_tool.mentoring.pairs.queries import PairRecord, open_pairs_of_cohort
from lti_tool.mentoring.programmes.queries import cohort, courses_of_cohort
from lti_tool.mentoring.roles import Role


@dataclass(frozen=True)
class Newcomer:
    """Somebody of the course who has not chosen a role yet."""

    person_id: uuid.UUID
    name: str | None
    has_launched: bool


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
    progress: Progress
    validated: bool

    @property
    def id(self) -> uuid.UUID:
        """The participant's id."""
        return self.card.participant_id

    @property
    def can_validate(self) -> bool:
        """Whether the rule asks for the tutor's word, and it is still missing."""
        lines = (line for top in self.progress.criteria for line in (top, *top.children))
        needed = any(line.type == "tutor_validation" for line in lines)
        return needed and not self.validated and not self.progress.completed

    @property
    def awaits_tutor(self) -> bool:
        """Whether nothing but the tutor's word is missing."""
        return self.can_validate and self.progress.status == "awaiting_tutor"


@dataclass(frozen=True)
class PairLine:
    """A pair, as the tutor sees it."""

    id: uuid.UUID
    status: str
    mentor: ParticipantLine
    mentee: ParticipantLine
    unsigned: tuple[str, ...]
    """The roles that have not signed yet."""
    confirmed: int = 0
    waiting: int = 0
    """Sessions that wait for the partner's yes."""
    disputed: int = 0
    last_held_on: dt.date | None = None
    objectives: int = 0
    objectives_reached: int = 0

    @property
    def left(self) -> tuple[ParticipantLine, ...]:
        """Those of the two who are no longer in the course."""
        return tuple(line for line in (self.mentee, self.mentor) if line.has_left)


@dataclass(frozen=True)
class CohortOverview:
    """Everything that the tutor's page shows."""

    number: int
    kind: str
    status: str
    starts_on: dt.date
    ends_on: dt.date
    follow_up_on: dt.date
    is_copy: bool
    """Whether it began with a copy of an activity of another cohort."""
    participants: tuple[ParticipantLine, ...] = ()
    newcomers: tuple[Newcomer, ...] = ()
    pairs: tuple[PairLine, ...] = ()

    @property
    def free_mentors(self) -> tuple[ParticipantLine, ...]:
        """Those who teach and can take a pair."""
        return tuple(line for line in self.participants if line.free and line.card.role == Role.MENTOR)

    @property
    def free_mentees(self) -> tuple[ParticipantLine, ...]:
        """Those who learn and can be put in a pair."""
        return tuple(line for line in self.participants if line.free and line.card.role == Role.MENTEE)

    @property
    def waiting_for_a_pair(self) -> tuple[ParticipantLine, ...]:
        """Those who have joined and are in no pair."""
        paired = {line.id for pair in self.pairs for line in (pair.mentor, pair.mentee) if not pair.left}
        return tuple(line for line in self.participants if line.free and line.id not in paired)

    @property
    def left_alone(self) -> tuple[tuple[ParticipantLine, ParticipantLine], ...]:
        """Whose only partner has left the course before they had completed, each with that partner."""
        waiting = {line.id for line in self.waiting_for_a_pair}
        found = {
            here.id: (here, gone)
            for pair in self.pairs
            for here, gone in ((pair.mentee, pair.mentor), (pair.mentor, pair.mentee))
            if gone.has_left and here.id in waiting and not here.progress.completed
        }
        return tuple(found.values())

    @property
    def awaiting_tutor(self) -> tuple[ParticipantLine, ...]:
        """Those for whom nothing but the tutor's word is missing."""
        return tuple(line for line in self.participants if line.awaits_tutor)

    @property
    def completed(self) -> int:
        """How many have completed."""
        return sum(line.progress.completed for line in self.participants)

    @property
    def confirmed_sessions(self) -> int:
        """How many meetings the pairs agree on."""
        return sum(pair.confirmed for pair in self.pairs)

    @property
    def active_pairs(self) -> int:
        """How many pairs have signed and go on."""
        return sum(pair.status == "active" for pair in self.pairs)


def overview_of(db: Session, cohort_id: uuid.UUID) -> CohortOverview:
    """The tutor's view of a cohort, and of who is in its courses without taking part yet."""
    found = cohort(db, cohort_id)
    pairs = open_pairs_of_cohort(db, cohort_id)
    lines = _participant_lines(db, cohort_id, pairs)
    by_id = {line.id: line for line in lines}
    return CohortOverview(
        number=found.number,
        kind=found.kind,
        status=found.status,
        starts_on=found.starts_on,
        ends_on=found.ends_on,
        follow_up_on=found.follow_up_on,
        is_copy=found.is_copy,
        participants=tuple(lines),
        newcomers=_newcomers(db, cohort_id, {line.person_id for line in lines}),
        pairs=_pair_lines(db, pairs, by_id),
    )


def _participant_lines(
    db: Session, cohort_id: uuid.UUID, pairs: Collection[PairRecord]
) -> list[ParticipantLine]:
    people = participants_and_who_left(db, cohort_id)
    gone = {participant_id for participant_id, (_, left) in people.items() if left}
    taken = Counter(member for pair in pairs if gone.isdisjoint(pair.members) for member in pair.members)
    progress = progress_and_approval_of(db, list(people))
    nothing = None, False
    lines = [
        ParticipantLine(
            card=dataclasses.replace(card(participant), has_left=left),
            person_id=participant.person_id,
            status=participant.status,
            free=not left and _is_free(participant, taken[participant.id]),
            has_left=left,
            progress=progress_from(progress.get(participant.id, nothing)[0]),
            validated=progress.get(participant.id, nothing)[1],
        )
        for participant, left in people.values()
    ]
    return sorted(lines, key=lambda line: ((line.card.name or "\uffff").casefold(), line.id))


def _is_free(participant: ParticipantRecord, pairs: int) -> bool:
    return not participant.withdrawn and pairs < participant.capacity


def _newcomers(db: Session, cohort_id: uuid.UUID, joined: set[uuid.UUID]) -> tuple[Newcomer, ...]:
    rows = db.execute(
        sa.select(Person, sa.func.max(Membership.launched_at))
        .join(Membership, Membership.person_id == Person.id)
        .where(
            Membership.course_id.in_(courses_of_cohort(cohort_id)),
            Membership.active,
            Membership.role == CourseRole.LEARNER,
        )
        .group_by(Person.id)
    )
    found = [
        Newcomer(person.id, display_name(person), launched_at is not None)
        for person, launched_at in rows
        if person.id not in joined
    ]
    return tuple(sorted(found, key=lambda person: ((person.name or "\uffff").casefold(), person.person_id)))


def _pair_lines(
    db: Session, pairs: Sequence[PairRecord], by_id: Mapping[uuid.UUID, ParticipantLine]
) -> tuple[PairLine, ...]:
    counters = {
        row.pair_id: row
        for row in db.scalars(
            sa.select(PairCounters).where(PairCounters.pair_id.in_([pair.id for pair in pairs]))
        )
    }
    return tuple(_pair_line(pair, by_id, counters.get(pair.id)) for pair in pairs)


def _pair_line(
    pair: PairRecord, by_id: Mapping[uuid.UUID, ParticipantLine], counters: PairCounters | None
) -> PairLine:
    line = PairLine(
        id=pair.id,
        status=pair.status,
        mentor=by_id[pair.mentor_id],
        mentee=by_id[pair.mentee_id],
        unsigned=tuple(role for role in (Role.MENTEE, Role.MENTOR) if pair.signed_at(role) is None),
    )
    if counters is None:
        return line
    return dataclasses.replace(
        line,
        confirmed=counters.confirmed,
        waiting=counters.held,
        disputed=counters.disputed,
        last_held_on=counters.last_held_on,
        objectives=counters.objectives,
        objectives_reached=counters.objectives_reached,
    )


def learner_in_cohorts_courses(db: Session, cohort_id: uuid.UUID, person_id: uuid.UUID) -> uuid.UUID | None:
    """A person's id, if they are an active learner of a course with an activity of the cohort; else None."""
    return db.scalar(
        sa.select(Membership.person_id)
        .where(
            Membership.course_id.in_(courses_of_cohort(cohort_id)),
            Membership.person_id == person_id,
            Membership.role == CourseRole.LEARNER,
            Membership.active,
        )
        .limit(1)
    )
