"""Whom and what the events of one round concern, read once for all subscribers, in two queries.

The participants are those whom the events name, unless they were only invited, and both of each pair that they name;
the pairs are all pairs of these participants, because completion is judged on everything that a person did. Actions
lock the participants first (:func:`lti_tool.mentoring.pairs.queries.lock_pair`), so nobody else changes what is read
here before the commit.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Final

from sqlalchemy.orm import Session

from lti_tool.events.base import LoggedEvent
from lti_tool.mentoring.enrolment.events import ParticipantInvited
from lti_tool.subscribers import concerned_queries
from lti_tool.subscribers.concerned_values import CohortValues, ConcernedPair, ConcernedParticipant

_KEY: Final = "concerned"
"""The key in ``Session.info`` of what was read for the present round."""


class Concerned:
    """The participants of one round, and their pairs."""

    def __init__(self, db: Session, named: Collection[uuid.UUID], pair_ids: Collection[uuid.UUID]) -> None:
        """``named``: participants; the members of the pairs are read as well."""
        self._db = db
        self.named_pairs = frozenset(pair_ids)
        """The pairs that the events themselves name."""
        self.people: dict[uuid.UUID, ConcernedParticipant] = {}
        """By participant, in the order of their ids."""
        if named or pair_ids:
            self.people = concerned_queries.people(db, named, pair_ids)

    @cached_property
    def cohorts(self) -> dict[uuid.UUID, CohortValues]:
        """The cohorts of these people."""
        return {participant.cohort.id: participant.cohort for participant in self.people.values()}

    @cached_property
    def pairs(self) -> dict[uuid.UUID, ConcernedPair]:
        """Every pair of these people, ended ones included."""
        return concerned_queries.pairs(self._db, self.people) if self.people else {}


def concerned(db: Session, events: Sequence[LoggedEvent]) -> Concerned:
    """Whom and what the events of the present round concern; read when the first subscriber asks."""
    round_of: tuple[tuple[uuid.UUID, ...], Concerned] | None = db.info.get(_KEY)
    ids = tuple(logged.id for logged in events)
    if round_of is None or round_of[0] != ids:
        # Nothing follows from an invitation, and a file may bring very many.
        named = {
            logged.scope.participant_id
            for logged in events
            if not isinstance(logged.event, ParticipantInvited)
        } - {None}
        pair_ids = {logged.scope.pair_id for logged in events} - {None}
        round_of = ids, Concerned(db, *(sorted(filter(None, found)) for found in (named, pair_ids)))
        db.info[_KEY] = round_of
    return round_of[1]


def everybody_in(db: Session, cohort_id: uuid.UUID) -> dict[uuid.UUID, ConcernedParticipant]:
    """Every participant of a cohort, in the order of their ids."""
    return concerned_queries.people_of_cohort(db, cohort_id)
