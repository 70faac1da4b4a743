"""Whom and what the events of one round concern, read once for all subscribers, in two queries (for each
cohort, where whole cohorts are concerned).

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
from lti_tool.mentoring.enrolment.events import InvitationTakenBack, ParticipantInvited
from lti_tool.mentoring.programmes.events import RuleApplied
from lti_tool.subscribers import concerned_queries
from lti_tool.subscribers.concerned_values import CohortValues, ConcernedPair, ConcernedParticipant

_KEY: Final = "concerned"
"""The key in ``Session.info`` of what was read for the present round."""

MOST_NAMED: Final = 64
"""How many participants are asked for one by one: a query for more would have too many parameters for SQLite."""


class Concerned:
    """The participants of one round, and their pairs."""

    def __init__(
        self,
        db: Session,
        named: Collection[uuid.UUID],
        pair_ids: Collection[uuid.UUID],
        cohort_ids: Collection[uuid.UUID] = (),
    ) -> None:
        """``named``: participants; the members of the pairs are read as well. ``cohort_ids``: those read as a whole.

        People who are named beside cohorts are of these cohorts.
        """
        self._db = db
        self._cohort_ids = cohort_ids
        self.named_pairs = frozenset(pair_ids)
        """The pairs that the events themselves name."""
        self.people: dict[uuid.UUID, ConcernedParticipant] = {}
        """By participant, in the order of their ids."""
        if cohort_ids:
            for cohort_id in cohort_ids:
                self.people |= concerned_queries.people_of_cohort(db, cohort_id)
        elif named or pair_ids:
            self.people = concerned_queries.people(db, named, pair_ids)

    @cached_property
    def cohorts(self) -> dict[uuid.UUID, CohortValues]:
        """The cohorts of these people."""
        return {participant.cohort.id: participant.cohort for participant in self.people.values()}

    @cached_property
    def pairs(self) -> dict[uuid.UUID, ConcernedPair]:
        """Every pair of these people, ended ones included."""
        if not self._cohort_ids:
            return concerned_queries.pairs(self._db, self.people) if self.people else {}
        found: dict[uuid.UUID, ConcernedPair] = {}
        for cohort_id in self._cohort_ids:
            found |= concerned_queries.pairs_of_cohort(self._db, cohort_id)
        return found

    @cached_property
    def pairs_by_person(self) -> dict[uuid.UUID, list[ConcernedPair]]:
        """The pairs of each of these people."""
        found: dict[uuid.UUID, list[ConcernedPair]] = {each: [] for each in self.people}
        for pair in self.pairs.values():
            for member in (pair.mentor_id, pair.mentee_id):
                if member in found:
                    found[member].append(pair)
        return found


def concerned(db: Session, events: Sequence[LoggedEvent]) -> Concerned:
    """Whom and what the events of the present round concern; read when the first subscriber asks."""
    round_of: tuple[tuple[uuid.UUID, ...], Concerned] | None = db.info.get(_KEY)
    ids = tuple(logged.id for logged in events)
    if round_of is None or round_of[0] != ids:
        round_of = ids, _read(db, events)
        db.info[_KEY] = round_of
    return round_of[1]


def _read(db: Session, events: Sequence[LoggedEvent]) -> Concerned:
    """A rule that is applied concerns everybody of its cohort; many who are named are read with their whole cohort."""
    # Nothing follows from an invitation, and a file may bring very many.
    naming = [
        logged for logged in events if not isinstance(logged.event, ParticipantInvited | InvitationTakenBack)
    ]
    named = sorted(filter(None, {logged.scope.participant_id for logged in naming}))
    pair_ids = sorted(filter(None, {logged.scope.pair_id for logged in events}))
    if any(isinstance(logged.event, RuleApplied) for logged in events):
        whole = {logged.scope.cohort_id for logged in events}
    elif len(named) > MOST_NAMED:
        whole = {
            logged.scope.cohort_id for logged in events if logged.scope.participant_id or logged.scope.pair_id
        }
    else:
        whole = set()
    return Concerned(db, named, pair_ids, sorted(filter(None, whole)))


def everybody_in(db: Session, cohort_id: uuid.UUID) -> dict[uuid.UUID, ConcernedParticipant]:
    """Every participant of a cohort, in the order of their ids."""
    return concerned_queries.people_of_cohort(db, cohort_id)
