"""0043 on a database in use: launches of learners that are still kept say what they opened, and when first."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from alembic import command

from lti_tool.database import Database, utcnow
from lti_tool.migrations import _alembic, migrate
from tests.migrations.revisions import revision_before

LAUNCH = sa.table(
    "launch_session",
    *(sa.column(name) for name in ("id", "person_id", "resource_link_id", "role", "created_at")),
)
OPENED = sa.table(
    "opened_link", *(sa.column(name) for name in ("person_id", "resource_link_id", "first_opened_at"))
)


def launches(database: Database) -> list[sa.Row[tuple[object, ...]]]:
    with database.reading() as db:
        return list(db.execute(sa.select(LAUNCH).order_by(LAUNCH.c.created_at)))


def come_again(database: Database, row: sa.Row[tuple[object, ...]]) -> None:
    """Another launch like one that is kept, a moment ago."""
    names = [column["name"] for column in sa.inspect(database.engine).get_columns("launch_session")]
    changed = {
        "id": sa.bindparam("new_id", uuid.uuid4(), sa.Uuid()),
        "created_at": sa.bindparam("now", utcnow(), sa.DateTime(timezone=True)),
    }
    same = sa.select(*(changed.get(name, sa.column(name)) for name in names))
    table = sa.table("launch_session", *(sa.column(name) for name in names))
    with database.transaction() as db:
        db.execute(sa.insert(table).from_select(names, same.select_from(LAUNCH).where(LAUNCH.c.id == row.id)))


def test_launches_that_are_kept_say_what_was_opened(first_version: Database) -> None:
    before = revision_before(first_version, "0043")
    migrate(first_version, before)
    come_again(first_version, next(row for row in launches(first_version) if row.role == "learner"))
    kept = launches(first_version)
    learners = [row for row in kept if row.role == "learner" and row.resource_link_id is not None]
    assert {row.role for row in kept} > {"learner"}
    first: dict[tuple[object, ...], object] = {}
    for row in learners:
        first.setdefault((row.person_id, row.resource_link_id), row.created_at)
    assert 0 < len(first) < len(learners)
    migrate(first_version, "0043")
    with first_version.reading() as db:
        found = {(row.person_id, row.resource_link_id): row[2] for row in db.execute(sa.select(OPENED))}
    assert found == first
    command.downgrade(_alembic(first_version), before)
    assert launches(first_version) == kept
    assert "opened_link" not in sa.inspect(first_version.engine).get_table_names()
