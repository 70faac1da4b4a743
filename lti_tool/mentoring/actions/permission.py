"""What every action needs: to refuse, to take its turn, and to record what happened."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.mentoring import events
from lti_tool.mentoring.models import (
    Cohort,
    Pair,
    Participant,
)


class NotAllowed(Exception):
    """What was asked cannot be done now; ``code`` says why, for a page to put into words."""

    def __init__(self, code: str) -> None:
        """``code`` is one of the short names used in this module, such as ``already_joined``."""
        super().__init__(code)
        self.code = code


def require(condition: bool, code: str) -> None:
    if not condition:
        raise NotAllowed(code)


def record(db: Session, kind: type[events.Fact], *, cohort_id: uuid.UUID, **values: Any) -> None:
    """Record a fact and move the cohort's revision, which the live pages watch.

    The revision moves by an UPDATE, not by the object: that also makes writers of one cohort take turns on
    PostgreSQL, so that completion is never judged on half of what two people did at once.
    """
    db.flush()
    db.execute(
        sa.update(Cohort)
        .where(Cohort.id == cohort_id)
        .values(revision=Cohort.revision + 1, changed_at=values["at"])
        .execution_options(synchronize_session=False)
    )
    events.record(db, kind(id=uuid.uuid4(), cohort_id=cohort_id, **values))


def record_in_pair(db: Session, kind: type[events.Fact], pair: Pair, by: Participant, **values: Any) -> None:
    """Record what one of a pair did in it."""
    record(db, kind, cohort_id=pair.cohort_id, participant_id=by.id, pair_id=pair.id, **values)


def lock_cohort(db: Session, cohort_id: uuid.UUID) -> None:
    """Make writers of one cohort take turns, and see what the one before has done.

    SQLite has one writer at a time already; PostgreSQL locks the cohort's row.
    """
    db.execute(sa.select(Cohort.id).where(Cohort.id == cohort_id).with_for_update())


def lock_pair(db: Session, pair: Pair) -> None:
    """Take the cohort's turn, then read the pair again as it is now."""
    lock_cohort(db, pair.cohort_id)
    db.refresh(pair)


def require_member(pair: Pair, by: Participant) -> None:
    require(by.id in {pair.mentor_id, pair.mentee_id}, "not_in_pair")
