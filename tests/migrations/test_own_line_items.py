"""0016 on a database in use: activities go on as before, with no line item found or made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import command

from lti_tool.database import Database
from lti_tool.migrations import _alembic, migrate
from tests.migrations.revisions import revision_before

AFTER = "0016"


def links(database: Database) -> list[dict[str, Any]]:
    with database.reading() as db:
        rows = db.execute(sa.text("SELECT * FROM resource_link ORDER BY id")).mappings()
        return [dict(row) for row in rows]


def test_links_stay_as_they_were_there_and_back(first_version_at: Callable[..., Database]) -> None:
    first_version = first_version_at(before=AFTER)
    before = revision_before(first_version, AFTER)
    was = links(first_version)
    assert len(was) > 1
    migrate(first_version, AFTER)
    new = {"line_items_url": None, "own_line_item_url": None}
    assert links(first_version) == [{**row, **new} for row in was]
    command.downgrade(_alembic(first_version), before)
    assert links(first_version) == was
