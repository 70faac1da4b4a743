"""0022 on a database in use: objectives stay agreed, and say since when they are what they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import command

from lti_tool.database import Database
from lti_tool.migrations import _alembic, migrate
from tests.migrations.first_version import NOTES
from tests.migrations.revisions import revision_before

AFTER = "0022"


def rows(database: Database) -> list[dict[str, Any]]:
    with database.reading() as db:
        found = db.execute(sa.text("SELECT * FROM objective ORDER BY id")).mappings()
        return [dict(row) for row in found]


def since(database: Database, kind: str) -> list[Any]:
    with database.reading() as db:
        return list(db.scalars(sa.text(f"SELECT at FROM event WHERE kind = '{kind}' ORDER BY sequence")))


def test_objectives_stay_as_they_are_agreed_by_both_there_and_back(
    first_version_at: Callable[..., Database],
) -> None:
    first_version = first_version_at(before=AFTER)
    before = revision_before(first_version, AFTER)
    was = rows(first_version)
    assert {row["status"] for row in was} == {"reached", "withdrawn", "claimed"}
    migrate(first_version, AFTER)
    now = rows(first_version)
    added = {
        "proposed_by": lambda row: row["created_by"],
        "revision": lambda row: 0,
        "agreed_at": lambda row: row["created_at"],
        "target_on": lambda row: None,
        "worked_on": lambda row: None,
    }
    assert [{name: value for name, value in row.items() if name != "status_since"} for row in now] == [
        {**row, **{name: value(row) for name, value in added.items()}} for row in was
    ]
    latest = {str(row["id"]).replace("-", ""): row["status_since"] for row in now}
    for name, kind in (("claimed", "ObjectiveClaimed"), ("reached", "ObjectiveReached")):
        assert latest[NOTES["objectives"][name].replace("-", "")] in since(first_version, kind)
    command.downgrade(_alembic(first_version), before)
    assert rows(first_version) == was
