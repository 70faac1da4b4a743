"""Many people in a cohort, written straight into the tables: what a page costs must not depend on how many they are."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import table_of
from lti_tool.identity.models import Membership, Person
from lti_tool.identity.principal import CourseRole
from lti_tool.mentoring.completion.models import CompletionRecord
from lti_tool.mentoring.enrolment.models import Participant, ParticipantStatus
from lti_tool.mentoring.overview.models import PairCounters
from lti_tool.mentoring.pairs.models import Pair, PairStatus
from lti_tool.mentoring.roles import Role
from lti_tool.mentoring.sessions.models import MentoringSession, SessionStatus
from tests.builder.cohorts import BuiltCohort


def add_crowd(db: Session, cohort: BuiltCohort, people: int) -> None:
    """Add so many people to a cohort: two by two, each pair with one confirmed meeting."""
    now, cohort_id, course = cohort.build.now, cohort.id, cohort.course
    registration_id, rule_id = course.platform.id, cohort.rule(db).id
    rows: dict[type, list[dict[str, Any]]] = {
        kind: []
        for kind in (
            Person, Membership, Participant, CompletionRecord, Pair, MentoringSession, PairCounters,
        )
    }  # fmt: skip
    for number in range(people):
        person_id, participant_id = uuid.uuid4(), uuid.uuid4()
        name = f"Person {number:04}"
        rows[Person].append(
            {"id": person_id, "registration_id": registration_id, "subject": str(person_id), "name": name}
        )
        rows[Membership].append(
            {
                "id": uuid.uuid4(),
                "course_id": course.id,
                "person_id": person_id,
                "role": CourseRole.LEARNER,
                "launched_at": now,
            }
        )
        rows[Participant].append(
            {
                "id": participant_id,
                "cohort_id": cohort_id,
                "person_id": person_id,
                "role": Role.MENTEE if number % 2 else Role.MENTOR,
                "status": ParticipantStatus.ACTIVE,
            }
        )
        rows[CompletionRecord].append(
            {
                "participant_id": participant_id,
                "rule_version_id": rule_id,
                "score": 40,
                "completion": "open",
                "status": "under_way",
                "explanation": [],
                "completed_at": None,
            }
        )
    participants = [row["id"] for row in rows[Participant]]
    for mentor_id, mentee_id in zip(participants[::2], participants[1::2], strict=False):
        pair_id = uuid.uuid4()
        rows[Pair].append(
            {
                "id": pair_id,
                "cohort_id": cohort_id,
                "mentor_id": mentor_id,
                "mentee_id": mentee_id,
                "status": PairStatus.ACTIVE,
                "mentor_signed_at": now,
                "mentee_signed_at": now,
            }
        )
        rows[MentoringSession].append(
            {
                "id": uuid.uuid4(),
                "pair_id": pair_id,
                "held_on": now.date(),
                "minutes": 45,
                "format": "coaching",
                "mode": "video",
                "status": SessionStatus.CONFIRMED,
                "logged_by": mentor_id,
            }
        )
        rows[PairCounters].append(
            {
                "pair_id": pair_id,
                "confirmed": 1,
                "held": 0,
                "disputed": 0,
                "confirmed_minutes": 45,
                "last_held_on": now.date(),
                "objectives": 0,
                "objectives_reached": 0,
            }
        )
    for kind, values in rows.items():
        db.execute(sa.insert(table_of(kind)), values)
