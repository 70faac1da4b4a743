"""INSERT … ON CONFLICT for both databases: the one statement that two first arrivals cannot both win.

SQLAlchemy spells it per dialect (https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#insert-on-conflict-upsert,
https://docs.sqlalchemy.org/en/20/dialects/postgresql.html#insert-on-conflict-upsert); the two agree in all that
is used here.
"""

from __future__ import annotations

from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

Insert = sqlite.Insert | postgresql.Insert


def table_of(mapped: Any) -> sa.Table:
    """The table of a mapped class, for statements that need no objects."""
    return cast(sa.Table, mapped.__table__)


def insert_for(db: Session, table: Any) -> Insert:
    """An INSERT into ``table`` (a mapped class or a table) that takes ``on_conflict_…`` on this database."""
    return insert_in(db.get_bind().dialect.name, table)


def insert_in(dialect: str, table: Any) -> Insert:
    """The same, for a dialect by name."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
