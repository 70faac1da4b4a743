"""Reading objectives."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.mentoring.objectives.models import Objective, ObjectiveStatus
from lti_tool.mentoring.pairs.queries import pair_ids_of_cohort
from lti_tool.mentoring.roles import Role


@dataclass(frozen=True)
class ObjectiveRecord:
    """An objective of a pair; ``direction`` is the role of the one who learns."""

    id: uuid.UUID
    pair_id: uuid.UUID
    direction: str
    title: str
    tag: str
    required: bool
    status: str
    proposed_by: uuid.UUID
    """Who of the two wrote what it says now."""
    revision: int
    status_since: dt.datetime
    evidence: str | None = None
    target_on: dt.date | None = None
    worked_on: dt.date | None = None
    skill: str | None = None
    """The code of a skill of the programme."""
    level: int | None = None
    trend: bool = False
    accepts: tuple[str, ...] = ("partner",)
    """Whose word is enough for it to be reached."""
    catalogue_code: str | None = None
    agreed_at: dt.datetime | None = None
    """When both last agreed; None for one that both never did."""
    refused_by: str | None = None
    """Who said no, where its status comes from that: ``partner`` or ``tutor``."""
    refusal_read_at: dt.datetime | None = None


def _record(row: Objective) -> ObjectiveRecord:
    return ObjectiveRecord(
        id=row.id,
        pair_id=row.pair_id,
        direction=row.direction,
        title=row.title,
        tag=row.tag,
        required=row.required,
        status=row.status,
        proposed_by=row.proposed_by,
        revision=row.revision,
        status_since=row.status_since,
        evidence=row.evidence,
        target_on=row.target_on,
        worked_on=row.worked_on,
        skill=row.skill,
        level=row.level,
        trend=row.trend,
        accepts=row.accepted,
        catalogue_code=row.catalogue_code,
        agreed_at=row.agreed_at,
        refused_by=row.refused_by,
        refusal_read_at=row.refusal_read_at,
    )


def objective(db: Session, objective_id: uuid.UUID) -> ObjectiveRecord | None:
    """The objective of this id, as it is now."""
    row = db.get(Objective, objective_id, populate_existing=True)
    return None if row is None else _record(row)


def objectives_of_pairs(db: Session, pair_ids: Collection[uuid.UUID]) -> list[ObjectiveRecord]:
    """Every objective of these pairs, removed ones included, in the order in which they were set."""
    rows = db.scalars(
        sa.select(Objective)
        .where(Objective.pair_id.in_(pair_ids))
        .order_by(Objective.created_at, Objective.id)
    )
    return [_record(row) for row in rows]


def objectives_for_tutor(db: Session, cohort_id: uuid.UUID) -> list[ObjectiveRecord]:
    """The objectives of a cohort for which the tutor's word is accepted, and which both want; the oldest first.

    A tutor sees the titles of these alone.
    """
    rows = db.scalars(
        sa.select(Objective)
        .where(
            Objective.pair_id.in_(pair_ids_of_cohort(cohort_id)),
            Objective.accepts.contains("tutor"),
            Objective.status.not_in((ObjectiveStatus.PROPOSED, ObjectiveStatus.WITHDRAWN)),
        )
        .order_by(Objective.created_at, Objective.id)
    )
    return [_record(row) for row in rows]


def claims_for_tutor(cohort_id: uuid.UUID | sa.BindParameter[uuid.UUID]) -> sa.Subquery:
    """A query for the pairs of a cohort in which a tutor's word would settle that an objective is reached.

    Its columns: the pair, how many such objectives its mentee says are reached, how many its mentor, and since when
    the oldest of them waits.
    """
    return (
        sa.select(
            Objective.pair_id,
            *(
                _count(Objective.direction == role).label(f"{role}_claims")
                for role in (Role.MENTEE, Role.MENTOR)
            ),
            sa.func.min(Objective.status_since).label("claimed_at"),
        )
        .where(
            Objective.pair_id.in_(pair_ids_of_cohort(cohort_id)),
            Objective.accepts.contains("tutor"),
            Objective.status == ObjectiveStatus.CLAIMED,
        )
        .group_by(Objective.pair_id)
        .subquery()
    )


def _count(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((condition, 1), else_=0))
