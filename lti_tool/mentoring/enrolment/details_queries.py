"""Reading what is known of participants for choosing partners."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.mentoring.enrolment.details import Details, KnownDetails
from lti_tool.mentoring.enrolment.models import Direction, Participant, ParticipantSkill, ParticipantTraits
from schemas.people_row import Skill

_TRAITS = (
    ParticipantTraits.department,
    ParticipantTraits.manager,
    ParticipantTraits.languages,
    ParticipantTraits.time_zone,
    ParticipantTraits.answered_at,
)


def details_of(
    db: Session, participant_ids: Collection[uuid.UUID] | sa.Select[uuid.UUID]
) -> dict[uuid.UUID, KnownDetails]:
    """What is known of these participants, or of those that a query finds, by participant; in two statements."""
    skills: dict[tuple[uuid.UUID, str], list[Skill]] = defaultdict(list)
    rows = sa.select(
        ParticipantSkill.participant_id,
        ParticipantSkill.direction,
        ParticipantSkill.skill,
        ParticipantSkill.level,
    ).where(ParticipantSkill.participant_id.in_(participant_ids))
    for participant_id, direction, skill, level in db.execute(rows):
        skills[participant_id, direction].append((skill, level))

    def known(participant_id: uuid.UUID, direction: Direction) -> tuple[Skill, ...] | None:
        found = skills.get((participant_id, direction))
        return tuple(sorted(found, key=lambda skill: skill[0])) if found else None

    traits = (
        sa.select(Participant.id, Participant.capacity, *_TRAITS)
        .outerjoin(ParticipantTraits, ParticipantTraits.participant_id == Participant.id)
        .where(Participant.id.in_(participant_ids))
    )
    return {
        participant_id: KnownDetails(
            Details(
                capacity,
                known(participant_id, Direction.OFFERS),
                known(participant_id, Direction.WANTS),
                department,
                manager,
                tuple(languages) if languages else None,
                time_zone,
            ),
            answered_at,
        )
        for participant_id, capacity, department, manager, languages, time_zone, answered_at in db.execute(
            traits
        )
    }
