"""Facts told as xAPI statements: which statements a fact makes, about whom, and in what order.

The statements themselves are built in :mod:`xapi.statements`; here their values are read from the database, in
the transaction of the fact. Ids come from the fact (:mod:`xapi.identity`), so what was told is never told twice,
and what must be voided is found without searching.

IRIs: an actor is an account of the tool, named by the person's pseudonym; the course is
``<issuer>/lti/deployments/<deployment id>/contexts/<context id>``, each id percent-encoded.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool import outbox
from lti_tool.config import Config
from lti_tool.lti.models import Deployment, Registration
from lti_tool.mentoring import events
from lti_tool.mentoring.models import (
    Cohort,
    MentoringSession,
    Pair,
    Participant,
    Programme,
    SessionStatus,
)
from lti_tool.people import Course, Person
from xapi import statements, vocabulary
from xapi.encoding import strictly_after
from xapi.identity import statement_id
from xapi.scene import Actor, EvidenceScene, ObjectiveScene, PairScene, Scene, SessionScene, Statement
from xapi.vocabulary import Evidence, Role, Tag, Term

_PLATFORMS = {"moodle": "Moodle", "canvas": "Canvas", "openedx": "Open edX", "sakai": "Sakai"}


Build = Callable[..., Statement]
"""Builds one statement, given ``recorded_at`` and ``now``."""


@dataclass(frozen=True)
class _PairValues:
    scene: PairScene
    roles: dict[uuid.UUID, Role]
    languages: dict[Role, str]


class Teller:
    """Tells the facts of one transaction; what it reads once it keeps until then."""

    def __init__(self, db: Session, config: Config, now: dt.datetime) -> None:
        """``now``: the aware moment of the transaction."""
        self._db = db
        self._config = config
        self._now = now
        self._scenes: dict[tuple[uuid.UUID, str], Scene] = {}
        self._pairs: dict[uuid.UUID, _PairValues] = {}

    def tell(self, fact: events.Fact) -> int:
        """Enqueue the statements that the fact makes; return how many. Many facts make none."""
        return sum(self._enqueue(build, fact.at) for build in self._statements(fact))

    def _enqueue(self, build: Build, at: dt.datetime) -> bool:
        """Build one statement, at a moment of its own in its registration, unless it was told before.

        The first build settles the id and the registration; it is built again only when its moment must move.
        """
        statement = build(recorded_at=at, now=max(at, self._now))
        if self._was_told(statement.id):
            return False
        trail = self._db.get(outbox.StatementTrail, statement.xapi_registration, with_for_update=True)
        if trail is None:
            trail = outbox.StatementTrail(xapi_registration=statement.xapi_registration)
            self._db.add(trail)
        else:
            moment = strictly_after(trail.last_timestamp, statement.timestamp)
            if moment != statement.timestamp:
                # A clock that was set back must not stop anybody: order matters more than the moment.
                statement = build(recorded_at=moment, now=max(moment, self._now))
        trail.last_timestamp = statement.timestamp
        outbox.enqueue(
            self._db,
            kind=outbox.DeliveryKind.STATEMENT,
            key=statement.id,
            order_key=str(statement.xapi_registration),
            body=statement.body,
        )
        # Written at once: what follows in this transaction asks whether it was told.
        self._db.flush()
        return True

    def _was_told(self, identifier: uuid.UUID) -> bool:
        return bool(outbox.known_keys(self._db, [identifier]))

    def _statements(self, fact: events.Fact) -> Iterator[Build]:
        """What builds each statement, in the order of telling."""
        match fact:
            case events.ProgrammeJoined() | events.RoleChanged():
                yield from self._joined(fact)
            case events.PairFormed():
                yield from self._paired(fact)
            case events.ObjectiveAgreed() | events.ObjectiveReached():
                yield self._about_objective(fact)
            case events.SessionLogged():
                yield from self._held(fact)
            case events.SessionConfirmed():
                yield self._confirmed(fact)
            case events.SessionDisputed() | events.SessionWithdrawn():
                yield from self._void_session(fact, fact.revision)
            case events.SessionCorrected():
                yield from self._void_session(fact, fact.revision - 1)
                yield from self._held(fact)
            case events.ProgrammeCompleted():
                yield self._completed(fact)
            case events.CompletionReopened():
                yield from self._void_latest(fact, fact.about_id, vocabulary.COMPLETED)

    def _joined(self, fact: events.ProgrammeJoined | events.RoleChanged) -> Iterator[Build]:
        enrolment = _given(fact.participant_id)
        if isinstance(fact, events.RoleChanged):
            yield from self._void_latest(fact, enrolment, vocabulary.REGISTERED)
        actor, language = self._participant(enrolment)
        scene = self._scene(fact.cohort_id, language)
        revision = self._revision(scene, enrolment, vocabulary.REGISTERED, actor)
        yield partial(statements.joined, scene, actor, Role(fact.role), enrolment, revision=revision)

    def _paired(self, fact: events.PairFormed) -> Iterator[Build]:
        pair = self._pair(_given(fact.pair_id))
        for role in (Role.MENTOR, Role.MENTEE):
            yield partial(
                statements.paired, self._scene(fact.cohort_id, pair.languages[role]), pair.scene, role
            )

    def _about_objective(self, fact: events.ObjectiveAgreed | events.ObjectiveReached) -> Build:
        pair = self._pair(_given(fact.pair_id))
        objective = ObjectiveScene(_given(fact.subject_id), Role(fact.direction), Tag(fact.tag))
        scene = self._scene(fact.cohort_id, pair.languages[objective.owner])
        if isinstance(fact, events.ObjectiveAgreed):
            return partial(statements.objective_agreed, scene, pair.scene, objective)
        evidence = EvidenceScene(Evidence(fact.evidence))
        return partial(statements.objective_reached, scene, pair.scene, objective, evidence)

    def _held(self, fact: events.SessionLogged | events.SessionCorrected) -> Iterator[Build]:
        pair = self._pair(_given(fact.pair_id))
        session = _session(_given(fact.subject_id), fact.held_on, fact.minutes, fact.format)
        for role in (Role.MENTOR, Role.MENTEE):
            scene = self._scene(fact.cohort_id, pair.languages[role])
            yield partial(statements.session_held, scene, pair.scene, session, role, revision=fact.revision)

    def _confirmed(self, fact: events.SessionConfirmed) -> Build:
        pair = self._pair(_given(fact.pair_id))
        role = pair.roles[_given(fact.participant_id)]
        row = self._db.get_one(MentoringSession, _given(fact.subject_id))
        session = _session(row.id, row.held_on, row.minutes, row.format)
        scene = self._scene(fact.cohort_id, pair.languages[role])
        return partial(statements.session_confirmed, scene, pair.scene, session, role, revision=fact.revision)

    def _void_session(self, fact: events.Fact, revision: int) -> Iterator[Build]:
        """Void whatever was told of one revision of a session: who attended, and that it was confirmed."""
        pair = self._pair(_given(fact.pair_id)).scene
        for verb in (vocabulary.CONFIRMED, vocabulary.ATTENDED):
            for role in (Role.MENTOR, Role.MENTEE):
                told = statement_id(
                    pair.pair_id, _given(fact.subject_id), revision, verb.iri, pair.member(role)
                )
                if self._was_told(told):
                    yield self._void(fact, pair.pair_id, told)

    def _void(self, fact: events.Fact, registration: uuid.UUID, told: uuid.UUID) -> Build:
        """Both go out even where the first still waits: the order is kept, and the LRS's log stays whole."""
        scene = self._scene(fact.cohort_id, self._config.default_locale)
        return partial(statements.voided, scene, registration, told)

    def _void_latest(self, fact: events.Fact, enrolment: uuid.UUID, verb: Term) -> Iterator[Build]:
        actor, language = self._participant(enrolment)
        scene = self._scene(fact.cohort_id, language)
        revision = self._revision(scene, enrolment, verb, actor)
        told = statement_id(enrolment, enrolment, revision, verb.iri, actor)
        if self._was_told(told):
            yield self._void(fact, enrolment, told)

    def _completed(self, fact: events.ProgrammeCompleted) -> Build:
        enrolment = _given(fact.participant_id)
        actor, language = self._participant(enrolment)
        scene = self._scene(fact.cohort_id, language)
        revision = self._revision(scene, enrolment, vocabulary.COMPLETED, actor)
        return partial(
            statements.programme_completed,
            scene,
            actor,
            Role(fact.role),
            enrolment,
            time_spent=self._time_spent(enrolment),
            score_percent=fact.score,
            revision=revision,
        )

    def _revision(self, scene: Scene, enrolment: uuid.UUID, verb: Term, actor: Actor) -> int:
        """The revision to tell next: the first that was not told and then voided."""
        revision = 0
        while True:
            told = statement_id(enrolment, enrolment, revision, verb.iri, actor)
            voided = statement_id(enrolment, told, 0, vocabulary.VOIDED.iri, scene.tool)
            if not self._was_told(voided):
                return revision
            revision += 1

    def _time_spent(self, enrolment: uuid.UUID) -> dt.timedelta:
        """The time in all sessions that were held and that nobody contests."""
        minutes = self._db.scalar(
            sa.select(sa.func.sum(MentoringSession.minutes))
            .join(Pair, Pair.id == MentoringSession.pair_id)
            .where(
                sa.or_(Pair.mentor_id == enrolment, Pair.mentee_id == enrolment),
                MentoringSession.status.in_([SessionStatus.HELD, SessionStatus.CONFIRMED]),
            )
        )
        return dt.timedelta(minutes=minutes or 0)

    def _participant(self, identifier: uuid.UUID) -> tuple[Actor, str]:
        person = self._db.scalars(
            sa.select(Person)
            .join(Participant, Participant.person_id == Person.id)
            .where(Participant.id == identifier)
        ).one()
        return self._actor(person), self._language(person)

    def _actor(self, person: Person) -> Actor:
        return Actor(self._config.base_url, str(person.pseudonym))

    def _language(self, person: Person) -> str:
        language = (person.locale or "").partition("-")[0].lower()
        return language if language in ("en", "fr") else self._config.default_locale

    def _pair(self, identifier: uuid.UUID) -> _PairValues:
        if identifier not in self._pairs:
            pair = self._db.get_one(Pair, identifier)
            mentor, mentee = pair.mentor.person, pair.mentee.person
            self._pairs[identifier] = _PairValues(
                PairScene(identifier, self._actor(mentor), self._actor(mentee)),
                {pair.mentor_id: Role.MENTOR, pair.mentee_id: Role.MENTEE},
                {Role.MENTOR: self._language(mentor), Role.MENTEE: self._language(mentee)},
            )
        return self._pairs[identifier]

    def _scene(self, cohort_id: uuid.UUID, language: str) -> Scene:
        key = (cohort_id, language)
        if key not in self._scenes:
            programme, course, deployment, registration = self._db.execute(
                sa.select(Programme, Course, Deployment, Registration)
                .join(Cohort, Cohort.programme_id == Programme.id)
                .join(Course, Course.id == Programme.course_id)
                .join(Deployment, Deployment.id == Course.deployment_id)
                .join(Registration, Registration.id == Deployment.registration_id)
                .where(Cohort.id == cohort_id)
            ).one()
            self._scenes[key] = Scene(
                tool_base_url=self._config.base_url,
                programme_id=programme.id,
                programme_name=programme.settings["title"],
                course_iri=course_iri(registration.issuer, deployment.deployment_id, course.context_id),
                platform=_platform(registration),
                language=language,
            )
        return self._scenes[key]


def course_iri(issuer: str, deployment_id: str, context_id: str) -> str:
    """The IRI of an LTI context, the same in every statement: the ids are unique under their issuer."""
    return f"{issuer.rstrip('/')}/lti/deployments/{quote(deployment_id, safe='')}/contexts/{quote(context_id, safe='')}"


def _platform(registration: Registration) -> str:
    family = registration.platform_family or ""
    return _PLATFORMS.get(family.lower()) or urlsplit(registration.issuer).hostname or registration.issuer


def _session(identifier: uuid.UUID, held_on: dt.date, minutes: int, code: str) -> SessionScene:
    return SessionScene(identifier, held_on, dt.timedelta(minutes=minutes), code)


def _given(identifier: uuid.UUID | None) -> uuid.UUID:
    """The id that facts of this kind always carry."""
    if identifier is None:
        raise ValueError("the fact does not say what it is about")
    return identifier
