"""How Alembic runs here: on the tool's own engine, one transaction for all, batch mode on SQLite."""

from __future__ import annotations

from typing import Any, Literal, cast

from alembic import context
from sqlalchemy.engine import Connection

from lti_tool import outbox, people
from lti_tool.database import Base, Database, UtcDateTime
from lti_tool.lti import models as lti_models
from lti_tool.mentoring import models as mentoring_models

# The modules whose tables make up the metadata.
TABLES = (lti_models, mentoring_models, outbox, people)

LOCK = 7_416_036
"""An arbitrary number: the PostgreSQL advisory lock that makes two starting processes migrate in turn."""

database = cast(Database, context.config.attributes["database"])


def plain_types(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our own column types into migrations as what they are in the database: code may change, they may not."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def run(connection: Connection) -> None:
    """Apply the migrations in one transaction."""
    with connection.begin():
        if not database.is_sqlite:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=database.is_sqlite,
            compare_type=True,
            render_item=plain_types,
        )
        context.run_migrations()
        if database.is_sqlite:
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            if broken:
                raise RuntimeError(f"the migration would break references: {broken[:5]}")


with database.engine.execution_options(tandem_writes=True).connect() as connection:
    if database.is_sqlite:
        # Altering a table on SQLite copies and drops it, and dropping a table that others refer to is refused while
        # references are checked. The setting can only be changed outside a transaction
        # (https://www.sqlite.org/foreignkeys.html#fk_enable).
        driver: Any = connection.connection.dbapi_connection
        driver.execute("PRAGMA foreign_keys=OFF")
        try:
            run(connection)
        finally:
            driver.execute("PRAGMA foreign_keys=ON")
    else:
        run(connection)
