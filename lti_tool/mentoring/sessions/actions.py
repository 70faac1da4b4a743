"""Logging a meeting, and what its two people say of it afterwards."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from lti_tool.compiled_statement import CompiledStatement, once_for_each_dialect
from lti_tool.database import connection_of, table_of
from lti_tool.events import log
from lti_tool.mentoring.guards import require
from lti_tool.mentoring.pairs.queries import PairRecord, lock_pair, lock_pair_by, locking_query
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
from lti_tool.mentoring.sessions.queries import SessionRecord, session

_TABLE = table_of(MentoringSession)
_CORRECTABLE = {SessionStatus.HELD, SessionStatus.DISPUTED, SessionStatus.CONFIRMED}


def log_session(
    db: Session,
    *,
    pair_id: uuid.UUID,
    by: uuid.UUID,
    held_on: dt.date,
    minutes: int,
    format: str,
    now: dt.datetime,
    mode: str | None = None,
) -> SessionRecord:
    """Log a session that was held; ``by`` is a participant. ``mode``: how the two spoke, where that is known.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``, ``agreement_first``, ``pair_over``,
    ``in_the_future``).
    """
    pair = lock_pair(db, pair_id)
    require(by in pair.members, "not_in_pair")
    require(not pair.over, "pair_over")
    require(pair.active, "agreement_first")
    _require_not_in_future(held_on, now)
    session = SessionRecord(
        id=uuid.uuid4(),
        pair_id=pair.id,
        held_on=held_on,
        minutes=minutes,
        format=format,
        status=SessionStatus.HELD.value,
        revision=0,
        logged_by=by,
        mode=mode,
    )
    connection = connection_of(db)
    _insert(connection).execute(connection, {**vars(session), "logged_at": now})
    event = SessionLogged(
        session_id=session.id, revision=0, held_on=held_on, minutes=minutes, format=format, mode=mode
    )
    _append(db, pair, by, event, now)
    return session


@once_for_each_dialect
def _insert(dialect: Dialect) -> CompiledStatement:
    columns = [*(each.name for each in dataclasses.fields(SessionRecord)), "logged_at"]
    return CompiledStatement(sa.insert(_TABLE), dialect, columns)


def _require_not_in_future(held_on: dt.date, now: dt.datetime) -> None:
    """A person east of Greenwich may already be in a day that UTC has not reached: one day ahead is theirs."""
    require(held_on <= now.date() + dt.timedelta(days=1), "in_the_future")


def _append(db: Session, pair: PairRecord, by: uuid.UUID, event: SessionEvent, now: dt.datetime) -> None:
    log.append(db, event, scope_of(db, pair.cohort_id, pair_id=pair.id, participant_id=by), at=now)


def _lock_session(db: Session, session_id: uuid.UUID, by: uuid.UUID) -> tuple[PairRecord, SessionRecord]:
    pair = lock_pair_by(db, _lock_pair, session_id=session_id)
    require(by in pair.members, "not_in_pair")
    found = session(db, session_id)
    if found is None:
        raise NoResultFound(f"there is no session {session_id}")
    return pair, found


@once_for_each_dialect
def _lock_pair(dialect: Dialect) -> CompiledStatement:
    """The pair of a session, locked."""
    its_pair = sa.select(_TABLE.c.pair_id).where(_TABLE.c.id == sa.bindparam("session_id"))
    return CompiledStatement(locking_query(its_pair.scalar_subquery()), dialect)


def _answer(
    db: Session, session_id: uuid.UUID, status: SessionStatus, dispute_reason: str | None = None
) -> None:
    """Write what one of the two says of a session."""
    connection = connection_of(db)
    values = {"wanted": session_id, "new_status": status.value, "new_reason": dispute_reason}
    _update_answer(connection).execute(connection, values)


@once_for_each_dialect
def _update_answer(dialect: Dialect) -> CompiledStatement:
    update = sa.update(_TABLE).where(_TABLE.c.id == sa.bindparam("wanted"))
    answer: dict[str, Any] = {
        "status": sa.bindparam("new_status"),
        "dispute_reason": sa.bindparam("new_reason"),
    }
    return CompiledStatement(update.values(answer), dialect)


def confirm_session(
    db: Session, *, session_id: uuid.UUID, by: uuid.UUID, now: dt.datetime, revision: int | None = None
) -> None:
    """The partner says that the session was so. ``revision``: the one that they saw, where that is known.

    Confirming twice changes nothing. Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``,
    ``own_session``, ``not_waiting``).
    """
    pair, found = _lock_session(db, session_id, by)
    require(found.logged_by != by, "own_session")
    require(revision in (None, found.revision), "not_waiting")
    if found.status == SessionStatus.CONFIRMED:
        return
    require(found.status == SessionStatus.HELD, "not_waiting")
    _answer(db, session_id, SessionStatus.CONFIRMED)
    _append(db, pair, by, SessionConfirmed(session_id=found.id, revision=found.revision), now)


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
    pair, found = _lock_session(db, session_id, by)
    require(found.logged_by != by, "own_session")
    require(revision in (None, found.revision), "not_waiting")
    if found.status == SessionStatus.DISPUTED:
        return
    require(found.status == SessionStatus.HELD, "not_waiting")
    _answer(db, session_id, SessionStatus.DISPUTED, reason)
    event = SessionDisputed(session_id=found.id, revision=found.revision, reason=reason)
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
    mode: str | None = None,
) -> None:
    """Correct a session; the partner is asked again. Either of the two may, and becomes its logger.

    ``mode``: None leaves it as it was.

    Correcting to what it already says changes nothing. Raises :class:`~lti_tool.mentoring.guards.NotAllowed`
    (``not_in_pair``, ``session_over``, ``in_the_future``).
    """
    pair, found = _lock_session(db, session_id, by)
    require(found.status in _CORRECTABLE, "session_over")
    mode = mode or found.mode
    before = (found.held_on, found.minutes, found.format, found.mode)
    unchanged = before == (held_on, minutes, format, mode)
    if unchanged and found.status != SessionStatus.DISPUTED:
        return
    _require_not_in_future(held_on, now)
    revision = found.revision + 1
    db.execute(
        sa.update(_TABLE)
        .where(_TABLE.c.id == session_id)
        .values(
            held_on=held_on,
            minutes=minutes,
            format=format,
            mode=mode,
            status=SessionStatus.HELD.value,
            revision=revision,
            logged_by=by,
            logged_at=now,
            dispute_reason=None,
        )
    )
    event = SessionCorrected(
        session_id=session_id,
        revision=revision,
        held_on=held_on,
        minutes=minutes,
        format=format,
        mode=mode,
    )
    _append(db, pair, by, event, now)


def withdraw_session(db: Session, *, session_id: uuid.UUID, by: uuid.UUID, now: dt.datetime) -> None:
    """Remove a session. Only its logger may; removing twice changes nothing.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``, ``not_own_session``, ``session_over``).
    """
    pair, found = _lock_session(db, session_id, by)
    require(found.logged_by == by, "not_own_session")
    if found.status == SessionStatus.WITHDRAWN:
        return
    require(found.status in _CORRECTABLE, "session_over")
    _answer(db, session_id, SessionStatus.WITHDRAWN, found.dispute_reason)
    _append(db, pair, by, SessionWithdrawn(session_id=found.id, revision=found.revision), now)
