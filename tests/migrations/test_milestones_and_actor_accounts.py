"""0007 on a database with people at work: what is stored stays, and the new columns say what was true before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from lti_tool.database import Database
from lti_tool.migrations import _alembic, migrate
from tests.migrations.revisions import revision_before

AFTER = "0007"


def stored(database: Database, table: str) -> list[dict[str, Any]]:
    """Every row, in the order of its first column."""
    with database.reading() as db:
        rows = db.execute(sa.text(f"SELECT * FROM {table}")).mappings().all()
    return sorted((dict(row) for row in rows), key=lambda row: str(next(iter(row.values()))))


@pytest.fixture
def before(first_version_at: Callable[..., Database]) -> Database:
    return first_version_at(before=AFTER)


@pytest.mark.parametrize(
    ("table", "added"),
    [("completion_record", {"milestone": 0}), ("registration", {"actor_account": "opaque"})],
)
def test_every_row_stays_and_has_the_new_column(before: Database, table: str, added: dict[str, Any]) -> None:
    rows = stored(before, table)
    assert len(rows) > 1
    migrate(before, AFTER)
    assert stored(before, table) == [{**row, **added} for row in rows]


@pytest.mark.parametrize("table", ["completion_record", "registration"])
def test_going_back_leaves_the_rows_as_they_were(before: Database, table: str) -> None:
    rows = stored(before, table)
    migrate(before, AFTER)
    command.downgrade(_alembic(before), revision_before(before, AFTER))
    assert stored(before, table) == rows


def test_only_known_accounts_are_stored(before: Database) -> None:
    migrate(before, AFTER)
    with pytest.raises(sa.exc.IntegrityError), before.transaction() as db:
        db.execute(sa.text("UPDATE registration SET actor_account = 'email'"))
