"""0011 on a database in use: its sessions go on, and nobody has signed out of them."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from lti_tool.database import Database
from lti_tool.migrations import _alembic, migrate

AFTER = "0011"


def sessions(database: Database) -> list[dict[str, Any]]:
    with database.reading() as db:
        return [
            dict(row) for row in db.execute(sa.text("SELECT * FROM launch_session ORDER BY id")).mappings()
        ]


def revision_before(database: Database) -> str:
    """The revision that 0011 follows."""
    revision = ScriptDirectory.from_config(_alembic(database)).get_revision(AFTER)
    assert isinstance(revision.down_revision, str)
    return revision.down_revision


@pytest.fixture
def before(first_version: Database) -> Database:
    migrate(first_version, revision_before(first_version))
    return first_version


def test_every_session_stays_as_it_was(before: Database) -> None:
    rows = sessions(before)
    assert len(rows) > 1
    migrate(before, AFTER)
    assert sessions(before) == [{**row, "signed_out_at": None} for row in rows]


def test_going_back_leaves_the_sessions_as_they_were(before: Database) -> None:
    rows = sessions(before)
    migrate(before, AFTER)
    command.downgrade(_alembic(before), revision_before(before))
    assert sessions(before) == rows
