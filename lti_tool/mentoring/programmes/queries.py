"""Reading programmes, cohorts and placements."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session, aliased

from lti_tool.compiled_statement import CompiledStatement, once_for_each_dialect
from lti_tool.database import LOCK_ROW, connection_of
from lti_tool.events.base import Scope
from lti_tool.events.log import acting_principal
from lti_tool.identity.models import Course, Membership
from lti_tool.identity.principal import CourseRole, Principal
from lti_tool.mentoring.programmes.in_use import is_in_use
from lti_tool.mentoring.programmes.models import (
    Cohort,
    CohortStatus,
    CompletionRuleVersion,
    Placement,
    Programme,
    ProgrammeOwner,
    ProgrammeSettings,
    RoleView,
)
from lti_tool.mentoring.programmes.shown_settings import shown_settings


@dataclass(frozen=True)
class CohortRecord:
    """A cohort with what belongs to its programme."""

    id: uuid.UUID
    programme_id: uuid.UUID
    organisation_id: uuid.UUID
    number: int
    kind: str
    status: str
    starts_on: dt.date
    ends_on: dt.date
    follow_up_on: dt.date
    is_copy: bool
    """Whether it began with a copy of an activity of another cohort."""

    @property
    def accepts_participants(self) -> bool:
        """Whether people may join or be invited now."""
        return self.status in (CohortStatus.ENROLLING, CohortStatus.MATCHING, CohortStatus.RUNNING)

    @property
    def accepts_invitations(self) -> bool:
        """Whether a tutor may add people now: before the start as well, though nobody joins before it."""
        return self.accepts_participants or self.status in (CohortStatus.DRAFT, CohortStatus.READY)

    @property
    def running(self) -> bool:
        """Whether pairs may be formed now."""
        return self.status == CohortStatus.RUNNING


@dataclass(frozen=True)
class PlacementRecord:
    """An activity in a course that opens a cohort."""

    id: uuid.UUID
    cohort_id: uuid.UUID
    course_id: uuid.UUID
    resource_link_id: uuid.UUID
    role_view: RoleView


@dataclass(frozen=True)
class RuleRecord:
    """A version of a cohort's completion rule."""

    id: uuid.UUID
    cohort_id: uuid.UUID
    number: int
    rule: str
    """The JSON as it is stored."""


@dataclass(frozen=True)
class Group:
    """A cohort that a tutor can share with another activity."""

    cohort_id: uuid.UUID
    title: dict[str, str]
    """The programme's title by language."""
    resource_link_id: uuid.UUID | None
    """Of its oldest activity; None for one that waits for its first."""
    course_title: str | None
    """Of the course of that activity."""
    starts_on: dt.date
    programme_id: uuid.UUID


def cohort(db: Session, cohort_id: uuid.UUID) -> CohortRecord:
    """The cohort of this id. Raises :class:`sqlalchemy.exc.NoResultFound`."""
    row, programme = db.execute(
        sa.select(Cohort, Programme)
        .join(Programme, Programme.id == Cohort.programme_id)
        .where(Cohort.id == cohort_id)
    ).one()
    return _cohort_record(row, programme)


def cohort_to_join(db: Session, cohort_id: uuid.UUID) -> CohortRecord:
    """The same, for a transaction in which somebody joins it: it and whoever applies another rule wait for each other.

    Those who join at once do not.
    """
    row, programme = db.execute(
        sa.select(Cohort, Programme)
        .join(Programme, Programme.id == Cohort.programme_id)
        .where(Cohort.id == cohort_id)
        .with_for_update(read=True, of=Cohort)
    ).one()
    return _cohort_record(row, programme)


def _cohort_record(row: Cohort, programme: Programme) -> CohortRecord:
    return CohortRecord(
        id=row.id,
        programme_id=programme.id,
        organisation_id=programme.organisation_id,
        number=row.number,
        kind=row.kind,
        status=row.status,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        follow_up_on=row.follow_up_on,
        is_copy=row.copied_from_id is not None,
    )


def cohort_numbers(db: Session, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, int]:
    """The numbers of these cohorts in their programmes."""
    return dict(db.execute(sa.select(Cohort.id, Cohort.number).where(Cohort.id.in_(ids))).all())


@dataclass(frozen=True)
class DescribedCohort:
    """A cohort with what people read of it."""

    cohort: CohortRecord
    title: dict[str, str]
    """The programme's, by language."""
    rule: str
    """The JSON of the rule in force; empty where there is none."""


def described_cohort(db: Session, cohort_id: uuid.UUID) -> DescribedCohort:
    """A cohort with its programme's title and its rule. Raises as :func:`cohort` does."""
    connection = connection_of(db)
    row = _describe(connection).first(connection, {"cohort_id": cohort_id})
    if row is None:
        raise NoResultFound(f"there is no cohort {cohort_id}")
    *of_cohort, settings_id, rule = row
    title = shown_settings(db, settings_id).title
    return DescribedCohort(CohortRecord(*of_cohort), dict(title), rule or "")


@once_for_each_dialect
def _describe(dialect: Dialect) -> CompiledStatement:
    """The fields of a :class:`CohortRecord`, and behind them the settings' version and the rule."""
    cohort_id = sa.bindparam("cohort_id", type_=sa.Uuid())
    rule = (
        sa.select(sa.cast(CompletionRuleVersion.rule, sa.Text))
        .where(CompletionRuleVersion.cohort_id == cohort_id)
        .order_by(CompletionRuleVersion.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = (
        sa.select(
            Cohort.id,
            Programme.id.label("programme_id"),
            Programme.organisation_id,
            Cohort.number,
            Cohort.kind,
            Cohort.status,
            Cohort.starts_on,
            Cohort.ends_on,
            Cohort.follow_up_on,
            Cohort.copied_from_id.is_not(None).label("is_copy"),
            Cohort.settings_id,
            rule,
        )
        .join(Programme, Programme.id == Cohort.programme_id)
        .where(Cohort.id == cohort_id)
    )
    return CompiledStatement(query, dialect)


def settings_of_cohort(db: Session, cohort_id: uuid.UUID) -> dict[str, Any]:
    """The version of the programme's settings that a cohort runs on, in the shape of a template."""
    found: dict[str, Any] = db.scalars(
        sa.select(ProgrammeSettings.settings)
        .join(Cohort, Cohort.settings_id == ProgrammeSettings.id)
        .where(Cohort.id == cohort_id)
    ).one()
    return found


def lock_cohort(db: Session, cohort_id: uuid.UUID) -> None:
    """Make those who form pairs in a cohort, or change its rule, wait for each other; SQLite has one writer anyway."""
    db.execute(sa.select(Cohort.id).where(Cohort.id == cohort_id).with_for_update(**LOCK_ROW))


def placement_of_link(db: Session, resource_link_id: uuid.UUID) -> PlacementRecord | None:
    """What an LTI resource link opens; None before a tutor has opened it."""
    row = db.scalar(sa.select(Placement).where(Placement.resource_link_id == resource_link_id))
    return None if row is None else placement_record(row)


def placements_of_course(db: Session, course_id: uuid.UUID) -> list[PlacementRecord]:
    """Every activity of a course that a tutor has opened, the oldest first."""
    rows = db.scalars(
        sa.select(Placement)
        .where(Placement.course_id == course_id)
        .order_by(Placement.created_at, Placement.id)
    )
    return [placement_record(row) for row in rows]


def placement(db: Session, placement_id: uuid.UUID) -> PlacementRecord:
    """The placement of this id. Raises :class:`sqlalchemy.exc.NoResultFound`."""
    return placement_record(db.get_one(Placement, placement_id))


def placements_of_cohorts(db: Session, cohort_ids: Sequence[uuid.UUID]) -> list[PlacementRecord]:
    """Every activity that opens one of these cohorts, the oldest first."""
    rows = db.scalars(
        sa.select(Placement)
        .where(Placement.cohort_id.in_(cohort_ids))
        .order_by(Placement.created_at, Placement.id)
    )
    return [placement_record(row) for row in rows]


def courses_of_cohort(cohort_id: uuid.UUID | sa.BindParameter[uuid.UUID]) -> sa.Select[uuid.UUID]:
    """A query for the ids of the courses with an activity of a cohort, to be used in another."""
    return sa.select(Placement.course_id).where(Placement.cohort_id == cohort_id)


def other_groups_in(
    cohort_id: uuid.UUID | sa.BindParameter[uuid.UUID], courses: Any
) -> sa.Select[uuid.UUID, int, bool]:
    """A query for the other cohorts of a cohort's programme with an activity in these courses, to be used in another.

    ``courses``: ids, or a query for them. Its columns are ``id``, ``number`` and ``is_started``.
    """
    here = aliased(Cohort)
    return (
        sa.select(Cohort.id, Cohort.number, (Cohort.status != CohortStatus.DRAFT).label("is_started"))
        .join(here, here.programme_id == Cohort.programme_id)
        .where(
            here.id == cohort_id,
            Cohort.id != cohort_id,
            Cohort.id.in_(sa.select(Placement.cohort_id).where(Placement.course_id.in_(courses))),
        )
    )


def links_of_cohort(cohort_id: uuid.UUID | sa.BindParameter[uuid.UUID]) -> sa.Select[uuid.UUID]:
    """The same for the resource links of its activities."""
    return sa.select(Placement.resource_link_id).where(Placement.cohort_id == cohort_id)


def placement_record(row: Placement) -> PlacementRecord:
    """The record of a row."""
    return PlacementRecord(
        row.id, row.cohort_id, row.course_id, row.resource_link_id, RoleView(row.role_view)
    )


def activities_taught(
    cohort_id: uuid.UUID | sa.ColumnElement[uuid.UUID] | Any,
    person_id: uuid.UUID | sa.ColumnElement[uuid.UUID],
) -> sa.Select[uuid.UUID]:
    """A query for the activities of a cohort in courses that a person teaches, to be used in another."""
    return (
        sa.select(Placement.id)
        .join(Membership, Membership.course_id == Placement.course_id)
        .where(Placement.cohort_id == cohort_id, *teaching_memberships(person_id))
    )


def teaches_cohort(db: Session, cohort_id: uuid.UUID, person_id: uuid.UUID) -> bool:
    """Whether a person's latest launch in a course with an activity of the cohort was as a teacher."""
    return db.scalar(activities_taught(cohort_id, person_id).limit(1)) is not None


def teaches(membership: type[Membership]) -> tuple[sa.ColumnElement[bool], ...]:
    """The same conditions as :data:`TEACHES`, on an alias."""
    return (
        membership.role == CourseRole.TUTOR,
        membership.active.is_(True),
        membership.launched_at.is_not(None),
    )


TEACHES: Final = teaches(Membership)
"""Conditions on a membership: the person's latest launch there was as a teacher, and they have not left."""


def teaching_memberships(
    person_id: uuid.UUID | sa.ColumnElement[uuid.UUID],
) -> tuple[sa.ColumnElement[bool] | Any, ...]:
    """The same conditions on a membership of a person."""
    return (Membership.person_id == person_id, *TEACHES)


def programmes_of(db: Session, organisation_id: uuid.UUID) -> Sequence[Programme]:
    """The programmes of an organisation, the oldest first."""
    return db.scalars(
        sa.select(Programme)
        .where(Programme.organisation_id == organisation_id)
        .order_by(Programme.created_at, Programme.id)
    ).all()


def owner_ids(db: Session, programme_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """The people who own a programme."""
    return db.scalars(
        sa.select(ProgrammeOwner.person_id).where(ProgrammeOwner.programme_id == programme_id)
    ).all()


def groups_to_share(db: Session, organisation_id: uuid.UUID, person_id: uuid.UUID) -> list[Group]:
    """The cohorts of an organisation that a person teaches, the newest first."""
    taught = (
        sa.select(Placement.cohort_id)
        .join(Membership, Membership.course_id == Placement.course_id)
        .where(*teaching_memberships(person_id))
    )
    rows = db.execute(
        sa.select(Cohort, ProgrammeSettings.settings, Placement.resource_link_id, Course.title)
        .join(Programme, Programme.id == Cohort.programme_id)
        .join(ProgrammeSettings, ProgrammeSettings.id == Cohort.settings_id)
        .join(Placement, Placement.cohort_id == Cohort.id)
        .join(Course, Course.id == Placement.course_id)
        .where(Programme.organisation_id == organisation_id, Cohort.id.in_(taught))
        .order_by(Cohort.created_at.desc(), Cohort.id, Placement.created_at, Placement.id)
    )
    found: dict[uuid.UUID, Group] = {}
    for row, settings, link_id, course_title in rows:
        title = settings["title"]
        group = Group(row.id, title, link_id, course_title, row.starts_on, row.programme_id)
        found.setdefault(row.id, group)
    return list(found.values())


def number_of_rule(cohort_id: uuid.UUID) -> sa.ScalarSelect[int | None]:
    """The number of the version of a cohort's rule that is in force, as a column of another query."""
    newest = sa.select(sa.func.max(CompletionRuleVersion.number))
    return newest.where(CompletionRuleVersion.cohort_id == cohort_id).scalar_subquery()


def rule_of_cohort(db: Session, cohort_id: uuid.UUID) -> RuleRecord:
    """The version of a cohort's rule that is in force."""
    row = db.execute(
        sa.select(
            CompletionRuleVersion.id,
            CompletionRuleVersion.cohort_id,
            CompletionRuleVersion.number,
            sa.cast(CompletionRuleVersion.rule, sa.Text),
        )
        .where(CompletionRuleVersion.cohort_id == cohort_id)
        .order_by(CompletionRuleVersion.number.desc())
        .limit(1)
    ).one()
    return RuleRecord(*row)


def latest_rule(db: Session, programme_id: uuid.UUID) -> str:
    """The rule of a programme's newest cohort, as the JSON that is stored; empty where it has none."""
    found = db.scalar(
        sa.select(sa.cast(CompletionRuleVersion.rule, sa.Text))
        .join(Cohort, Cohort.id == CompletionRuleVersion.cohort_id)
        .where(Cohort.programme_id == programme_id, is_in_use())
        .order_by(Cohort.created_at.desc(), Cohort.id, CompletionRuleVersion.number.desc())
        .limit(1)
    )
    return found or ""


def every_rule(db: Session) -> list[RuleRecord]:
    """Every version of every cohort's rule, for a replay."""
    rows = db.execute(
        sa.select(
            CompletionRuleVersion.id,
            CompletionRuleVersion.cohort_id,
            CompletionRuleVersion.number,
            sa.cast(CompletionRuleVersion.rule, sa.Text),
        )
    )
    return [RuleRecord(*row) for row in rows]


_BELONGS_TO = "cohorts_belong_to"
"""The key in ``Session.info`` of what :func:`_belongs_to` has read."""


def scope_of(
    db: Session,
    cohort_id: uuid.UUID,
    *,
    pair_id: uuid.UUID | None = None,
    participant_id: uuid.UUID | None = None,
    placement_id: uuid.UUID | None = None,
) -> Scope:
    """Where an event of a cohort belongs; the activity is the one through which whoever acts came, if it is its own."""
    principal = acting_principal(db)
    organisation_id, programme_id = _belongs_to(db, cohort_id, principal)
    if placement_id is None and principal.cohort_id == cohort_id:
        placement_id = principal.placement_id
    return Scope(
        organisation_id=organisation_id,
        programme_id=programme_id,
        cohort_id=cohort_id,
        placement_id=placement_id,
        pair_id=pair_id,
        participant_id=participant_id,
    )


def _belongs_to(db: Session, cohort_id: uuid.UUID, principal: Principal) -> tuple[uuid.UUID, uuid.UUID]:
    """A cohort's organisation and programme, read once in a transaction: nothing that appends events changes them.

    Of somebody who came by an activity of the cohort they are known: the policy lets nobody act on what belongs to
    another organisation than theirs.
    """
    if principal.cohort_id == cohort_id and principal.organisation_id and principal.programme_id:
        return principal.organisation_id, principal.programme_id
    known: dict[uuid.UUID, tuple[uuid.UUID, uuid.UUID]] = db.info.setdefault(_BELONGS_TO, {})
    if cohort_id not in known:
        found = db.execute(
            sa.select(Programme.organisation_id, Programme.id)
            .join(Cohort, Cohort.programme_id == Programme.id)
            .where(Cohort.id == cohort_id)
        ).one()
        known[cohort_id] = found.organisation_id, found.id
    return known[cohort_id]
