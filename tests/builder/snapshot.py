"""What was built once, written again into the empty database of another test, by the quickest way of its driver."""

from __future__ import annotations

import hashlib
import pickle
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from psycopg.sql import SQL, Identifier

from lti_tool.database import Base, Database

Rows = list[tuple[Any, ...]] | bytes
"""A table's rows as the driver gives and takes them: SQLite's tuples, or what PostgreSQL's COPY sends."""


KEPT_SECONDS = 240
"""How long a snapshot is used: what is in it happened a moment ago, and a page shows some of that for five minutes."""


@dataclass(frozen=True)
class Snapshot:
    """The rows of every table that has any, and the last of the numbers that the database itself gives."""

    rows: tuple[tuple[str, Rows], ...]
    numbers: tuple[tuple[str, int], ...] = ()
    made_at: float = field(default_factory=time.time, compare=False)

    @property
    def is_fresh(self) -> bool:
        """Whether what it holds still happened a moment ago, and today."""
        now = time.time()
        return now - self.made_at < KEPT_SECONDS and now // 86_400 == self.made_at // 86_400

    @classmethod
    def of(cls, database: Database) -> Snapshot:
        """What a database holds."""
        names = _table_names()
        with database.reading_connection() as connection:
            driver: Any = connection.connection.dbapi_connection
            if database.is_sqlite:
                found = [(name, driver.execute(f"SELECT * FROM {name}").fetchall()) for name in names]
                return cls(tuple((name, rows) for name, rows in found if rows))
            copied = [(name, _copied(driver, name)) for name in names]
            numbers = driver.execute(
                "SELECT sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL ORDER BY 1"
            ).fetchall()
            return cls(tuple((name, rows) for name, rows in copied if rows), tuple(numbers))

    def with_address(self, old: str, new: str) -> Snapshot:
        """The same rows, in which ``new`` stands wherever a text names ``old``: a server that has another port now."""

        def changed(rows: Rows) -> Rows:
            if isinstance(rows, bytes):
                return rows.replace(old.encode(), new.encode())
            return [
                tuple(value.replace(old, new) if isinstance(value, str) else value for value in row)
                for row in rows
            ]

        return replace(self, rows=tuple((name, changed(rows)) for name, rows in self.rows))

    def restore(self, database: Database) -> None:
        """Write the rows into a database whose tables are empty; they may refer to each other in any order."""
        with database.writing_connection() as connection:
            driver: Any = connection.connection.dbapi_connection
            if database.is_sqlite:
                driver.execute("PRAGMA defer_foreign_keys = ON")
                for name, rows in self.rows:
                    marks = ", ".join("?" * len(rows[0]))  # type: ignore[arg-type]  # never bytes here
                    driver.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)
                return
            # In one round trip each way for all that is not rows; what they refer to was looked at when they were made.
            with driver.pipeline():
                driver.execute("SET LOCAL session_replication_role = replica")
                for name, last in self.numbers:
                    driver.execute("SELECT setval(%s::regclass, %s)", (name, last))
            for name, rows in self.rows:
                with driver.cursor().copy(SQL("COPY {} FROM STDIN").format(Identifier(name))) as copy:
                    copy.write(rows)


class KeptSnapshots:
    """Snapshots by name, each with an address in it; those of every process that has the same folder."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        """Where they are shared; each file appears whole, and the last of several that make the same one stays."""
        self._kept: dict[str, tuple[str, Snapshot]] = {}

    def get(self, name: str) -> tuple[str, Snapshot] | None:
        """The address and the snapshot that were kept under this name, unless they are too old."""
        if not self._is_fresh(name) and self.folder is not None:
            with suppress(FileNotFoundError):
                self._kept[name] = pickle.loads(self._path(self.folder, name).read_bytes())
        return self._kept[name] if self._is_fresh(name) else None

    def keep(self, name: str, address: str, snapshot: Snapshot) -> None:
        """Keep them for this process and all that share the folder."""
        self._kept[name] = address, snapshot
        if self.folder is not None:
            with NamedTemporaryFile(dir=self.folder, delete=False) as file:
                pickle.dump(self._kept[name], file)
            Path(file.name).replace(self._path(self.folder, name))

    def _is_fresh(self, name: str) -> bool:
        return name in self._kept and self._kept[name][1].is_fresh

    @staticmethod
    def _path(folder: Path, name: str) -> Path:
        return folder / f"{hashlib.sha256(name.encode()).hexdigest()}.snapshot"


def is_empty(database: Database) -> bool:
    """Whether no table has a row."""
    exists = " OR ".join(f"EXISTS (SELECT 1 FROM {name})" for name in _table_names())
    with database.reading_connection() as connection:
        return not connection.exec_driver_sql(f"SELECT {exists}").scalar_one()


@cache
def _table_names() -> tuple[str, ...]:
    return tuple(Base.metadata.tables)  # in any order: to sort them by what they refer to takes milliseconds


def _copied(driver: Any, name: str) -> bytes:
    """A table's rows as text that COPY takes back."""
    with driver.cursor().copy(SQL("COPY {} TO STDOUT").format(Identifier(name))) as copy:
        return b"".join(bytes(part) for part in copy)
