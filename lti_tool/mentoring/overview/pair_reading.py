"""Of the tutor's page: what is made of the row of a pair, and of its meetings that wait for an answer."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lti_tool.mentoring.overview.cohort import DeclinedPair, OpenSession, PairLine, ParticipantLine
from lti_tool.mentoring.overview.counting import Counters
from lti_tool.mentoring.overview.models import PairCounters
from lti_tool.mentoring.pairs.queries import PAIR_WIDTH, PairRecord

COUNTERS: Final = tuple(getattr(PairCounters, each.name) for each in dataclasses.fields(Counters))
"""The columns of a pair's counters, which stand at the end of its row."""
_BEHIND_PAIR: Final = PAIR_WIDTH + 5


@dataclass(frozen=True)
class PairRow:
    """A pair, as one row has it."""

    record: PairRecord
    latest_at: dt.datetime | None
    """When something last happened in it."""
    disputed_at: dt.datetime | None
    """When a meeting was last disputed, while one is."""
    claims: tuple[int, int, dt.datetime | None]
    """Of the mentee and of the mentor, as :class:`PairLine` has them, and since when the oldest waits."""
    counters: Counters

    @classmethod
    def of(cls, row: Sequence[Any]) -> PairRow:
        """``row``: converted."""
        counted = row[_BEHIND_PAIR:]
        counters = Counters() if counted[0] is None else Counters(*counted)
        latest_at, disputed_at, mentee_claims, mentor_claims, claimed_at = row[PAIR_WIDTH:_BEHIND_PAIR]
        claims = mentee_claims or 0, mentor_claims or 0, claimed_at
        return cls(PairRecord(*row[:PAIR_WIDTH]), latest_at, disputed_at, claims, counters)

    def line(self, mentor: ParticipantLine, mentee: ParticipantLine, sessions: Sequence[Any]) -> PairLine:
        """``sessions``: rows of its meetings that wait for an answer, converted."""
        pair, counters = self.record, self.counters
        mentee_claims, mentor_claims, claimed_at = self.claims
        return PairLine(
            id=pair.id,
            status=pair.status,
            mentor=mentor,
            mentee=mentee,
            created_at=pair.created_at,
            mentor_accepted_at=pair.mentor_accepted_at,
            mentee_accepted_at=pair.mentee_accepted_at,
            mentor_signed_at=pair.mentor_signed_at,
            mentee_signed_at=pair.mentee_signed_at,
            mentor_reminded_at=pair.mentor_reminded_at,
            mentee_reminded_at=pair.mentee_reminded_at,
            paused_until=pair.paused_until,
            latest_at=self.latest_at,
            disputed_at=self.disputed_at,
            confirmed=counters.confirmed,
            minutes=counters.confirmed_minutes,
            waiting=counters.held,
            disputed=counters.disputed,
            last_held_on=counters.last_held_on,
            objectives=counters.objectives,
            objectives_reached=counters.objectives_reached,
            mentee_claims=mentee_claims,
            mentor_claims=mentor_claims,
            claimed_at=claimed_at,
            open_sessions=tuple(
                OpenSession(
                    each.status,
                    each.held_on,
                    each.minutes,
                    each.logged_by,
                    each.logged_at.date(),
                    each.dispute_reason,
                )
                for each in sessions
            ),
        )


def declined_pair(pair: PairRecord, by_id: Mapping[uuid.UUID, ParticipantLine]) -> DeclinedPair:
    """A pair that one of the two declined. ``by_id``: the participants, among whom both are."""
    mentor, mentee = by_id[pair.mentor_id], by_id[pair.mentee_id]
    by = mentor if pair.declined_by == pair.mentor_id else mentee
    return DeclinedPair(mentor, mentee, by, pair.decline_reason, pair.ended_at or pair.created_at)
