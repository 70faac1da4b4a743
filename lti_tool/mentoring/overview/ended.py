"""The pairs of a cohort that have come to their end: who they were, how far they came, and why they ended."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.mentoring.enrolment.queries import participants
from lti_tool.mentoring.journey.queries import card
from lti_tool.mentoring.journey.views import PersonCard
from lti_tool.mentoring.overview.models import PairCounters
from lti_tool.mentoring.pairs.queries import ended_pairs
from lti_tool.mentoring.roles import Role


@dataclass(frozen=True)
class EndedPair:
    """A pair that has come to its end and was not declined, as the tutor sees it."""

    id: uuid.UUID
    mentee: PersonCard
    mentor: PersonCard
    ended_at: dt.datetime | None
    """None for one that the first version of the tool ended."""
    reason: str | None
    """A code of :data:`schemas.choices.END_REASONS`; None for one that was closed at the end of its time."""
    confirmed: int
    """How many meetings the two agree on."""

    def partner_of(self, participant_id: uuid.UUID) -> PersonCard:
        """The other of the two."""
        return self.mentee if participant_id == self.mentor.participant_id else self.mentor


def ended_pairs_of(
    db: Session, cohort_id: uuid.UUID, participant_id: uuid.UUID | None = None
) -> list[EndedPair]:
    """The ended pairs of a cohort, the latest first. ``participant_id``: those of this participant alone."""
    found = [
        pair
        for pair in ended_pairs(db, cohort_id)
        if participant_id is None or participant_id in pair.members
    ]
    if not found:
        return []
    people = participants(db, {member for pair in found for member in pair.members})
    counted = sa.select(PairCounters.pair_id, PairCounters.confirmed)
    confirmed = dict(db.execute(counted.where(PairCounters.pair_id.in_([pair.id for pair in found]))).all())
    # Their roles in the pair: either may have another one by now.
    cards = {key: card(record) for key, record in people.items()}
    return [
        EndedPair(
            pair.id,
            replace(cards[pair.mentee_id], role=Role.MENTEE),
            replace(cards[pair.mentor_id], role=Role.MENTOR),
            pair.ended_at,
            pair.end_reason,
            confirmed.get(pair.id, 0),
        )
        for pair in found
    ]
