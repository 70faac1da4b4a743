"""What subscribers are given of the people, pairs and cohorts that events concern: plain values."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from lti_tool.mentoring.completion.facts import (
    AgreementFact,
    ObjectiveFact,
    PairFacts,
    PersonFacts,
    SessionFact,
)
from lti_tool.mentoring.enrolment.models import ParticipantStatus
from lti_tool.mentoring.programmes.queries import PlacementRecord, RuleRecord
from lti_tool.mentoring.roles import Role


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
class ProgressValues:
    """How far somebody is: the columns of :class:`lti_tool.mentoring.completion.models.CompletionRecord`."""

    score: int
    status: str
    completion: str
    completed_at: dt.datetime | None
    explanation: str
    """As JSON text: it is compared, and not read."""
    rule_version_id: uuid.UUID
    """The version of the rule by which it was judged."""
    milestone: int
    """The highest milestone that was passed, in per cent; 0 before the first."""


@dataclass(frozen=True, slots=True)
class ScoreValues:
    """What should stand in a gradebook for one person: the columns of a score state but for its key."""

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
    progress: ProgressValues | None
    """None as long as nothing was judged."""
    approved: bool
    """Whether a tutor has approved what they did."""
    scores: dict[uuid.UUID, ScoreValues] = field(default_factory=dict)
    """What should stand for them, by activity."""

    def facts(self, pairs: Iterable[ConcernedPair]) -> PersonFacts:
        """What counts for them alone. ``pairs``: every pair of theirs."""
        return person_facts(
            self.id,
            self.role,
            [pair for pair in pairs if pair.has(self)],
            approved=self.approved,
            withdrawn=self.status in (ParticipantStatus.WITHDRAWN, ParticipantStatus.TAKEN_OUT),
        )


def person_facts(
    participant_id: uuid.UUID,
    role: Role,
    pairs: Collection[ConcernedPair],
    *,
    approved: bool,
    withdrawn: bool,
) -> PersonFacts:
    """What counts for one participant alone. ``pairs``: theirs."""
    feedback = [each for pair in pairs for each in pair.feedback]
    return PersonFacts(
        role=str(role),
        tutor_validated=approved,
        withdrawn=withdrawn,
        reflections=tuple(
            each.id for pair in pairs for each in pair.reflections if each.author_id == participant_id
        ),
        feedback_given=tuple(each.id for each in feedback if each.author_id == participant_id),
        feedback_received=tuple(each.id for each in feedback if each.author_id != participant_id),
    )


@dataclass(frozen=True, slots=True)
class Authored:
    """A reflection, or feedback about a meeting, and which participant it is from."""

    id: uuid.UUID
    author_id: uuid.UUID


@dataclass(slots=True)
class ConcernedPair:
    """A pair with what it did."""

    id: uuid.UUID
    mentor_id: uuid.UUID
    mentee_id: uuid.UUID
    agreement: AgreementFact
    sessions: list[SessionFact] = field(default_factory=list)
    objectives: list[ObjectiveFact] = field(default_factory=list)
    reflections: list[Authored] = field(default_factory=list)
    feedback: list[Authored] = field(default_factory=list)

    def has(self, participant: ConcernedParticipant) -> bool:
        """Whether the participant is one of the two."""
        return participant.id in (self.mentor_id, self.mentee_id)

    def counts_for(self, participant: ConcernedParticipant) -> bool:
        """Whether the participant is one of the two, in the role that they have now."""
        return participant.id == self.member(participant.role)

    def member(self, role: Role) -> uuid.UUID:
        """The participant in that role."""
        return self.mentor_id if role is Role.MENTOR else self.mentee_id

    @property
    def facts(self) -> PairFacts:
        """What counts for both."""
        return PairFacts(self.id, self.agreement, tuple(self.sessions), tuple(self.objectives))
