"""Migrations: Alembic's scripts, inside the package, so that an installed tool can bring its database up to date."""

from __future__ import annotations

import enum
from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from lti_tool.database import Database


class MigrationUnknown(Exception):
    """The database is at a migration that this version of the tool does not have. The text is one line."""


def _alembic(database: Database) -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["database"] = database
    return config


def migrate(database: Database, revision: str = "head") -> None:
    """Bring the database to ``revision``; does nothing when it is there already. Raises :class:`MigrationUnknown`."""
    try:
        command.upgrade(_alembic(database), revision)
    except CommandError as error:
        raise MigrationUnknown(f"the database is of another version of the tool: {error}") from None


class SchemaState(enum.Enum):
    """How the tables of a database stand to this version of the tool."""

    CURRENT = "current"
    MISSING = "missing"
    """No migration was applied."""
    OLDER = "older"
    UNKNOWN = "unknown"
    """It is at a migration that this version does not have: most likely a newer one's."""


def schema_state(database: Database) -> SchemaState:
    """How the tables stand to this version. Raises SQLAlchemy's errors when the database does not answer."""
    with database.engine.connect() as connection:
        applied = set(MigrationContext.configure(connection).get_current_heads())
    scripts = ScriptDirectory.from_config(_alembic(database))
    if applied == set(scripts.get_heads()):
        return SchemaState.CURRENT
    if not applied:
        return SchemaState.MISSING
    known = {script.revision for script in scripts.walk_revisions()}
    return SchemaState.OLDER if applied <= known else SchemaState.UNKNOWN


def is_current(database: Database) -> bool:
    """Whether the database is at the newest migration. Raises SQLAlchemy's errors when it does not answer."""
    return schema_state(database) is SchemaState.CURRENT
