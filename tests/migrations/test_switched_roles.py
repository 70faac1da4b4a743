"""0026 on a database in use: every place in a course stays, and goes back as a learner's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from alembic import command

from lti_tool.database import Database
from lti_tool.migrations import _alembic, migrate
from tests.migrations.revisions import revision_before

AFTER = "0026"
MEMBERSHIP = sa.table("membership", sa.column("id"), sa.column("role"), sa.column("launched_at"))


def roles(database: Database) -> dict[object, str]:
    with database.reading() as db:
        return {row.id: row.role for row in db.execute(sa.select(MEMBERSHIP.c.id, MEMBERSHIP.c.role))}


def test_every_place_in_a_course_stays_there_and_back(first_version_at: Callable[..., Database]) -> None:
    first_version = first_version_at(before=AFTER)
    before = revision_before(first_version, AFTER)
    rows = roles(first_version)
    assert {"learner", "tutor"} <= set(rows.values())
    switched = next(key for key, role in rows.items() if role == "tutor")
    change = sa.update(MEMBERSHIP).where(MEMBERSHIP.c.id == switched).values(role="switched")
    with pytest.raises(sa.exc.IntegrityError), first_version.transaction() as db:
        db.execute(change)
    migrate(first_version, AFTER)
    assert roles(first_version) == rows
    with first_version.transaction() as db:
        db.execute(change)
    command.downgrade(_alembic(first_version), before)
    assert roles(first_version) == {**rows, switched: "learner"}
