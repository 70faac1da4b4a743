"""Which statements were written for the record store: what voids a statement looks it up here.

A statement is written once, whatever becomes of its sending. Its id is computed (:mod:`xapi.identity`), so that
writing it again is noticed; what is stored decides, so that nothing is written again when an installation moves.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.database import Base, insert_for, table_of


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


def keep_new(db: Session, statements: Sequence[EmittedStatement]) -> set[uuid.UUID]:
    """Keep that these statements are written; return the ids of those that never were before."""
    table = table_of(EmittedStatement)
    rows = [
        {
            "statement_id": each.statement_id,
            "xapi_registration": each.xapi_registration,
            "subject_id": each.subject_id,
            "verb": each.verb,
            "revision": each.revision,
            "actor": each.actor,
            "voided": False,
        }
        for each in statements
    ]
    insert = insert_for(db, table).on_conflict_do_nothing(index_elements=["statement_id"])
    return set(db.scalars(insert.returning(table.c.statement_id), rows))


def take_moments(db: Session, xapi_registration: uuid.UUID, first: dt.datetime, last: dt.datetime) -> bool:
    """Take the moments from ``first`` to ``last`` for statements of a registration, and make others wait for them.

    False, and nothing is changed, when a statement at ``first`` or later was written already: a clock was set back, or
    two events were recorded in one millisecond.
    """
    table = table_of(StatementTrail)
    insert = insert_for(db, table).values(xapi_registration=xapi_registration, last_timestamp=last)
    taken = insert.on_conflict_do_update(
        index_elements=["xapi_registration"],
        set_={"last_timestamp": last},
        where=table.c.last_timestamp < first,
    )
    return db.scalar(taken.returning(table.c.xapi_registration)) is not None


def latest_moment(db: Session, xapi_registration: uuid.UUID) -> dt.datetime:
    """The latest timestamp of a registration that has statements; others wait until this transaction ends."""
    table = table_of(StatementTrail)
    latest: dt.datetime = db.scalars(
        sa.select(table.c.last_timestamp)
        .where(table.c.xapi_registration == xapi_registration)
        .with_for_update()
    ).one()
    return latest


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
