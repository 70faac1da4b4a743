"""Saying no to an objective: “not this one” to what the partner proposes, “not yet” to what somebody claims."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy.orm import Session

from lti_tool.mentoring.guards import require
from lti_tool.mentoring.objectives.changing import append, lock_objective, lock_own_objective, move
from lti_tool.mentoring.objectives.events import (
    ObjectiveClaimDisputed,
    ObjectiveDeclined,
    ObjectiveRefusalRead,
    ObjectiveWithdrawn,
)
from lti_tool.mentoring.objectives.models import Objective, ObjectiveStatus
from lti_tool.mentoring.pairs.queries import PairRecord


def decline_objective(
    db: Session, *, objective_id: uuid.UUID, by: uuid.UUID, now: dt.datetime, revision: int | None = None
) -> None:
    """Say “not this one” to what the partner proposed, which is withdrawn. ``revision``: the one that they saw.

    One to which both had agreed before is not declined for a change of its wording: it belongs to the one who learns.
    Declining twice changes nothing. Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``,
    ``pair_over``, ``own_proposal``, ``objective_changed``, ``agreed_before``).
    """
    pair, objective = lock_own_objective(db, objective_id, by)
    require(not pair.over, "pair_over")
    if objective.status == ObjectiveStatus.WITHDRAWN:
        return
    require(objective.status == ObjectiveStatus.PROPOSED, "objective_changed")
    require(objective.proposed_by != by, "own_proposal")
    require(revision in (None, objective.revision), "objective_changed")
    require(objective.agreed_at is None, "agreed_before")
    move(objective, ObjectiveStatus.WITHDRAWN, now, refused_by="partner")
    kind = ObjectiveWithdrawn if pair.role_of(by) == objective.direction else ObjectiveDeclined
    append(db, pair, by, kind(objective_id=objective.id, direction=objective.direction), now)


def dispute_claim(db: Session, *, objective_id: uuid.UUID, by: uuid.UUID, now: dt.datetime) -> None:
    """The partner says that a claimed objective is not reached yet: it is in progress, and can be claimed again.

    Saying so twice changes nothing. Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``,
    ``own_objective``, ``not_partner_s_word`` where another's word is needed, ``objective_over``,
    ``objective_changed`` where it is not claimed any more).
    """
    pair, objective = lock_own_objective(db, objective_id, by)
    require(pair.role_of(by) != objective.direction, "own_objective")
    require("partner" in objective.accepted, "not_partner_s_word")
    _dispute(db, pair, objective, by, "partner", now)


def dispute_claim_as_tutor(
    db: Session, *, objective_id: uuid.UUID, cohort_id: uuid.UUID, now: dt.datetime
) -> None:
    """The tutor says the same of an objective for which the pair accepts the tutor's word.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_tutor_s_word``, also for one of another cohort;
    ``objective_over``, ``objective_changed``).
    """
    pair, objective = lock_objective(db, objective_id)
    require(pair.cohort_id == cohort_id and "tutor" in objective.accepted, "not_tutor_s_word")
    _dispute(db, pair, objective, None, "tutor", now)


def _dispute(
    db: Session,
    pair: PairRecord,
    objective: Objective,
    by: uuid.UUID | None,
    refused_by: str,
    now: dt.datetime,
) -> None:
    if objective.status == ObjectiveStatus.IN_PROGRESS and objective.refused_by is not None:
        return
    require(objective.status not in {ObjectiveStatus.REACHED, ObjectiveStatus.WITHDRAWN}, "objective_over")
    require(objective.status == ObjectiveStatus.CLAIMED, "objective_changed")
    move(objective, ObjectiveStatus.IN_PROGRESS, now, refused_by=refused_by)
    event = ObjectiveClaimDisputed(objective_id=objective.id, direction=objective.direction)
    append(db, pair, by, event, now)


def read_refusal(db: Session, *, objective_id: uuid.UUID, by: uuid.UUID, now: dt.datetime) -> None:
    """Who proposed or claimed an objective has read that it was declined, or that it is not reached yet.

    Where nothing is to be read any more, nothing changes. Raises :class:`~lti_tool.mentoring.guards.NotAllowed`
    (``not_in_pair``, ``own_refusal``).
    """
    pair, objective = lock_own_objective(db, objective_id, by)
    if objective.refused_by is None or objective.refusal_read_at is not None:
        return
    was_declined = objective.status == ObjectiveStatus.WITHDRAWN
    is_told = objective.proposed_by == by if was_declined else pair.role_of(by) == objective.direction
    require(is_told, "own_refusal")
    objective.refusal_read_at = now
    event = ObjectiveRefusalRead(objective_id=objective.id, direction=objective.direction)
    append(db, pair, by, event, now)
