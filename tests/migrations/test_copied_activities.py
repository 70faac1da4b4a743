"""0014 on a database in use: an activity knows its content, and everything else stays as it was."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from lti_tool.database import Database
from lti_tool.migrations import _alembic, migrate
from tests.migrations.revisions import revision_before

AFTER = "0014"


def rows(database: Database, table: str) -> list[dict[str, Any]]:
    with database.reading() as db:
        return [dict(row) for row in db.execute(sa.text(f"SELECT * FROM {table} ORDER BY id")).mappings()]


@pytest.fixture
def before(first_version_at: Callable[..., Database]) -> Database:
    database = first_version_at(before=AFTER)
    content = uuid.uuid4()
    with database.transaction() as db:
        # As SQLAlchemy writes an id on each database.
        value = content.hex if database.is_sqlite else content
        db.execute(sa.text("UPDATE resource_link SET content_id = :content"), {"content": value})
    return database


def test_an_activity_has_the_content_of_its_link(before: Database) -> None:
    links = {row["id"]: row["content_id"] for row in rows(before, "resource_link")}
    assert len(links) > 1
    migrate(before, AFTER)
    placements = rows(before, "placement")
    assert placements
    assert all(row["content_id"] == links[row["resource_link_id"]] is not None for row in placements)


def test_cohorts_and_courses_are_copies_of_nothing_known(before: Database) -> None:
    cohorts, courses = rows(before, "cohort"), rows(before, "course")
    migrate(before, AFTER)
    assert rows(before, "cohort") == [{**row, "copied_from_id": None} for row in cohorts]
    assert rows(before, "course") == [{**row, "context_history": None} for row in courses]


def test_going_back_leaves_every_row_as_it_was(before: Database) -> None:
    tables = ("placement", "cohort", "course")
    was = [rows(before, table) for table in tables]
    migrate(before, AFTER)
    command.downgrade(_alembic(before), revision_before(before, AFTER))
    assert [rows(before, table) for table in tables] == was
