"""The xAPI statements that an event makes: which, about whom, and in what order.

The statements are built in :mod:`xapi.statements`; here their values are read from the database, in the transaction of
the event. Ids are computed (:mod:`xapi.identity`), and what was written is kept
(:mod:`lti_tool.messaging.statement_log`): nothing is written twice, and what must be voided is looked up.

IRIs: an actor is an account of the tool, named by the person's pseudonym, or, where the registration shows the
platform's accounts (``tandem registrations actor-account``), what the platform would send: issuer and ``sub``. The ids
of statements are computed from the pseudonym in either case. The course is
``<issuer>/lti/deployments/<deployment id>/contexts/<context id>``, each id percent-encoded.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy.orm import Session

from lti_tool.config import Config
from lti_tool.events.base import LoggedEvent, Scope
from lti_tool.events.replay import Projection, Projections
from lti_tool.identity import installation
from lti_tool.mentoring.completion.events import CompletionReopened, ProgrammeCompleted, ProgressReached
from lti_tool.mentoring.enrolment.events import ProgrammeJoined, RoleChanged
from lti_tool.mentoring.objectives.events import ObjectiveAgreed, ObjectiveReached
from lti_tool.mentoring.pairs.events import PairFormed
from lti_tool.mentoring.sessions.events import (
    SessionConfirmed,
    SessionCorrected,
    SessionDisputed,
    SessionLogged,
    SessionWithdrawn,
)
from lti_tool.messaging import outbox, record_stores
from lti_tool.messaging.record_stores import Destination
from lti_tool.messaging.statement_log import (
    EmittedStatement,
    emitted,
    keep_new,
    latest_moment,
    next_revision,
    take_moments,
)
from lti_tool.subscribers.concerned import (
    ConcernedParticipant,
    concerned,
)
from lti_tool.subscribers.statement_context import actor_of, context_in, course_in
from lti_tool.translation import supported_language
from xapi import statements, vocabulary
from xapi.context import (
    Actor,
    EvidenceContext,
    ObjectiveContext,
    PairContext,
    SessionContext,
    Statement,
    StatementContext,
)
from xapi.encoding import strictly_after
from xapi.vocabulary import Evidence, Role, Tag

Build = Callable[..., Statement]
"""Builds one statement, given ``recorded_at`` and ``now``."""


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


@dataclass
class _Built:
    """A statement, and what builds it again where its moment must move: its id stays."""

    build: Build
    statement: Statement
    scope: Scope
    """That of its event."""


def _put_apart(
    line: Sequence[_Built], previous: dt.datetime | None, now: dt.datetime
) -> tuple[dt.datetime, dt.datetime]:
    """Put statements of one registration apart, each later than ``previous``; return the first and the last moment."""
    moments = []
    for each in line:
        previous = strictly_after(previous, each.statement.timestamp)
        moments.append(previous)
        if previous != strictly_after(None, each.statement.timestamp):
            each.statement = each.build(recorded_at=previous, now=max(previous, now))
    return moments[0], moments[-1]


def _as_emitted(statement: Statement) -> EmittedStatement:
    return EmittedStatement(
        statement_id=statement.id,
        xapi_registration=statement.xapi_registration,
        subject_id=statement.subject_id,
        verb=statement.verb,
        revision=statement.revision,
        actor=statement.actor,
    )


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
        self._now = now
        self._built: list[_Built] = []
        """Statements that are not written yet."""
        self._written = 0
        self._destinations: dict[uuid.UUID, Destination] = {}

    def emit(self, events: Sequence[LoggedEvent]) -> int:
        """Enqueue the statements that the events make; return how many."""
        self._concerned = concerned(self._db, events)
        before = self._written
        for logged in events:
            moment = None
            for build in self._statements(logged):
                # Those of one event nearly always share a registration: put apart here, they need not be built again.
                moment = strictly_after(moment, logged.at)
                statement = build(recorded_at=moment, now=max(moment, self._now))
                self._built.append(_Built(build, statement, logged.scope))
        self._write()
        return self._written - before

    def _write(self) -> None:
        """Write what was built, but for statements that were written before, by this installation's first address too.

        They are written together at the end, or before something is read that they change.
        """
        built, self._built = {each.statement.id: each for each in self._built}, []
        if not built:
            return
        new = keep_new(self._db, [_as_emitted(each.statement) for each in built.values()])
        lines: dict[uuid.UUID, list[_Built]] = {}
        for each in built.values():
            if each.statement.id in new:
                lines.setdefault(each.statement.xapi_registration, []).append(each)
        for registration, line in lines.items():
            self._set_moments(registration, line)
        outbox.enqueue_all(
            self._db,
            [
                delivery
                for each in built.values()
                if each.statement.id in new
                for delivery in record_stores.deliveries(
                    self._destination(each.scope),
                    key=each.statement.id,
                    order_key=str(each.statement.xapi_registration),
                    body=each.statement.body,
                )
            ],
        )
        self._written += len(new)

    def _destination(self, scope: Scope) -> Destination:
        """The same for all statements of a cohort, so that those about one pair are found in one record store."""
        cohort_id = _given(scope.cohort_id)
        if cohort_id not in self._destinations:
            cohort = self._concerned.cohorts[cohort_id]
            oldest = course_in(cohort, None)
            self._destinations[cohort_id] = record_stores.destination(
                cohort.record_stores,
                scope.organisation_id,
                oldest.registration_id if oldest is not None else None,
            )
        return self._destinations[cohort_id]

    def _set_moments(self, registration: uuid.UUID, line: Sequence[_Built]) -> None:
        """Give each statement of a registration a moment of its own, later than every one before it."""
        if not take_moments(self._db, registration, *_put_apart(line, None, self._now)):
            # A clock that was set back must not stop anybody: order matters more than the moment.
            latest = latest_moment(self._db, registration)
            take_moments(self._db, registration, *_put_apart(line, latest, self._now))

    def _statements(self, logged: LoggedEvent) -> Iterator[Build]:
        """What builds each statement, in the order of sending."""
        match logged.event:
            case ProgrammeJoined(role=role):
                yield from self._joined(logged.scope, role)
            case RoleChanged(role=role):
                yield from self._void_latest(logged.scope, vocabulary.REGISTERED.iri)
                yield from self._joined(logged.scope, role)
            case PairFormed():
                yield from self._paired(logged.scope)
            case ObjectiveAgreed() | ObjectiveReached():
                yield self._about_objective(logged.scope, logged.event)
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
            case ProgressReached():
                yield self._progressed(logged.scope, logged.event)
            case ProgrammeCompleted():
                yield self._completed(logged.scope, logged.event)
            case CompletionReopened():
                yield from self._void_latest(logged.scope, vocabulary.COMPLETED.iri)

    def _joined(self, scope: Scope, role: str) -> Iterator[Build]:
        """Nothing for whom it was written, by whatever id, and is not voided: the first version did so at pairing."""
        enrolment = _given(scope.participant_id)
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
        pair = self._pair(scope)
        for role in (Role.MENTOR, Role.MENTEE):
            yield partial(statements.paired, self._context(scope, pair.languages[role]), pair.context, role)

    def _about_objective(self, scope: Scope, event: ObjectiveAgreed | ObjectiveReached) -> Build:
        pair = self._pair(scope)
        objective = ObjectiveContext(event.objective_id, Role(event.direction), Tag(event.tag))
        context = self._context(scope, pair.languages[objective.owner])
        if isinstance(event, ObjectiveAgreed):
            return partial(statements.objective_agreed, context, pair.context, objective)
        evidence = EvidenceContext(Evidence(event.evidence))
        return partial(statements.objective_reached, context, pair.context, objective, evidence)

    def _held(self, scope: Scope, event: SessionLogged | SessionCorrected) -> Iterator[Build]:
        pair = self._pair(scope)
        meeting = _session(event.session_id, event.held_on, event.minutes, event.format)
        reported_by = pair.roles[_given(scope.participant_id)]
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
        role = pair.roles[_given(scope.participant_id)]
        held = self._concerned.pairs[_given(scope.pair_id)].sessions
        fact = next((each for each in held if each.id == event.session_id), None)
        if fact is None:
            raise LookupError(f"there is no session {event.session_id}")
        meeting = _session(fact.id, fact.held_on, fact.minutes, fact.format)
        context = self._context(scope, pair.languages[role])
        logger = pair.context.mentee if role is Role.MENTOR else pair.context.mentor
        attended = [
            written.statement_id
            for written in self._emitted(fact.id, vocabulary.ATTENDED.iri, actor=logger.id_name)
            if written.revision == event.revision
        ]
        return partial(
            statements.session_confirmed,
            context,
            pair.context,
            meeting,
            role,
            revision=event.revision,
            attended=next(iter(attended), None),
        )

    def _void_session(self, scope: Scope, session_id: uuid.UUID, revision: int) -> Iterator[Build]:
        """Void what was written of one revision of a session: first that it was confirmed, then who attended."""
        for verb in (vocabulary.CONFIRMED.iri, vocabulary.ATTENDED.iri):
            for written in self._emitted(session_id, verb):
                if written.revision == revision:
                    yield self._void(scope, written)

    def _void_latest(self, scope: Scope, verb: str) -> Iterator[Build]:
        enrolment = _given(scope.participant_id)
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
        enrolment = _given(scope.participant_id)
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
        enrolment = _given(scope.participant_id)
        actor, language = self._participant(enrolment)
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

    def _time_spent(self, enrolment: uuid.UUID) -> dt.timedelta:
        """The time in all sessions that were held and that nobody contests."""
        participant = self._concerned.people[enrolment]
        held = (
            session.minutes
            for pair in self._concerned.pairs.values()
            if pair.has(participant)
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
        found = self._concerned.pairs[_given(scope.pair_id)]
        mentor, mentee = (self._concerned.people[member] for member in (found.mentor_id, found.mentee_id))
        return _PairValues(
            PairContext(found.id, self._actor(mentor), self._actor(mentee)),
            {mentor.id: Role.MENTOR, mentee.id: Role.MENTEE},
            {Role.MENTOR: self._language(mentor), Role.MENTEE: self._language(mentee)},
        )

    def _context(self, scope: Scope, language: str) -> StatementContext:
        return context_in(
            self._concerned.cohorts[_given(scope.cohort_id)],
            _given(scope.programme_id),
            scope.placement_id,
            iri_base=self._iri_base,
            language=language,
        )


def _session(identifier: uuid.UUID, held_on: dt.date, minutes: int, code: str) -> SessionContext:
    return SessionContext(identifier, held_on, dt.timedelta(minutes=minutes), code)


def _given(identifier: uuid.UUID | None) -> uuid.UUID:
    """The id that events of this kind always carry."""
    if identifier is None:
        raise ValueError("the event does not say what it is about")
    return identifier
