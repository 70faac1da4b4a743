"""Which revision comes before another."""

from __future__ import annotations

from alembic.script import ScriptDirectory

from lti_tool.database import Database
from lti_tool.migrations import _alembic


def revision_before(database: Database, revision: str) -> str:
    """The revision that one follows."""
    before = ScriptDirectory.from_config(_alembic(database)).get_revision(revision).down_revision
    assert isinstance(before, str)
    return before
