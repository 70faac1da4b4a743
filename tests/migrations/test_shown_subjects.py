"""0018 on a database in use: its sessions go on, and show nobody's progress."""

from __future__ import annotations

from collections.abc import Callable

from alembic import command

from lti_tool.database import Database
from lti_tool.migrations import _alembic, migrate
from tests.migrations.revisions import revision_before
from tests.migrations.test_sign_out import sessions

AFTER = "0018"


def test_every_session_stays_as_it_was_there_and_back(first_version_at: Callable[..., Database]) -> None:
    first_version = first_version_at(before=AFTER)
    before = revision_before(first_version, AFTER)
    rows = sessions(first_version)
    assert len(rows) > 1
    migrate(first_version, AFTER)
    assert sessions(first_version) == [
        {**row, "document_target": None, "shown_subjects": None} for row in rows
    ]
    command.downgrade(_alembic(first_version), before)
    assert sessions(first_version) == rows
