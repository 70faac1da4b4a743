"""Which statements were written for the record store: what voids a statement looks it up here.

A statement is written once, whatever becomes of its sending. Its id is computed (:mod:`xapi.identity`), so that
writing it again is noticed; what is stored decides, so that nothing is written again when an installation moves.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.compiled_statement import CompiledInsert, CompiledStatement, once_for_each_dialect
from lti_tool.database import Base, connection_of, insert_for, insert_in, table_of

_READ_AT_ONCE: Final = 1000
"""How many subjects one statement asks for."""


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


@dataclass(frozen=True, slots=True)
class NewStatement:
    """A statement to be written; the columns of :class:`EmittedStatement` of the same names."""

    statement_id: uuid.UUID
    xapi_registration: uuid.UUID
    subject_id: uuid.UUID
    verb: str
    revision: int
    actor: str


def keep_new(db: Session, statements: Sequence[NewStatement]) -> set[uuid.UUID]:
    """Keep that these statements are written; return the ids of those that never were before."""
    connection = connection_of(db)
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
    return {row.statement_id for row in _insert_new(connection).all(connection, rows)}


@once_for_each_dialect
def _insert_new(dialect: Dialect) -> CompiledInsert:
    table = table_of(EmittedStatement)
    insert = insert_in(dialect.name, table).on_conflict_do_nothing(index_elements=["statement_id"])
    return CompiledInsert(insert.returning(table.c.statement_id), dialect, table.c.keys())


def next_revisions(db: Session, actors: Mapping[uuid.UUID, str], verb: str) -> dict[uuid.UUID, int]:
    """The same as :func:`next_revision` of many subjects, each with its actor, in one statement for a thousand."""
    found = dict.fromkeys(actors, 0)
    subjects = list(actors)
    for start in range(0, len(subjects), _READ_AT_ONCE):
        rows = db.execute(
            sa.select(
                EmittedStatement.subject_id,
                EmittedStatement.actor,
                EmittedStatement.revision,
                EmittedStatement.voided,
            )
            .where(
                EmittedStatement.subject_id.in_(subjects[start : start + _READ_AT_ONCE]),
                EmittedStatement.verb == verb,
            )
            # Of each subject the latest comes last, and of the latest one that is not voided.
            .order_by(EmittedStatement.revision, EmittedStatement.voided.desc())
        )
        for row in rows:
            if row.actor == actors[row.subject_id]:
                found[row.subject_id] = row.revision + 1 if row.voided else row.revision
    return found


def take_single_moments(db: Session, moments: Mapping[uuid.UUID, dt.datetime]) -> set[uuid.UUID]:
    """As :func:`take_moments`, of one moment for each of many registrations; return those of which it was taken."""
    table = table_of(StatementTrail)
    insert = insert_for(db, table)
    taken = insert.on_conflict_do_update(
        index_elements=["xapi_registration"],
        set_={"last_timestamp": insert.excluded.last_timestamp},
        where=table.c.last_timestamp < insert.excluded.last_timestamp,
    ).returning(table.c.xapi_registration)
    # In the order of the keys: another transaction may be taking some of them.
    rows = [
        {"xapi_registration": registration, "last_timestamp": moments[registration]}
        for registration in sorted(moments)
    ]
    return set(db.scalars(taken, rows))


def take_moments(db: Session, xapi_registration: uuid.UUID, first: dt.datetime, last: dt.datetime) -> bool:
    """Take the moments from ``first`` to ``last`` for statements of a registration, and make others wait for them.

    False, and nothing is changed, when a statement at ``first`` or later was written already: a clock was set back, or
    two events were recorded in one millisecond.
    """
    connection = connection_of(db)
    moments = {"xapi_registration": xapi_registration, "last_timestamp": last, "first": first}
    return _take(connection).execute(connection, moments) > 0


@once_for_each_dialect
def _take(dialect: Dialect) -> CompiledStatement:
    table = table_of(StatementTrail)
    insert = insert_in(dialect.name, table)
    taken = insert.on_conflict_do_update(
        index_elements=["xapi_registration"],
        set_={"last_timestamp": insert.excluded.last_timestamp},
        where=table.c.last_timestamp < sa.bindparam("first", type_=table.c.last_timestamp.type),
    )
    return CompiledStatement(taken, dialect, table.c.keys())


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


def statement_about(db: Session, subject_id: uuid.UUID, verb: str, *, actor: str) -> uuid.UUID | None:
    """The id of the latest statement about a subject that was not voided; None where there is none."""
    connection = connection_of(db)
    given = {"of_subject": subject_id, "of_verb": verb, "of_actor": actor}
    row = _find(connection).first(connection, given)
    return None if row is None else row.statement_id


@once_for_each_dialect
def _find(dialect: Dialect) -> CompiledStatement:
    column = table_of(EmittedStatement).c
    query = sa.select(column.statement_id).where(
        column.subject_id == sa.bindparam("of_subject"),
        column.verb == sa.bindparam("of_verb"),
        column.actor == sa.bindparam("of_actor"),
        column.voided.is_(False),
    )
    latest = query.order_by(column.revision.desc(), column.statement_id)
    return CompiledStatement(latest.limit(1), dialect)


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
