"""Logging a meeting, and what its two people say of it afterwards."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import insert_for
from lti_tool.events import log
from lti_tool.mentoring.guards import NotAllowed, require
from lti_tool.mentoring.pairs.queries import PairRecord, lock_pair
from lti_tool.mentoring.programmes.queries import scope_of
from lti_tool.mentoring.sessions.events import (
    SessionConfirmed,
    SessionCorrected,
    SessionDisputed,
    SessionEvent,
    SessionLogged,
    SessionWithdrawn,
)
from lti_tool.mentoring.sessions.models import MentoringSession, SessionStatus

_CORRECTABLE = {SessionStatus.HELD, SessionStatus.DISPUTED, SessionStatus.CONFIRMED}


def log_session(
    db: Session,
    *,
    pair_id: uuid.UUID,
    by: uuid.UUID,
    held_on: dt.date,
    minutes: int,
    format: str,
    form_key: uuid.UUID | None,
    now: dt.datetime,
) -> MentoringSession:
    """Log a session that was held; ``by`` is a participant. ``form_key``: sending a form twice logs one session.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``, ``agreement_first``, ``pair_over``,
    ``in_the_future``).
    """
    pair = lock_pair(db, pair_id)
    require(by in pair.members, "not_in_pair")
    try:
        require(not pair.over, "pair_over")
        require(pair.active, "agreement_first")
        _require_not_in_future(held_on, now)
    except NotAllowed:
        # The same form again is answered as the first time, also after the pair has ended.
        if (logged := _logged_by(db, form_key, pair, by)) is None:
            raise
        return logged
    session: MentoringSession | None = db.scalar(
        insert_for(db, MentoringSession)
        .values(
            id=uuid.uuid4(),
            pair_id=pair.id,
            held_on=held_on,
            minutes=minutes,
            format=format,
            status=SessionStatus.HELD,
            revision=0,
            logged_by=by,
            logged_at=now,
            form_key=form_key,
        )
        .on_conflict_do_nothing(index_elements=["form_key"])
        .returning(MentoringSession)
    )
    if session is None:
        logged = _logged_by(db, form_key, pair, by)
        if logged is None:
            raise LookupError(f"nothing was logged by form {form_key}")
        return logged
    event = SessionLogged(session_id=session.id, revision=0, held_on=held_on, minutes=minutes, format=format)
    _append(db, pair, by, event, now)
    return session


def _logged_by(
    db: Session, form_key: uuid.UUID | None, pair: PairRecord, by: uuid.UUID
) -> MentoringSession | None:
    """The session that a form has logged; None where it has logged none. It must be the same person's and pair's."""
    if form_key is None:
        return None
    found = db.scalar(sa.select(MentoringSession).where(MentoringSession.form_key == form_key))
    if found is not None:
        require(found.pair_id == pair.id and found.logged_by == by, "not_in_pair")
    return found


def _require_not_in_future(held_on: dt.date, now: dt.datetime) -> None:
    """A person east of Greenwich may already be in a day that UTC has not reached: one day ahead is theirs."""
    require(held_on <= now.date() + dt.timedelta(days=1), "in_the_future")


def _append(db: Session, pair: PairRecord, by: uuid.UUID, event: SessionEvent, now: dt.datetime) -> None:
    db.flush()
    log.append(db, event, scope_of(db, pair.cohort_id, pair_id=pair.id, participant_id=by), at=now)


def _lock_session(db: Session, session_id: uuid.UUID, by: uuid.UUID) -> tuple[PairRecord, MentoringSession]:
    its_pair = sa.select(MentoringSession.pair_id).where(MentoringSession.id == session_id)
    pair = lock_pair(db, its_pair.scalar_subquery())
    session = db.get_one(MentoringSession, session_id, populate_existing=True)
    require(by in pair.members, "not_in_pair")
    return pair, session


def confirm_session(
    db: Session, *, session_id: uuid.UUID, by: uuid.UUID, now: dt.datetime, revision: int | None = None
) -> None:
    """The partner says that the session was so. ``revision``: the one that they saw, where that is known.

    Confirming twice changes nothing. Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``,
    ``own_session``, ``not_waiting``).
    """
    pair, session = _lock_session(db, session_id, by)
    require(session.logged_by != by, "own_session")
    require(revision in (None, session.revision), "not_waiting")
    if session.status == SessionStatus.CONFIRMED:
        return
    require(session.status == SessionStatus.HELD, "not_waiting")
    session.status = SessionStatus.CONFIRMED
    _append(db, pair, by, SessionConfirmed(session_id=session.id, revision=session.revision), now)


def dispute_session(
    db: Session,
    *,
    session_id: uuid.UUID,
    by: uuid.UUID,
    reason: str | None,
    now: dt.datetime,
    revision: int | None = None,
) -> None:
    """The partner says that the session was not so; its logger can then correct or remove it. ``reason``: a code.

    ``revision``: the one that they saw, where that is known.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``, ``own_session``, ``not_waiting``).
    """
    pair, session = _lock_session(db, session_id, by)
    require(session.logged_by != by, "own_session")
    require(revision in (None, session.revision), "not_waiting")
    if session.status == SessionStatus.DISPUTED:
        return
    require(session.status == SessionStatus.HELD, "not_waiting")
    session.status = SessionStatus.DISPUTED
    session.dispute_reason = reason
    event = SessionDisputed(session_id=session.id, revision=session.revision, reason=reason)
    _append(db, pair, by, event, now)


def correct_session(
    db: Session,
    *,
    session_id: uuid.UUID,
    by: uuid.UUID,
    held_on: dt.date,
    minutes: int,
    format: str,
    now: dt.datetime,
) -> None:
    """Correct a session; the partner is asked again. Either of the two may, and becomes its logger.

    Correcting to what it already says changes nothing. Raises :class:`~lti_tool.mentoring.guards.NotAllowed`
    (``not_in_pair``, ``session_over``, ``in_the_future``).
    """
    pair, session = _lock_session(db, session_id, by)
    require(session.status in _CORRECTABLE, "session_over")
    unchanged = (session.held_on, session.minutes, session.format) == (held_on, minutes, format)
    if unchanged and session.status != SessionStatus.DISPUTED:
        return
    _require_not_in_future(held_on, now)
    session.held_on, session.minutes, session.format = held_on, minutes, format
    session.status = SessionStatus.HELD
    session.revision += 1
    session.logged_by, session.logged_at = by, now
    session.dispute_reason = None
    event = SessionCorrected(
        session_id=session.id, revision=session.revision, held_on=held_on, minutes=minutes, format=format
    )
    _append(db, pair, by, event, now)


def withdraw_session(db: Session, *, session_id: uuid.UUID, by: uuid.UUID, now: dt.datetime) -> None:
    """Remove a session. Only its logger may; removing twice changes nothing.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``, ``not_own_session``, ``session_over``).
    """
    pair, session = _lock_session(db, session_id, by)
    require(session.logged_by == by, "not_own_session")
    if session.status == SessionStatus.WITHDRAWN:
        return
    require(session.status in _CORRECTABLE, "session_over")
    session.status = SessionStatus.WITHDRAWN
    _append(db, pair, by, SessionWithdrawn(session_id=session.id, revision=session.revision), now)
