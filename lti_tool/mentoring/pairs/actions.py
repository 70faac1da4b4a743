"""A pair's life: proposed, accepted or declined, signed, paused, ended."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.events import log
from lti_tool.events.base import Event
from lti_tool.mentoring.enrolment.queries import ParticipantRecord, lock_participants, who_left
from lti_tool.mentoring.guards import UNDO_WITHIN, require
from lti_tool.mentoring.pairs.events import (
    AgreementSigned,
    PairAcceptanceUndone,
    PairAccepted,
    PairClosed,
    PairDeclined,
    PairDeclineUndone,
    PairEnded,
    PairPaused,
    PairProposed,
    PairResumed,
    PartnerReminded,
    TutorReminded,
)
from lti_tool.mentoring.pairs.models import DECLINED, Pair, PairStatus
from lti_tool.mentoring.pairs.queries import PairRecord, lock_pair, may_be_reminded, open_pairs_of
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
    """Propose a mentor and a mentee (participants) to each other, by the tutor's hand; both accept or decline.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``same_person``, ``wrong_roles``, ``other_cohort``,
    ``has_left``, ``has_refused``, ``was_taken_out``, ``already_together``, ``mentor_full``, ``mentee_full``,
    ``cohort_closed``).
    """
    programmes.lock_cohort(db, cohort_id)
    mentor, mentee = _require_free(db, cohort_id, mentor_id, mentee_id)
    return _form(db, mentor, mentee, now)


def _require_free(
    db: Session, cohort_id: uuid.UUID, mentor_id: uuid.UUID, mentee_id: uuid.UUID
) -> tuple[ParticipantRecord, ParticipantRecord]:
    """Lock the two, who may be put together now; returns the mentor and the mentee."""
    require(programmes.cohort(db, cohort_id).running, "cohort_closed")
    found = lock_participants(db, [mentor_id, mentee_id])
    require(mentor_id in found and mentee_id in found, "other_cohort")
    mentor, mentee = found[mentor_id], found[mentee_id]
    require(mentor.person_id != mentee.person_id, "same_person")
    require(not mentor.refused and not mentee.refused, "has_refused")
    require(mentor.taken_out_at is None and mentee.taken_out_at is None, "was_taken_out")
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
    return mentor, mentee


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
    log.append(db, PairProposed(mentor_id=mentor.id, mentee_id=mentee.id), scope, at=now)
    return pair


def _update(db: Session, pair_id: uuid.UUID, **values: Any) -> None:
    db.execute(sa.update(Pair).where(Pair.id == pair_id).values(**values))


def _append(
    db: Session, pair: PairRecord, event: Event, now: dt.datetime, by: uuid.UUID | None = None
) -> None:
    """``by``: the one of the two who acted, or whom a tutor reminded; None for a tutor otherwise."""
    scope = programmes.scope_of(db, pair.cohort_id, pair_id=pair.id, participant_id=by)
    log.append(db, event, scope, at=now)


def _lock_of_member(db: Session, pair_id: uuid.UUID, by: uuid.UUID) -> PairRecord:
    locked = lock_pair(db, pair_id)
    require(by in locked.members, "not_in_pair")
    return locked


def accept_pair(db: Session, *, pair_id: uuid.UUID, by: uuid.UUID, now: dt.datetime) -> None:
    """One of the two (``by``, a participant) accepts the other; once both have, the pair is formed.

    For somebody who was only invited that is their word that they take part. Accepting twice changes nothing. Raises
    :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``, ``pair_over``, ``pair_paused``).
    """
    locked = _lock_of_member(db, pair_id, by)
    require(not locked.over, "pair_over")
    role = locked.role_of(by)
    if locked.accepted_at(role) is not None:
        return
    require(locked.status == PairStatus.PROPOSED, "pair_paused")
    by_both = locked.accepted_at(role.other) is not None
    status = PairStatus.ACCEPTED if by_both else PairStatus.PROPOSED
    _update(db, pair_id, **{f"{role}_accepted_at": now}, status=status)
    _append(db, locked, PairAccepted(role=str(role), by_both=by_both), now, by)


def undo_acceptance(db: Session, *, pair_id: uuid.UUID, by: uuid.UUID, now: dt.datetime) -> None:
    """Take one's acceptance back, within ten minutes and before the partner or the tutor acted on it.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``, ``too_late_to_undo``).
    """
    locked = _lock_of_member(db, pair_id, by)
    role = locked.role_of(by)
    accepted_at, partners = locked.accepted_at(role), locked.accepted_at(role.other)
    require(accepted_at is not None and now - accepted_at <= UNDO_WITHIN, "too_late_to_undo")
    require(partners is None or accepted_at is None or partners <= accepted_at, "too_late_to_undo")
    require(locked.status in (PairStatus.PROPOSED, PairStatus.ACCEPTED), "too_late_to_undo")
    require(locked.mentor_signed_at is None and locked.mentee_signed_at is None, "too_late_to_undo")
    _update(db, pair_id, **{f"{role}_accepted_at": None}, status=PairStatus.PROPOSED)
    _append(db, locked, PairAcceptanceUndone(role=str(role), was_formed=locked.accepted), now, by)


def decline_pair(
    db: Session, *, pair_id: uuid.UUID, by: uuid.UUID, reason: str | None, now: dt.datetime
) -> None:
    """One of the two does not accept: the pair is over, nobody is at fault, and both are free. ``reason``: a code.

    Declining twice changes nothing. Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``,
    ``pair_over``, ``already_accepted`` once both have accepted, ``pair_paused``).
    """
    locked = _lock_of_member(db, pair_id, by)
    if locked.end_reason == DECLINED and locked.declined_by == by:
        return
    require(not locked.over, "pair_over")
    require(not locked.accepted, "already_accepted")
    require(locked.status == PairStatus.PROPOSED, "pair_paused")
    _update(
        db,
        pair_id,
        status=PairStatus.ENDED,
        ended_at=now,
        end_reason=DECLINED,
        declined_by=by,
        decline_reason=reason,
    )
    _append(db, locked, PairDeclined(role=str(locked.role_of(by)), reason=reason), now, by)


def undo_decline(db: Session, *, pair_id: uuid.UUID, by: uuid.UUID, now: dt.datetime) -> None:
    """Take it back that one declined, within ten minutes and while both are still free: the pair is proposed again.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``, ``too_late_to_undo``, and as
    :func:`form_pair` for two who are not free any more).
    """
    cohort_id = db.scalar(sa.select(Pair.cohort_id).where(Pair.id == pair_id))
    require(cohort_id is not None, "not_in_pair")
    if cohort_id is not None:
        programmes.lock_cohort(db, cohort_id)
    locked = _lock_of_member(db, pair_id, by)
    is_own = locked.end_reason == DECLINED and locked.declined_by == by
    require(is_own and locked.ended_at is not None, "too_late_to_undo")
    require(locked.ended_at is None or now - locked.ended_at <= UNDO_WITHIN, "too_late_to_undo")
    _require_free(db, locked.cohort_id, *locked.members)
    status = PairStatus.PROPOSED
    _update(db, pair_id, status=status, ended_at=None, end_reason=None, declined_by=None, decline_reason=None)
    _append(db, locked, PairDeclineUndone(role=str(locked.role_of(by))), now, by)


def sign_agreement(db: Session, *, pair_id: uuid.UUID, by: uuid.UUID, now: dt.datetime) -> None:
    """Sign the charter for one of the two (``by``, a participant); the second signature makes the pair active.

    Signing twice changes nothing. Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``,
    ``pair_over``, ``pair_paused``, ``accept_first`` as long as one of the two has not accepted).
    """
    locked = _lock_of_member(db, pair_id, by)
    require(not locked.over, "pair_over")
    role = locked.role_of(by)
    if locked.signed_at(role) is not None:
        return
    require(locked.accepted, "accept_first")
    require(locked.status != PairStatus.PAUSED, "pair_paused")
    by_both = locked.signed_at(role.other) is not None
    status = PairStatus.ACTIVE if by_both else PairStatus.ACCEPTED
    _update(db, pair_id, **{f"{role}_signed_at": now}, status=status)
    _append(db, locked, AgreementSigned(role=str(role), by_both=by_both), now, by)


def pause_pair(db: Session, *, pair_id: uuid.UUID, now: dt.datetime, until: dt.date | None = None) -> None:
    """A tutor puts a pair on hold. Pausing twice changes nothing.

    ``until``: the day on which the tutor is asked whether it goes on; nothing happens by itself.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``pair_over``).
    """
    locked = lock_pair(db, pair_id)
    require(not locked.over, "pair_over")
    if locked.status == PairStatus.PAUSED:
        return
    _update(db, pair_id, status=PairStatus.PAUSED, paused_at=now, paused_until=until)
    _append(db, locked, PairPaused(until=until), now)


def resume_pair(db: Session, *, pair_id: uuid.UUID, now: dt.datetime) -> None:
    """A tutor lets a pair go on from where it was. Resuming one that goes on changes nothing.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``pair_over``).
    """
    locked = lock_pair(db, pair_id)
    require(not locked.over, "pair_over")
    if locked.status != PairStatus.PAUSED:
        return
    _update(db, pair_id, status=locked.status_by_answers, paused_at=None, paused_until=None)
    _append(db, locked, PairResumed(), now)


def end_pair(db: Session, *, pair_id: uuid.UUID, reason: str, now: dt.datetime) -> None:
    """A tutor ends a pair early, without fault: what the two did is kept, and both are free. ``reason``: a code.

    Ending twice changes nothing. Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``pair_over`` for one that
    was closed or declined).
    """
    locked = lock_pair(db, pair_id)
    if locked.status == PairStatus.ENDED and locked.end_reason != DECLINED:
        return
    require(not locked.over, "pair_over")
    _update(db, pair_id, status=PairStatus.ENDED, ended_at=now, end_reason=reason)
    _append(db, locked, PairEnded(reason=reason, was_formed=locked.accepted), now)


def close_pair(db: Session, *, pair_id: uuid.UUID, now: dt.datetime) -> None:
    """A tutor closes a pair at the end of its time. Closing twice changes nothing.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``pair_over`` for one that ended early,
    ``agreement_first`` for one that never began).
    """
    locked = lock_pair(db, pair_id)
    if locked.status == PairStatus.CLOSED:
        return
    require(not locked.over, "pair_over")
    require(locked.signed, "agreement_first")
    _update(db, pair_id, status=PairStatus.CLOSED, ended_at=now)
    _append(db, locked, PairClosed(), now)


def remind_partner(db: Session, *, pair_id: uuid.UUID, by: uuid.UUID, now: dt.datetime) -> None:
    """One of the two (``by``) reminds the other of what waits for them, at most once in two days.

    That something waits is for whoever asks to know: what is a meeting's, or an objective's, is not read here. Raises
    :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``, ``pair_over``, ``pair_paused``,
    ``reminded_lately``).
    """
    locked = _lock_of_member(db, pair_id, by)
    require(not locked.over, "pair_over")
    require(locked.status != PairStatus.PAUSED, "pair_paused")
    role = locked.role_of(by).other
    require(may_be_reminded(locked.reminded_at(role), now), "reminded_lately")
    _update(db, pair_id, **{f"{role}_reminded_at": now})
    _append(db, locked, PartnerReminded(role=str(role)), now, by)


def remind_of_pair(db: Session, *, pair_id: uuid.UUID, whom: Collection[uuid.UUID], now: dt.datetime) -> int:
    """A tutor reminds these of the two (participants) of what waits for them; returns how many were reminded.

    Nobody is reminded twice in two days, by whomever, nor in a pair that is on hold or over.
    """
    locked = lock_pair(db, pair_id)
    if locked.over or locked.status == PairStatus.PAUSED:
        return 0
    due = [
        each
        for each in locked.members
        if each in whom and may_be_reminded(locked.reminded_at(locked.role_of(each)), now)
    ]
    for each in due:
        role = locked.role_of(each)
        _update(db, pair_id, **{f"{role}_reminded_at": now})
        _append(db, locked, TutorReminded(role=str(role)), now, each)
    return len(due)
