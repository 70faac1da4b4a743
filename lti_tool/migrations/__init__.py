"""Migrations: Alembic's scripts, inside the package, so that an installed tool can bring its database up to date."""

from __future__ import annotations

import enum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from lti_tool.database import Database

if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig

_FOLDER: Final = Path(__file__).parent


class MigrationUnknown(Exception):
    """The database is at a migration that this version of the tool does not have. The text is one line."""


@cache
def revisions() -> tuple[str, ...]:
    """The migrations of this version, in their order: each is named by the number with which its file's name begins."""
    return tuple(sorted(path.name.partition("_")[0] for path in (_FOLDER / "versions").glob("[0-9]*_*.py")))


def _alembic(database: Database) -> AlembicConfig:
    from alembic.config import Config as AlembicConfig

    config = AlembicConfig()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["database"] = database
    return config


def migrate(database: Database, revision: str = "head") -> None:
    """Bring the database to ``revision``; does nothing when it is there already. Raises :class:`MigrationUnknown`.

    Alembic is loaded when there is something to do: that takes longer than the look whether there is.
    """
    if revision == "head" and is_current(database):
        return
    from alembic import command
    from alembic.util import CommandError

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
    applied = _applied(database)
    if applied == {revisions()[-1]}:
        return SchemaState.CURRENT
    if not applied:
        return SchemaState.MISSING
    return SchemaState.OLDER if applied <= set(revisions()) else SchemaState.UNKNOWN


def _applied(database: Database) -> set[str]:
    """What Alembic notes in its own table: the newest migration that was applied."""
    with database.engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return set()
        return set(connection.scalars(sa.text("SELECT version_num FROM alembic_version")))


def is_current(database: Database) -> bool:
    """Whether the database is at the newest migration. Raises SQLAlchemy's errors when it does not answer."""
    return schema_state(database) is SchemaState.CURRENT
