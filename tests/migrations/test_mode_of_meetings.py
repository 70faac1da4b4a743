"""0021 on a database in use: a format that said how two spoke becomes a mode, and everything else stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from lti_tool.database import Database
from lti_tool.migrations import _alembic, migrate
from tests.migrations.revisions import revision_before

AFTER = "0021"
TABLES = {"mentoring_session": "id", "timeline_entry": "event_id"}
SINCE = {
    "in-person": ("coaching", "in-person"),
    "video": ("coaching", "video"),
    "chat": ("coaching", "writing"),
}


def rows(database: Database, table: str) -> list[dict[str, Any]]:
    with database.reading() as db:
        found = db.execute(sa.text(f"SELECT * FROM {table} ORDER BY {TABLES[table]}")).mappings()
        return [dict(row) for row in found]


@pytest.fixture
def before(first_version_at: Callable[..., Database]) -> Database:
    """Meetings in several former formats, and the entries of their pairs' timelines."""
    first_version = first_version_at(before=AFTER)
    formats = ["in-person", "trade-show", "chat", "video", "fab-lab"]
    with first_version.transaction() as db:
        db.execute(
            sa.text(
                "INSERT INTO timeline_entry (event_id, pair_id, at, kind, participant_id, minutes, format)"
                " SELECT id, pair_id, at, kind, participant_id, 45, 'video' FROM event"
                " WHERE kind IN ('SessionLogged', 'SessionConfirmed')"
            )
        )
    for table, key in TABLES.items():
        with first_version.transaction() as db:
            keys = db.scalars(
                sa.text(f"SELECT {key} FROM {table} WHERE format IS NOT NULL ORDER BY {key}")
            ).all()
            assert keys
            for number, found in enumerate(keys):
                db.execute(
                    sa.text(f"UPDATE {table} SET format = :format WHERE {key} = :key"),
                    {"format": formats[number % len(formats)], "key": found},
                )
    return first_version


@pytest.mark.parametrize("table", TABLES)
def test_a_format_that_said_how_they_spoke_is_a_mode_since(before: Database, table: str) -> None:
    was = rows(before, table)
    assert {row["format"] for row in was} & SINCE.keys()
    migrate(before, AFTER)
    assert rows(before, table) == [
        {**row, **dict(zip(("format", "mode"), SINCE.get(row["format"], (row["format"], None)), strict=True))}
        for row in was
    ]


@pytest.mark.parametrize("table", TABLES)
def test_going_back_leaves_the_rows_as_they_were(before: Database, table: str) -> None:
    was = rows(before, table)
    migrate(before, AFTER)
    command.downgrade(_alembic(before), revision_before(before, AFTER))
    assert rows(before, table) == was


def test_only_known_modes_are_stored(before: Database) -> None:
    migrate(before, AFTER)
    with pytest.raises(sa.exc.IntegrityError), before.transaction() as db:
        db.execute(sa.text("UPDATE mentoring_session SET mode = 'telepathy'"))
