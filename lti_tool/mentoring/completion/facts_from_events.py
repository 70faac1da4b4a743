"""The facts that completion is judged on, computed from the event log alone."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace

from lti_tool.events.base import LoggedEvent
from lti_tool.mentoring.completion.events import ApprovalTakenBack, CompletionReopened, TutorValidated
from lti_tool.mentoring.completion.facts import (
    AgreementFact,
    ObjectiveFact,
    PairFacts,
    PersonFacts,
    SessionFact,
)
from lti_tool.mentoring.enrolment.events import (
    EnrolmentsUnited,
    ParticipantInvited,
    ParticipantTakenBackIn,
    ParticipantTakenOut,
    ProgrammeJoined,
    RoleChanged,
)
from lti_tool.mentoring.feedback.events import FeedbackGiven
from lti_tool.mentoring.objectives.events import (
    ObjectiveAgreed,
    ObjectiveClaimDisputed,
    ObjectiveClaimed,
    ObjectiveDeclined,
    ObjectiveEdited,
    ObjectiveProposed,
    ObjectiveReached,
    ObjectiveStepUndone,
    ObjectivesWorkedOn,
    ObjectiveWithdrawn,
)
from lti_tool.mentoring.pairs.events import AgreementSigned, PairMovedIn, PairProposed
from lti_tool.mentoring.programmes.events import RuleApplied
from lti_tool.mentoring.reflections.events import ReflectionRemoved, ReflectionWritten
from lti_tool.mentoring.roles import Role
from lti_tool.mentoring.sessions.events import (
    SessionAnswerUndone,
    SessionConfirmed,
    SessionCorrected,
    SessionDisputed,
    SessionLogged,
    SessionWithdrawn,
)


@dataclass
class _Person:
    cohort_id: uuid.UUID
    role: str
    joined: bool = False
    validated: bool = False
    withdrawn: bool = False
    pairs: list[uuid.UUID] = field(default_factory=list)
    reflections: list[uuid.UUID] = field(default_factory=list)
    feedback_given: list[uuid.UUID] = field(default_factory=list)
    feedback_received: list[uuid.UUID] = field(default_factory=list)


@dataclass
class _Pair:
    mentor_id: uuid.UUID
    mentee_id: uuid.UUID
    signed: set[str] = field(default_factory=set)
    sessions: dict[uuid.UUID, SessionFact] = field(default_factory=dict)
    objectives: dict[uuid.UUID, ObjectiveFact] = field(default_factory=dict)


class FactsFromEvents:
    """Everybody's facts after the events applied so far."""

    def __init__(self) -> None:
        self._people: dict[uuid.UUID, _Person] = {}
        self._by_cohort: dict[uuid.UUID, list[uuid.UUID]] = {}
        self._pairs: dict[uuid.UUID, _Pair] = {}
        self._early: dict[uuid.UUID, list[uuid.UUID]] = {}
        """Pairs of participants whose enrolment comes later in the log; the first version's could."""

    def apply(self, logged: LoggedEvent) -> None:
        """Take one event into account."""
        self._apply_to_person(logged)
        self._apply_to_pair(logged)

    def _apply_to_person(self, logged: LoggedEvent) -> None:
        participant_id, cohort_id = logged.scope.participant_id, logged.scope.cohort_id
        match logged.event:
            case ParticipantInvited(role=role) | ProgrammeJoined(role=role) | RoleChanged(role=role):
                if participant_id is None or cohort_id is None:
                    raise ValueError(f"event {logged.id} does not say whom it is about")
                if participant_id not in self._people:
                    self._people[participant_id] = _Person(cohort_id, role)
                    self._by_cohort.setdefault(cohort_id, []).append(participant_id)
                person = self._people[participant_id]
                person.role = role
                person.pairs += self._early.pop(participant_id, [])
                person.joined = person.joined or isinstance(logged.event, ProgrammeJoined)
            case EnrolmentsUnited(former_id=former_id, role=role):
                if participant_id is not None and cohort_id is not None:
                    self._unite(former_id, participant_id, cohort_id, role)
            case ParticipantTakenOut(had_completed=had_completed) if participant_id in self._people:
                self._people[participant_id].withdrawn = not had_completed
            case ParticipantTakenBackIn() if participant_id in self._people:
                self._people[participant_id].withdrawn = False
            case TutorValidated() if participant_id in self._people:
                self._people[participant_id].validated = True
            case ApprovalTakenBack() | CompletionReopened() if participant_id in self._people:
                self._people[participant_id].validated = False
            case ReflectionWritten(reflection_id=reflection_id) if participant_id in self._people:
                self._people[participant_id].reflections.append(reflection_id)
            case ReflectionRemoved(reflection_id=reflection_id) if participant_id in self._people:
                self._people[participant_id].reflections.remove(reflection_id)
            case FeedbackGiven(feedback_id=feedback_id) if participant_id in self._people:
                self._people[participant_id].feedback_given.append(feedback_id)
                self._partner(logged).feedback_received.append(feedback_id)

    def _partner(self, logged: LoggedEvent) -> _Person:
        """The other one of the event's pair than its participant."""
        pair = self._pairs[logged.scope.pair_id]  # type: ignore[index]
        is_mentor = logged.scope.participant_id == pair.mentor_id
        return self._people[pair.mentee_id if is_mentor else pair.mentor_id]

    def _apply_to_pair(self, logged: LoggedEvent) -> None:
        pair_id = logged.scope.pair_id
        if pair_id is None:
            return
        if isinstance(logged.event, PairProposed):
            self._pairs[pair_id] = _Pair(logged.event.mentor_id, logged.event.mentee_id)
            for member in (logged.event.mentor_id, logged.event.mentee_id):
                person = self._people.get(member)
                (person.pairs if person else self._early.setdefault(member, [])).append(pair_id)
            return
        pair = self._pairs[pair_id]
        match logged.event:
            case AgreementSigned(role=role):
                pair.signed.add(role)
            case PairMovedIn() if logged.scope.cohort_id is not None:
                for member in (pair.mentor_id, pair.mentee_id):
                    self._move(member, logged.scope.cohort_id)
            case SessionLogged() | SessionCorrected() | SessionAnswerUndone():
                event = logged.event
                pair.sessions[event.session_id] = SessionFact(
                    event.session_id, "held", event.minutes, event.format, event.held_on
                )
            case SessionConfirmed(session_id=session_id):
                pair.sessions[session_id] = replace(pair.sessions[session_id], status="confirmed")
            case SessionDisputed(session_id=session_id):
                pair.sessions[session_id] = replace(pair.sessions[session_id], status="disputed")
            case SessionWithdrawn(session_id=session_id):
                pair.sessions[session_id] = replace(pair.sessions[session_id], status="withdrawn")
            case ObjectiveProposed(objective_id=objective_id, direction=direction, required=required):
                pair.objectives[objective_id] = ObjectiveFact(
                    objective_id, direction, "proposed", required, agreed=False
                )
            case ObjectiveEdited(objective_id=objective_id):
                pair.objectives[objective_id] = replace(pair.objectives[objective_id], status="proposed")
            case ObjectiveAgreed(objective_id=objective_id, direction=direction, required=required):
                pair.objectives[objective_id] = ObjectiveFact(objective_id, direction, "agreed", required)
            case ObjectivesWorkedOn(objective_ids=objective_ids):
                for objective_id in objective_ids:
                    if pair.objectives[objective_id].status == "agreed":
                        pair.objectives[objective_id] = replace(
                            pair.objectives[objective_id], status="in_progress"
                        )
            case ObjectiveClaimed(objective_id=objective_id):
                pair.objectives[objective_id] = replace(pair.objectives[objective_id], status="claimed")
            case ObjectiveStepUndone(objective_id=objective_id, status=status):
                pair.objectives[objective_id] = replace(pair.objectives[objective_id], status=status)
            case ObjectiveReached(objective_id=objective_id, evidence=evidence):
                pair.objectives[objective_id] = replace(
                    pair.objectives[objective_id], status="reached", evidence=evidence
                )
            case ObjectiveClaimDisputed(objective_id=objective_id):
                pair.objectives[objective_id] = replace(pair.objectives[objective_id], status="in_progress")
            case ObjectiveWithdrawn(objective_id=objective_id) | ObjectiveDeclined(objective_id=objective_id):
                pair.objectives[objective_id] = replace(pair.objectives[objective_id], status="withdrawn")

    def _unite(
        self, former_id: uuid.UUID, participant_id: uuid.UUID, cohort_id: uuid.UUID, role: str
    ) -> None:
        """A participant of this cohort is what another one was, who is no more."""
        if participant_id not in self._people:
            self._people[participant_id] = _Person(cohort_id, role)
            self._by_cohort.setdefault(cohort_id, []).append(participant_id)
        kept, former = self._people[participant_id], self._people.pop(former_id, None)
        kept.role, kept.withdrawn = role, False
        if former is None:
            return
        self._by_cohort[former.cohort_id].remove(former_id)
        kept.joined, kept.validated = kept.joined or former.joined, kept.validated or former.validated
        kept.pairs += former.pairs
        kept.reflections += former.reflections
        kept.feedback_given += former.feedback_given
        kept.feedback_received += former.feedback_received
        for pair_id in former.pairs:
            pair = self._pairs[pair_id]
            if pair.mentor_id == former_id:
                pair.mentor_id = participant_id
            else:
                pair.mentee_id = participant_id

    def _move(self, participant_id: uuid.UUID, cohort_id: uuid.UUID) -> None:
        """A participant is in this cohort from now on, with whom they are in a pair."""
        person = self._people.get(participant_id)
        if person is not None and person.cohort_id != cohort_id:
            self._by_cohort[person.cohort_id].remove(participant_id)
            self._by_cohort.setdefault(cohort_id, []).append(participant_id)
            person.cohort_id = cohort_id

    def members(self, pair_id: uuid.UUID) -> tuple[uuid.UUID, uuid.UUID]:
        """The two participants of a pair, the mentor first."""
        pair = self._pairs[pair_id]
        return pair.mentor_id, pair.mentee_id

    def concerned(self, logged: LoggedEvent) -> set[uuid.UUID]:
        """The participants whose completion an event can change: the one it names, both of its pair, or everybody."""
        if isinstance(logged.event, RuleApplied):
            return set(self.participants_of(logged.scope.cohort_id)) if logged.scope.cohort_id else set()
        found = {logged.scope.participant_id} - {None}
        pair = self._pairs.get(logged.scope.pair_id) if logged.scope.pair_id else None
        if pair is not None:
            found |= {pair.mentor_id, pair.mentee_id}
        return {participant_id for participant_id in found if participant_id is not None}

    def has_joined(self, participant_id: uuid.UUID) -> bool:
        """Whether a participant has said that they take part."""
        person = self._people.get(participant_id)
        return person is not None and person.joined

    def cohort_of(self, participant_id: uuid.UUID) -> uuid.UUID:
        """The cohort in which a participant is enrolled."""
        return self._people[participant_id].cohort_id

    def role_of(self, participant_id: uuid.UUID) -> str:
        """A participant's role."""
        return self._people[participant_id].role

    def participants_of(self, cohort_id: uuid.UUID) -> list[uuid.UUID]:
        """Everybody who is enrolled in a cohort."""
        return list(self._by_cohort.get(cohort_id, ()))

    def pair(self, pair_id: uuid.UUID) -> PairFacts:
        """What a pair did."""
        pair = self._pairs[pair_id]
        return PairFacts(
            pair_id=pair_id,
            agreement=AgreementFact("mentor" in pair.signed, "mentee" in pair.signed),
            sessions=tuple(pair.sessions.values()),
            objectives=tuple(pair.objectives.values()),
        )

    def of(self, participant_id: uuid.UUID) -> tuple[list[PairFacts], PersonFacts]:
        """What a participant's completion is judged on."""
        person = self._people[participant_id]
        in_role = [
            pair_id
            for pair_id in person.pairs
            if participant_id
            == (
                self._pairs[pair_id].mentor_id
                if person.role == Role.MENTOR
                else self._pairs[pair_id].mentee_id
            )
        ]
        facts = PersonFacts(
            role=person.role,
            tutor_validated=person.validated,
            withdrawn=person.withdrawn,
            reflections=tuple(person.reflections),
            feedback_given=tuple(person.feedback_given),
            feedback_received=tuple(person.feedback_received),
        )
        return [self.pair(pair_id) for pair_id in in_role], facts
