"""Keeping what is known of participants for choosing partners.

Nothing follows from it, so it is no event: whoever chooses partners reads it as it is then.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import insert_for, table_of
from lti_tool.mentoring.enrolment.details import Details
from lti_tool.mentoring.enrolment.details_queries import details_of
from lti_tool.mentoring.enrolment.models import Direction, Participant, ParticipantSkill, ParticipantTraits
from lti_tool.mentoring.enrolment.queries import lock_participants


def save_answers(db: Session, *, participant_id: uuid.UUID, answers: Details, now: dt.datetime) -> None:
    """Keep what a participant answers themselves, in place of what was known; None: they answer nothing.

    The department and the manager, of which nobody is asked, stay.
    """
    lock_participants(db, [participant_id])
    before = details_of(db, [participant_id])[participant_id].details
    said = Details(
        answers.capacity or before.capacity,
        answers.offers,
        answers.wants,
        before.department,
        before.manager,
        answers.languages,
        answers.time_zone,
    )
    save_details(db, {participant_id: said}, answered_at=now)


def save_details(
    db: Session, details: Mapping[uuid.UUID, Details], *, answered_at: dt.datetime | None = None
) -> None:
    """Keep the details of these participants in place of what was known, in a few statements.

    ``answered_at``: when they said so themselves; None where a file says it, which leaves that moment as it is.
    """
    if not details:
        return
    db.execute(sa.delete(ParticipantSkill).where(ParticipantSkill.participant_id.in_(details)))
    insert_details(db, details, answered_at=answered_at)
    of_capacity: dict[int, list[uuid.UUID]] = defaultdict(list)
    for participant_id, each in details.items():
        if each.capacity is not None:
            of_capacity[each.capacity].append(participant_id)
    participants = table_of(Participant)
    for capacity, ids in of_capacity.items():
        changed = sa.update(participants).where(participants.c.id.in_(ids))
        db.execute(changed.where(participants.c.capacity != capacity).values(capacity=capacity))


def insert_details(
    db: Session, details: Mapping[uuid.UUID, Details], *, answered_at: dt.datetime | None = None
) -> None:
    """The same for participants of whom no skills are stored, and who have their capacity already."""
    skills = [
        {"participant_id": participant_id, "direction": direction.value, "skill": code, "level": level}
        for participant_id, each in details.items()
        for direction, found in ((Direction.OFFERS, each.offers), (Direction.WANTS, each.wants))
        for code, level in found or ()
    ]
    if skills:
        db.execute(sa.insert(table_of(ParticipantSkill)), skills)
    traits: list[dict[str, Any]] = [
        {
            "participant_id": participant_id,
            "department": each.department,
            "manager": each.manager,
            "languages": list(each.languages or ()),
            "time_zone": each.time_zone,
            "answered_at": answered_at,
        }
        for participant_id, each in details.items()
    ]
    insert = insert_for(db, table_of(ParticipantTraits))
    kept = ["department", "manager", "languages", "time_zone"]
    replaced = {name: insert.excluded[name] for name in kept}
    if answered_at is not None:
        replaced["answered_at"] = insert.excluded["answered_at"]
    db.execute(insert.on_conflict_do_update(index_elements=["participant_id"], set_=replaced), traits)
