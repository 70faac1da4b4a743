"""Telling one's partner what helped in a meeting, and thanking them at the end."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.events import log
from lti_tool.mentoring.feedback.events import FeedbackEvent, FeedbackGiven, ThanksGiven, ThanksSeen
from lti_tool.mentoring.feedback.models import Feedback, FeedbackKind
from lti_tool.mentoring.guards import NotAllowed, require
from lti_tool.mentoring.pairs.queries import PairRecord, lock_pair
from lti_tool.mentoring.programmes.queries import scope_of
from lti_tool.mentoring.sessions.queries import session


def give_feedback(
    db: Session,
    *,
    pair_id: uuid.UUID,
    by: uuid.UUID,
    session_id: uuid.UUID,
    points: Sequence[str],
    words: str | None,
    now: dt.datetime,
) -> None:
    """Tell one's partner what helped in a meeting, once a meeting; ``by`` is a participant.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``, ``session_over``, ``feedback_given``).
    """
    pair = lock_pair(db, pair_id)
    require(by in pair.members, "not_in_pair")
    meeting = session(db, session_id)
    if meeting is None or meeting.pair_id != pair.id or not meeting.counts:
        raise NotAllowed("session_over")
    of_meeting = Feedback.session_id == session_id
    require(_of(db, by, FeedbackKind.MEETING, of_meeting) is None, "feedback_given")
    feedback = _add(
        db, pair, by, FeedbackKind.MEETING, now, session_id=session_id, points=points, words=words
    )
    _append(db, pair, by, FeedbackGiven(feedback_id=feedback.id, session_id=session_id), now)


def give_thanks(
    db: Session, *, pair_id: uuid.UUID, by: uuid.UUID, words: str | None, now: dt.datetime
) -> None:
    """Thank one's partner for all of it, once. Their next visit shows it. A pair that is over can still say so.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``, ``feedback_given``).
    """
    pair = lock_pair(db, pair_id)
    require(by in pair.members, "not_in_pair")
    of_pair = Feedback.pair_id == pair_id
    require(_of(db, by, FeedbackKind.THANKS, of_pair) is None, "feedback_given")
    feedback = _add(db, pair, by, FeedbackKind.THANKS, now, words=words)
    _append(db, pair, by, ThanksGiven(feedback_id=feedback.id), now)


def see_thanks(db: Session, *, pair_id: uuid.UUID, by: uuid.UUID, now: dt.datetime) -> None:
    """Say that one has read the partner's thanks. Twice, or where there are none, changes nothing.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``).
    """
    pair = lock_pair(db, pair_id)
    require(by in pair.members, "not_in_pair")
    of_pair = sa.and_(Feedback.pair_id == pair_id, Feedback.seen_at.is_(None))
    found = _of(db, pair.partner_of(by), FeedbackKind.THANKS, of_pair)
    if found is not None:
        found.seen_at = now
        _append(db, pair, by, ThanksSeen(feedback_id=found.id), now)


def _of(
    db: Session, author_id: uuid.UUID, kind: FeedbackKind, which: sa.ColumnElement[bool]
) -> Feedback | None:
    query = sa.select(Feedback).where(Feedback.author_id == author_id, Feedback.kind == kind, which)
    return db.scalars(query.execution_options(populate_existing=True)).one_or_none()


def _add(
    db: Session,
    pair: PairRecord,
    by: uuid.UUID,
    kind: FeedbackKind,
    now: dt.datetime,
    *,
    session_id: uuid.UUID | None = None,
    points: Sequence[str] = (),
    words: str | None,
) -> Feedback:
    feedback = Feedback(
        id=uuid.uuid4(),
        pair_id=pair.id,
        author_id=by,
        kind=kind,
        session_id=session_id,
        points=list(points),
        words=words,
        given_at=now,
    )
    db.add(feedback)
    return feedback


def _append(db: Session, pair: PairRecord, by: uuid.UUID, event: FeedbackEvent, now: dt.datetime) -> None:
    db.flush()
    log.append(db, event, scope_of(db, pair.cohort_id, pair_id=pair.id, participant_id=by), at=now)
