"""0020 on a database in use: whoever signed has accepted, and a pair that nobody signed waits for both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from lti_tool.database import Database
from lti_tool.migrations import _alembic, migrate
from tests.migrations.revisions import revision_before

AFTER = "0020"


def stored(database: Database, table: str) -> dict[Any, dict[str, Any]]:
    """Every row, by its first column."""
    with database.reading() as db:
        rows = db.execute(sa.text(f"SELECT * FROM {table}")).mappings().all()
    return {next(iter(row.values())): dict(row) for row in rows}


@pytest.fixture
def before(first_version_at: Callable[..., Database]) -> Database:
    return first_version_at(before=AFTER)


def test_a_pair_that_anyone_signed_is_accepted_by_both_since_the_first_signature(before: Database) -> None:
    was = stored(before, "pair")
    migrate(before, AFTER)
    now = stored(before, "pair")
    assert {row["status"] for row in was.values()} == {"proposed", "accepted", "active"}
    for pair_id, row in was.items():
        signatures = [row[name] for name in ("mentor_signed_at", "mentee_signed_at") if row[name] is not None]
        first = min(signatures, default=None)
        accepted = now[pair_id]["mentor_accepted_at"], now[pair_id]["mentee_accepted_at"]
        assert (now[pair_id]["status"], accepted) == (row["status"], (first, first))


def test_people_of_a_pair_that_nobody_signed_are_not_paired_yet(before: Database) -> None:
    """0001's two were only invited; these had joined, as those did whom a later version paired."""
    pairs = stored(before, "pair").values()
    waiting = {
        row[role] for row in pairs if row["status"] == "proposed" for role in ("mentor_id", "mentee_id")
    }
    with before.transaction() as db:
        for one in waiting:
            db.execute(sa.text("UPDATE participant SET status = 'paired' WHERE id = :id"), {"id": one})
    was = stored(before, "participant")
    assert waiting
    migrate(before, AFTER)
    expected = {
        one: "onboarded" if one in waiting and row["status"] == "paired" else row["status"]
        for one, row in was.items()
    }
    assert {one: row["status"] for one, row in stored(before, "participant").items()} == expected


def test_what_was_computed_from_a_pairing_has_its_new_name(before: Database) -> None:
    migrate(before, AFTER)
    for table in ("audit_entry", "timeline_entry"):
        kinds = {row["kind"] for row in stored(before, table).values()}
        assert "PairFormed" not in kinds


def test_going_back_leaves_every_row_as_it_was(before: Database) -> None:
    tables = ("pair", "participant", "mentoring_session")
    was = [stored(before, table) for table in tables]
    migrate(before, AFTER)
    command.downgrade(_alembic(before), revision_before(before, AFTER))
    assert [stored(before, table) for table in tables] == was
