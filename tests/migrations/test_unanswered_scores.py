"""0015 on a database in use: what may have arrived, and what was shown, is kept of each grade."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from lti_tool.database import Database
from lti_tool.migrations import _alembic, migrate
from tests.migrations.revisions import revision_before

AFTER = "0015"
STATES = (
    "grade_status = 'recorded', sent_score = 100, accepted_score = 100, result_score = 100",
    "grade_status = 'waiting', sent_score = 60, accepted_score = NULL",
    "grade_status = 'somebody_elses', sent_score = 60, accepted_score = 40, result_score = 5",
    "grade_status = 'removed', sent_score = 100, accepted_score = 100, result_score = NULL",
)
"""One was taken and shown, two answers were lost, one is missing."""


def trails(database: Database) -> list[dict[str, Any]]:
    with database.reading() as db:
        rows = db.execute(sa.text("SELECT * FROM score_trail ORDER BY line_item_url, person_id")).mappings()
        return [dict(row) for row in rows]


@pytest.fixture
def before(first_version_at: Callable[..., Database]) -> Database:
    database = first_version_at(before=AFTER)
    with database.transaction() as db:
        db.execute(sa.text("UPDATE score_trail SET read_at = '2026-11-25 08:00:00.000000'"))
        for row, state in zip(trails(database), STATES, strict=False):
            db.execute(
                sa.text(f"UPDATE score_trail SET {state} WHERE line_item_url = :url AND person_id = :person"),
                {"url": row["line_item_url"], "person": row["person_id"]},
            )
    return database


def unanswered(row: dict[str, Any]) -> list[int]:
    kept = row["unanswered_scores"]
    found: list[int] = json.loads(kept) if isinstance(kept, str) else kept
    return found


def test_what_may_have_arrived_and_was_not_taken_is_kept(before: Database) -> None:
    migrate(before, AFTER)
    rows = trails(before)
    assert len(rows) > 10
    assert [unanswered(row) for row in rows[:4]] == [[], [60], [60], []]
    assert [row["shown_at"] is not None for row in rows[:4]] == [True, False, False, False]


def test_everything_else_stays_and_going_back_brings_all_of_it_again(before: Database) -> None:
    rows = trails(before)
    migrate(before, AFTER)
    names = [name for name in rows[0] if name not in ("sent_score", "sent_at")]
    assert [{name: row[name] for name in names} for row in trails(before)] == [
        {name: row[name] for name in names} for row in rows
    ]
    with before.transaction() as db:
        db.execute(
            sa.text("UPDATE score_trail SET grade_status = 'not_shown' WHERE grade_status = 'removed'")
        )
    command.downgrade(_alembic(before), revision_before(before, AFTER))
    names.append("sent_score")
    assert [{name: row[name] for name in names} for row in trails(before)] == [
        {name: row[name] for name in names} for row in rows
    ]
