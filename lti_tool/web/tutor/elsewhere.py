"""Who of the people that a tutor may pair is in a pair of another group of the programme already."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.pairs.models import ENDED_STATUSES, Pair, PairStatus
from lti_tool.mentoring.programmes.models import Cohort


def paired_elsewhere(db: Session, cohort_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """The number of the group in which people are in a pair that both accepted, by person; the newest of several."""
    here = aliased(Cohort)
    rows = db.execute(
        sa.select(Participant.person_id, Cohort.number)
        .join(Pair, sa.or_(Pair.mentor_id == Participant.id, Pair.mentee_id == Participant.id))
        .join(Cohort, Cohort.id == Pair.cohort_id)
        .join(here, sa.and_(here.programme_id == Cohort.programme_id, here.id == cohort_id))
        .where(Cohort.id != cohort_id, Pair.status.not_in((*ENDED_STATUSES, PairStatus.PROPOSED)))
        .order_by(Cohort.number)
    )
    return dict(rows.all())
