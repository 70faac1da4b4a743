"""How Alembic runs here: on the tool's own engine, one transaction for all, batch mode on SQLite."""

from __future__ import annotations

from typing import Any, Literal, cast

from alembic import context
from sqlalchemy.engine import Connection

from lti_tool.column_types import UtcDateTime
from lti_tool.database import Base, Database
from lti_tool.events import models as events
from lti_tool.identity import models as identity
from lti_tool.jobs import models as jobs
from lti_tool.jobs.wakeups import TABLE_PREFIX
from lti_tool.lti import models as lti
from lti_tool.lti.ags import models as ags
from lti_tool.lti.forms import models as forms
from lti_tool.lti.launch import models as launch
from lti_tool.lti.registration import models as registration
from lti_tool.mentoring.completion import models as completion
from lti_tool.mentoring.enrolment import models as enrolment
from lti_tool.mentoring.enrolment.people import models as people
from lti_tool.mentoring.feedback import models as feedback
from lti_tool.mentoring.objectives import models as objectives
from lti_tool.mentoring.overview import models as overview
from lti_tool.mentoring.pairs import models as pairs
from lti_tool.mentoring.profiles import models as profiles
from lti_tool.mentoring.programmes import models as programmes
from lti_tool.mentoring.programmes import right_models as programme_rights
from lti_tool.mentoring.programmes import template_models as templates
from lti_tool.mentoring.reflections import models as reflections
from lti_tool.mentoring.sessions import models as sessions
from lti_tool.messaging import models as messaging
from lti_tool.messaging import statement_log

TABLES = (
    identity,
    events,
    registration,
    launch,
    forms,
    lti,
    ags,
    messaging,
    statement_log,
    jobs,
    programmes,
    programme_rights,
    templates,
    enrolment,
    people,
    pairs,
    sessions,
    objectives,
    profiles,
    reflections,
    feedback,
    completion,
    overview,
)
"""The modules whose tables make up the metadata."""

LOCK = 7_416_036
"""An arbitrary number: the PostgreSQL advisory lock that makes two starting processes migrate one after the other."""

database = cast(Database, context.config.attributes["database"])


def plain_types(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our own column types into migrations as what they are in the database: code may change, they may not."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    """Whether the migrations are about it: huey makes its own tables, and changes them itself."""
    return kind != "table" or name is None or not name.startswith(TABLE_PREFIX)


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
            include_name=is_ours,
        )
        if database.is_sqlite:
            # Some other program may have deleted rows: SQLite's own shell does not check references.
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            if broken:
                raise RuntimeError(
                    f"the database refers to rows that do not exist (table, row, table referred to): {broken[:5]}; "
                    "restore it from a backup, or remove those rows"
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
