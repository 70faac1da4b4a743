"""The xAPI statements that an event makes: which, about whom, and in what order.

The statements are built in :mod:`xapi.statements`; here their values are read from the database, in the transaction of
the event. Ids are computed (:mod:`xapi.identity`), and what was written is kept
(:mod:`lti_tool.messaging.statement_log`): nothing is written twice, and what must be voided is looked up.

IRIs: an actor is an account of the tool or of the platform (:mod:`lti_tool.subscribers.actors`); the course is
``<issuer>/lti/deployments/<deployment id>/contexts/<context id>``, each id percent-encoded.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.config import Config
from lti_tool.events.base import LoggedEvent, Scope
from lti_tool.events.replay import Projection, Projections
from lti_tool.identity import installation
from lti_tool.identity.models import Course
from lti_tool.lti.platforms import platform_of
from lti_tool.lti.registration.models import Deployment, Registration
from lti_tool.mentoring.completion.events import CompletionReopened, ProgrammeCompleted, ProgressReached
from lti_tool.mentoring.enrolment.events import ProgrammeJoined, RoleChanged
from lti_tool.mentoring.objectives.events import ObjectiveAgreed, ObjectiveReached
from lti_tool.mentoring.pairs.events import PairFormed
from lti_tool.mentoring.pairs.queries import pair as find_pair
from lti_tool.mentoring.pairs.queries import pairs_of
from lti_tool.mentoring.programmes.queries import placements_of_cohorts, title_of_cohort
from lti_tool.mentoring.sessions.events import (
    SessionConfirmed,
    SessionCorrected,
    SessionDisputed,
    SessionLogged,
    SessionWithdrawn,
)
from lti_tool.mentoring.sessions.queries import session, sessions_of_pairs
from lti_tool.messaging import outbox
from lti_tool.messaging.models import DeliveryKind
from lti_tool.messaging.statement_log import (
    EmittedStatement,
    StatementTrail,
    emitted,
    emitted_ids,
    next_revision,
)
from lti_tool.subscribers.actors import actors
from lti_tool.translation import supported_language
from xapi import statements, vocabulary
from xapi.context import (
    Actor,
    CohortContext,
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
        emitter = StatementEmitter(db, self._config, now)
        # Rows are written together at the end, or before something is read that they change.
        with db.no_autoflush:
            for logged in events:
                emitter.emit(logged)
        db.flush()

    def projection(self, db: Session, others: Projections) -> Projection | None:
        """None: what was sent cannot be computed again, and is never sent again."""
        return None


@dataclass(frozen=True)
class _PairValues:
    context: PairContext
    roles: dict[uuid.UUID, Role]
    languages: dict[Role, str]


class StatementEmitter:
    """Enqueues the statements of one transaction's events; what it reads once it keeps until then."""

    def __init__(self, db: Session, config: Config, now: dt.datetime) -> None:
        """``now``: the aware moment of the transaction."""
        self._db = db
        self._default_language = supported_language(config.default_locale) or "en"
        self._iri_base = installation.iri_base(db, config.base_url)
        self._now = now
        self._contexts: dict[tuple[uuid.UUID | None, uuid.UUID | None, str], StatementContext] = {}
        self._pairs: dict[uuid.UUID, _PairValues] = {}
        self._people: dict[uuid.UUID, tuple[Actor, str]] = {}
        self._trails: dict[uuid.UUID, StatementTrail] = {}
        self._enqueued: set[uuid.UUID] = set()

    def emit(self, logged: LoggedEvent) -> int:
        """Enqueue the statements that the event makes; return how many."""
        at = logged.at
        built = [(build, build(recorded_at=at, now=max(at, self._now))) for build in self._statements(logged)]
        known = self._already_enqueued([statement.id for _, statement in built])
        new = [(build, statement) for build, statement in built if statement.id not in known]
        for build, statement in new:
            self._enqueue(build, statement)
        return len(new)

    def _enqueue(self, build: Build, statement: Statement) -> None:
        """Write one statement, at a moment of its own in its registration.

        It is built already, which settles its id and its registration; it is built again only when its moment must
        move.
        """
        trail = self._trail(statement.xapi_registration)
        if trail.last_timestamp is not None:
            moment = strictly_after(trail.last_timestamp, statement.timestamp)
            if moment != statement.timestamp:
                # A clock that was set back must not stop anybody: order matters more than the moment.
                statement = build(recorded_at=moment, now=max(moment, self._now))
        trail.last_timestamp = statement.timestamp
        outbox.enqueue(
            self._db,
            kind=DeliveryKind.STATEMENT,
            key=statement.id,
            order_key=str(statement.xapi_registration),
            body=statement.body,
        )
        self._db.add(
            EmittedStatement(
                statement_id=statement.id,
                xapi_registration=statement.xapi_registration,
                subject_id=statement.subject_id,
                verb=statement.verb,
                revision=statement.revision,
                actor=statement.actor,
                voided=False,
            )
        )
        self._enqueued.add(statement.id)

    def _trail(self, xapi_registration: uuid.UUID) -> StatementTrail:
        """The trail of a registration, locked; a new one where there is none yet."""
        if xapi_registration not in self._trails:
            trail = self._db.get(StatementTrail, xapi_registration, with_for_update=True)
            if trail is None:
                trail = StatementTrail(xapi_registration=xapi_registration)
                self._db.add(trail)
            self._trails[xapi_registration] = trail
        return self._trails[xapi_registration]

    def _already_enqueued(self, ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
        """Which of these statements were written before, in this transaction or an earlier one."""
        return self._enqueued.intersection(ids) | emitted_ids(self._db, ids)

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
        [(actor, language)] = self._actors(enrolment)
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
        row = session(self._db, event.session_id)
        if row is None:
            raise LookupError(f"there is no session {event.session_id}")
        meeting = _session(row.id, row.held_on, row.minutes, row.format)
        context = self._context(scope, pair.languages[role])
        logger = pair.context.mentee if role is Role.MENTOR else pair.context.mentor
        attended = [
            written.statement_id
            for written in self._emitted(row.id, vocabulary.ATTENDED.iri, actor=logger.id_name)
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
        self._db.flush()
        return emitted(self._db, subject_id, [verb], actor=actor)

    def _next_revision(self, subject_id: uuid.UUID, verb: str, actor: Actor) -> int:
        self._db.flush()
        return next_revision(self._db, subject_id, verb, actor.id_name)

    def _void(self, scope: Scope, written: EmittedStatement) -> Build:
        """Both go out even where the first still waits: the order is kept, and the LRS's log stays whole."""
        written.voided = True
        context = self._context(scope, self._default_language)
        return partial(statements.voided, context, written.xapi_registration, written.statement_id)

    def _progressed(self, scope: Scope, event: ProgressReached) -> Build:
        enrolment = _given(scope.participant_id)
        [(actor, language)] = self._actors(enrolment)
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
        [(actor, language)] = self._actors(enrolment)
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
        ids = [found.id for found in pairs_of(self._db, [enrolment])]
        held = (meeting for meeting in sessions_of_pairs(self._db, ids) if meeting.counts)
        return dt.timedelta(minutes=sum(meeting.minutes for meeting in held))

    def _actors(self, *ids: uuid.UUID) -> list[tuple[Actor, str]]:
        """The account and the language of each of these participants."""
        unknown = [each for each in ids if each not in self._people]
        if unknown:
            self._people |= actors(
                self._db, unknown, iri_base=self._iri_base, default_language=self._default_language
            )
        return [self._people[each] for each in ids]

    def _pair(self, scope: Scope) -> _PairValues:
        identifier = _given(scope.pair_id)
        if identifier not in self._pairs:
            found = find_pair(self._db, identifier)
            if found is None:
                raise LookupError(f"there is no pair {identifier}")
            (mentor, mentor_language), (mentee, mentee_language) = self._actors(*found.members)
            self._pairs[identifier] = _PairValues(
                PairContext(identifier, mentor, mentee),
                {found.mentor_id: Role.MENTOR, found.mentee_id: Role.MENTEE},
                {Role.MENTOR: mentor_language, Role.MENTEE: mentee_language},
            )
        return self._pairs[identifier]

    def _context(self, scope: Scope, language: str) -> StatementContext:
        key = (scope.cohort_id, scope.placement_id, language)
        if key not in self._contexts:
            cohort_id = _given(scope.cohort_id)
            title, starts_on = title_of_cohort(self._db, cohort_id)
            course_iri, course_title, platform = self._course(cohort_id, scope.placement_id)
            self._contexts[key] = StatementContext(
                iri_base=self._iri_base,
                programme_id=_given(scope.programme_id),
                programme_name=title,
                course_iri=course_iri,
                platform=platform,
                language=language,
                course_title=course_title,
                cohort=CohortContext(cohort_id, starts_on),
            )
        return self._contexts[key]

    def _course(
        self, cohort_id: uuid.UUID, placement_id: uuid.UUID | None
    ) -> tuple[str | None, str | None, str | None]:
        """The course's IRI, title and platform: of the activity through which somebody acted, else of the oldest."""
        placements = placements_of_cohorts(self._db, [cohort_id])
        if not placements:
            return None, None, None
        chosen = next((each for each in placements if each.id == placement_id), placements[0])
        course, deployment, registration = self._db.execute(
            sa.select(Course, Deployment, Registration)
            .join(Deployment, Deployment.id == Course.deployment_id)
            .join(Registration, Registration.id == Deployment.registration_id)
            .where(Course.id == chosen.course_id)
        ).one()
        iri = course_iri(registration.issuer, deployment.deployment_id, course.context_id)
        return iri, course.title, _platform_name(registration)


def course_iri(issuer: str, deployment_id: str, context_id: str) -> str:
    """The IRI of an LTI context, the same in every statement: the ids are unique under their issuer."""
    deployment, context = quote(deployment_id, safe=""), quote(context_id, safe="")
    return f"{issuer.rstrip('/')}/lti/deployments/{deployment}/contexts/{context}"


def _platform_name(registration: Registration) -> str:
    known = platform_of(registration.issuer, registration.platform_family).name
    return known or urlsplit(registration.issuer).hostname or registration.issuer


def _session(identifier: uuid.UUID, held_on: dt.date, minutes: int, code: str) -> SessionContext:
    return SessionContext(identifier, held_on, dt.timedelta(minutes=minutes), code)


def _given(identifier: uuid.UUID | None) -> uuid.UUID:
    """The id that events of this kind always carry."""
    if identifier is None:
        raise ValueError("the event does not say what it is about")
    return identifier
