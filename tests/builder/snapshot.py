"""What was built once in a test process, written again into the empty database of the next test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from lti_tool.database import Base, Database, table_of
from lti_tool.events.models import EventRow
from lti_tool.identity.models import Organisation
from lti_tool.jobs.models import Job
from lti_tool.messaging.models import Delivery


@dataclass(frozen=True)
class Snapshot:
    """The rows of every table that has any, in an order in which they can be inserted."""

    rows: tuple[tuple[sa.Table, list[dict[str, Any]]], ...]

    @classmethod
    def of(cls, database: Database) -> Snapshot:
        """What a database holds. Numbers that the database gives are left out: it gives the same ones again."""
        with database.reading_connection() as connection:
            found = [
                (
                    table,
                    [
                        {name: value for name, value in row.items() if name not in _numbered(table)}
                        for row in connection.execute(
                            sa.select(table).order_by(*table.primary_key)
                        ).mappings()
                    ],
                )
                for table in Base.metadata.sorted_tables
            ]
        return cls(tuple((table, rows) for table, rows in found if rows))

    def restore(self, database: Database) -> None:
        """Write the rows into a database whose tables are empty."""
        with database.writing_connection() as connection:
            for table, rows in self.rows:
                connection.execute(sa.insert(table), rows)


def is_empty(database: Database) -> bool:
    """Whether nothing has happened in a database yet."""
    with database.reading_connection() as connection:
        return not any(
            connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first()
            for table in (table_of(Organisation), table_of(EventRow), table_of(Job), table_of(Delivery))
        )


def _numbered(table: sa.Table) -> tuple[str, ...]:
    column = table.autoincrement_column
    return () if column is None else (column.name,)
