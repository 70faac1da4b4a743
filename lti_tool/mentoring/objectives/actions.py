"""Objectives, in either direction: proposed by one, agreed by both, worked on, claimed, reached, or withdrawn."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.events import log
from lti_tool.events.base import Event
from lti_tool.mentoring.guards import UNDO_WITHIN, require
from lti_tool.mentoring.objectives.changing import append, lock_objective, lock_own_objective, move
from lti_tool.mentoring.objectives.events import (
    ObjectiveAgreed,
    ObjectiveClaimDisputed,
    ObjectiveClaimed,
    ObjectiveDeclined,
    ObjectiveEdited,
    ObjectiveEvent,
    ObjectiveProposed,
    ObjectiveReached,
    ObjectiveStepUndone,
    ObjectivesWorkedOn,
    ObjectiveWithdrawn,
)
from lti_tool.mentoring.objectives.models import Objective, ObjectiveStatus
from lti_tool.mentoring.pairs.queries import PairRecord, lock_pair
from lti_tool.mentoring.roles import Role
from schemas.choices import DEFAULT_EVIDENCE, EVIDENCE

_AGREED = {ObjectiveStatus.AGREED, ObjectiveStatus.IN_PROGRESS}
"""Agreed by both, and not yet reached."""
_EDITABLE = {ObjectiveStatus.PROPOSED, *_AGREED}


def propose_objective(
    db: Session,
    *,
    pair_id: uuid.UUID,
    by: uuid.UUID,
    title: str,
    direction: Role | str,
    tag: str,
    required: bool,
    now: dt.datetime,
    target_on: dt.date | None = None,
    skill: str | None = None,
    level: int | None = None,
    trend: bool = False,
    accepts: Collection[str] = DEFAULT_EVIDENCE,
    catalogue_code: str | None = None,
) -> Objective:
    """Propose an objective, towards the mentee or towards the mentor; ``by`` is a participant. The partner is asked.

    ``accepts``: whose word is enough for it to be reached. ``catalogue_code``: of the objective of the programme's
    catalogue that it is.

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
        status=ObjectiveStatus.PROPOSED,
        created_by=by,
        created_at=now,
        proposed_by=by,
        status_since=now,
        target_on=target_on,
        skill=skill,
        level=level,
        trend=trend,
        accepts=",".join(each for each in EVIDENCE if each in accepts),
        catalogue_code=catalogue_code,
        revision=0,
    )
    db.add(objective)
    event = ObjectiveProposed(
        objective_id=objective.id,
        direction=str(objective.direction),
        tag=tag,
        required=required,
        skill=skill,
        level=level,
        trend=trend,
        accepts=objective.accepted,
        catalogue_code=catalogue_code,
    )
    append(db, pair, by, event, now)
    return objective


def edit_objective(
    db: Session,
    *,
    objective_id: uuid.UUID,
    by: uuid.UUID,
    title: str,
    tag: str,
    target_on: dt.date | None,
    now: dt.datetime,
) -> None:
    """Change what an objective says, which either of the two may; the other one is asked again.

    Changing nothing does nothing. Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``,
    ``pair_over``, ``objective_over``).
    """
    pair, objective = lock_own_objective(db, objective_id, by)
    require(not pair.over, "pair_over")
    require(objective.status in _EDITABLE, "objective_over")
    if (objective.title, objective.tag, objective.target_on) == (title, tag, target_on):
        return
    if objective.title != title:
        objective.catalogue_code = None
    objective.title, objective.tag, objective.target_on = title, tag, target_on
    objective.proposed_by = by
    objective.revision += 1
    move(objective, ObjectiveStatus.PROPOSED, now)
    event = ObjectiveEdited(
        objective_id=objective.id, direction=objective.direction, tag=tag, revision=objective.revision
    )
    append(db, pair, by, event, now)


def agree_to_objective(
    db: Session, *, objective_id: uuid.UUID, by: uuid.UUID, now: dt.datetime, revision: int | None = None
) -> None:
    """Agree to what the partner proposed, or changed. ``revision``: the one that they saw, where that is known.

    Agreeing twice changes nothing. Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``,
    ``pair_over``, ``objective_over``, ``own_proposal``, ``objective_changed``).
    """
    pair, objective = lock_own_objective(db, objective_id, by)
    require(not pair.over, "pair_over")
    require(objective.status != ObjectiveStatus.WITHDRAWN, "objective_over")
    if objective.status != ObjectiveStatus.PROPOSED:
        return
    require(objective.proposed_by != by, "own_proposal")
    require(revision in (None, objective.revision), "objective_changed")
    objective.agreed_at = now
    move(objective, ObjectiveStatus.AGREED, now)
    event = ObjectiveAgreed(
        objective_id=objective.id,
        direction=objective.direction,
        tag=objective.tag,
        required=objective.required,
        revision=objective.revision,
    )
    append(db, pair, by, event, now)


def work_on_objectives(
    db: Session,
    *,
    pair: PairRecord,
    by: uuid.UUID,
    objective_ids: Collection[uuid.UUID],
    session_id: uuid.UUID,
    worked_on: dt.date,
    now: dt.datetime,
) -> None:
    """Say which objectives a meeting was about: those that both agreed begin.

    Part of the transaction in which the meeting was logged, and the pair locked. What is not the pair's, or has moved
    on in the meantime, is left as it is. Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``).
    """
    require(by in pair.members, "not_in_pair")
    if not objective_ids:
        return
    begins = Objective.status == ObjectiveStatus.AGREED
    is_latest = sa.func.coalesce(Objective.worked_on, worked_on) <= worked_on
    moved = (
        sa.update(Objective)
        .where(Objective.pair_id == pair.id, Objective.id.in_(objective_ids), Objective.status.in_(_AGREED))
        .values(
            status=ObjectiveStatus.IN_PROGRESS,
            status_since=sa.case((begins, now), else_=Objective.status_since),
            worked_on=sa.case((is_latest, worked_on), else_=Objective.worked_on),
        )
        .returning(Objective.id)
        .execution_options(synchronize_session=False)
    )
    found = sorted(db.scalars(moved))
    if found:
        event = ObjectivesWorkedOn(objective_ids=tuple(found), session_id=session_id, worked_on=worked_on)
        append(db, pair, by, event, now)


def claim_objective(db: Session, *, objective_id: uuid.UUID, by: uuid.UUID, now: dt.datetime) -> None:
    """The one who learns says that the objective is reached; the partner or the tutor is asked.

    Where their own word is enough, it is reached.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``, ``not_your_objective``,
    ``not_agreed``, ``objective_over``).
    """
    pair, objective = lock_own_objective(db, objective_id, by)
    require(pair.role_of(by) == objective.direction, "not_your_objective")
    if objective.status in {ObjectiveStatus.CLAIMED, ObjectiveStatus.REACHED}:
        return
    require(objective.status != ObjectiveStatus.PROPOSED, "not_agreed")
    require(objective.status in _AGREED, "objective_over")
    if "self" in objective.accepted:
        _reach(db, pair, objective, by, "self", now)
        return
    move(objective, ObjectiveStatus.CLAIMED, now)
    event = ObjectiveClaimed(objective_id=objective.id, direction=objective.direction)
    append(db, pair, by, event, now)


def confirm_objective(db: Session, *, objective_id: uuid.UUID, by: uuid.UUID, now: dt.datetime) -> None:
    """The partner says that a claimed objective is reached, or says so first.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``, ``own_objective``, ``not_agreed``,
    ``objective_over``, ``not_partner_s_word`` where another's word is needed).
    """
    pair, objective = lock_own_objective(db, objective_id, by)
    require(pair.role_of(by) != objective.direction, "own_objective")
    if objective.status == ObjectiveStatus.REACHED:
        return
    require(objective.status != ObjectiveStatus.PROPOSED, "not_agreed")
    require(objective.status != ObjectiveStatus.WITHDRAWN, "objective_over")
    require("partner" in objective.accepted, "not_partner_s_word")
    _reach(db, pair, objective, by, "partner", now)


def confirm_as_tutor(db: Session, *, objective_id: uuid.UUID, cohort_id: uuid.UUID, now: dt.datetime) -> None:
    """The tutor says that an objective is reached for which the pair accepts the tutor's word.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_tutor_s_word``, also for one of another cohort;
    ``not_agreed``, ``objective_over``).
    """
    pair, objective = lock_objective(db, objective_id)
    require(pair.cohort_id == cohort_id and "tutor" in objective.accepted, "not_tutor_s_word")
    if objective.status == ObjectiveStatus.REACHED:
        return
    require(objective.status != ObjectiveStatus.PROPOSED, "not_agreed")
    require(objective.status != ObjectiveStatus.WITHDRAWN, "objective_over")
    _reach(db, pair, objective, None, "tutor", now)


def _reach(
    db: Session,
    pair: PairRecord,
    objective: Objective,
    by: uuid.UUID | None,
    evidence: str,
    now: dt.datetime,
) -> None:
    objective.evidence = evidence
    move(objective, ObjectiveStatus.REACHED, now)
    event = ObjectiveReached(
        objective_id=objective.id, direction=objective.direction, tag=objective.tag, evidence=evidence
    )
    append(db, pair, by, event, now)


def withdraw_objective(db: Session, *, objective_id: uuid.UUID, by: uuid.UUID, now: dt.datetime) -> None:
    """The one who learns gives an objective up, or does not want what the partner proposed for them.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``, ``not_own_objective``,
    ``objective_over`` when reached).
    """
    pair, objective = lock_own_objective(db, objective_id, by)
    require(pair.role_of(by) == objective.direction, "not_own_objective")
    if objective.status == ObjectiveStatus.WITHDRAWN:
        return
    require(objective.status != ObjectiveStatus.REACHED, "objective_over")
    move(objective, ObjectiveStatus.WITHDRAWN, now)
    event = ObjectiveWithdrawn(objective_id=objective.id, direction=objective.direction)
    append(db, pair, by, event, now)


def undo_step(db: Session, *, objective_id: uuid.UUID, by: uuid.UUID, now: dt.datetime) -> None:
    """Whoever claimed an objective, gave it up, or declined what the partner proposed takes it back within ten minutes.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``, ``not_own_objective``,
    ``too_late_to_undo``, also once the partner has confirmed it, or has read that it was declined).
    """
    pair, objective = lock_own_objective(db, objective_id, by)
    declined = objective.status == ObjectiveStatus.WITHDRAWN and objective.refused_by is not None
    is_own_step = objective.proposed_by != by if declined else pair.role_of(by) == objective.direction
    require(is_own_step, "not_own_objective")
    require(not declined or objective.refusal_read_at is None, "too_late_to_undo")
    was = objective.status
    require(was in (ObjectiveStatus.CLAIMED, ObjectiveStatus.WITHDRAWN), "too_late_to_undo")
    require(now - objective.status_since <= UNDO_WITHIN and not pair.over, "too_late_to_undo")
    objective.revision += 1
    move(objective, _status_before(db, objective), now)
    event = ObjectiveStepUndone(
        objective_id=objective.id,
        direction=objective.direction,
        was=was,
        status=objective.status,
        tag=objective.tag,
        required=objective.required,
        revision=objective.revision,
    )
    append(db, pair, by, event, now)


def _status_before(db: Session, objective: Objective) -> ObjectiveStatus:
    """What an objective was before its last step, as its pair's events say."""
    steps = [ObjectiveStatus.AGREED]
    for logged in log.of_pair(db, objective.pair_id):
        match logged.event:
            case ObjectivesWorkedOn(objective_ids=ids) if objective.id in ids:
                if steps[-1] == ObjectiveStatus.AGREED:
                    steps.append(ObjectiveStatus.IN_PROGRESS)
            case ObjectiveStepUndone(objective_id=objective.id, status=status):
                steps.append(ObjectiveStatus(status))
            case ObjectiveEvent(objective_id=objective.id) as event if type(event) in _STATUS_AFTER:
                steps.append(_STATUS_AFTER[type(event)])
    return steps[-2] if len(steps) > 1 else steps[-1]


_STATUS_AFTER: Final[dict[type[Event], ObjectiveStatus]] = {
    ObjectiveProposed: ObjectiveStatus.PROPOSED,
    ObjectiveEdited: ObjectiveStatus.PROPOSED,
    ObjectiveAgreed: ObjectiveStatus.AGREED,
    ObjectiveClaimed: ObjectiveStatus.CLAIMED,
    ObjectiveClaimDisputed: ObjectiveStatus.IN_PROGRESS,
    ObjectiveWithdrawn: ObjectiveStatus.WITHDRAWN,
    ObjectiveDeclined: ObjectiveStatus.WITHDRAWN,
}
