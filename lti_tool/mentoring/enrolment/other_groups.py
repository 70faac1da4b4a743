"""Reading who takes part in another group of the same programme and course: they are that group's people.

Nobody belongs to two groups of a course unless they say so: whoever is in one of them is no newcomer of the others.
"""

from __future__ import annotations

import uuid
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.identity.models import Person
from lti_tool.mentoring.enrolment.models import Participant, ParticipantStatus
from lti_tool.mentoring.enrolment.queries import ParticipantRecord, participant_record
from lti_tool.mentoring.programmes.queries import courses_of_cohort, other_groups_in

_IS_IN_IT: Final = Participant.status.not_in([ParticipantStatus.WITHDRAWN, ParticipantStatus.REFUSED])
"""Of a participant: they take part, have completed, or are invited and have not answered.

Whoever was taken out of it stays one of its people, so that no other group names them as somebody without a role.
"""

_UNDER_WAY_FIRST: Final[sa.ColumnElement[Any]] = sa.case(
    (Participant.status == ParticipantStatus.COMPLETED, 1),
    (Participant.status == ParticipantStatus.INVITED, 2),
    else_=0,
)


def people_of_other_groups(cohort_id: uuid.UUID | sa.BindParameter[uuid.UUID]) -> sa.Subquery:
    """For another query: everybody of the other groups of a cohort's programme in its courses, each once.

    Its columns are ``person_id`` and ``number``, of the newest of their groups.
    """
    groups = other_groups_in(cohort_id, courses_of_cohort(cohort_id)).subquery("groups")
    return (
        sa.select(Participant.person_id, sa.func.max(groups.c.number).label("number"))
        .join(groups, groups.c.id == Participant.cohort_id)
        .where(_IS_IN_IT)
        .group_by(Participant.person_id)
        .subquery("other_group")
    )


def enrolment_in_other_group(
    db: Session, cohort_id: uuid.UUID, course_id: uuid.UUID, person_id: uuid.UUID
) -> ParticipantRecord | None:
    """A person's enrolment in another group of a cohort's programme that has an activity in a course.

    Of several the one in which they are under way, else the latest. A group that was not started does not count: there
    is nothing to open yet.
    """
    groups = other_groups_in(cohort_id, [course_id]).subquery("groups")
    found = db.execute(
        sa.select(Participant, Person)
        .join(Person, Person.id == Participant.person_id)
        .join(groups, groups.c.id == Participant.cohort_id)
        .where(Participant.person_id == person_id, _IS_IN_IT, groups.c.is_started)
        .order_by(_UNDER_WAY_FIRST, Participant.joined_at.desc(), Participant.id)
        .limit(1)
    ).one_or_none()
    return None if found is None else participant_record(*found)
