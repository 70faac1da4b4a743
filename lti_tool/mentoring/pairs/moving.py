"""Moving pairs that go on to another cohort of their programme, with their two people and everything that they did.

Meetings, objectives, notes and the agreement belong to the pair, and go with it. What its people did counts by the rule
of the cohort in which they are then; whoever has completed stays so. The people themselves are moved by
:func:`lti_tool.mentoring.enrolment.actions.move_to_cohort`, which follows from the event.
"""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.events import log
from lti_tool.events.base import Event, Scope
from lti_tool.mentoring.enrolment.queries import (
    COMPLETED,
    enrolments_of_people,
    lock_participants,
    participants,
    who_left,
)
from lti_tool.mentoring.guards import require
from lti_tool.mentoring.pairs.events import PairMovedIn, PairMovedOut
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.pairs.queries import PairRecord, lock_pair, open_pairs_of, pairs_of
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


class Hindrance(enum.StrEnum):
    """Why somebody who is enrolled in the other cohort cannot go on there with the pair that is to move."""

    FULL = "full"
    """They are in a pair there, and would be in more pairs than they take at once."""
    OTHER_ROLE = "other_role"
    """They have been in a pair there in the other role, or have completed in it: nobody has two roles in a cohort."""
    TOGETHER = "together"
    """The two of the pair are a pair there as well."""


@dataclass(frozen=True)
class Hindered:
    """Somebody whose pair cannot move."""

    why: Hindrance
    with_whom: tuple[uuid.UUID, ...] = ()
    """Their partners there: participants."""


def hindrances(
    db: Session, moving: Collection[PairRecord], to_cohort_id: uuid.UUID
) -> dict[uuid.UUID, Hindered]:
    """Who of the people of these pairs, which move together, cannot go on in another cohort; by participant.

    Somebody who is enrolled there already, and free there, can: so can who has room for one more pair.
    """
    members = participants(db, {member for pair in moving for member in pair.members})
    there = enrolments_of_people(db, to_cohort_id, {each.person_id for each in members.values()})
    if not there:
        return {}
    pairs = pairs_of(db, [each.id for each in there.values()])
    going_on = [pair for pair in pairs if not pair.over]
    left = who_left(db, to_cohort_id, {member for pair in going_on for member in pair.members})
    in_force = [pair for pair in going_on if left.isdisjoint(pair.members)]
    found: dict[uuid.UUID, Hindered] = {}
    for one in members.values():
        other = there.get(one.person_id)
        if other is None:
            continue
        own = [pair for pair in in_force if other.id in pair.members]
        partners = tuple(pair.partner_of(other.id) for pair in own)
        bringing = sum(one.id in pair.members for pair in moving)
        was_paired = any(other.id in pair.members for pair in pairs)
        if other.role != one.role and (was_paired or other.status == COMPLETED):
            found[one.id] = Hindered(Hindrance.OTHER_ROLE, partners)
        elif own and len(own) + bringing > max(one.capacity, other.capacity):
            found[one.id] = Hindered(Hindrance.FULL, partners)
    for pair in moving:
        both = [there.get(members[member].person_id) for member in pair.members]
        ids = {each.id for each in both if each is not None}
        if len(ids) == 2 and any(ids == set(other.members) for other in going_on):
            found |= {member: Hindered(Hindrance.TOGETHER) for member in pair.members}
    return found


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
    further pair that is not among these, and ``hindered_there`` for somebody with a :class:`Hindrance`.
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
    moving = [pair for pair in _lock(db, pair_ids, to_cohort_id) if pair.cohort_id != to_cohort_id]
    require(all(pair.cohort_id == from_cohort_id for pair in moving), "moved_elsewhere")
    require(not any(pair.over for pair in moving), "pair_over")
    members = {member for pair in moving for member in pair.members}
    further = {pair.id for pair in open_pairs_of(db, *members)} if members else set()
    require(further <= {pair.id for pair in moving}, "pairs_left_behind")
    require(not hindrances(db, moving, to_cohort_id), "hindered_there")
    if moving:
        ids = [pair.id for pair in moving]
        db.execute(sa.update(Pair).where(Pair.id.in_(ids)).values(cohort_id=to_cohort_id))
        log.append_all(db, list(_events(db, ids, from_cohort_id, to_cohort_id)), at=now)
    return len(moving)


def _lock(db: Session, pair_ids: Collection[uuid.UUID], to_cohort_id: uuid.UUID) -> list[PairRecord]:
    """These pairs as they are, locked after all of their people and their enrolments there, in the order of ids."""
    found = read_pairs(db, pair_ids)
    require(len(found) == len(set(pair_ids)), "pair_over")
    members = participants(db, {member for pair in found.values() for member in pair.members})
    there = enrolments_of_people(db, to_cohort_id, {each.person_id for each in members.values()})
    lock_participants(db, {*members, *(each.id for each in there.values())})
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
