"""Writing a reflection, sharing it and deleting it: its author's alone."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy.orm import Session

from lti_tool.events import log
from lti_tool.mentoring.guards import NotAllowed, require
from lti_tool.mentoring.pairs.queries import PairRecord, lock_pair
from lti_tool.mentoring.programmes.queries import scope_of
from lti_tool.mentoring.reflections.events import (
    ReflectionEvent,
    ReflectionRemoved,
    ReflectionShared,
    ReflectionWritten,
)
from lti_tool.mentoring.reflections.models import Reflection


def write_reflection(
    db: Session, *, pair_id: uuid.UUID, by: uuid.UUID, words: str, shared: bool, now: dt.datetime
) -> Reflection:
    """Write down what one changed; ``by`` is a participant. ``shared``: whether the partner may read it.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``, ``pair_over``).
    """
    pair = lock_pair(db, pair_id)
    require(by in pair.members, "not_in_pair")
    require(not pair.over, "pair_over")
    reflection = Reflection(
        id=uuid.uuid4(), pair_id=pair.id, author_id=by, words=words, shared=shared, written_at=now
    )
    db.add(reflection)
    _append(db, pair, by, ReflectionWritten(reflection_id=reflection.id, shared=shared), now)
    return reflection


def share_reflection(
    db: Session, *, pair_id: uuid.UUID, reflection_id: uuid.UUID, by: uuid.UUID, now: dt.datetime
) -> None:
    """Let the partner read what one had kept for oneself. Sharing twice changes nothing.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``, ``reflection_gone``).
    """
    pair, reflection = _lock(db, pair_id, reflection_id, by)
    if reflection is None:
        raise NotAllowed("reflection_gone")
    if reflection.shared:
        return
    reflection.shared = True
    _append(db, pair, by, ReflectionShared(reflection_id=reflection.id), now)


def remove_reflection(
    db: Session, *, pair_id: uuid.UUID, reflection_id: uuid.UUID, by: uuid.UUID, now: dt.datetime
) -> None:
    """Delete what one wrote. Deleting twice changes nothing.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_in_pair``).
    """
    pair, reflection = _lock(db, pair_id, reflection_id, by)
    if reflection is None:
        return
    db.delete(reflection)
    _append(db, pair, by, ReflectionRemoved(reflection_id=reflection.id), now)


def _lock(
    db: Session, pair_id: uuid.UUID, reflection_id: uuid.UUID, by: uuid.UUID
) -> tuple[PairRecord, Reflection | None]:
    """The author's own reflection; None for anybody else's, and for one that is gone."""
    pair = lock_pair(db, pair_id)
    require(by in pair.members, "not_in_pair")
    found = db.get(Reflection, reflection_id, populate_existing=True)
    is_own = found is not None and found.author_id == by and found.pair_id == pair.id
    return pair, found if is_own else None


def _append(db: Session, pair: PairRecord, by: uuid.UUID, event: ReflectionEvent, now: dt.datetime) -> None:
    db.flush()
    log.append(db, event, scope_of(db, pair.cohort_id, pair_id=pair.id, participant_id=by), at=now)
