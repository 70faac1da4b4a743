"""Reading meetings."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from lti_tool.compiled_statement import (
    CompiledStatement,
    member_values,
    members,
    once_for_each_dialect,
    places,
)
from lti_tool.database import connection_of
from lti_tool.mentoring.pairs.queries import pair_ids_of_cohort
from lti_tool.mentoring.sessions.models import MentoringSession, SessionStatus


@dataclass(frozen=True)
class SessionRecord:
    """A meeting of a pair."""

    id: uuid.UUID
    pair_id: uuid.UUID
    held_on: dt.date
    minutes: int
    format: str
    status: str
    revision: int
    logged_by: uuid.UUID
    dispute_reason: str | None = None
    mode: str | None = None
    logged_at: dt.datetime | None = None
    answered_at: dt.datetime | None = None
    """When the partner confirmed or disputed this revision."""
    proposed_on: dt.date | None = None
    proposed_minutes: int | None = None
    proposed_mode: str | None = None
    proposed_format: str | None = None
    """What the partner who disputes it proposes in place of what was logged, where that differs."""

    @property
    def is_proposed(self) -> bool:
        """Whether whoever disputes it proposes something in its place."""
        proposed = (self.proposed_on, self.proposed_minutes, self.proposed_mode, self.proposed_format)
        return any(value is not None for value in proposed)

    @property
    def counts(self) -> bool:
        """Whether it was held and nobody contests it."""
        return self.status in (SessionStatus.HELD, SessionStatus.CONFIRMED)


def session(db: Session, session_id: uuid.UUID) -> SessionRecord | None:
    """The session of this id, as it is now."""
    connection = connection_of(db)
    row = _find(connection).first(connection, {"wanted": session_id})
    return None if row is None else SessionRecord(*row)


@once_for_each_dialect
def _find(dialect: Dialect) -> CompiledStatement:
    columns = (getattr(MentoringSession, each.name) for each in dataclasses.fields(SessionRecord))
    query = sa.select(*columns).where(MentoringSession.id == sa.bindparam("wanted"))
    return CompiledStatement(query, dialect)


def sessions_of_pairs(db: Session, pair_ids: Collection[uuid.UUID]) -> list[SessionRecord]:
    """Every session of these pairs, removed ones included, the latest first."""
    connection, room = connection_of(db), places(len(pair_ids))
    rows = _of_pairs(connection, room).all(connection, member_values("pair", pair_ids, room))
    return [SessionRecord(*row) for row in rows]


@once_for_each_dialect
def _of_pairs(dialect: Dialect, room: int) -> CompiledStatement:
    columns = (getattr(MentoringSession, each.name) for each in dataclasses.fields(SessionRecord))
    query = (
        sa.select(*columns)
        .where(MentoringSession.pair_id.in_(members("pair", room, sa.Uuid())))
        .order_by(
            MentoringSession.held_on.desc(), MentoringSession.logged_at.desc(), MentoringSession.id.desc()
        )
    )
    return CompiledStatement(query, dialect)


def open_sessions_of_cohort(
    cohort_id: uuid.UUID | sa.BindParameter[uuid.UUID],
) -> sa.Select[*tuple[Any, ...]]:
    """A query for the meetings of a cohort's pairs that wait for an answer.

    Its columns: the pair, the status, the day, the minutes, who noted it, when that was, and why it is disputed.
    """
    return (
        sa.select(
            MentoringSession.pair_id,
            MentoringSession.status,
            MentoringSession.held_on,
            MentoringSession.minutes,
            MentoringSession.logged_by,
            MentoringSession.logged_at,
            MentoringSession.dispute_reason,
        )
        .where(
            MentoringSession.pair_id.in_(pair_ids_of_cohort(cohort_id)),
            MentoringSession.status.in_((SessionStatus.HELD, SessionStatus.DISPUTED)),
        )
        .order_by(MentoringSession.held_on, MentoringSession.logged_at, MentoringSession.id)
    )
