"""A database of the first version: made by its own migration, filled with what its own actions wrote.

``first_version.json`` holds every row of such a database, with two platforms, three courses, three pairs, and
deliveries, sessions, a login and a launch under way. Every name in it is invented.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from lti_tool.database import Database
from lti_tool.migrations import migrate
from tests.databases import KeptCopies
from tests.migrations.revisions import revision_before

CONTENT: dict[str, Any] = json.loads(
    Path(__file__).with_name("first_version.json").read_text(encoding="utf-8")
)
NOTES: dict[str, Any] = CONTENT["notes"]
"""Ids and secrets of what is in it."""
ROWS: dict[str, list[dict[str, Any]]] = CONTENT["tables"]


PREFIX = "first_version_at_"
"""Of the names of the copies that are kept; the number of the revision follows, which puts them in their order."""


def fill(database: Database) -> None:
    """Bring an empty database to the first migration, and write every row."""
    migrate(database, "0001")
    metadata = sa.MetaData()
    metadata.reflect(database.engine)
    with database.transaction() as db:
        for table in metadata.sorted_tables:
            for column in table.columns:
                if isinstance(column.type, sa.CHAR):
                    column.type = sa.Uuid()
            rows = ROWS.get(table.name)
            if rows:
                db.execute(
                    sa.insert(table),
                    [
                        {name: _value(table.c[name].type, value) for name, value in row.items()}
                        for row in rows
                    ],
                )
        if not database.is_sqlite:
            # The rows brought their own numbers.
            db.execute(sa.text("SELECT setval('delivery_id_seq', (SELECT max(id) FROM delivery))"))


def _value(kind: sa.types.TypeEngine[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, sa.Uuid):
        return uuid.UUID(value)
    if isinstance(kind, sa.DateTime):
        return dt.datetime.fromisoformat(value)
    if isinstance(kind, sa.Date):
        return dt.date.fromisoformat(value)
    if isinstance(kind, sa.LargeBinary):
        return value["text"].encode() if "text" in value else base64.b64decode(value["base64"])
    return value


@pytest.fixture
def first_version_at(empty_database_url: str, kept_copies: KeptCopies) -> Iterator[Callable[..., Database]]:
    """Gives the database after a later migration: ``first_version_at("0003")``, ``first_version_at(before=AFTER)``.

    The migrations make it once for each kind of database, from the latest one before it that is made so far; then it is
    copied.
    """
    database = Database(empty_database_url)

    def bring(revision: str = "0001", *, before: str | None = None) -> Database:
        reached = revision if before is None else revision_before(database, before)

        def make() -> None:
            earlier = [
                name for name in kept_copies.made_of(empty_database_url) if PREFIX < name < PREFIX + reached
            ]
            if earlier:
                kept_copies.copy_to(empty_database_url, max(earlier), lambda: None)
            else:
                fill(database)
            migrate(database, reached)
            database.dispose()

        kept_copies.copy_to(empty_database_url, PREFIX + reached, make)
        return database

    yield bring
    database.dispose()


@pytest.fixture
def first_version(first_version_at: Callable[..., Database]) -> Database:
    """The database, before any later migration."""
    return first_version_at()
