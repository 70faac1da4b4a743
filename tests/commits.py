"""Which transactions wait until what they commit is on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from lti_tool.database import Database

FULL = 2
"""SQLite's number of ``synchronous=FULL``: https://www.sqlite.org/pragma.html#pragma_synchronous."""


@contextmanager
def waits_for_disk(database: Database) -> Iterator[list[bool]]:
    """Whether each transaction waits for it that SQLAlchemy commits meanwhile."""
    found: list[bool] = []

    def note(connection: sa.Connection) -> None:
        if database.is_sqlite:
            found.append(connection.exec_driver_sql("PRAGMA synchronous").scalar() == FULL)
        else:
            # The tests' server does not wait by its configuration, and so its value says nothing: who has set it does.
            chosen = "SELECT source FROM pg_settings WHERE name = 'synchronous_commit'"
            found.append(connection.exec_driver_sql(chosen).scalar() == "configuration file")

    sa.event.listen(database.engine, "commit", note)
    try:
        yield found
    finally:
        sa.event.remove(database.engine, "commit", note)
