"""Which statements were written for the record store: what voids a statement looks it up here.

A statement is written once, whatever becomes of its sending. Its id is computed (:mod:`xapi.identity`), so that
writing it again is noticed; what is stored decides, so that nothing is written again when an installation moves.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.database import Base


class StatementTrail(Base):
    """The latest timestamp of one xAPI registration: statements of one registration never share theirs."""

    __tablename__ = "statement_trail"

    xapi_registration: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    last_timestamp: Mapped[dt.datetime]


class EmittedStatement(Base):
    """One statement, by what it says: about what, which revision of it, with which verb, and of whom."""

    __tablename__ = "emitted_statement"
    __table_args__ = (sa.Index("ix__emitted_statement__subject_id", "subject_id", "verb", "revision"),)

    statement_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    xapi_registration: Mapped[uuid.UUID]
    subject_id: Mapped[uuid.UUID]
    """What happened: a session, an objective, a pair, an enrolment; an id computed for a milestone of an enrolment; the
    voided statement's id for a voiding one."""
    verb: Mapped[str] = mapped_column(sa.String(255))
    """The verb's IRI."""
    revision: Mapped[int]
    actor: Mapped[str] = mapped_column(sa.String(60))
    """A person's pseudonym, whatever account the statement shows, or the name of the tool's account."""
    voided: Mapped[bool] = mapped_column(default=False)


def emitted_ids(db: Session, ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Which of these statements were ever written."""
    if not ids:
        return set()
    return set(
        db.scalars(sa.select(EmittedStatement.statement_id).where(EmittedStatement.statement_id.in_(ids)))
    )


def emitted(
    db: Session, subject_id: uuid.UUID, verbs: Collection[str], *, actor: str | None = None
) -> list[EmittedStatement]:
    """The statements about one subject with these verbs that were not voided, of one actor or of all."""
    found = sa.select(EmittedStatement).where(
        EmittedStatement.subject_id == subject_id,
        EmittedStatement.verb.in_(verbs),
        EmittedStatement.voided.is_(False),
    )
    if actor is not None:
        found = found.where(EmittedStatement.actor == actor)
    return list(
        db.scalars(
            found.order_by(EmittedStatement.revision, EmittedStatement.actor, EmittedStatement.statement_id)
        )
    )


def next_revision(db: Session, subject_id: uuid.UUID, verb: str, actor: str) -> int:
    """The first revision whose statement was not written and then voided."""
    latest = db.execute(
        sa.select(EmittedStatement.revision, EmittedStatement.voided)
        .where(
            EmittedStatement.subject_id == subject_id,
            EmittedStatement.verb == verb,
            EmittedStatement.actor == actor,
        )
        .order_by(EmittedStatement.revision.desc(), EmittedStatement.voided)
        .limit(1)
    ).one_or_none()
    if latest is None:
        return 0
    revision: int = latest.revision
    return revision + 1 if latest.voided else revision
