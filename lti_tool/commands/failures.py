"""The failures that a command may end in, each in one line."""

from __future__ import annotations

from sqlalchemy.exc import DatabaseError

from lti_tool.config import WrongSetting
from lti_tool.health_checks.findings import database_fault
from lti_tool.migrations import MigrationUnknown


def expected_failure(error: Exception) -> str | None:
    """What to say of a failure that nobody has to look into; None for any other."""
    if isinstance(error, WrongSetting | MigrationUnknown):
        return str(error)
    if isinstance(error, DatabaseError):
        return f"the database cannot be used: {database_fault(error)} (`tandem doctor` says how to fix it)"
    return None
