"""How long, and how often, the results of line items could not be read, one reading after the other."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import insert_for, table_of
from lti_tool.lti.ags.models import UnreadableResults
from lti_tool.lti.ags.reconciliation import ReadingFailures

FORGOTTEN_AFTER: Final = dt.timedelta(days=2)
"""After how long without a failure the next one is the first again; what waits is tried far oftener."""

_ROWS: Final = table_of(UnreadableResults)
_column = _ROWS.c


def failures_of(
    db: Session, registration_id: uuid.UUID, line_item_urls: Collection[str]
) -> dict[str, ReadingFailures]:
    """How long the results of these line items could not be read; those that were read are left out."""
    rows = db.execute(
        sa.select(_column.line_item_url, _column.failures, _column.began_at).where(
            _column.registration_id == registration_id, _column.line_item_url.in_(line_item_urls)
        )
    )
    return {row.line_item_url: ReadingFailures(row.failures, row.began_at) for row in rows}


def note_failure(
    db: Session, registration_id: uuid.UUID, line_item_url: str, reason: str, now: dt.datetime
) -> ReadingFailures:
    """Count a reading that failed just now; how long that goes on."""
    insert = insert_for(db, _ROWS).values(
        registration_id=registration_id,
        line_item_url=line_item_url,
        failures=1,
        began_at=now,
        failed_at=now,
        reason=reason,
    )
    is_first = _column.failed_at < now - FORGOTTEN_AFTER
    counted = insert.on_conflict_do_update(
        index_elements=["registration_id", "line_item_url"],
        set_={
            "failures": sa.case((is_first, 1), else_=_column.failures + 1),
            "began_at": sa.case((is_first, insert.excluded["began_at"]), else_=_column.began_at),
            "failed_at": now,
            "reason": insert.excluded["reason"],
        },
    )
    row = db.execute(counted.returning(_column.failures, _column.began_at)).one()
    return ReadingFailures(row.failures, row.began_at)


def note_complete(db: Session, registration_id: uuid.UUID, line_item_url: str) -> None:
    """All results of a line item were read."""
    db.execute(
        sa.delete(_ROWS).where(
            _column.registration_id == registration_id, _column.line_item_url == line_item_url
        )
    )
