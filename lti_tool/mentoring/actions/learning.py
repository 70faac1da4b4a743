"""Objectives, in either direction: set, claimed, reached or let go."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy.orm import Session

from lti_tool.mentoring import events
from lti_tool.mentoring.actions.permission import (
    lock_pair,
    record_in_pair,
    require,
    require_member,
)
from lti_tool.mentoring.models import (
    Objective,
    ObjectiveStatus,
    Pair,
    PairState,
    Participant,
    Role,
)


def agree_objective(
    db: Session,
    *,
    pair: Pair,
    by: Participant,
    title: str,
    direction: Role | str,
    tag: str,
    required: bool,
    now: dt.datetime,
) -> Objective:
    """Set an objective, towards the mentee or towards the mentor.

    Raises :class:`NotAllowed` (``not_in_pair``, ``pair_over``).
    """
    lock_pair(db, pair)
    require_member(pair, by)
    require(pair.state not in {PairState.CLOSED, PairState.ENDED}, "pair_over")
    objective = Objective(
        id=uuid.uuid4(),
        pair_id=pair.id,
        direction=Role(direction),
        title=title,
        tag=tag,
        required=required,
        status=ObjectiveStatus.AGREED,
        created_by=by.id,
        created_at=now,
    )
    db.add(objective)
    record_in_pair(
        db,
        events.ObjectiveAgreed,
        pair,
        by,
        at=now,
        subject_id=objective.id,
        direction=objective.direction,
        tag=tag,
    )
    return objective


def _lock_objective(db: Session, objective: Objective, by: Participant) -> Pair:
    pair = objective.pair
    lock_pair(db, pair)
    db.refresh(objective)
    require_member(pair, by)
    return pair


_OPEN_OBJECTIVE = {ObjectiveStatus.AGREED, ObjectiveStatus.IN_PROGRESS}


def claim_objective(db: Session, *, objective: Objective, by: Participant, now: dt.datetime) -> None:
    """The one who learns says that the objective is reached; the partner is asked.

    Raises :class:`NotAllowed` (``not_in_pair``, ``not_your_objective``, ``objective_over``).
    """
    pair = _lock_objective(db, objective, by)
    require(by.role == objective.direction, "not_your_objective")
    if objective.status in {ObjectiveStatus.CLAIMED, ObjectiveStatus.REACHED}:
        return
    require(objective.status in _OPEN_OBJECTIVE, "objective_over")
    objective.status, objective.claimed_at = ObjectiveStatus.CLAIMED, now
    record_in_pair(
        db,
        events.ObjectiveClaimed,
        pair,
        by,
        at=now,
        subject_id=objective.id,
        direction=objective.direction,
    )


def confirm_objective(db: Session, *, objective: Objective, by: Participant, now: dt.datetime) -> None:
    """The partner says that a claimed objective is reached, or says so first.

    Raises :class:`NotAllowed` (``not_in_pair``, ``own_objective``, ``objective_over``).
    """
    pair = _lock_objective(db, objective, by)
    require(by.role != objective.direction, "own_objective")
    if objective.status == ObjectiveStatus.REACHED:
        return
    require(objective.status != ObjectiveStatus.DROPPED, "objective_over")
    objective.status, objective.reached_at, objective.evidence = ObjectiveStatus.REACHED, now, "partner"
    record_in_pair(
        db,
        events.ObjectiveReached,
        pair,
        by,
        at=now,
        subject_id=objective.id,
        direction=objective.direction,
        tag=objective.tag,
        evidence="partner",
    )


def drop_objective(db: Session, *, objective: Objective, by: Participant, now: dt.datetime) -> None:
    """Let an objective go. Raises :class:`NotAllowed` (``not_in_pair``, ``objective_over`` when reached)."""
    pair = _lock_objective(db, objective, by)
    if objective.status == ObjectiveStatus.DROPPED:
        return
    require(objective.status != ObjectiveStatus.REACHED, "objective_over")
    objective.status = ObjectiveStatus.DROPPED
    record_in_pair(
        db,
        events.ObjectiveDropped,
        pair,
        by,
        at=now,
        subject_id=objective.id,
        direction=objective.direction,
    )
