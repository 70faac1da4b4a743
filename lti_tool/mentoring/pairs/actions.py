"""Forming pairs, and signing the agreement."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.events import log
from lti_tool.mentoring.enrolment.queries import ParticipantRecord, lock_participants, who_left
from lti_tool.mentoring.guards import require
from lti_tool.mentoring.pairs.events import AgreementSigned, PairFormed
from lti_tool.mentoring.pairs.models import Pair, PairStatus
from lti_tool.mentoring.pairs.queries import lock_pair, open_pairs_of
from lti_tool.mentoring.programmes import queries as programmes
from lti_tool.mentoring.roles import Role


def form_pair(
    db: Session,
    *,
    cohort_id: uuid.UUID,
    mentor_id: uuid.UUID,
    mentee_id: uuid.UUID,
    now: dt.datetime,
) -> Pair:
    """Pair a mentor and a mentee (participants), by the tutor's hand.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``same_person``, ``wrong_roles``, ``other_cohort``,
    ``has_left``, ``already_together``, ``mentor_full``, ``mentee_full``, ``cohort_closed``).
    """
    programmes.lock_cohort(db, cohort_id)
    require(programmes.cohort(db, cohort_id).running, "cohort_closed")
    found = lock_participants(db, [mentor_id, mentee_id])
    require(mentor_id in found and mentee_id in found, "other_cohort")
    mentor, mentee = found[mentor_id], found[mentee_id]
    require(mentor.person_id != mentee.person_id, "same_person")
    require(mentor.role == Role.MENTOR and mentee.role == Role.MENTEE, "wrong_roles")
    require(mentor.cohort_id == cohort_id == mentee.cohort_id, "other_cohort")
    pairs = open_pairs_of(db, mentor_id, mentee_id)
    left = who_left(
        db, cohort_id, {mentor_id, mentee_id, *(member for pair in pairs for member in pair.members)}
    )
    require(mentor_id not in left and mentee_id not in left, "has_left")
    require(not any(pair.members == (mentor_id, mentee_id) for pair in pairs), "already_together")
    # Whoever has left the course keeps their pair, and their partner is free for another one.
    pairs = [pair for pair in pairs if left.isdisjoint(pair.members)]
    require(sum(mentor_id in pair.members for pair in pairs) < mentor.capacity, "mentor_full")
    require(sum(mentee_id in pair.members for pair in pairs) < mentee.capacity, "mentee_full")
    return _form(db, mentor, mentee, now)


def _form(db: Session, mentor: ParticipantRecord, mentee: ParticipantRecord, now: dt.datetime) -> Pair:
    pair = Pair(
        id=uuid.uuid4(),
        cohort_id=mentor.cohort_id,
        mentor_id=mentor.id,
        mentee_id=mentee.id,
        status=PairStatus.PROPOSED,
        created_at=now,
    )
    db.add(pair)
    db.flush()
    scope = programmes.scope_of(db, pair.cohort_id, pair_id=pair.id)
    log.append(db, PairFormed(mentor_id=mentor.id, mentee_id=mentee.id), scope, at=now)
    return pair


def sign_agreement(db: Session, *, pair_id: uuid.UUID, by: uuid.UUID, now: dt.datetime) -> None:
    """Sign the charter for one of the two (``by``, a participant); the second signature makes the pair active.

    Signing twice changes nothing. Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``,
    ``pair_over``).
    """
    locked = lock_pair(db, pair_id)
    require(by in locked.members, "not_in_pair")
    require(not locked.over, "pair_over")
    role = locked.role_of(by)
    if locked.signed_at(role) is not None:
        return
    by_both = locked.signed_at(role.other) is not None
    signed = Pair.mentor_signed_at if role is Role.MENTOR else Pair.mentee_signed_at
    status = PairStatus.ACTIVE if by_both else PairStatus.ACCEPTED
    db.execute(sa.update(Pair).where(Pair.id == pair_id).values({signed: now, Pair.status: status}))
    scope = programmes.scope_of(db, locked.cohort_id, pair_id=pair_id, participant_id=by)
    log.append(db, AgreementSigned(role=str(role), by_both=by_both), scope, at=now)
