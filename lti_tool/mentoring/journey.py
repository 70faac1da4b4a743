"""What a learner's pages show: read-side queries, and the values that they return.

Nothing here changes anything. A page asks for a :class:`Journey` and renders it; the same values, made by hand,
feed the tutor's preview (:mod:`lti_tool.mentoring.sample`).
"""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from lti_tool.mentoring.models import (
    Cohort,
    CompletionRecord,
    MentoringSession,
    Objective,
    ObjectiveStatus,
    Pair,
    PairState,
    Participant,
    Programme,
    Role,
    SessionStatus,
)
from lti_tool.mentoring.standing import Standing
from lti_tool.people import Person, display_name

OVER = (PairState.CLOSED, PairState.ENDED)


@dataclass(frozen=True)
class PersonCard:
    """A participant as others see them; ``name`` is None where the LMS shares none."""

    participant_id: uuid.UUID
    role: str
    name: str | None = None
    given_name: str | None = None

    @property
    def initials(self) -> str:
        """One or two capitals for the round badge; empty without a name."""
        words = [word for word in (self.name or "").replace("-", " ").split() if word[0].isalpha()]
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


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
    dispute_reason: str | None = None

    @property
    def to_confirm(self) -> bool:
        """The partner logged it, and waits for a yes."""
        return self.status == SessionStatus.HELD and not self.mine

    @property
    def to_mend(self) -> bool:
        """The partner said that it was not so: to correct or to take back."""
        return self.status == SessionStatus.DISPUTED and self.mine

    @property
    def can_change(self) -> bool:
        """Whether the one who looks sees a way to put it right: its logger, as long as it stands."""
        return self.mine and self.correctable

    @property
    def correctable(self) -> bool:
        """Neither taken back nor cancelled."""
        return self.status in (SessionStatus.HELD, SessionStatus.CONFIRMED, SessionStatus.DISPUTED)


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

    @property
    def open(self) -> bool:
        """Still being worked on."""
        return self.status in (ObjectiveStatus.AGREED, ObjectiveStatus.IN_PROGRESS)

    @property
    def to_confirm(self) -> bool:
        """The partner says that they reached it, and waits for a yes."""
        return self.status == ObjectiveStatus.CLAIMED and not self.mine


@dataclass(frozen=True)
class PairView:
    """A pair, seen by one of the two."""

    id: uuid.UUID
    state: str
    partner: PersonCard
    charter_version: str
    signed_by_me_at: dt.datetime | None = None
    signed_by_partner_at: dt.datetime | None = None
    sessions: tuple[SessionLine, ...] = ()
    """The latest first; without those taken back."""
    objectives: tuple[ObjectiveLine, ...] = ()
    """In the order in which they were set; without those dropped."""

    @property
    def active(self) -> bool:
        """Both have signed, and the pair goes on."""
        return self.state == PairState.ACTIVE

    @property
    def sessions_to_confirm(self) -> tuple[SessionLine, ...]:
        """What the partner logged and waits for, the oldest first."""
        return tuple(reversed([line for line in self.sessions if line.to_confirm]))

    @property
    def objectives_to_confirm(self) -> tuple[ObjectiveLine, ...]:
        """What the partner says is reached."""
        return tuple(line for line in self.objectives if line.to_confirm)

    @property
    def sessions_to_mend(self) -> tuple[SessionLine, ...]:
        """What I logged and the partner did not recognise."""
        return tuple(line for line in self.sessions if line.to_mend)

    @property
    def last_format(self) -> str | None:
        """How the two met last; None before the first time."""
        return self.sessions[0].format if self.sessions else None


@dataclass(frozen=True)
class CriterionLine:
    """One line of “what is still needed”; the shape of the stored explanation."""

    type: str
    value: int
    target: int
    satisfied: bool
    params: Mapping[str, Any] = field(default_factory=dict)
    children: tuple[CriterionLine, ...] = ()


@dataclass(frozen=True)
class Progress:
    """How far a participant is."""

    score: int = 0
    standing: str = Standing.ONBOARDED
    criteria: tuple[CriterionLine, ...] = ()
    completed_at: dt.datetime | None = None

    @property
    def completed(self) -> bool:
        """Whether the journey is complete, and counted as such."""
        return self.standing == Standing.SATISFIED

    @property
    def meetings(self) -> CriterionLine | None:
        """The criterion that counts meetings, if the rule has one: it is drawn as a path."""
        for line in self.criteria:
            for candidate in (line, *line.children):
                if candidate.type == "sessions":
                    return candidate
        return None


class Step(enum.StrEnum):
    """What is next for a participant: one thing at a time, in this order."""

    CONFIRM_SESSION = "confirm_session"
    MEND_SESSION = "mend_session"
    SIGN = "sign"
    CONFIRM_OBJECTIVE = "confirm_objective"
    WAIT_FOR_PAIR = "wait_for_pair"
    WAIT_FOR_SIGNATURE = "wait_for_signature"
    WAIT_FOR_TUTOR = "wait_for_tutor"
    COMPLETED = "completed"
    MEET = "meet"
    PAUSED = "paused"


@dataclass(frozen=True)
class Journey:
    """Everything that a participant's home shows."""

    me: PersonCard
    state: str
    cohort_id: uuid.UUID
    progress: Progress
    pairs: tuple[PairView, ...] = ()
    """Those that go on, the oldest first."""

    def pair(self, wanted: uuid.UUID | None = None) -> PairView | None:
        """The pair that was asked for; else the one in which something waits for an answer; else the first."""
        if wanted is not None:
            return next((pair for pair in self.pairs if pair.id == wanted), None)
        return min(self.pairs, key=_urgency, default=None)

    def step(self, pair: PairView | None) -> Step:
        """What is next, seen from ``pair``."""
        if pair is None:
            return Step.COMPLETED if self.progress.completed else Step.WAIT_FOR_PAIR
        step = _PAIR_STEPS[_urgency(pair)]
        if step is Step.MEET and self.progress.completed:
            return Step.COMPLETED
        if step is Step.MEET and self.progress.standing == Standing.AWAITING_TUTOR:
            return Step.WAIT_FOR_TUTOR
        return step


_PAIR_STEPS = (
    Step.CONFIRM_SESSION,
    Step.MEND_SESSION,
    Step.SIGN,
    Step.CONFIRM_OBJECTIVE,
    Step.MEET,
    Step.WAIT_FOR_SIGNATURE,
    Step.PAUSED,
)


def _urgency(pair: PairView) -> int:
    """The place in ``_PAIR_STEPS`` of what a pair waits for."""
    found = (
        bool(pair.sessions_to_confirm),
        bool(pair.sessions_to_mend),
        pair.signed_by_me_at is None,
        bool(pair.objectives_to_confirm),
        pair.active,
        pair.signed_by_partner_at is None,
    )
    return next((index for index, true in enumerate(found) if true), len(found))


def current_cohort(db: Session, course_id: uuid.UUID) -> Cohort | None:
    """The latest cohort of a course's programme; None until a tutor has opened it."""
    return db.scalars(
        sa.select(Cohort)
        .join(Programme)
        .where(Programme.course_id == course_id)
        .order_by(Cohort.number.desc())
        .limit(1)
        .options(joinedload(Cohort.programme))
    ).first()


def participant_of(db: Session, cohort_id: uuid.UUID, person_id: uuid.UUID) -> Participant | None:
    """A person's enrolment in a cohort; None before they choose a role."""
    return db.scalars(
        sa.select(Participant)
        .where(Participant.cohort_id == cohort_id, Participant.person_id == person_id)
        .options(joinedload(Participant.person))
    ).first()


def journey_of(db: Session, participant: Participant) -> Journey:
    """All that ``participant``'s home shows, in four queries whatever the number of pairs."""
    pairs = list(
        db.scalars(
            sa.select(Pair)
            .where(
                sa.or_(Pair.mentor_id == participant.id, Pair.mentee_id == participant.id),
                Pair.state.not_in(OVER),
            )
            .order_by(Pair.created_at, Pair.id)
            .options(
                joinedload(Pair.mentor).joinedload(Participant.person),
                joinedload(Pair.mentee).joinedload(Participant.person),
            )
        )
    )
    ids = [pair.id for pair in pairs]
    sessions = db.scalars(
        sa.select(MentoringSession)
        .where(
            MentoringSession.pair_id.in_(ids),
            MentoringSession.status.not_in((SessionStatus.WITHDRAWN, SessionStatus.CANCELLED)),
        )
        .order_by(MentoringSession.held_on.desc(), MentoringSession.logged_at.desc())
    ).all()
    objectives = db.scalars(
        sa.select(Objective)
        .where(Objective.pair_id.in_(ids), Objective.status != ObjectiveStatus.DROPPED)
        .order_by(Objective.created_at, Objective.id)
    ).all()
    return Journey(
        me=card(participant, participant.person),
        state=participant.state,
        cohort_id=participant.cohort_id,
        progress=progress_from(db.get(CompletionRecord, participant.id)),
        pairs=tuple(_pair_view(pair, participant, sessions, objectives) for pair in pairs),
    )


def _pair_view(
    pair: Pair, me: Participant, sessions: Sequence[MentoringSession], objectives: Sequence[Objective]
) -> PairView:
    i_am_mentor = pair.mentor_id == me.id
    partner = pair.mentee if i_am_mentor else pair.mentor
    mine, theirs = (pair.mentor_signed_at, pair.mentee_signed_at)
    if not i_am_mentor:
        mine, theirs = theirs, mine
    my_role = Role.MENTOR if i_am_mentor else Role.MENTEE
    return PairView(
        id=pair.id,
        state=pair.state,
        partner=card(partner, partner.person),
        charter_version=pair.charter_version,
        signed_by_me_at=mine,
        signed_by_partner_at=theirs,
        sessions=tuple(session_line(row, me.id) for row in sessions if row.pair_id == pair.id),
        objectives=tuple(objective_line(row, my_role) for row in objectives if row.pair_id == pair.id),
    )


def card(participant: Participant, person: Person) -> PersonCard:
    """How a participant is shown to others."""
    return PersonCard(participant.id, participant.role, display_name(person), person.given_name)


def session_line(row: MentoringSession, viewer_id: uuid.UUID) -> SessionLine:
    """A session as ``viewer_id`` (a participant) sees it."""
    return SessionLine(
        id=row.id,
        held_on=row.held_on,
        minutes=row.minutes,
        format=row.format,
        status=row.status,
        mine=row.logged_by == viewer_id,
        dispute_reason=row.dispute_reason,
    )


def objective_line(row: Objective, my_role: str) -> ObjectiveLine:
    """An objective as the one who has ``my_role`` in its pair sees it."""
    return ObjectiveLine(
        id=row.id,
        title=row.title,
        direction=row.direction,
        tag=row.tag,
        required=row.required,
        status=row.status,
        mine=row.direction == my_role,
    )


def progress_from(record: CompletionRecord | None) -> Progress:
    """A participant's progress; nothing done yet where no record was written."""
    if record is None:
        return Progress()
    return Progress(
        score=record.score,
        standing=record.standing,
        criteria=tuple(criterion_line(entry) for entry in record.explanation),
        completed_at=record.completed_at,
    )


def criterion_line(entry: Mapping[str, Any]) -> CriterionLine:
    """One criterion of a stored explanation, with those inside it."""
    return CriterionLine(
        type=str(entry["type"]),
        value=int(entry["value"]),
        target=int(entry["target"]),
        satisfied=bool(entry["satisfied"]),
        params=dict(entry.get("params", {})),
        children=tuple(criterion_line(child) for child in entry.get("criteria", ())),
    )


def pair_of(db: Session, pair_id: uuid.UUID, member_id: uuid.UUID) -> Pair | None:
    """A pair, for one of its two; None for anybody else."""
    pair = db.get(Pair, pair_id)
    return pair if pair is not None and member_id in (pair.mentor_id, pair.mentee_id) else None


def session_of(db: Session, session_id: uuid.UUID, member_id: uuid.UUID) -> MentoringSession | None:
    """A session, for one of its pair; None for anybody else."""
    session = db.get(MentoringSession, session_id)
    return session if session is not None and pair_of(db, session.pair_id, member_id) else None


def objective_of(db: Session, objective_id: uuid.UUID, member_id: uuid.UUID) -> Objective | None:
    """An objective, for one of its pair; None for anybody else."""
    objective = db.get(Objective, objective_id)
    return objective if objective is not None and pair_of(db, objective.pair_id, member_id) else None
