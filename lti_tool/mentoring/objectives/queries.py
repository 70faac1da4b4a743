"""Reading objectives."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.mentoring.objectives.models import Objective


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
