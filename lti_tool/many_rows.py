"""Changes of very many rows: all tables locked for one that touches everything, and deleting in parts."""

from __future__ import annotations

from typing import Any, Final, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import Base, table_of


class TablesBusy(Exception):
    """Others are at work in the tables, and nothing was changed."""


LOCKED_WITHIN: Final = "500ms"
"""Less than PostgreSQL's ``deadlock_timeout``: where whoever locks tables and others wait for each other, the former
gives way."""
_GIVEN_UP: Final = {"57014", "55P03", "40P01"}
"""SQLSTATEs: query_canceled, lock_not_available, deadlock_detected."""


def lock_all_tables(db: Session) -> None:
    """Let nobody else write until the present transaction ends; it then waits for nobody. The first thing that it does.

    Raises :class:`TablesBusy` where others do not end their transactions within half a second: begin anew a little
    later. SQLite has one writer at a time anyhow.
    """
    dialect = db.get_bind().dialect
    if dialect.name != "postgresql":
        return
    tables = ", ".join(map(dialect.identifier_preparer.format_table, Base.metadata.sorted_tables))
    try:
        db.execute(sa.text(f"SET LOCAL statement_timeout TO '{LOCKED_WITHIN}'"))
        db.execute(sa.text(f"LOCK TABLE {tables} IN EXCLUSIVE MODE"))
        db.execute(sa.text("SET LOCAL statement_timeout TO DEFAULT"))
    except sa.exc.OperationalError as error:
        if getattr(error.orig, "sqlstate", None) in _GIVEN_UP:
            raise TablesBusy from None
        raise


SOME_ROWS: Final = 1000
"""How many rows a transaction deletes of what may be very many: some milliseconds."""


def delete_some(db: Session, mapped: Any, *conditions: sa.ColumnElement[bool]) -> int:
    """Delete up to :data:`SOME_ROWS` rows of a table for which all conditions hold; return how many.

    ``mapped``: a mapped class or a table. Rows that another transaction has locked are left to a later time.
    """
    table = mapped if isinstance(mapped, sa.Table) else table_of(mapped)
    key = list(table.primary_key)
    which = key[0] if len(key) == 1 else sa.tuple_(*key)
    # PostgreSQL may run a plain subquery anew for each row of the table, and find others that are not locked yet: more
    # would go than the limit says. A common table expression that locks runs once. It is nested, because sqlite3
    # counts the rows of statements that begin with DELETE alone.
    found = sa.select(*key).where(*conditions).limit(SOME_ROWS).with_for_update(skip_locked=True)
    some = found.cte("some", nesting=True)
    deleted = db.execute(sa.delete(table).where(which.in_(sa.select(*some.c))))
    return cast("sa.CursorResult[Any]", deleted).rowcount
