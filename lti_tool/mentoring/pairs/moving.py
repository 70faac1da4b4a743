"""Moving pairs that go on to another cohort of their programme, with their two people and everything that they did.

Meetings, objectives, notes and the agreement belong to the pair, and go with it. What its people did counts by the rule
of the cohort in which they are then; whoever has completed stays so. The people themselves are moved by
:func:`lti_tool.mentoring.enrolment.actions.move_to_cohort`, which follows from the event.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.events import log
from lti_tool.events.base import Event, Scope
from lti_tool.mentoring.enrolment.queries import lock_participants, participants, participants_of_people
from lti_tool.mentoring.guards import require
from lti_tool.mentoring.pairs.events import PairMovedIn, PairMovedOut
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.pairs.queries import PairRecord, lock_pair, open_pairs_of
from lti_tool.mentoring.pairs.queries import pairs as read_pairs
from lti_tool.mentoring.programmes import queries as programmes


def pairs_moved_together(db: Session, pair_ids: Collection[uuid.UUID]) -> list[PairRecord]:
    """These pairs, as far as they go on, and every other one that goes on with one of their people; the oldest first.

    A person is in one cohort at a time, so all pairs of theirs move, and then all pairs of their partners.
    """
    found = {pair.id: pair for pair in read_pairs(db, pair_ids).values() if not pair.over}
    unread = {member for pair in found.values() for member in pair.members}
    known: set[uuid.UUID] = set()
    while unread:
        more = open_pairs_of(db, *unread)
        known |= unread
        found |= {pair.id: pair for pair in more}
        unread = {member for pair in more for member in pair.members} - known
    return sorted(found.values(), key=lambda pair: (pair.created_at, pair.id))


def move_pairs(
    db: Session,
    *,
    pair_ids: Collection[uuid.UUID],
    from_cohort_id: uuid.UUID,
    to_cohort_id: uuid.UUID,
    now: dt.datetime,
) -> int:
    """Move all of these pairs, or none, to another cohort of the programme that runs; returns how many were moved.

    A pair that is there already is left as it is. Raises :class:`~lti_tool.mentoring.guards.NotAllowed`:
    ``nobody_chosen``, ``same_group``, ``other_programme``, ``group_not_running``; ``moved_elsewhere`` for a pair that
    somebody moved to a third cohort meanwhile, ``pair_over``, ``pairs_left_behind`` where one of the people is in a
    further pair that is not among these, and ``already_in_group`` for somebody who takes part there already.
    """
    require(bool(pair_ids), "nobody_chosen")
    require(from_cohort_id != to_cohort_id, "same_group")
    # In one order, so that two who move between the same two cohorts do not wait for each other. Nobody joins either
    # cohort, is paired in it, or changes its rule meanwhile.
    for cohort_id in sorted((from_cohort_id, to_cohort_id)):
        programmes.lock_cohort(db, cohort_id)
    here, there = programmes.cohort(db, from_cohort_id), programmes.cohort(db, to_cohort_id)
    require(here.programme_id == there.programme_id, "other_programme")
    require(there.running, "group_not_running")
    moving = [pair for pair in _lock(db, pair_ids) if pair.cohort_id != to_cohort_id]
    require(all(pair.cohort_id == from_cohort_id for pair in moving), "moved_elsewhere")
    require(not any(pair.over for pair in moving), "pair_over")
    members = {member for pair in moving for member in pair.members}
    further = {pair.id for pair in open_pairs_of(db, *members)} if members else set()
    require(further <= {pair.id for pair in moving}, "pairs_left_behind")
    people = {record.person_id for record in participants(db, members).values()}
    require(not participants_of_people(db, to_cohort_id, people), "already_in_group")
    if moving:
        ids = [pair.id for pair in moving]
        db.execute(sa.update(Pair).where(Pair.id.in_(ids)).values(cohort_id=to_cohort_id))
        log.append_all(db, list(_events(db, ids, from_cohort_id, to_cohort_id)), at=now)
    return len(moving)


def _lock(db: Session, pair_ids: Collection[uuid.UUID]) -> list[PairRecord]:
    """These pairs as they are, locked after all of their people, in the order of ids."""
    found = read_pairs(db, pair_ids)
    require(len(found) == len(set(pair_ids)), "pair_over")
    lock_participants(db, {member for pair in found.values() for member in pair.members})
    return [lock_pair(db, pair_id) for pair_id in sorted(found)]


def _events(
    db: Session, pair_ids: Collection[uuid.UUID], from_cohort_id: uuid.UUID, to_cohort_id: uuid.UUID
) -> Iterable[tuple[Event, Scope]]:
    """Two for each pair: each cohort has one of its own, since its pages and its audit show what happened in it."""
    for pair_id in pair_ids:
        yield (
            PairMovedOut(to_cohort_id=to_cohort_id),
            programmes.scope_of(db, from_cohort_id, pair_id=pair_id),
        )
        yield (
            PairMovedIn(from_cohort_id=from_cohort_id),
            programmes.scope_of(db, to_cohort_id, pair_id=pair_id),
        )
