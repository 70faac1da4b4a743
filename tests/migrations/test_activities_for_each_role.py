"""0017 on a database in use: activities and choices stay as they are, for any role and for no own programme."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from alembic import command

from lti_tool.database import Database
from lti_tool.migrations import _alembic, migrate
from tests.migrations.revisions import revision_before

AFTER = "0017"
TABLES = {"resource_link": "id", "activity_choice": "content_id"}


def rows(database: Database, table: str) -> list[dict[str, object]]:
    with database.reading() as db:
        found = db.execute(sa.text(f"SELECT * FROM {table} ORDER BY {TABLES[table]}")).mappings()
        return [dict(row) for row in found]


@pytest.fixture
def before(first_version_at: Callable[..., Database]) -> Database:
    first_version = first_version_at(before=AFTER)
    with first_version.transaction() as db:
        db.execute(
            sa.text(
                "INSERT INTO activity_choice (content_id, course_id, cohort_id, role_view, chosen_by, created_at)"
                " SELECT resource_link.id, resource_link.course_id, NULL, 'mentor', membership.person_id,"
                " resource_link.created_at FROM resource_link JOIN membership"
                " ON membership.course_id = resource_link.course_id ORDER BY membership.id LIMIT 1"
            )
        )
    return first_version


def test_every_row_stays_and_knows_nothing_new(before: Database) -> None:
    links, choices = (rows(before, table) for table in TABLES)
    assert links
    assert choices
    migrate(before, AFTER)
    assert rows(before, "resource_link") == [{**row, "only_role": None} for row in links]
    graded = 1 if before.is_sqlite else True
    assert rows(before, "activity_choice") == [
        {**row, "programme_id": None, "graded": graded} for row in choices
    ]


def test_going_back_leaves_every_row_as_it_was(before: Database) -> None:
    was = [rows(before, table) for table in TABLES]
    migrate(before, AFTER)
    command.downgrade(_alembic(before), revision_before(before, AFTER))
    assert [rows(before, table) for table in TABLES] == was
