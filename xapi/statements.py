"""One function for each thing that happens: its values become the statement that says it.

Every function is pure; the clock is an argument (``now``). The model is tincan's; what it writes is put into our one
spelling (it adds ``version``, microseconds and +00:00), validated, and frozen as bytes (:mod:`xapi.assembly`). Parts
that many statements share are made once (:mod:`xapi.parts`).

Common arguments: ``recorded_at`` is the aware moment when the fact was recorded, which is the statement's
timestamp (a session's own start, or its day, is in an extension); ``revision`` counts the corrections of that
fact from 0; ``now`` is the moment that no timestamp may pass, the clock's by default. All raise
``validation.InvalidStatementError``, or ValueError for a value that cannot be written at all.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from xapi import activities, encoding, parts, vocabulary
from xapi.assembly import assemble, pair_context, programme_context, voiding_context
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
from xapi.vocabulary import Role


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
    xapi_context = programme_context(context, enrolment_id, role)
    return assemble(
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
    xapi_context = pair_context(context, pair, role, below_programme=True)
    return assemble(
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


def pair_left(
    context: StatementContext,
    pair: PairContext,
    role: Role,
    *,
    reason: str,
    recorded_at: datetime,
    revision: int = 0,
    now: datetime | None = None,
) -> Statement:
    """One of the two left the pair, which ended early; a statement for each role. ``reason``: a code, no fault."""
    return assemble(
        context,
        vocabulary.LEFT,
        pair.member(role),
        activities.pair(context, pair.pair_id),
        pair_context(context, pair, role, below_programme=True),
        subject_id=pair.pair_id,
        pair=pair,
        result=parts.result(completion=False, extension=(vocabulary.EXT_END_REASON, reason)),
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
    return assemble(
        context,
        vocabulary.DEFINED,
        pair.member(objective.owner),
        activities.objective(context, objective),
        pair_context(context, pair, objective.owner),
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
    extensions = {
        vocabulary.EXT_FORMAT: session.format,
        vocabulary.EXT_STARTED_AT: encoding.day_or_timestamp(session.started_at),
        vocabulary.EXT_REPORTED_BY: reported_by.value,
    }
    if session.mode is not None:
        extensions[vocabulary.EXT_MODE] = session.mode.value
    xapi_context = pair_context(context, pair, role, extensions=extensions)
    return assemble(
        context,
        vocabulary.ATTENDED,
        pair.member(role),
        activities.session(context, session),
        xapi_context,
        subject_id=session.session_id,
        pair=pair,
        result=parts.result(length=session.length),
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
    return assemble(
        context,
        vocabulary.CONFIRMED,
        pair.member(role),
        activities.session(context, session),
        pair_context(context, pair, role, statement=attended),
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
    xapi_context = pair_context(
        context,
        pair,
        objective.owner,
        statement=evidence.statement_id,
        extensions={vocabulary.EXT_EVIDENCE: evidence.kind.value},
    )
    return assemble(
        context,
        vocabulary.COMPLETED,
        pair.member(objective.owner),
        activities.objective(context, objective),
        xapi_context,
        subject_id=objective.objective_id,
        pair=pair,
        result=parts.result(completion=True),
        recorded_at=recorded_at,
        revision=revision,
        now=now,
    )


def feedback_given(
    context: StatementContext,
    pair: PairContext,
    session: SessionContext,
    role: Role,
    feedback_id: UUID,
    *,
    recorded_at: datetime,
    revision: int = 0,
    now: datetime | None = None,
) -> Statement:
    """The one in ``role`` gave the other feedback about a session: that it was given, never what it says."""
    return assemble(
        context,
        vocabulary.COMMENTED,
        pair.member(role),
        activities.session(context, session),
        pair_context(context, pair, role),
        subject_id=feedback_id,
        pair=pair,
        recorded_at=recorded_at,
        revision=revision,
        now=now,
    )


def reflection_written(
    context: StatementContext,
    pair: PairContext,
    role: Role,
    reflection_id: UUID,
    *,
    recorded_at: datetime,
    revision: int = 0,
    now: datetime | None = None,
) -> Statement:
    """The one in ``role`` wrote down what they changed: that they did, never what it says."""
    return assemble(
        context,
        vocabulary.CREATED,
        pair.member(role),
        activities.note(context, reflection_id),
        pair_context(context, pair, role),
        subject_id=reflection_id,
        pair=pair,
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
    return assemble(
        context,
        vocabulary.PROGRESSED,
        actor,
        activities.programme(context),
        programme_context(context, enrolment_id, role),
        subject_id=milestone_id(enrolment_id, percent),
        result=parts.result(score_percent=score_percent, extension=(vocabulary.CMI5_PROGRESS, percent)),
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
    result = parts.result(completion=True, length=time_spent, score_percent=score_percent)
    xapi_context = programme_context(context, enrolment_id, role)
    return assemble(
        context,
        vocabulary.COMPLETED,
        actor,
        activities.programme(context),
        xapi_context,
        subject_id=enrolment_id,
        result=result,
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
    return assemble(
        context,
        vocabulary.VOIDED,
        context.tool,
        parts.statement_ref("$.object", target),
        voiding_context(context, xapi_registration),
        subject_id=target,
        recorded_at=recorded_at,
        revision=0,
        now=now,
    )
