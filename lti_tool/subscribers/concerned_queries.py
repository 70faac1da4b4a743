"""The two queries of :mod:`lti_tool.subscribers.concerned`, and the values that are made of their rows.

They are compiled once for each database (:mod:`lti_tool.compiled_statement`) and number of people.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from lti_tool.compiled_statement import (
    CompiledStatement,
    member_values,
    members,
    once_for_each_dialect,
    places,
)
from lti_tool.database import connection_of, table_of
from lti_tool.identity.models import Course, Person
from lti_tool.lti.ags.models import ScoreState
from lti_tool.lti.registration.models import Deployment, Registration
from lti_tool.mentoring.completion.facts import AgreementFact, ObjectiveFact, SessionFact
from lti_tool.mentoring.completion.models import CompletionRecord, TutorValidation
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.feedback.models import Feedback, FeedbackKind
from lti_tool.mentoring.objectives.models import Objective
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.pairs.queries import pairs_of_people_in
from lti_tool.mentoring.programmes.models import (
    Cohort,
    CompletionRuleVersion,
    Placement,
    Programme,
    ProgrammeSettings,
    RoleView,
)
from lti_tool.mentoring.programmes.queries import PlacementRecord, RuleRecord
from lti_tool.mentoring.reflections.models import Reflection
from lti_tool.mentoring.roles import Role
from lti_tool.mentoring.sessions.models import MentoringSession
from lti_tool.messaging import record_stores
from lti_tool.subscribers.concerned_values import (
    Authored,
    CohortValues,
    ConcernedPair,
    ConcernedParticipant,
    CourseValues,
    ProgressValues,
    ScoreValues,
)

_ID: Final = sa.Uuid()


def people(
    db: Session, named: Collection[uuid.UUID], pair_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, ConcernedParticipant]:
    """The participants ``named``, and both of each of these pairs, in the order of their ids."""
    connection = connection_of(db)
    few, pairs_few = places(len(named)), places(len(pair_ids))
    given = {**member_values("named", named, few), **member_values("pair", pair_ids, pairs_few)}
    return _people(db, _named_people(connection, few, pairs_few).all(connection, given))


def people_of_cohort(db: Session, cohort_id: uuid.UUID) -> dict[uuid.UUID, ConcernedParticipant]:
    """Every participant of a cohort, in the order of their ids."""
    return _people(db, db.execute(_PEOPLE.where(Participant.cohort_id == cohort_id)).all())


def pairs(db: Session, participant_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, ConcernedPair]:
    """Every pair of these participants, ended ones included."""
    connection = connection_of(db)
    few = places(len(participant_ids))
    rows = _pairs_of(connection, few).all(connection, member_values("participant", participant_ids, few))
    return _pairs(rows)


def pairs_of_cohort(db: Session, cohort_id: uuid.UUID) -> dict[uuid.UUID, ConcernedPair]:
    """Every pair of the people of a cohort, ended ones included, also of a cohort in which they were before."""
    connection = connection_of(db)
    return _pairs(_pairs_of_cohort(connection).all(connection, {"of_cohort": cohort_id}))


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
        Cohort.settings_id,
        record_stores.listed_for(Programme.organisation_id).label("record_stores"),
        CompletionRuleVersion.id.label("rule_id"),
        CompletionRuleVersion.number.label("rule_number"),
        # Texts that are compared, or looked up, before anybody reads them.
        sa.cast(CompletionRuleVersion.rule, sa.Text).label("rule"),
        CompletionRecord.rule_version_id.label("judged_by"),
        CompletionRecord.score,
        CompletionRecord.status.label("progress"),
        CompletionRecord.completion,
        sa.cast(CompletionRecord.explanation, sa.Text).label("explanation"),
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


@once_for_each_dialect
def _named_people(dialect: Dialect, named: int, pair_count: int) -> CompiledStatement:
    """The same of so many participants, and of both of so many pairs."""
    participant, pair = table_of(Participant).alias("named"), table_of(Pair)
    of_pairs = pair.c.id.in_(members("pair", pair_count, _ID))
    # One list of ids: with OR, neither database would use the index of the participants.
    wanted = sa.union(
        sa.select(participant.c.id).where(participant.c.id.in_(members("named", named, _ID))),
        sa.select(pair.c.mentor_id).where(of_pairs),
        sa.select(pair.c.mentee_id).where(of_pairs),
    )
    return CompiledStatement(_PEOPLE.where(Participant.id.in_(wanted)), dialect)


_titles: dict[uuid.UUID, dict[str, str]] = {}
"""Titles of programmes by the version of the settings, which is never changed: reading one means reading the whole
document."""
_MOST_TITLES: Final = 1024


def _titles_of(db: Session, settings_ids: set[uuid.UUID]) -> dict[uuid.UUID, dict[str, str]]:
    """The titles in these versions of settings; each is read once in a process."""
    found = {known: title for known in settings_ids if (title := _titles.get(known)) is not None}
    unknown = settings_ids - found.keys()
    if unknown:
        title_of = ProgrammeSettings.settings["title"]
        rows = db.execute(sa.select(ProgrammeSettings.id, title_of).where(ProgrammeSettings.id.in_(unknown)))
        read = {row[0]: row[1] for row in rows}
        if len(_titles) >= _MOST_TITLES:
            _titles.clear()
        _titles.update(read)
        found |= read
    return found


def _people(db: Session, rows: Sequence[Any]) -> dict[uuid.UUID, ConcernedParticipant]:
    titles = _titles_of(db, {row.settings_id for row in rows})
    found: dict[uuid.UUID, ConcernedParticipant] = {}
    cohorts: dict[uuid.UUID, CohortValues] = {}
    for row in rows:
        if row.cohort_id not in cohorts:
            rule = RuleRecord(row.rule_id, row.cohort_id, row.rule_number, row.rule)
            cohorts[row.cohort_id] = CohortValues(
                row.cohort_id, titles[row.settings_id], row.starts_on, rule, row.record_stores
            )
        cohort = cohorts[row.cohort_id]
        if row.id not in found:
            found[row.id] = _person(row, cohort)
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
            found[row.id].scores[row.placement_id] = ScoreValues(row.scored_status, row.scored, row.report)
    return found


def _person(row: Any, cohort: CohortValues) -> ConcernedParticipant:
    progress = None
    if row.judged_by is not None:
        progress = ProgressValues(
            score=row.score,
            status=row.progress,
            completion=row.completion,
            completed_at=row.completed_at,
            explanation=row.explanation,
            rule_version_id=row.judged_by,
            milestone=row.milestone,
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
        approved=row.approved is not None,
    )


def _nothing(kind: type[sa.types.TypeEngine[Any]]) -> sa.ColumnElement[Any]:
    """NULL of a type: PostgreSQL wants one for each column of a UNION."""
    return sa.cast(sa.null(), kind)


@once_for_each_dialect
def _pairs_of(dialect: Dialect, participants: int) -> CompiledStatement:
    """One row for each pair of so many participants, and each of its sessions, objectives, reflections and feedback.

    ``pair`` is the pair's id as the driver gives it, by which the rows of one pair are put together.
    """
    pair = table_of(Pair)
    theirs = sa.or_(
        *(
            member.in_(members("participant", participants, _ID))
            for member in (pair.c.mentor_id, pair.c.mentee_id)
        )
    )
    return CompiledStatement(_rows_of_pairs(theirs), dialect)


@once_for_each_dialect
def _pairs_of_cohort(dialect: Dialect) -> CompiledStatement:
    """The same of each pair of a cohort's people."""
    theirs = table_of(Pair).c.id.in_(pairs_of_people_in(sa.bindparam("of_cohort", type_=_ID)))
    return CompiledStatement(_rows_of_pairs(theirs), dialect)


def _rows_of_pairs(theirs: sa.ColumnElement[bool]) -> sa.CompoundSelect[*tuple[Any, ...]]:
    """``theirs``: which pairs, as a condition on their table."""
    pair, session, objective, reflection, feedback = (
        table_of(mapped) for mapped in (Pair, MentoringSession, Objective, Reflection, Feedback)
    )
    found = sa.select(pair.c.id).where(theirs).cte("their_pairs")
    their_ids = sa.select(found.c.id)

    def row(table: sa.Table, kind: str, pair_id: sa.ColumnElement[Any], **columns: Any) -> sa.Select[Any]:
        return sa.select(
            sa.literal_column(f"'{kind}'").label("kind"),
            sa.type_coerce(pair_id, sa.String).label("pair"),
            table.c.id,
            *(
                columns.get(name, _nothing(type_)).label(name)
                for name, type_ in (
                    ("status", sa.String),
                    ("minutes", sa.Integer),
                    ("format", sa.String),
                    ("held_on", sa.Date),
                    ("direction", sa.String),
                    ("required", sa.Boolean),
                    ("evidence", sa.String),
                    ("agreed", sa.Boolean),
                    ("author_id", sa.Uuid),
                    ("mentor_id", sa.Uuid),
                    ("mentee_id", sa.Uuid),
                    ("mentor_signed", sa.Boolean),
                    ("mentee_signed", sa.Boolean),
                )
            ),
        ).select_from(table)

    of_pairs = row(
        pair,
        "pair",
        pair.c.id,
        mentor_id=pair.c.mentor_id,
        mentee_id=pair.c.mentee_id,
        mentor_signed=pair.c.mentor_signed_at.is_not(None),
        mentee_signed=pair.c.mentee_signed_at.is_not(None),
    ).where(pair.c.id.in_(their_ids))
    of_sessions = row(
        session,
        "session",
        session.c.pair_id,
        **{name: session.c[name] for name in ("status", "minutes", "format", "held_on")},
    ).where(session.c.pair_id.in_(their_ids))
    of_objectives = row(
        objective,
        "objective",
        objective.c.pair_id,
        **{name: objective.c[name] for name in ("status", "direction", "required", "evidence")},
        agreed=objective.c.agreed_at.is_not(None),
    ).where(objective.c.pair_id.in_(their_ids))
    of_authors = [
        row(table, kind, table.c.pair_id, author_id=table.c.author_id).where(table.c.pair_id.in_(their_ids))
        for kind, table in (("reflection", reflection), ("feedback", feedback))
    ]
    of_authors[1] = of_authors[1].where(feedback.c.kind == sa.literal_column(f"'{FeedbackKind.MEETING}'"))
    return sa.union_all(of_pairs, of_sessions, of_objectives, *of_authors)


def _pairs(rows: Iterable[Any]) -> dict[uuid.UUID, ConcernedPair]:
    found: dict[Any, ConcernedPair] = {}
    facts: list[Any] = []
    for row in rows:
        if row.kind == "pair":
            agreement = AgreementFact(bool(row.mentor_signed), bool(row.mentee_signed))
            found[row.pair] = ConcernedPair(row.id, row.mentor_id, row.mentee_id, agreement)
        else:
            facts.append(row)
    for row in facts:
        pair = found[row.pair]
        if row.kind == "session":
            pair.sessions.append(SessionFact(row.id, row.status, row.minutes, row.format, row.held_on))
        elif row.kind == "reflection":
            pair.reflections.append(Authored(row.id, row.author_id))
        elif row.kind == "feedback":
            pair.feedback.append(Authored(row.id, row.author_id))
        else:
            fact = ObjectiveFact(
                row.id, row.direction, row.status, row.required, row.evidence, bool(row.agreed)
            )
            pair.objectives.append(fact)
    return {pair.id: pair for pair in found.values()}
