"""Logging a meeting, and what its two people say of it afterwards."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from lti_tool.compiled_statement import CompiledStatement, once_for_each_dialect
from lti_tool.database import connection_of, table_of
from lti_tool.events import log
from lti_tool.mentoring.completion.queries import completed_moments
from lti_tool.mentoring.guards import UNDO_WITHIN, require
from lti_tool.mentoring.pairs.queries import PairRecord, lock_pair, lock_pair_by, locking_query
from lti_tool.mentoring.programmes.queries import scope_of
from lti_tool.mentoring.sessions.events import (
    SessionAnswerUndone,
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
_STANDING = _TABLE.alias("standing")
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
    is_another: bool = False,
) -> SessionRecord:
    """Log a session that was held; ``by`` is a participant. ``mode``: how the two spoke, where that is known.

    ``is_another``: whoever logs it has said that it is another one than those of the same day. Raises
    :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``, ``agreement_first``, ``pair_over``,
    ``in_the_future``, ``same_day`` where one of that day stands and nobody has said so).
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
        logged_at=now,
    )
    connection = connection_of(db)
    values = {**vars(session), "is_another": is_another}
    require(_insert(connection).execute(connection, values) > 0, "same_day")
    event = SessionLogged(
        session_id=session.id, revision=0, held_on=held_on, minutes=minutes, format=format, mode=mode
    )
    _append(db, pair, by, event, now)
    return session


@once_for_each_dialect
def _insert(dialect: Dialect) -> CompiledStatement:
    """Unless another session of the same pair and day stands, and nobody has said that it is another one."""
    given = {
        each.name: sa.bindparam(each.name, type_=_TABLE.c[each.name].type)
        for each in dataclasses.fields(SessionRecord)
    }
    same_day = sa.exists().where(
        _STANDING.c.pair_id == given["pair_id"],
        _STANDING.c.held_on == given["held_on"],
        _STANDING.c.status.in_([sa.literal_column(f"'{status}'") for status in sorted(_CORRECTABLE)]),
    )
    is_another = sa.bindparam("is_another", type_=sa.Boolean())
    chosen = sa.select(*given.values()).where(sa.or_(is_another, sa.not_(same_day)))
    return CompiledStatement(sa.insert(_TABLE).from_select(list(given), chosen), dialect)


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
    db: Session, found: SessionRecord, status: SessionStatus, now: dt.datetime | None, **dispute: Any
) -> None:
    """Write what one of the two says of a session. ``dispute``: the columns about what the partner disputes.

    ``now``: when the partner said so; None where it is not the partner's answer.
    """
    connection = connection_of(db)
    answer = {**dict.fromkeys(_DISPUTE), **dispute}
    values = {
        "wanted": found.id,
        "new_status": status.value,
        "new_answered_at": now,
        **{f"new_{name}": value for name, value in answer.items()},
    }
    _update_answer(connection).execute(connection, values)


OTHER_REASON: Final = "other"
"""Of a dispute that gave none, once its meeting is kept: see :data:`schemas.choices.DISPUTE_REASONS`."""
_DISPUTE: Final = ("dispute_reason", "proposed_on", "proposed_minutes", "proposed_mode", "proposed_format")


@once_for_each_dialect
def _update_answer(dialect: Dialect) -> CompiledStatement:
    update = sa.update(_TABLE).where(_TABLE.c.id == sa.bindparam("wanted"))
    names = ("status", "answered_at", *_DISPUTE)
    answer = {name: sa.bindparam(f"new_{name}", type_=_TABLE.c[name].type) for name in names}
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
    _answer(db, found, SessionStatus.CONFIRMED, now)
    _append(db, pair, by, SessionConfirmed(session_id=found.id, revision=found.revision), now)


def dispute_session(
    db: Session,
    *,
    session_id: uuid.UUID,
    by: uuid.UUID,
    reason: str | None,
    now: dt.datetime,
    revision: int | None = None,
    proposed_on: dt.date | None = None,
    proposed_minutes: int | None = None,
    proposed_mode: str | None = None,
    proposed_format: str | None = None,
) -> None:
    """The partner says that the session was not so; its logger can then accept, correct or remove it.

    ``reason``: a code. ``proposed_on``, ``proposed_minutes``, ``proposed_mode`` and ``proposed_format``: the day, the
    length, how the two spoke and what it was, as they propose it, where it differs.
    ``revision``: the one that they saw, where that is known.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``, ``own_session``, ``not_waiting``,
    ``in_the_future``).
    """
    pair, found = _lock_session(db, session_id, by)
    require(found.logged_by != by, "own_session")
    require(revision in (None, found.revision), "not_waiting")
    if found.status == SessionStatus.DISPUTED:
        return
    require(found.status == SessionStatus.HELD, "not_waiting")
    if proposed_on is not None:
        _require_not_in_future(proposed_on, now)
    _answer(
        db,
        found,
        SessionStatus.DISPUTED,
        now,
        dispute_reason=reason,
        proposed_on=proposed_on,
        proposed_minutes=proposed_minutes,
        proposed_mode=proposed_mode,
        proposed_format=proposed_format,
    )
    event = SessionDisputed(session_id=found.id, revision=found.revision, reason=reason)
    _append(db, pair, by, event, now)


def accept_proposal(
    db: Session, *, session_id: uuid.UUID, by: uuid.UUID, now: dt.datetime, revision: int | None = None
) -> None:
    """The logger accepts what the partner proposed: the session is corrected to it, and confirmed by the partner.

    ``revision``: the one that they saw, where that is known. Raises
    :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``, ``not_own_session``, ``not_waiting``).
    """
    pair, found = _lock_session(db, session_id, by)
    require(found.logged_by == by, "not_own_session")
    require(revision in (None, found.revision), "not_waiting")
    require(found.status == SessionStatus.DISPUTED and found.is_proposed, "not_waiting")
    new = dataclasses.replace(
        found,
        revision=found.revision + 1,
        held_on=found.proposed_on or found.held_on,
        minutes=found.proposed_minutes or found.minutes,
        mode=found.proposed_mode or found.mode,
        format=found.proposed_format or found.format,
    )
    values = {name: getattr(new, name) for name in ("revision", "held_on", "minutes", "mode", "format")}
    clear = dict.fromkeys((*_DISPUTE, "answered_at"))
    update = sa.update(_TABLE).where(_TABLE.c.id == session_id)
    db.execute(update.values(**values, **clear, status=SessionStatus.CONFIRMED.value))
    corrected = SessionCorrected(
        session_id=new.id,
        revision=new.revision,
        held_on=new.held_on,
        minutes=new.minutes,
        format=new.format,
        mode=new.mode,
    )
    _append(db, pair, by, corrected, now)
    partner = pair.partner_of(by)
    _append(db, pair, partner, SessionConfirmed(session_id=new.id, revision=new.revision), now)


def undo_answer(
    db: Session, *, session_id: uuid.UUID, by: uuid.UUID, now: dt.datetime, revision: int | None = None
) -> None:
    """The partner takes back that they confirmed or disputed the session, which waits for them again.

    Within ten minutes, before its logger acted on it, and unless it completed somebody's programme. Raises
    :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``, ``own_session``, ``too_late_to_undo``).
    """
    pair, found = _lock_session(db, session_id, by)
    require(found.logged_by != by, "own_session")
    require(revision in (None, found.revision), "too_late_to_undo")
    answered_at = found.answered_at
    require(found.status in (SessionStatus.CONFIRMED, SessionStatus.DISPUTED), "too_late_to_undo")
    require(answered_at is not None and now - answered_at <= UNDO_WITHIN, "too_late_to_undo")
    require(not pair.over, "too_late_to_undo")
    for completed_at in completed_moments(db, pair.members):
        require(answered_at is None or completed_at < answered_at, "too_late_to_undo")
    clear = dict.fromkeys((*_DISPUTE, "answered_at"))
    revision = found.revision + 1
    held = SessionStatus.HELD.value
    db.execute(
        sa.update(_TABLE).where(_TABLE.c.id == session_id).values(revision=revision, status=held, **clear)
    )
    event = SessionAnswerUndone(
        session_id=session_id,
        revision=revision,
        was=found.status,
        held_on=found.held_on,
        minutes=found.minutes,
        format=found.format,
        mode=found.mode,
    )
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

    Correcting to what it already says changes nothing, unless it is disputed: it then waits again, and keeps the reason
    of the dispute that stands against it.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``, ``session_over``, ``in_the_future``).
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
    stands = {"dispute_reason": found.dispute_reason or OTHER_REASON} if unchanged else {}
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
            answered_at=None,
            **(dict.fromkeys(_DISPUTE) | stands),
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
    _answer(db, found, SessionStatus.WITHDRAWN, None, dispute_reason=found.dispute_reason)
    _append(db, pair, by, SessionWithdrawn(session_id=found.id, revision=found.revision), now)
