"""The xAPI statements that an event makes: which, about whom, and in what order.

The statements are built in :mod:`xapi.statements` and written by :mod:`lti_tool.subscribers.statement_writer`; here
their values are read, in the transaction of the event. Ids are computed (:mod:`xapi.identity`), and what was written is
kept (:mod:`lti_tool.messaging.statement_log`): nothing is written twice, and what must be voided is looked up.

IRIs: an actor is an account of the tool, named by the person's pseudonym, or, where the registration shows the
platform's accounts (``tandem registrations actor-account``), what the platform would send: issuer and ``sub``. The ids
of statements are computed from the pseudonym in either case. The course is
``<issuer>/lti/deployments/<deployment id>/contexts/<context id>``, each id percent-encoded.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy.orm import Session

from lti_tool.config import Config
from lti_tool.events.base import LoggedEvent, Scope
from lti_tool.events.replay import Projection, Projections
from lti_tool.identity import installation
from lti_tool.mentoring.completion.events import CompletionReopened, ProgrammeCompleted, ProgressReached
from lti_tool.mentoring.enrolment.events import JoiningUndone, ProgrammeJoined, RoleChanged
from lti_tool.mentoring.feedback.events import FeedbackGiven
from lti_tool.mentoring.objectives.events import (
    ObjectiveAgreed,
    ObjectiveReached,
    ObjectiveStepUndone,
    ObjectiveWithdrawn,
)
from lti_tool.mentoring.pairs.events import PairAcceptanceUndone, PairAccepted, PairDeclined, PairEnded
from lti_tool.mentoring.reflections.events import ReflectionRemoved, ReflectionWritten
from lti_tool.mentoring.sessions.events import (
    SessionAnswerUndone,
    SessionConfirmed,
    SessionCorrected,
    SessionDisputed,
    SessionLogged,
    SessionWithdrawn,
)
from lti_tool.messaging.statement_log import (
    EmittedStatement,
    emitted,
    next_revision,
    next_revisions,
    statement_about,
)
from lti_tool.subscribers.concerned import concerned
from lti_tool.subscribers.concerned_values import ConcernedParticipant
from lti_tool.subscribers.statement_context import actor_of, context_in
from lti_tool.subscribers.statement_writer import Build, StatementWriter, given
from lti_tool.translation import supported_language
from xapi import statements, vocabulary
from xapi.context import (
    Actor,
    EvidenceContext,
    ObjectiveContext,
    PairContext,
    SessionContext,
    StatementContext,
)
from xapi.encoding import strictly_after
from xapi.vocabulary import Evidence, Mode, Role, Tag

_FEW_COMPLETIONS: Final = 2
"""As many complete at once by what they did themselves: the two of a pair. More do so by another rule alone."""

_ABOUT_SESSIONS: Final = (vocabulary.CONFIRMED.iri, vocabulary.ATTENDED.iri)


class Statements:
    """Enqueues the statements of events."""

    name = "statements"

    def __init__(self, config: Config) -> None:
        self._config = config

    def handle(self, db: Session, events: Sequence[LoggedEvent], now: dt.datetime) -> None:
        """Enqueue the statements that the events make. Many events make none."""
        StatementEmitter(db, self._config, now).emit(events)

    def projection(self, db: Session, others: Projections) -> Projection | None:
        """None: what was sent cannot be computed again, and is never sent again."""
        return None


@dataclass(frozen=True)
class _PairValues:
    context: PairContext
    roles: dict[uuid.UUID, Role]
    languages: dict[Role, str]


class StatementEmitter:
    """Enqueues the statements of one transaction's events."""

    def __init__(self, db: Session, config: Config, now: dt.datetime) -> None:
        """``now``: the aware moment of the transaction."""
        self._db = db
        self._default_language = supported_language(config.default_locale) or "en"
        self._iri_base = installation.iri_base(db, config.base_url)
        self._writer = StatementWriter(db, now)

    def emit(self, events: Sequence[LoggedEvent]) -> int:
        """Enqueue the statements that the events make; return how many."""
        self._concerned = concerned(self._db, events)
        self._completions = self._revisions_of_completions(events)
        before = self._writer.written
        for logged in events:
            moment = None
            for build in self._statements(logged):
                # Those of one event nearly always share a registration: put apart here, they need not be built again.
                moment = strictly_after(moment, logged.at)
                self._writer.add(build, logged.scope, moment)
        self._write()
        return self._writer.written - before

    def _write(self) -> None:
        """Write what was built: at the end, or before something is read that it changes."""
        self._writer.write(self._concerned.cohorts)

    def _statements(self, logged: LoggedEvent) -> Iterator[Build]:
        """What builds each statement, in the order of sending."""
        match logged.event:
            case ProgrammeJoined(role=role):
                yield from self._joined(logged.scope, role)
            case JoiningUndone():
                yield from self._void_latest(logged.scope, vocabulary.REGISTERED.iri)
            case RoleChanged(role=role):
                yield from self._void_latest(logged.scope, vocabulary.REGISTERED.iri)
                yield from self._joined(logged.scope, role)
            case PairAccepted(by_both=True):
                yield from self._paired(logged.scope)
            case PairAcceptanceUndone(was_formed=True) | PairDeclined() | PairEnded(was_formed=False):
                yield from self._void_pair(logged.scope)
            case PairEnded(reason=reason):
                yield from self._left(logged.scope, reason)
            case ObjectiveAgreed():
                if logged.event.revision:
                    yield from self._void_objective(logged.scope, logged.event.objective_id)
                yield self._about_objective(logged.scope, logged.event)
            case ObjectiveReached():
                yield self._about_objective(logged.scope, logged.event)
            case ObjectiveStepUndone(was="withdrawn", status="agreed" | "in_progress" | "claimed"):
                yield self._about_objective(logged.scope, logged.event)
            case ObjectiveWithdrawn():
                yield from self._void_objective(logged.scope, logged.event.objective_id)
            case SessionLogged():
                yield from self._held(logged.scope, logged.event)
            case SessionConfirmed():
                yield self._confirmed(logged.scope, logged.event)
            case SessionDisputed() | SessionWithdrawn():
                yield from self._void_session(logged.scope, logged.event.session_id, logged.event.revision)
            case SessionCorrected():
                yield from self._void_session(
                    logged.scope, logged.event.session_id, logged.event.revision - 1
                )
                yield from self._held(logged.scope, logged.event)
            case FeedbackGiven():
                yield self._feedback(logged.scope, logged.event)
            case ReflectionWritten():
                yield self._reflection(logged.scope, logged.event)
            case ReflectionRemoved():
                for written in self._emitted(logged.event.reflection_id, vocabulary.CREATED.iri):
                    yield self._void(logged.scope, written)
            case SessionAnswerUndone(was="disputed"):
                yield from self._held(logged.scope, logged.event)
            case SessionAnswerUndone():
                yield from self._void_session(
                    logged.scope, logged.event.session_id, logged.event.revision, [vocabulary.CONFIRMED.iri]
                )
            case ProgressReached():
                yield self._progressed(logged.scope, logged.event)
            case ProgrammeCompleted():
                yield self._completed(logged.scope, logged.event)
            case CompletionReopened():
                yield from self._void_latest(logged.scope, vocabulary.COMPLETED.iri)

    def _joined(self, scope: Scope, role: str) -> Iterator[Build]:
        """Nothing for whom it was written, by whatever id, and is not voided: the first version did so at pairing."""
        enrolment = given(scope.participant_id)
        actor, language = self._participant(enrolment)
        if self._emitted(enrolment, vocabulary.REGISTERED.iri, actor=actor.id_name):
            return
        revision = self._next_revision(enrolment, vocabulary.REGISTERED.iri, actor)
        yield partial(
            statements.joined,
            self._context(scope, language),
            actor,
            Role(role),
            enrolment,
            revision=revision,
        )

    def _paired(self, scope: Scope) -> Iterator[Build]:
        """Nothing for a pair of before that was formed as soon as the tutor proposed it."""
        pair = self._pair(scope)
        if self._emitted(pair.context.pair_id, vocabulary.JOINED.iri):
            return
        for role in (Role.MENTOR, Role.MENTEE):
            revision = self._next_revision(
                pair.context.pair_id, vocabulary.JOINED.iri, pair.context.member(role)
            )
            context = self._context(scope, pair.languages[role])
            yield partial(statements.paired, context, pair.context, role, revision=revision)

    def _void_pair(self, scope: Scope) -> Iterator[Build]:
        """A pair that is not formed any more, or that was written as formed before both had accepted."""
        for written in self._emitted(given(scope.pair_id), vocabulary.JOINED.iri):
            yield self._void(scope, written)

    def _left(self, scope: Scope, reason: str) -> Iterator[Build]:
        pair = self._pair(scope)
        for role in (Role.MENTOR, Role.MENTEE):
            context = self._context(scope, pair.languages[role])
            yield partial(statements.pair_left, context, pair.context, role, reason=reason)

    def _about_objective(
        self, scope: Scope, event: ObjectiveAgreed | ObjectiveReached | ObjectiveStepUndone
    ) -> Build:
        pair = self._pair(scope)
        objective = ObjectiveContext(event.objective_id, Role(event.direction), Tag(event.tag))
        context = self._context(scope, pair.languages[objective.owner])
        if not isinstance(event, ObjectiveReached):
            return partial(
                statements.objective_agreed, context, pair.context, objective, revision=event.revision
            )
        evidence = EvidenceContext(Evidence(event.evidence))
        return partial(statements.objective_reached, context, pair.context, objective, evidence)

    def _held(
        self, scope: Scope, event: SessionLogged | SessionCorrected | SessionAnswerUndone
    ) -> Iterator[Build]:
        pair = self._pair(scope)
        meeting = _session(event.session_id, event.held_on, event.minutes, event.format, event.mode)
        reported_by = pair.roles[given(scope.participant_id)]
        if isinstance(event, SessionAnswerUndone):  # by the partner of whose word it is
            reported_by = Role.MENTEE if reported_by is Role.MENTOR else Role.MENTOR
        for role in (Role.MENTOR, Role.MENTEE):
            context = self._context(scope, pair.languages[role])
            yield partial(
                statements.session_held,
                context,
                pair.context,
                meeting,
                role,
                reported_by=reported_by,
                revision=event.revision,
            )

    def _confirmed(self, scope: Scope, event: SessionConfirmed) -> Build:
        pair = self._pair(scope)
        role = pair.roles[given(scope.participant_id)]
        meeting = self._meeting(scope, event.session_id)
        context = self._context(scope, pair.languages[role])
        logger = pair.context.mentee if role is Role.MENTOR else pair.context.mentor
        self._write()
        # An answer that was taken back has raised the revision since.
        attended = statement_about(
            self._db, meeting.session_id, vocabulary.ATTENDED.iri, actor=logger.id_name
        )
        return partial(
            statements.session_confirmed,
            context,
            pair.context,
            meeting,
            role,
            revision=event.revision,
            attended=attended,
        )

    def _meeting(self, scope: Scope, session_id: uuid.UUID) -> SessionContext:
        """A session of the pair, as it is now. Raises :class:`LookupError`."""
        sessions = self._concerned.pairs[given(scope.pair_id)].sessions
        fact = next((each for each in sessions if each.id == session_id), None)
        if fact is None:
            raise LookupError(f"there is no session {session_id}")
        return _session(fact.id, fact.held_on, fact.minutes, fact.format)

    def _feedback(self, scope: Scope, event: FeedbackGiven) -> Build:
        pair = self._pair(scope)
        role = pair.roles[given(scope.participant_id)]
        context = self._context(scope, pair.languages[role])
        meeting = self._meeting(scope, event.session_id)
        return partial(statements.feedback_given, context, pair.context, meeting, role, event.feedback_id)

    def _reflection(self, scope: Scope, event: ReflectionWritten) -> Build:
        pair = self._pair(scope)
        role = pair.roles[given(scope.participant_id)]
        context = self._context(scope, pair.languages[role])
        return partial(statements.reflection_written, context, pair.context, role, event.reflection_id)

    def _void_session(
        self, scope: Scope, session_id: uuid.UUID, revision: int, verbs: Sequence[str] = _ABOUT_SESSIONS
    ) -> Iterator[Build]:
        """Void what was written of a session up to a revision: first that it was confirmed, then who attended."""
        for verb in verbs:
            for written in self._emitted(session_id, verb):
                if written.revision <= revision:
                    yield self._void(scope, written)

    def _void_objective(self, scope: Scope, objective_id: uuid.UUID) -> Iterator[Build]:
        """Void what was written of an objective that both had agreed: it says something else now, or is given up."""
        for written in self._emitted(objective_id, vocabulary.DEFINED.iri):
            yield self._void(scope, written)

    def _void_latest(self, scope: Scope, verb: str) -> Iterator[Build]:
        enrolment = given(scope.participant_id)
        for written in self._emitted(enrolment, verb)[-1:]:
            yield self._void(scope, written)

    def _emitted(
        self, subject_id: uuid.UUID, verb: str, *, actor: str | None = None
    ) -> list[EmittedStatement]:
        self._write()
        return emitted(self._db, subject_id, [verb], actor=actor)

    def _next_revision(self, subject_id: uuid.UUID, verb: str, actor: Actor) -> int:
        self._write()
        return next_revision(self._db, subject_id, verb, actor.id_name)

    def _void(self, scope: Scope, written: EmittedStatement) -> Build:
        """Both go out even where the first still waits: the order is kept, and the LRS's log stays whole."""
        written.voided = True
        context = self._context(scope, self._default_language)
        return partial(statements.voided, context, written.xapi_registration, written.statement_id)

    def _progressed(self, scope: Scope, event: ProgressReached) -> Build:
        enrolment = given(scope.participant_id)
        actor, language = self._participant(enrolment)
        return partial(
            statements.progressed,
            self._context(scope, language),
            actor,
            Role(event.role),
            enrolment,
            percent=event.milestone,
            score_percent=event.score,
        )

    def _completed(self, scope: Scope, event: ProgrammeCompleted) -> Build:
        enrolment = given(scope.participant_id)
        actor, language = self._participant(enrolment)
        revision = self._completions.get(enrolment)
        if revision is None:
            revision = self._next_revision(enrolment, vocabulary.COMPLETED.iri, actor)
        return partial(
            statements.programme_completed,
            self._context(scope, language),
            actor,
            Role(event.role),
            enrolment,
            time_spent=self._time_spent(enrolment),
            score_percent=event.score,
            revision=revision,
        )

    def _revisions_of_completions(self, events: Sequence[LoggedEvent]) -> dict[uuid.UUID, int]:
        """The revisions of the statements of many who complete at once, read together; empty for a few."""
        actors = {
            enrolment: self._actor(self._concerned.people[enrolment]).id_name
            for logged in events
            if isinstance(logged.event, ProgrammeCompleted)
            and (enrolment := logged.scope.participant_id) is not None
        }
        if len(actors) <= _FEW_COMPLETIONS or any(
            isinstance(logged.event, CompletionReopened) for logged in events
        ):
            return {}
        return next_revisions(self._db, actors, vocabulary.COMPLETED.iri)

    def _time_spent(self, enrolment: uuid.UUID) -> dt.timedelta:
        """The time in all sessions that were held and that nobody contests."""
        held = (
            session.minutes
            for pair in self._concerned.pairs_by_person[enrolment]
            for session in pair.sessions
            if session.status in ("held", "confirmed")
        )
        return dt.timedelta(minutes=sum(held))

    def _participant(self, participant_id: uuid.UUID) -> tuple[Actor, str]:
        participant = self._concerned.people[participant_id]
        return self._actor(participant), self._language(participant)

    def _actor(self, participant: ConcernedParticipant) -> Actor:
        return actor_of(participant, iri_base=self._iri_base)

    def _language(self, participant: ConcernedParticipant) -> str:
        return supported_language(participant.locale) or self._default_language

    def _pair(self, scope: Scope) -> _PairValues:
        found = self._concerned.pairs[given(scope.pair_id)]
        mentor, mentee = (self._concerned.people[member] for member in (found.mentor_id, found.mentee_id))
        return _PairValues(
            PairContext(found.id, self._actor(mentor), self._actor(mentee)),
            {mentor.id: Role.MENTOR, mentee.id: Role.MENTEE},
            {Role.MENTOR: self._language(mentor), Role.MENTEE: self._language(mentee)},
        )

    def _context(self, scope: Scope, language: str) -> StatementContext:
        return context_in(
            self._concerned.cohorts[given(scope.cohort_id)],
            given(scope.programme_id),
            scope.placement_id,
            iri_base=self._iri_base,
            language=language,
        )


def _session(
    identifier: uuid.UUID, held_on: dt.date, minutes: int, code: str, mode: str | None = None
) -> SessionContext:
    return SessionContext(
        identifier, held_on, dt.timedelta(minutes=minutes), code, Mode(mode) if mode is not None else None
    )
