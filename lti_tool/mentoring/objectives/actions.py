"""Objectives, in either direction: set, claimed, reached or removed."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from lti_tool.compiled_statement import CompiledStatement, once_for_each_dialect
from lti_tool.events import log
from lti_tool.mentoring.guards import require
from lti_tool.mentoring.objectives.events import (
    ObjectiveAgreed,
    ObjectiveClaimed,
    ObjectiveEvent,
    ObjectiveReached,
    ObjectiveWithdrawn,
)
from lti_tool.mentoring.objectives.models import Objective, ObjectiveStatus
from lti_tool.mentoring.pairs.queries import PairRecord, lock_pair, lock_pair_by, locking_query
from lti_tool.mentoring.programmes.queries import scope_of
from lti_tool.mentoring.roles import Role

_OPEN = {ObjectiveStatus.PROPOSED, ObjectiveStatus.AGREED, ObjectiveStatus.IN_PROGRESS}


def agree_objective(
    db: Session,
    *,
    pair_id: uuid.UUID,
    by: uuid.UUID,
    title: str,
    direction: Role | str,
    tag: str,
    required: bool,
    now: dt.datetime,
) -> Objective:
    """Set an objective, towards the mentee or towards the mentor; ``by`` is a participant.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``, ``pair_over``).
    """
    pair = lock_pair(db, pair_id)
    require(by in pair.members, "not_in_pair")
    require(not pair.over, "pair_over")
    objective = Objective(
        id=uuid.uuid4(),
        pair_id=pair.id,
        direction=Role(direction),
        title=title,
        tag=tag,
        required=required,
        status=ObjectiveStatus.AGREED,
        created_by=by,
        created_at=now,
    )
    db.add(objective)
    event = ObjectiveAgreed(
        objective_id=objective.id, direction=str(objective.direction), tag=tag, required=required
    )
    _append(db, pair, by, event, now)
    return objective


def _append(db: Session, pair: PairRecord, by: uuid.UUID, event: ObjectiveEvent, now: dt.datetime) -> None:
    db.flush()
    log.append(db, event, scope_of(db, pair.cohort_id, pair_id=pair.id, participant_id=by), at=now)


def _lock_objective(db: Session, objective_id: uuid.UUID, by: uuid.UUID) -> tuple[PairRecord, Objective]:
    pair = lock_pair_by(db, _lock_pair, objective_id=objective_id)
    objective = db.get_one(Objective, objective_id, populate_existing=True)
    require(by in pair.members, "not_in_pair")
    return pair, objective


@once_for_each_dialect
def _lock_pair(dialect: Dialect) -> CompiledStatement:
    """The pair of an objective, locked."""
    its_pair = sa.select(Objective.pair_id).where(Objective.id == sa.bindparam("objective_id"))
    return CompiledStatement(locking_query(its_pair.scalar_subquery()), dialect)


def claim_objective(db: Session, *, objective_id: uuid.UUID, by: uuid.UUID, now: dt.datetime) -> None:
    """The one who learns says that the objective is reached; the partner is asked.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``, ``not_your_objective``,
    ``objective_over``).
    """
    pair, objective = _lock_objective(db, objective_id, by)
    require(pair.role_of(by) == objective.direction, "not_your_objective")
    if objective.status in {ObjectiveStatus.CLAIMED, ObjectiveStatus.REACHED}:
        return
    require(objective.status in _OPEN, "objective_over")
    objective.status = ObjectiveStatus.CLAIMED
    event = ObjectiveClaimed(objective_id=objective.id, direction=objective.direction)
    _append(db, pair, by, event, now)


def confirm_objective(db: Session, *, objective_id: uuid.UUID, by: uuid.UUID, now: dt.datetime) -> None:
    """The partner says that a claimed objective is reached, or says so first.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``, ``own_objective``, ``objective_over``).
    """
    pair, objective = _lock_objective(db, objective_id, by)
    require(pair.role_of(by) != objective.direction, "own_objective")
    if objective.status == ObjectiveStatus.REACHED:
        return
    require(objective.status != ObjectiveStatus.WITHDRAWN, "objective_over")
    objective.status, objective.evidence = ObjectiveStatus.REACHED, "partner"
    event = ObjectiveReached(
        objective_id=objective.id, direction=objective.direction, tag=objective.tag, evidence="partner"
    )
    _append(db, pair, by, event, now)


def withdraw_objective(db: Session, *, objective_id: uuid.UUID, by: uuid.UUID, now: dt.datetime) -> None:
    """Remove an objective.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``, ``objective_over`` when reached).
    """
    pair, objective = _lock_objective(db, objective_id, by)
    if objective.status == ObjectiveStatus.WITHDRAWN:
        return
    require(objective.status != ObjectiveStatus.REACHED, "objective_over")
    objective.status = ObjectiveStatus.WITHDRAWN
    event = ObjectiveWithdrawn(objective_id=objective.id, direction=objective.direction)
    _append(db, pair, by, event, now)
