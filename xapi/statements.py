"""One function for each thing that happens: its values become the statement that says it.

Every function is pure; the clock is an argument (``now``). The model is tincan's; what tincan writes is
then put into our one spelling (it adds ``version``, microseconds and +00:00), validated, and frozen as bytes.

Common arguments: ``recorded_at`` is the aware moment when the fact was recorded, which is the statement's
timestamp (a session's own start, or its day, is in an extension); ``revision`` counts the corrections of that
fact from 0; ``now`` is the moment that no timestamp may pass, the clock's by default. All raise
``validation.InvalidStatementError``, or ValueError for a value that cannot be written at all.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import tincan

from xapi import activities, encoding, vocabulary
from xapi.context import (
    Actor,
    EvidenceContext,
    ObjectiveContext,
    PairContext,
    SessionContext,
    Statement,
    StatementContext,
)
from xapi.identity import milestone_id, statement_id
from xapi.validation import validate
from xapi.vocabulary import Role, Term


def joined(
    context: StatementContext,
    actor: Actor,
    role: Role,
    enrolment_id: UUID,
    *,
    recorded_at: datetime,
    revision: int = 0,
    now: datetime | None = None,
) -> Statement:
    """A participant joined the programme in a role. The xAPI registration is the enrolment's own."""
    xapi_context = _programme_context(context, enrolment_id, extensions={vocabulary.EXT_ROLE: role.value})
    return _finish(
        context,
        vocabulary.REGISTERED,
        actor,
        activities.programme(context),
        xapi_context,
        subject_id=enrolment_id,
        recorded_at=recorded_at,
        revision=revision,
        now=now,
    )


def paired(
    context: StatementContext,
    pair: PairContext,
    role: Role,
    *,
    recorded_at: datetime,
    revision: int = 0,
    now: datetime | None = None,
) -> Statement:
    """One of the two became a member of the pair; a statement for each role."""
    xapi_context = _pair_context(context, pair, role, parent=activities.programme_in_context(context))
    return _finish(
        context,
        vocabulary.JOINED,
        pair.member(role),
        activities.pair(context, pair.pair_id),
        xapi_context,
        subject_id=pair.pair_id,
        pair=pair,
        recorded_at=recorded_at,
        revision=revision,
        now=now,
    )


def objective_agreed(
    context: StatementContext,
    pair: PairContext,
    objective: ObjectiveContext,
    *,
    recorded_at: datetime,
    revision: int = 0,
    now: datetime | None = None,
) -> Statement:
    """The pair agreed an objective; its owner says so."""
    return _finish(
        context,
        vocabulary.DEFINED,
        pair.member(objective.owner),
        activities.objective(context, objective),
        _pair_context(context, pair, objective.owner),
        subject_id=objective.objective_id,
        pair=pair,
        recorded_at=recorded_at,
        revision=revision,
        now=now,
    )


def session_held(
    context: StatementContext,
    pair: PairContext,
    session: SessionContext,
    role: Role,
    *,
    reported_by: Role,
    recorded_at: datetime,
    revision: int = 0,
    now: datetime | None = None,
) -> Statement:
    """One of the two attended the session; a statement for each role, when the session is logged.

    ``reported_by``: whose word it is, of the one who logged or corrected the session. For the other's statement nobody
    but that one has vouched until a ``session_confirmed`` of the same revision.
    """
    xapi_context = _pair_context(
        context,
        pair,
        role,
        extensions={
            vocabulary.EXT_FORMAT: session.format,
            vocabulary.EXT_STARTED_AT: encoding.day_or_timestamp(session.started_at),
            vocabulary.EXT_REPORTED_BY: reported_by.value,
        },
    )
    return _finish(
        context,
        vocabulary.ATTENDED,
        pair.member(role),
        activities.session(context, session),
        xapi_context,
        subject_id=session.session_id,
        pair=pair,
        result=tincan.Result(duration=session.length),
        length=session.length,
        recorded_at=recorded_at,
        revision=revision,
        now=now,
    )


def session_confirmed(
    context: StatementContext,
    pair: PairContext,
    session: SessionContext,
    role: Role,
    *,
    recorded_at: datetime,
    revision: int = 0,
    attended: UUID | None = None,
    now: datetime | None = None,
) -> Statement:
    """The partner in ``role`` confirmed the session that the other had logged.

    It points to the logger's own attended statement of the same revision: ``attended``, or the id computed for it.
    """
    logger = pair.mentee if role is Role.MENTOR else pair.mentor
    attended = attended or statement_id(
        pair.pair_id, session.session_id, revision, vocabulary.ATTENDED.iri, context.id_base, logger.id_name
    )
    return _finish(
        context,
        vocabulary.CONFIRMED,
        pair.member(role),
        activities.session(context, session),
        _pair_context(context, pair, role, statement=attended),
        subject_id=session.session_id,
        pair=pair,
        recorded_at=recorded_at,
        revision=revision,
        now=now,
    )


def objective_reached(
    context: StatementContext,
    pair: PairContext,
    objective: ObjectiveContext,
    evidence: EvidenceContext,
    *,
    recorded_at: datetime,
    revision: int = 0,
    now: datetime | None = None,
) -> Statement:
    """The objective counts as reached; the evidence says on whose word, or by which statement."""
    xapi_context = _pair_context(
        context,
        pair,
        objective.owner,
        statement=evidence.statement_id,
        extensions={vocabulary.EXT_EVIDENCE: evidence.kind.value},
    )
    return _finish(
        context,
        vocabulary.COMPLETED,
        pair.member(objective.owner),
        activities.objective(context, objective),
        xapi_context,
        subject_id=objective.objective_id,
        pair=pair,
        result=tincan.Result(completion=True),
        recorded_at=recorded_at,
        revision=revision,
        now=now,
    )


def progressed(
    context: StatementContext,
    actor: Actor,
    role: Role,
    enrolment_id: UUID,
    *,
    percent: int,
    score_percent: int,
    recorded_at: datetime,
    now: datetime | None = None,
) -> Statement:
    """A participant passed a milestone of the programme, in that person's own registration.

    ``percent``: the milestone, which cmi5's progress extension carries. ``score_percent``: how far they were then, 0 to
    100, and no less than the milestone. Each milestone is passed once, so passing it has no revision.
    """
    return _finish(
        context,
        vocabulary.PROGRESSED,
        actor,
        activities.programme(context),
        _programme_context(context, enrolment_id, extensions={vocabulary.EXT_ROLE: role.value}),
        subject_id=milestone_id(enrolment_id, percent),
        result=tincan.Result(
            score=_score(score_percent), extensions=tincan.Extensions({vocabulary.CMI5_PROGRESS: percent})
        ),
        recorded_at=recorded_at,
        revision=0,
        now=now,
    )


def programme_completed(
    context: StatementContext,
    actor: Actor,
    role: Role,
    enrolment_id: UUID,
    *,
    time_spent: timedelta,
    recorded_at: datetime,
    score_percent: int | None = None,
    revision: int = 0,
    now: datetime | None = None,
) -> Statement:
    """A participant completed the programme; one statement per person, in that person's own registration.

    ``time_spent``: the time in sessions that counted. ``score_percent``: 0 to 100 where a score is known.
    """
    result = tincan.Result(completion=True, duration=time_spent)
    if score_percent is not None:
        result.score = _score(score_percent)
    xapi_context = _programme_context(context, enrolment_id, extensions={vocabulary.EXT_ROLE: role.value})
    return _finish(
        context,
        vocabulary.COMPLETED,
        actor,
        activities.programme(context),
        xapi_context,
        subject_id=enrolment_id,
        result=result,
        length=time_spent,
        recorded_at=recorded_at,
        revision=revision,
        now=now,
    )


def voided(
    context: StatementContext,
    xapi_registration: UUID,
    target: UUID,
    *,
    recorded_at: datetime,
    now: datetime | None = None,
) -> Statement:
    """The tool withdraws the statement ``target`` of that registration (xAPI 1.0.3, Data 2.3.2).

    A correction is this, and then the right statement under the next revision. A statement is voided once, so
    voiding has no revision. It follows no template of the profile, so it carries no category.
    """
    return _finish(
        context,
        vocabulary.VOIDED,
        context.tool,
        tincan.StatementRef(id=target),
        tincan.Context(registration=xapi_registration, language=context.language),
        subject_id=target,
        recorded_at=recorded_at,
        revision=0,
        now=now,
    )


def _finish(
    context: StatementContext,
    verb: Term,
    actor: Actor,
    target: Any,
    xapi_context: Any,
    *,
    subject_id: UUID,
    recorded_at: datetime,
    revision: int,
    now: datetime | None,
    pair: PairContext | None = None,
    result: Any = None,
    length: timedelta | None = None,
) -> Statement:
    """Assemble, put into our spelling, validate, freeze."""
    identifier = statement_id(
        xapi_context.registration, subject_id, revision, verb.iri, context.id_base, actor.id_name
    )
    timestamp = encoding.timestamp(recorded_at)
    model = tincan.Statement(
        id=identifier,
        actor=_agent(actor),
        verb=tincan.Verb(id=verb.iri, display=activities.language_map(verb.label)),
        object=target,
        context=xapi_context,
        result=result,
        timestamp=recorded_at,
    )
    document: dict[str, Any] = model.as_version()
    del document["version"]
    document["timestamp"] = timestamp
    if length is not None:
        document["result"]["duration"] = encoding.duration(length)
    if "score" in document.get("result", {}):
        document["result"]["score"] = {
            key: int(value) if value == int(value) else value
            for key, value in document["result"]["score"].items()
        }
    # tincan gives every Group an empty member list; a Group known by its account needs none.
    document["context"].get("team", {}).pop("member", None)
    people = (actor,) if pair is None else (actor, pair.mentor, pair.mentee)
    named = {(one.home_page, one.name) for one in people if one.pseudonym is not None}
    validate(document, now=now, platform_accounts=named)
    moment = datetime.fromisoformat(timestamp).astimezone(UTC)
    return Statement(
        id=identifier,
        xapi_registration=xapi_context.registration,
        timestamp=moment,
        body=encoding.to_bytes(document),
        subject_id=subject_id,
        revision=revision,
        verb=verb.iri,
        actor=actor.id_name,
    )


def _score(percent: int) -> Any:
    return tincan.Score(scaled=percent / 100, raw=percent, min=0, max=100)


def _agent(actor: Actor) -> Any:
    return tincan.Agent(account=tincan.AgentAccount(home_page=actor.home_page, name=actor.name))


def _programme_context(context: StatementContext, enrolment_id: UUID, *, extensions: dict[str, str]) -> Any:
    """What a participant's own statements share: there is no pair in them, so no team and no parent."""
    return tincan.Context(
        registration=enrolment_id,
        platform=context.platform,
        language=context.language,
        context_activities=activities.context_activities(context),
        extensions=extensions,
    )


def _pair_context(
    context: StatementContext,
    pair: PairContext,
    role: Role,
    *,
    parent: Any = None,
    statement: UUID | None = None,
    extensions: dict[str, str] | None = None,
) -> Any:
    """What all statements of a pair share; on the mentee's, the mentor is the instructor."""
    xapi_context = tincan.Context(
        registration=pair.pair_id,
        platform=context.platform,
        language=context.language,
        team=tincan.Group(
            account=tincan.AgentAccount(
                home_page=f"{context.iri_base.rstrip('/')}/xapi/pairs", name=str(pair.pair_id)
            )
        ),
        context_activities=activities.context_activities(
            context, parent or activities.pair_in_context(context, pair.pair_id)
        ),
        extensions={vocabulary.EXT_ROLE: role.value, **(extensions or {})},
    )
    if role is Role.MENTEE:
        xapi_context.instructor = _agent(pair.mentor)
    if statement is not None:
        xapi_context.statement = tincan.StatementRef(id=statement)
    return xapi_context
