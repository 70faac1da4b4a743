"""Whom and what the events of one round concern, read once for all subscribers, in two queries.

The participants are those whom the events name, and both of each pair that they name; the pairs are all pairs of these
participants, because completion is judged on everything that a person did. Actions lock the participants first
(:func:`lti_tool.mentoring.pairs.queries.lock_pair`), so nobody else changes what is read here before the commit.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import table_of
from lti_tool.events.base import LoggedEvent
from lti_tool.identity.models import Course, Person
from lti_tool.lti.ags.models import ScoreState
from lti_tool.lti.registration.models import Deployment, Registration
from lti_tool.mentoring.completion.facts import (
    AgreementFact,
    ObjectiveFact,
    PairFacts,
    PersonFacts,
    SessionFact,
)
from lti_tool.mentoring.completion.models import CompletionRecord, TutorValidation
from lti_tool.mentoring.completion.queries import ProgressRecord
from lti_tool.mentoring.enrolment.models import Participant, ParticipantStatus
from lti_tool.mentoring.objectives.models import Objective
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.programmes.models import (
    Cohort,
    CompletionRuleVersion,
    Placement,
    Programme,
    ProgrammeSettings,
    RoleView,
)
from lti_tool.mentoring.programmes.queries import PlacementRecord, RuleRecord
from lti_tool.mentoring.roles import Role
from lti_tool.mentoring.sessions.models import MentoringSession
from lti_tool.messaging import record_stores

_KEY: Final = "concerned"
"""The key in ``Session.info`` of what was read for the present round."""


@dataclass(frozen=True, slots=True)
class CourseValues:
    """What names a course in statements."""

    issuer: str
    deployment_id: str
    """The platform's own id."""
    context_id: str
    title: str | None
    platform_family: str | None
    registration_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class CohortValues:
    """A cohort: its title, its rule in force, and its activities, the oldest first."""

    id: uuid.UUID
    title: dict[str, str]
    """The programme's title by language."""
    starts_on: dt.date
    rule: RuleRecord
    record_stores: str | None
    """Where its statements can go: :func:`lti_tool.messaging.record_stores.listed_for`."""
    placements: dict[uuid.UUID, PlacementRecord] = field(default_factory=dict)
    courses: dict[uuid.UUID, CourseValues] = field(default_factory=dict)
    """The courses of the activities, by their ids."""


@dataclass(frozen=True, slots=True)
class ScoreValues:
    """What should stand in a gradebook for one person: the columns of :class:`ScoreState` but for its key."""

    status: str
    score: int
    report: str


@dataclass(slots=True)
class ConcernedParticipant:
    """One participant as they were read; the subscriber of the same name sets ``progress`` once it has judged."""

    id: uuid.UUID
    person_id: uuid.UUID
    pseudonym: uuid.UUID
    subject: str
    """The platform's id of the person."""
    issuer: str
    """Of the person's registration."""
    actor_account: str
    """Which account stands for people of that registration in statements."""
    locale: str | None
    role: Role
    status: str
    cohort: CohortValues
    progress: ProgressRecord | None
    """None as long as nothing was judged."""
    judged_by: uuid.UUID | None
    """The version of the rule by which that was judged."""
    milestone: int
    """The highest milestone that was passed, in per cent; 0 before the first."""
    approved: bool
    """Whether a tutor has approved what they did."""
    scores: dict[uuid.UUID, ScoreValues] = field(default_factory=dict)
    """What should stand for them, by activity."""

    @property
    def facts(self) -> PersonFacts:
        """What counts for them alone."""
        withdrawn = self.status == ParticipantStatus.WITHDRAWN
        return PersonFacts(role=str(self.role), tutor_validated=self.approved, withdrawn=withdrawn)


@dataclass(slots=True)
class ConcernedPair:
    """A pair with what it did."""

    id: uuid.UUID
    mentor_id: uuid.UUID
    mentee_id: uuid.UUID
    agreement: AgreementFact
    sessions: list[SessionFact] = field(default_factory=list)
    objectives: list[ObjectiveFact] = field(default_factory=list)

    def has(self, participant: ConcernedParticipant) -> bool:
        """Whether the participant is one of the two."""
        return participant.id in (self.mentor_id, self.mentee_id)

    def counts_for(self, participant: ConcernedParticipant) -> bool:
        """Whether the participant is one of the two, in the role that they have now."""
        return participant.id == (self.mentor_id if participant.role is Role.MENTOR else self.mentee_id)

    @property
    def facts(self) -> PairFacts:
        """What counts for both."""
        return PairFacts(self.id, self.agreement, tuple(self.sessions), tuple(self.objectives))


class Concerned:
    """The participants of one round, and their pairs."""

    def __init__(self, db: Session, named: Collection[uuid.UUID], pair_ids: Collection[uuid.UUID]) -> None:
        """``named``: participants; the members of the pairs are read as well."""
        self._db = db
        self.named_pairs = frozenset(pair_ids)
        """The pairs that the events themselves name."""
        self.people: dict[uuid.UUID, ConcernedParticipant] = {}
        """By participant, in the order of their ids."""
        if named or pair_ids:
            self.people = _people(db.execute(_NAMED_PEOPLE, {"named": named, "pairs": pair_ids}))

    @property
    def cohorts(self) -> dict[uuid.UUID, CohortValues]:
        """The cohorts of these people."""
        return {participant.cohort.id: participant.cohort for participant in self.people.values()}

    @cached_property
    def pairs(self) -> dict[uuid.UUID, ConcernedPair]:
        """Every pair of these people, ended ones included."""
        return _pairs(self._db.execute(_PAIRS, {"people": list(self.people)})) if self.people else {}


def concerned(db: Session, events: Sequence[LoggedEvent]) -> Concerned:
    """Whom and what the events of the present round concern; read when the first subscriber asks."""
    round_of: tuple[tuple[uuid.UUID, ...], Concerned] | None = db.info.get(_KEY)
    ids = tuple(logged.id for logged in events)
    if round_of is None or round_of[0] != ids:
        named = {logged.scope.participant_id for logged in events} - {None}
        pair_ids = {logged.scope.pair_id for logged in events} - {None}
        round_of = ids, Concerned(db, *(sorted(filter(None, found)) for found in (named, pair_ids)))
        db.info[_KEY] = round_of
    return round_of[1]


def everybody_in(db: Session, cohort_id: uuid.UUID) -> dict[uuid.UUID, ConcernedParticipant]:
    """Every participant of a cohort, in the order of their ids."""
    return _people(db.execute(_PEOPLE.where(Participant.cohort_id == cohort_id)))


_MEMBERS: Final = (Pair.mentor_id, Pair.mentee_id)

_NEWEST_RULE: Final = (
    sa.select(sa.func.max(CompletionRuleVersion.number))
    .where(CompletionRuleVersion.cohort_id == Participant.cohort_id)
    .correlate(Participant)
    .scalar_subquery()
)

_OWN: Final = table_of(Registration).alias("own_registration")
"""The registration of the person, not of the activity."""

_PEOPLE: Final = (
    sa.select(
        Participant.id,
        Participant.cohort_id,
        Participant.person_id,
        Participant.role,
        Participant.status,
        Person.pseudonym,
        Person.locale,
        Person.subject,
        _OWN.c.issuer.label("own_issuer"),
        _OWN.c.actor_account,
        Cohort.starts_on,
        ProgrammeSettings.settings["title"].label("title"),
        record_stores.listed_for(Programme.organisation_id).label("record_stores"),
        CompletionRuleVersion.id.label("rule_id"),
        CompletionRuleVersion.number.label("rule_number"),
        CompletionRuleVersion.rule,
        CompletionRecord.rule_version_id.label("judged_by"),
        CompletionRecord.score,
        CompletionRecord.status.label("progress"),
        CompletionRecord.completion,
        CompletionRecord.explanation,
        CompletionRecord.completed_at,
        CompletionRecord.milestone,
        TutorValidation.participant_id.label("approved"),
        Placement.id.label("placement_id"),
        Placement.course_id,
        Placement.resource_link_id,
        Placement.role_view,
        ScoreState.status.label("scored_status"),
        ScoreState.score.label("scored"),
        ScoreState.report,
        Registration.id.label("registration_id"),
        Registration.issuer,
        Registration.platform_family,
        Deployment.deployment_id,
        Course.context_id,
        Course.title.label("course_title"),
    )
    .join(Person, Person.id == Participant.person_id)
    .join(_OWN, _OWN.c.id == Person.registration_id)
    .join(Cohort, Cohort.id == Participant.cohort_id)
    .join(Programme, Programme.id == Cohort.programme_id)
    .join(ProgrammeSettings, ProgrammeSettings.id == Cohort.settings_id)
    .join(
        CompletionRuleVersion,
        sa.and_(
            CompletionRuleVersion.cohort_id == Participant.cohort_id,
            CompletionRuleVersion.number == _NEWEST_RULE,
        ),
    )
    .outerjoin(CompletionRecord, CompletionRecord.participant_id == Participant.id)
    .outerjoin(TutorValidation, TutorValidation.participant_id == Participant.id)
    .outerjoin(Placement, Placement.cohort_id == Participant.cohort_id)
    .outerjoin(
        ScoreState,
        sa.and_(ScoreState.placement_id == Placement.id, ScoreState.participant_id == Participant.id),
    )
    .outerjoin(Course, Course.id == Placement.course_id)
    .outerjoin(Deployment, Deployment.id == Course.deployment_id)
    .outerjoin(Registration, Registration.id == Deployment.registration_id)
    .order_by(Participant.id, Placement.created_at, Placement.id)
)
"""One row for each participant and activity of their cohort."""


_NAMED: Final = table_of(Participant).alias("named")

# One list of ids: with OR, neither database would use the index of the participants.
_NAMED_PEOPLE: Final = _PEOPLE.where(
    Participant.id.in_(
        sa.union(
            sa.select(_NAMED.c.id).where(_NAMED.c.id.in_(sa.bindparam("named", expanding=True))),
            *(
                sa.select(member).where(Pair.id.in_(sa.bindparam("pairs", expanding=True)))
                for member in _MEMBERS
            ),
        )
    )
)
"""The same of the participants ``named``, and of both of each of ``pairs``."""


def _people(rows: Iterable[Any]) -> dict[uuid.UUID, ConcernedParticipant]:
    people: dict[uuid.UUID, ConcernedParticipant] = {}
    cohorts: dict[uuid.UUID, CohortValues] = {}
    for row in rows:
        if row.cohort_id not in cohorts:
            rule = RuleRecord(row.rule_id, row.cohort_id, row.rule_number, row.rule)
            cohorts[row.cohort_id] = CohortValues(
                row.cohort_id, row.title, row.starts_on, rule, row.record_stores
            )
        cohort = cohorts[row.cohort_id]
        if row.id not in people:
            people[row.id] = _person(row, cohort)
        if row.placement_id is None:
            continue
        if row.placement_id not in cohort.placements:
            cohort.placements[row.placement_id] = PlacementRecord(
                row.placement_id, cohort.id, row.course_id, row.resource_link_id, RoleView(row.role_view)
            )
            cohort.courses[row.course_id] = CourseValues(
                row.issuer,
                row.deployment_id,
                row.context_id,
                row.course_title,
                row.platform_family,
                row.registration_id,
            )
        if row.report is not None:
            people[row.id].scores[row.placement_id] = ScoreValues(row.scored_status, row.scored, row.report)
    return people


def _person(row: Any, cohort: CohortValues) -> ConcernedParticipant:
    progress = None
    if row.judged_by is not None:
        progress = ProgressRecord(
            row.score, row.progress, row.completion, tuple(row.explanation), row.completed_at
        )
    return ConcernedParticipant(
        id=row.id,
        person_id=row.person_id,
        pseudonym=row.pseudonym,
        subject=row.subject,
        issuer=row.own_issuer,
        actor_account=row.actor_account,
        locale=row.locale,
        role=Role(row.role),
        status=row.status,
        cohort=cohort,
        progress=progress,
        judged_by=row.judged_by,
        milestone=row.milestone or 0,
        approved=row.approved is not None,
    )


def _nothing(kind: type[sa.types.TypeEngine[Any]]) -> sa.ColumnElement[Any]:
    """NULL of a type: PostgreSQL wants one for each column of a UNION."""
    return sa.cast(sa.null(), kind)


_THEIRS: Final = sa.or_(*(member.in_(sa.bindparam("people", expanding=True)) for member in _MEMBERS))

_SESSIONS: Final = sa.select(
    sa.literal("session").label("kind"),
    MentoringSession.pair_id,
    MentoringSession.id,
    MentoringSession.status,
    MentoringSession.minutes,
    MentoringSession.format,
    MentoringSession.held_on,
    _nothing(sa.String).label("direction"),
    _nothing(sa.Boolean).label("required"),
    _nothing(sa.String).label("evidence"),
).where(MentoringSession.pair_id.in_(sa.select(Pair.id).where(_THEIRS)))

_OBJECTIVES: Final = sa.select(
    sa.literal("objective"),
    Objective.pair_id,
    Objective.id,
    Objective.status,
    _nothing(sa.Integer),
    _nothing(sa.String),
    _nothing(sa.Date),
    Objective.direction,
    Objective.required,
    Objective.evidence,
).where(Objective.pair_id.in_(sa.select(Pair.id).where(_THEIRS)))

_DONE: Final = sa.union_all(_SESSIONS, _OBJECTIVES).subquery()

_PAIRS: Final = (
    sa.select(
        Pair.id.label("of"),
        Pair.mentor_id,
        Pair.mentee_id,
        Pair.mentor_signed_at,
        Pair.mentee_signed_at,
        _DONE,
    )
    .outerjoin(_DONE, _DONE.c.pair_id == Pair.id)
    .where(_THEIRS)
)
"""One row for each session and each objective of the pairs of ``people``; one row for a pair without any."""


def _pairs(rows: Iterable[Any]) -> dict[uuid.UUID, ConcernedPair]:
    pairs: dict[uuid.UUID, ConcernedPair] = {}
    for row in rows:
        pair = pairs.get(row.of)
        if pair is None:
            agreement = AgreementFact(row.mentor_signed_at is not None, row.mentee_signed_at is not None)
            pair = pairs[row.of] = ConcernedPair(row.of, row.mentor_id, row.mentee_id, agreement)
        if row.kind == "session":
            pair.sessions.append(SessionFact(row.id, row.status, row.minutes, row.format, row.held_on))
        elif row.kind == "objective":
            fact = ObjectiveFact(row.id, row.direction, row.status, row.required, row.evidence)
            pair.objectives.append(fact)
    return pairs
