"""How a person stands to a programme and its cohorts: what :mod:`lti_tool.identity.policy` needs to know of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session, aliased

from lti_tool.compiled_statement import CompiledStatement, once_for_each_dialect
from lti_tool.database import connection_of
from lti_tool.identity.models import Membership
from lti_tool.mentoring.programmes.in_use import latest_settings
from lti_tool.mentoring.programmes.models import (
    Cohort,
    Placement,
    Programme,
    ProgrammeOwner,
    ProgrammeSettings,
)
from lti_tool.mentoring.programmes.queries import activities_taught, teaching_memberships
from lti_tool.mentoring.programmes.right_models import HrLink, HrReader


@dataclass(frozen=True)
class Standing:
    """How a person stands to a programme."""

    organisation_id: uuid.UUID | None = None
    """Of the programme; None where there is no such programme."""
    teaches: bool = False
    """They teach a course with an activity of the cohort, or of any cohort of the programme."""
    owns: bool = False
    reads_for_hr: bool = False
    names_for_hr: bool = False
    """The settings let human resources see who takes part."""
    taken_over: bool = False
    """Its owners keep the settings to themselves."""


def _owned(programme_id: Any, person_id: Any) -> sa.Exists:
    return sa.exists().where(
        ProgrammeOwner.programme_id == programme_id, ProgrammeOwner.person_id == person_id
    )


def _visibility(name: str) -> sa.ColumnElement[bool]:
    """What the settings say of who may see and change what; NULL where they are older than that."""
    found: sa.ColumnElement[bool] = ProgrammeSettings.settings["visibility"][name].as_boolean()
    return found


def standing_in_cohort(
    db: Session, cohort_id: uuid.UUID, programme_id: uuid.UUID, person_id: uuid.UUID
) -> Standing:
    """How a person stands to a cohort and its programme, in one statement; without what human resources may."""
    connection = connection_of(db)
    given = {"cohort_id": cohort_id, "programme_id": programme_id, "person_id": person_id}
    teaches, owns, tutors_may_edit = _in_cohort(connection).all(connection, given)[0]
    return Standing(teaches=teaches, owns=owns, taken_over=tutors_may_edit is False)


@once_for_each_dialect
def _in_cohort(dialect: Dialect) -> CompiledStatement:
    cohort_id, programme_id, person_id = (
        sa.bindparam(name, type_=sa.Uuid()) for name in ("cohort_id", "programme_id", "person_id")
    )
    settings = (
        sa.select(_visibility("tutors_may_edit"))
        .join(Cohort, Cohort.settings_id == ProgrammeSettings.id)
        .where(Cohort.id == cohort_id)
        .scalar_subquery()
    )
    teaches = activities_taught(cohort_id, person_id).exists()
    return CompiledStatement(sa.select(teaches, _owned(programme_id, person_id), settings), dialect)


def standing_in_programme(db: Session, programme_id: uuid.UUID, person_id: uuid.UUID) -> Standing:
    """How a person stands to a programme as a whole, in one statement; to none at all where there is no such one."""
    taught = (
        sa.select(Placement.id)
        .join(Cohort, Cohort.id == Placement.cohort_id)
        .join(Membership, Membership.course_id == Placement.course_id)
        .where(Cohort.programme_id == programme_id, *teaching_memberships(person_id))
    )
    reads = sa.exists().where(
        HrReader.programme_id == programme_id,
        HrReader.person_id == person_id,
        HrReader.ended_at.is_(None),
    )
    tutors_may_edit, hr_sees_names = (
        latest_settings(programme_id, _visibility(name)).scalar_subquery()
        for name in ("tutors_may_edit", "hr_sees_names")
    )
    owned = _owned(programme_id, person_id)
    found = db.execute(
        sa.select(
            Programme.organisation_id, taught.exists(), owned, reads, tutors_may_edit, hr_sees_names
        ).where(Programme.id == programme_id)
    ).one_or_none()
    if found is None:
        return Standing()
    organisation_id, teaches, owns, reads_for_hr, may_edit, sees_names = found
    return Standing(organisation_id, teaches, owns, reads_for_hr, bool(sees_names), may_edit is False)


def reads_programme_of(cohort_id: Any, person_id: Any) -> sa.Exists:
    """For another query: whether a person reads the programme of a cohort for human resources."""
    programme = sa.select(Cohort.programme_id).where(Cohort.id == cohort_id).scalar_subquery()
    return sa.exists().where(
        HrReader.person_id == person_id, HrReader.ended_at.is_(None), HrReader.programme_id == programme
    )


def owns_programme_of(cohort_id: Any, person_id: Any) -> sa.Exists:
    """The same: whether a person owns the programme of a cohort."""
    programme = sa.select(Cohort.programme_id).where(Cohort.id == cohort_id).scalar_subquery()
    return sa.exists().where(ProgrammeOwner.person_id == person_id, ProgrammeOwner.programme_id == programme)


def owns_any(person_id: Any, organisation_id: Any) -> sa.Exists:
    """Whether a person owns a programme of an organisation; both are columns of the query that this is part of."""
    return sa.exists().where(
        ProgrammeOwner.person_id == person_id, *_is_of(ProgrammeOwner.programme_id, organisation_id)
    )


def reads_any(person_id: Any, organisation_id: Any) -> sa.Exists:
    """Whether a person may read one of them for human resources, likewise."""
    return sa.exists().where(
        HrReader.person_id == person_id,
        HrReader.ended_at.is_(None),
        *_is_of(HrReader.programme_id, organisation_id),
    )


def has_open_link(organisation_id: Any, now: Any) -> sa.Exists:
    """Whether a link for human resources can still be used for one of them, likewise."""
    return sa.exists().where(*can_be_used(now), *_is_of(HrLink.programme_id, organisation_id))


def can_be_used(now: Any) -> tuple[sa.ColumnElement[bool], ...]:
    """Conditions on a link for human resources."""
    return HrLink.used_at.is_(None), HrLink.withdrawn_at.is_(None), HrLink.expires_at > now


def _is_of(programme_id: Any, organisation_id: Any) -> tuple[sa.ColumnElement[bool], ...]:
    """Conditions: a programme is one of an organisation, and not only the one that the query around reads."""
    programme = aliased(Programme)
    return programme.id == programme_id, programme.organisation_id == organisation_id
