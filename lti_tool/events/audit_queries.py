"""Reading the audit."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.events.models import AuditEntry, EventRow


@dataclass(frozen=True)
class AuditLine:
    """One entry: who did what, and when."""

    at: dt.datetime
    kind: str
    pair_id: uuid.UUID | None
    participant_id: uuid.UUID | None
    acted_by_kind: str
    acted_by_id: uuid.UUID | None


def entries_of_cohort(
    db: Session, cohort_id: uuid.UUID, kinds: Collection[str], *, limit: int
) -> list[AuditLine]:
    """The latest entries of these kinds in a cohort, the newest first."""
    rows = db.scalars(
        sa.select(AuditEntry)
        .where(AuditEntry.cohort_id == cohort_id, AuditEntry.kind.in_(kinds))
        .join(EventRow, EventRow.id == AuditEntry.event_id)
        # Several of one moment: in the order of the log.
        .order_by(AuditEntry.at.desc(), EventRow.sequence.desc())
        .limit(limit)
    )
    return [
        AuditLine(row.at, row.kind, row.pair_id, row.participant_id, row.acted_by_kind, row.acted_by_id)
        for row in rows
    ]
