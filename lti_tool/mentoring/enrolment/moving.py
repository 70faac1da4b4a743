"""The enrolments of people whose pair has moved to another cohort of the programme.

A person has one enrolment in a cohort. Whoever is enrolled in the other one already goes on with that enrolment, and
what they did with the former one becomes that one's; nobody is there twice.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import LOCK_ROW, insert_for
from lti_tool.events import log
from lti_tool.mentoring.enrolment.events import EnrolmentsUnited
from lti_tool.mentoring.enrolment.models import (
    FormerCohort,
    Participant,
    ParticipantSkill,
    ParticipantStatus,
    ParticipantTraits,
)
from lti_tool.mentoring.guards import NotAllowed
from lti_tool.mentoring.programmes import queries as programmes

_FURTHER: Final = (
    ParticipantStatus.WITHDRAWN,
    ParticipantStatus.TAKEN_OUT,
    ParticipantStatus.REFUSED,
    ParticipantStatus.INVITED,
    ParticipantStatus.ONBOARDED,
    ParticipantStatus.PAIRED,
    ParticipantStatus.ACTIVE,
    ParticipantStatus.COMPLETED,
)
"""The statuses, each further on the way than those before it."""


def move_to_cohort(
    db: Session,
    *,
    participant_ids: Collection[uuid.UUID],
    from_cohort_id: uuid.UUID,
    to_cohort_id: uuid.UUID,
    now: dt.datetime,
) -> None:
    """These participants, whose pair has moved, go on in the cohort of their pair, as they are.

    Whoever is there already stays. Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``already_in_group``) where
    somebody was enrolled there at this very moment.
    """
    moving = db.scalars(
        sa.select(Participant)
        .where(Participant.id.in_(participant_ids), Participant.cohort_id == from_cohort_id)
        .execution_options(populate_existing=True)
    ).all()
    for participant in moving:
        there = db.scalar(
            sa.select(Participant)
            .where(Participant.cohort_id == to_cohort_id, Participant.person_id == participant.person_id)
            .with_for_update(**LOCK_ROW)
            .execution_options(populate_existing=True)
        )
        if there is not None:
            _unite(db, participant, there, now)
            continue
        try:
            with db.begin_nested():
                participant.cohort_id = to_cohort_id
                db.flush()
        except sa.exc.IntegrityError:
            raise NotAllowed("already_in_group") from None
        _note_former_cohort(db, participant.id, from_cohort_id, now)


def _unite(db: Session, former: Participant, kept: Participant, now: dt.datetime) -> None:
    """Let ``kept`` be what ``former`` was, too; ``former`` is as somebody who was never enrolled then."""
    kept.status = max(former.status, kept.status, key=_FURTHER.index)
    kept.role, kept.capacity = former.role, max(former.capacity, kept.capacity)
    kept.joined_at, kept.refused_at, kept.refusal_reason = former.joined_at, None, None
    # Whose pair moves here takes part here.
    kept.taken_out_at = kept.taken_out_reason = kept.taken_out_from = None
    former.status = ParticipantStatus.WITHDRAWN
    db.flush()
    for table in (ParticipantSkill, ParticipantTraits):
        known = db.scalar(sa.select(sa.exists().where(table.participant_id == kept.id)))
        of_former = table.participant_id == former.id
        change = sa.delete(table) if known else sa.update(table).values(participant_id=kept.id)
        db.execute(change.where(of_former))
    earlier = db.execute(
        sa.delete(FormerCohort)
        .where(FormerCohort.participant_id == former.id)
        .returning(FormerCohort.cohort_id, FormerCohort.moved_at)
    ).all()
    for cohort_id, moved_at in (*earlier, (former.cohort_id, now)):
        _note_former_cohort(db, kept.id, cohort_id, moved_at)
    scope = programmes.scope_of(db, kept.cohort_id, participant_id=kept.id)
    log.append(db, EnrolmentsUnited(former_id=former.id, role=str(kept.role)), scope, at=now)


def _note_former_cohort(
    db: Session, participant_id: uuid.UUID, cohort_id: uuid.UUID, moved_at: dt.datetime
) -> None:
    row = insert_for(db, FormerCohort).values(
        participant_id=participant_id, cohort_id=cohort_id, moved_at=moved_at
    )
    key = ["participant_id", "cohort_id"]
    db.execute(row.on_conflict_do_update(index_elements=key, set_={"moved_at": moved_at}))
