"""What was built once in a test process, written again into the empty database of the next test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from lti_tool.database import Base, Database


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
        return cls(tuple((table, _referred_first(table, rows)) for table, rows in found if rows))

    def restore(self, database: Database) -> None:
        """Write the rows into a database whose tables are empty."""
        with database.writing_connection() as connection:
            for table, rows in self.rows:
                connection.execute(sa.insert(table), rows)


def is_empty(database: Database) -> bool:
    """Whether no table has a row."""
    exists = " OR ".join(f"EXISTS (SELECT 1 FROM {table.name})" for table in Base.metadata.sorted_tables)
    with database.reading_connection() as connection:
        return not connection.exec_driver_sql(f"SELECT {exists}").scalar_one()


def _numbered(table: sa.Table) -> tuple[str, ...]:
    column = table.autoincrement_column
    return () if column is None else (column.name,)


def _referred_first(table: sa.Table, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows in an order in which each follows those of the same table that it refers to."""
    own = [(key.parent.name, key.column.name) for key in table.foreign_keys if key.column.table is table]
    ordered: list[dict[str, Any]] = []
    left = rows if own else []
    while left:
        waiting = {(name, row[name]) for row in left for _, name in own}
        ready = [row for row in left if not any((to, row[name]) in waiting for name, to in own)]
        if not ready:
            raise ValueError(f"rows of {table.name} refer to each other in a circle")
        ordered += ready
        left = [row for row in left if row not in ready]
    return ordered or rows
