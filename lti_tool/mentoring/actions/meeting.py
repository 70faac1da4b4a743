"""Logging a session, and what its two people say of it afterwards."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.mentoring import events
from lti_tool.mentoring.actions.permission import (
    lock_pair,
    record_in_pair,
    require,
    require_member,
)
from lti_tool.mentoring.models import (
    MentoringSession,
    Pair,
    PairState,
    Participant,
    SessionStatus,
)


def log_session(
    db: Session,
    *,
    pair: Pair,
    by: Participant,
    held_on: dt.date,
    minutes: int,
    format: str,
    form_key: uuid.UUID | None,
    now: dt.datetime,
) -> MentoringSession:
    """Log a session that was held. ``form_key`` names the form: sending it twice logs one session.

    Raises :class:`NotAllowed` (``not_in_pair``, ``agreement_first``, ``pair_over``, ``in_the_future``).
    """
    lock_pair(db, pair)
    require_member(pair, by)
    if form_key is not None:
        found = db.scalar(sa.select(MentoringSession).where(MentoringSession.form_key == form_key))
        if found is not None:
            require(found.pair_id == pair.id and found.logged_by == by.id, "not_in_pair")
            return found
    require(pair.state not in {PairState.CLOSED, PairState.ENDED}, "pair_over")
    require(pair.state == PairState.ACTIVE, "agreement_first")
    session = MentoringSession(
        id=uuid.uuid4(),
        pair_id=pair.id,
        held_on=held_on,
        started_at=_start(held_on, now),
        minutes=minutes,
        format=format,
        status=SessionStatus.HELD,
        revision=0,
        logged_by=by.id,
        logged_at=now,
        form_key=form_key,
    )
    db.add(session)
    record_in_pair(
        db,
        events.SessionLogged,
        pair,
        by,
        at=now,
        subject_id=session.id,
        revision=0,
        held_on=held_on,
        minutes=minutes,
        format=format,
    )
    return session


def _start(held_on: dt.date, now: dt.datetime) -> dt.datetime:
    """Noon UTC of the day, since people give a day and no hour; never later than now.

    A person east of Greenwich may already be in a day that UTC has not reached: one day ahead is theirs.
    """
    require(held_on <= now.date() + dt.timedelta(days=1), "in_the_future")
    return min(dt.datetime.combine(held_on, dt.time(12), dt.UTC), now)


def _lock_session(db: Session, session: MentoringSession, by: Participant) -> Pair:
    pair = session.pair
    lock_pair(db, pair)
    db.refresh(session)
    require_member(pair, by)
    return pair


def confirm_session(db: Session, *, session: MentoringSession, by: Participant, now: dt.datetime) -> None:
    """The partner says that the session was so.

    Confirming twice changes nothing. Raises :class:`NotAllowed` (``not_in_pair``, ``own_session``,
    ``not_waiting``).
    """
    pair = _lock_session(db, session, by)
    require(session.logged_by != by.id, "own_session")
    if session.status == SessionStatus.CONFIRMED:
        return
    require(session.status == SessionStatus.HELD, "not_waiting")
    session.status = SessionStatus.CONFIRMED
    session.answered_by, session.answered_at = by.id, now
    record_in_pair(
        db,
        events.SessionConfirmed,
        pair,
        by,
        at=now,
        subject_id=session.id,
        revision=session.revision,
    )


def dispute_session(
    db: Session, *, session: MentoringSession, by: Participant, reason: str | None, now: dt.datetime
) -> None:
    """The partner says that the session was not so; its logger can then correct or withdraw it.

    Raises :class:`NotAllowed` (``not_in_pair``, ``own_session``, ``not_waiting``).
    """
    pair = _lock_session(db, session, by)
    require(session.logged_by != by.id, "own_session")
    if session.status == SessionStatus.DISPUTED:
        return
    require(session.status == SessionStatus.HELD, "not_waiting")
    session.status = SessionStatus.DISPUTED
    session.dispute_reason = reason
    session.answered_by, session.answered_at = by.id, now
    record_in_pair(
        db,
        events.SessionDisputed,
        pair,
        by,
        at=now,
        subject_id=session.id,
        revision=session.revision,
        reason=reason,
    )


_CORRECTABLE = {SessionStatus.HELD, SessionStatus.DISPUTED, SessionStatus.CONFIRMED}


def correct_session(
    db: Session,
    *,
    session: MentoringSession,
    by: Participant,
    held_on: dt.date,
    minutes: int,
    format: str,
    now: dt.datetime,
) -> None:
    """Put a session right; the partner is asked again. Either of the two may, and becomes its logger.

    Correcting to what it already says changes nothing. Raises :class:`NotAllowed` (``not_in_pair``,
    ``session_over``, ``in_the_future``).
    """
    pair = _lock_session(db, session, by)
    require(session.status in _CORRECTABLE, "session_over")
    unchanged = (session.held_on, session.minutes, session.format) == (held_on, minutes, format)
    if unchanged and session.status != SessionStatus.DISPUTED:
        return
    session.held_on, session.minutes, session.format = held_on, minutes, format
    session.started_at = _start(held_on, now)
    session.status = SessionStatus.HELD
    session.revision += 1
    session.logged_by, session.logged_at = by.id, now
    session.answered_by = session.answered_at = session.dispute_reason = None
    record_in_pair(
        db,
        events.SessionCorrected,
        pair,
        by,
        at=now,
        subject_id=session.id,
        revision=session.revision,
        held_on=held_on,
        minutes=minutes,
        format=format,
    )


def withdraw_session(db: Session, *, session: MentoringSession, by: Participant, now: dt.datetime) -> None:
    """Take a session back. Only its logger may; withdrawing twice changes nothing.

    Raises :class:`NotAllowed` (``not_in_pair``, ``not_own_session``, ``session_over``).
    """
    pair = _lock_session(db, session, by)
    require(session.logged_by == by.id, "not_own_session")
    if session.status == SessionStatus.WITHDRAWN:
        return
    require(session.status in _CORRECTABLE, "session_over")
    session.status = SessionStatus.WITHDRAWN
    record_in_pair(
        db,
        events.SessionWithdrawn,
        pair,
        by,
        at=now,
        subject_id=session.id,
        revision=session.revision,
    )
