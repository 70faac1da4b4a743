"""Of the tutor's page: what is made of the row of a participant, with their progress."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lti_tool.mentoring.completion.queries import PROGRESS_WIDTH, progress_and_approval
from lti_tool.mentoring.enrolment.queries import MEMBER_WIDTH, ParticipantRecord, member_of
from lti_tool.mentoring.journey.queries import card
from lti_tool.mentoring.overview.cohort import ParticipantLine
from lti_tool.mentoring.overview.lazy_progress import LazyProgress
from lti_tool.mentoring.overview.people_reading import Place
from lti_tool.translation.collation import collation_key


@dataclass(frozen=True)
class Member:
    """A participant, as one row has them."""

    participant: ParticipantRecord
    family_name: str | None
    progress: LazyProgress
    validated: bool
    left_as_it_is: tuple[str, dt.datetime] | None

    @classmethod
    def of(cls, row: Sequence[Any]) -> Member:
        """``row``: converted."""
        behind = MEMBER_WIDTH + PROGRESS_WIDTH
        stored, validated = progress_and_approval(row[MEMBER_WIDTH:behind])
        kind, fact_at = row[behind:]
        left = None if kind is None else (kind, fact_at)
        return cls(*member_of(row), LazyProgress(stored), validated, left)

    def line(self, taken: int, place: Place) -> ParticipantLine:
        """``taken``: in how many pairs that go on they are."""
        participant = self.participant
        return ParticipantLine(
            card=dataclasses.replace(card(participant), has_left=place.is_gone),
            person_id=participant.person_id,
            status=participant.status,
            free=not place.is_gone and _is_free(participant, taken),
            has_left=place.is_gone,
            progress=self.progress,
            validated=self.validated,
            joined_at=participant.joined_at,
            listed_at=place.listed_at,
            family_name=self.family_name,
            capacity=participant.capacity,
            taken=taken,
            left_as_it_is=self.left_as_it_is,
            refused_at=participant.refused_at,
            refusal_reason=participant.refusal_reason,
            taken_out_at=participant.taken_out_at,
            taken_out_reason=participant.taken_out_reason,
        )


def _is_free(participant: ParticipantRecord, pairs: int) -> bool:
    is_out = participant.withdrawn or participant.refused or participant.taken_out_at is not None
    return not is_out and pairs < participant.capacity


def alphabetically(line: ParticipantLine) -> tuple[Any, ...]:
    """What puts participants in the order of the alphabet; the id last, so that it never depends on the database."""
    return collation_key(line.sorts_as), collation_key(line.card.name or ""), line.id
