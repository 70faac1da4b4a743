"""What a tutor decides about the lines of their page: to leave a grade as it is, and to take that back."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy.orm import Session

from lti_tool.mentoring.overview.models import LeftAsItIs


def leave_as_it_is(
    db: Session, *, participant_id: uuid.UUID, kind: str, fact_at: dt.datetime, now: dt.datetime
) -> None:
    """Ask for nothing about this any more, until something newer comes about. Twice changes nothing."""
    db.merge(LeftAsItIs(participant_id=participant_id, kind=kind, fact_at=fact_at, left_at=now))


def ask_again(db: Session, *, participant_id: uuid.UUID) -> None:
    """Take back what was left of a participant."""
    row = db.get(LeftAsItIs, participant_id, populate_existing=True)
    if row is not None:
        db.delete(row)
