"""0011 on a database in use: its sessions go on, and nobody has signed out of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from lti_tool.database import Database
from lti_tool.migrations import _alembic, migrate
from tests.migrations.revisions import revision_before

AFTER = "0011"


def sessions(database: Database) -> list[dict[str, Any]]:
    with database.reading() as db:
        return [
            dict(row) for row in db.execute(sa.text("SELECT * FROM launch_session ORDER BY id")).mappings()
        ]


@pytest.fixture
def before(first_version_at: Callable[..., Database]) -> Database:
    return first_version_at(before=AFTER)


def test_every_session_stays_as_it_was(before: Database) -> None:
    rows = sessions(before)
    assert len(rows) > 1
    migrate(before, AFTER)
    assert sessions(before) == [{**row, "signed_out_at": None} for row in rows]


def test_going_back_leaves_the_sessions_as_they_were(before: Database) -> None:
    rows = sessions(before)
    migrate(before, AFTER)
    command.downgrade(_alembic(before), revision_before(before, AFTER))
    assert sessions(before) == rows
