"""What every change of an objective does: its pair is locked, its status moves on, an event is appended."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from lti_tool.compiled_statement import CompiledStatement, once_for_each_dialect
from lti_tool.events import log
from lti_tool.events.base import Event
from lti_tool.mentoring.guards import require
from lti_tool.mentoring.objectives.models import Objective, ObjectiveStatus
from lti_tool.mentoring.pairs.queries import PairRecord, lock_pair_by, locking_query
from lti_tool.mentoring.programmes.queries import scope_of


def lock_objective(db: Session, objective_id: uuid.UUID) -> tuple[PairRecord, Objective]:
    """An objective as it is now, and its pair, which nobody else changes until this transaction ends."""
    pair = lock_pair_by(db, _lock_pair, objective_id=objective_id)
    return pair, db.get_one(Objective, objective_id, populate_existing=True)


def lock_own_objective(db: Session, objective_id: uuid.UUID, by: uuid.UUID) -> tuple[PairRecord, Objective]:
    """The same for one of the pair; ``by`` is a participant.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``).
    """
    pair, objective = lock_objective(db, objective_id)
    require(by in pair.members, "not_in_pair")
    return pair, objective


@once_for_each_dialect
def _lock_pair(dialect: Dialect) -> CompiledStatement:
    """The pair of an objective, locked."""
    its_pair = sa.select(Objective.pair_id).where(Objective.id == sa.bindparam("objective_id"))
    return CompiledStatement(locking_query(its_pair.scalar_subquery()), dialect)


def move(
    objective: Objective, status: ObjectiveStatus, now: dt.datetime, *, refused_by: str | None = None
) -> None:
    """Bring an objective to this status; ``refused_by``: who said no, where that is why."""
    objective.status, objective.status_since = status, now
    objective.refused_by, objective.refusal_read_at = refused_by, None


def append(db: Session, pair: PairRecord, by: uuid.UUID | None, event: Event, now: dt.datetime) -> None:
    """Append an event of a pair's objective; ``by``: the participant who acted, None for the tutor."""
    db.flush()
    log.append(db, event, scope_of(db, pair.cohort_id, pair_id=pair.id, participant_id=by), at=now)
