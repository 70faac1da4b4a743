"""What the tutor's page shows of a cohort: its people, its pairs, and how far each is.

Everything is read in six queries whatever the number of people. Nothing here changes anything.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from lti_tool.mentoring.journey import OVER, PersonCard, Progress, card, progress_from
from lti_tool.mentoring.models import (
    Cohort,
    CompletionRecord,
    MentoringSession,
    Objective,
    ObjectiveStatus,
    Pair,
    PairState,
    Participant,
    ParticipantState,
    Role,
    SessionStatus,
)
from lti_tool.mentoring.standing import Standing
from lti_tool.people import CourseRole, Membership, Person, display_name


@dataclass(frozen=True)
class NewComer:
    """Somebody of the course who has not chosen a role yet."""

    person_id: uuid.UUID
    name: str | None
    has_launched: bool


@dataclass(frozen=True)
class ParticipantLine:
    """A participant, as the tutor sees them."""

    card: PersonCard
    person_id: uuid.UUID
    state: str
    free: bool
    """Whether they can be put in (another) pair."""
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
        asked = any(line.type == "tutor_validation" for line in lines)
        return asked and not self.validated and not self.progress.completed

    @property
    def awaits_tutor(self) -> bool:
        """Whether nothing but the tutor's word is missing."""
        return self.can_validate and self.progress.standing == Standing.AWAITING_TUTOR


@dataclass(frozen=True)
class PairLine:
    """A pair, as the tutor sees it."""

    id: uuid.UUID
    state: str
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


@dataclass(frozen=True)
class CohortOverview:
    """Everything that the tutor's page shows."""

    number: int
    kind: str
    state: str
    starts_on: dt.date
    ends_on: dt.date
    follow_up_on: dt.date
    revision: int
    participants: tuple[ParticipantLine, ...] = ()
    newcomers: tuple[NewComer, ...] = ()
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
        paired = {line.id for pair in self.pairs for line in (pair.mentor, pair.mentee)}
        return tuple(line for line in self.participants if line.free and line.id not in paired)

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
        return sum(pair.state == PairState.ACTIVE for pair in self.pairs)


def overview_of(db: Session, cohort: Cohort, course_id: uuid.UUID) -> CohortOverview:
    """The tutor's view of ``cohort``, in the course whose roster lists who has not come yet."""
    pairs = list(
        db.scalars(
            sa.select(Pair)
            .where(Pair.cohort_id == cohort.id, Pair.state.not_in(OVER))
            .order_by(Pair.created_at, Pair.id)
        )
    )
    lines = _participant_lines(db, cohort, pairs)
    by_id = {line.id: line for line in lines}
    return CohortOverview(
        number=cohort.number,
        kind=cohort.kind,
        state=cohort.state,
        starts_on=cohort.starts_on,
        ends_on=cohort.ends_on,
        follow_up_on=cohort.follow_up_on,
        revision=cohort.revision,
        participants=tuple(lines),
        newcomers=_newcomers(db, course_id, {line.person_id for line in lines}),
        pairs=_pair_lines(db, cohort, pairs, by_id),
    )


def _participant_lines(db: Session, cohort: Cohort, pairs: Iterable[Pair]) -> list[ParticipantLine]:
    taken = Counter(member for pair in pairs for member in (pair.mentor_id, pair.mentee_id))
    rows = db.execute(
        sa.select(Participant, CompletionRecord)
        .outerjoin(CompletionRecord, CompletionRecord.participant_id == Participant.id)
        .where(Participant.cohort_id == cohort.id)
        .options(joinedload(Participant.person))
    )
    lines = [
        ParticipantLine(
            card=card(participant, participant.person),
            person_id=participant.person_id,
            state=participant.state,
            free=participant.state != ParticipantState.WITHDRAWN
            and taken[participant.id] < participant.capacity,
            progress=progress_from(record),
            validated=participant.tutor_validated_at is not None,
        )
        for participant, record in rows
    ]
    return sorted(lines, key=lambda line: ((line.card.name or "\uffff").casefold(), line.id))


def _newcomers(db: Session, course_id: uuid.UUID, joined: set[uuid.UUID]) -> tuple[NewComer, ...]:
    people = db.scalars(
        sa.select(Person)
        .join(Membership, Membership.person_id == Person.id)
        .where(
            Membership.course_id == course_id,
            Membership.active,
            Membership.role == CourseRole.LEARNER,
        )
    )
    found = [
        NewComer(person.id, display_name(person), person.last_launch_at is not None)
        for person in people
        if person.id not in joined
    ]
    return tuple(sorted(found, key=lambda person: ((person.name or "\uffff").casefold(), person.person_id)))


def _pair_lines(
    db: Session, cohort: Cohort, pairs: Sequence[Pair], by_id: Mapping[uuid.UUID, ParticipantLine]
) -> tuple[PairLine, ...]:
    in_cohort = sa.select(Pair.id).where(Pair.cohort_id == cohort.id)
    statuses: dict[uuid.UUID, Counter[str]] = defaultdict(Counter)
    last: dict[uuid.UUID, dt.date] = {}
    for pair_id, status, count, held_on in db.execute(
        sa.select(
            MentoringSession.pair_id,
            MentoringSession.status,
            sa.func.count(),
            sa.func.max(MentoringSession.held_on),
        )
        .where(MentoringSession.pair_id.in_(in_cohort))
        .group_by(MentoringSession.pair_id, MentoringSession.status)
    ):
        statuses[pair_id][status] = count
        if status in (SessionStatus.HELD, SessionStatus.CONFIRMED):
            last[pair_id] = max(held_on, last.get(pair_id, held_on))
    objectives: dict[uuid.UUID, Counter[str]] = defaultdict(Counter)
    for pair_id, status, count in db.execute(
        sa.select(Objective.pair_id, Objective.status, sa.func.count())
        .where(Objective.pair_id.in_(in_cohort), Objective.status != ObjectiveStatus.DROPPED)
        .group_by(Objective.pair_id, Objective.status)
    ):
        objectives[pair_id][status] = count
    return tuple(
        PairLine(
            id=pair.id,
            state=pair.state,
            mentor=by_id[pair.mentor_id],
            mentee=by_id[pair.mentee_id],
            unsigned=tuple(
                role
                for role, at in ((Role.MENTEE, pair.mentee_signed_at), (Role.MENTOR, pair.mentor_signed_at))
                if at is None
            ),
            confirmed=statuses[pair.id][SessionStatus.CONFIRMED],
            waiting=statuses[pair.id][SessionStatus.HELD],
            disputed=statuses[pair.id][SessionStatus.DISPUTED],
            last_held_on=last.get(pair.id),
            objectives=sum(objectives[pair.id].values()),
            objectives_reached=objectives[pair.id][ObjectiveStatus.REACHED],
        )
        for pair in pairs
    )


def participant_in(db: Session, cohort_id: uuid.UUID, participant_id: uuid.UUID) -> Participant | None:
    """A participant of this cohort; None for one of another."""
    participant = db.get(Participant, participant_id)
    return participant if participant is not None and participant.cohort_id == cohort_id else None


def learner_of_course(db: Session, course_id: uuid.UUID, person_id: uuid.UUID) -> Person | None:
    """A person whom the roster or a launch lists as a learner of the course; None for anybody else."""
    return db.scalars(
        sa.select(Person)
        .join(Membership, Membership.person_id == Person.id)
        .where(
            Membership.course_id == course_id,
            Membership.person_id == person_id,
            Membership.role == CourseRole.LEARNER,
            Membership.active,
        )
    ).first()
