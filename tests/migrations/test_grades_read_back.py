"""0012 on a database in use: what the deliveries say becomes what is known of each grade."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from lti_tool.database import Database, table_of
from lti_tool.lti.ags.models import GradeStatus, ScoreTrail
from lti_tool.migrations import _alembic, migrate
from tests.migrations.revisions import revision_before

AFTER = "0012"


def trails(database: Database) -> list[dict[str, Any]]:
    with database.reading() as db:
        rows = db.execute(sa.text("SELECT * FROM score_trail ORDER BY line_item_url, person_id")).mappings()
        return [dict(row) for row in rows]


def known(database: Database) -> dict[tuple[str, uuid.UUID], sa.Row[Any]]:
    """The rows as this revision has them."""
    kept = [column for column in table_of(ScoreTrail).columns if column.name not in LATER]
    with database.reading() as db:
        rows = db.execute(sa.select(*kept, sa.literal_column("sent_score", sa.Integer()).label("sent_score")))
        return {(row.line_item_url, row.person_id): row for row in rows}


LATER = {"unanswered_scores", "shown_at"}
"""Columns that a later revision adds."""


@pytest.fixture
def before(first_version_at: Callable[..., Database]) -> Database:
    return first_version_at(before=AFTER)


def test_what_should_stand_stays_as_it_was(before: Database) -> None:
    rows = trails(before)
    assert len(rows) > 10
    migrate(before, AFTER)
    after = trails(before)
    assert [{name: row[name] for name in rows[0]} for row in after] == rows


def test_what_was_sent_was_taken_and_what_waits_is_on_its_way(before: Database) -> None:
    """Of the first version's people two have completed, and their last scores wait; the others only joined."""
    migrate(before, AFTER)
    rows = known(before).values()
    completed = [row for row in rows if row.score == 100]
    assert {row.grade_status for row in completed} == {GradeStatus.ON_ITS_WAY}
    assert {row.accepted_score for row in completed} == {None}
    assert all(row.accepted_at == dt.datetime(2026, 11, 25, 1, 16, 32, 177645, dt.UTC) for row in completed)
    others = [row for row in rows if row.score is None]
    assert len(others) > 5
    assert {(row.grade_status, row.deletions, row.read_at) for row in others} == {
        (GradeStatus.RECORDED, 0, None)
    }


def test_a_dead_score_was_refused_and_its_reason_is_kept(before: Database) -> None:
    with before.transaction() as db:
        number = db.scalar(sa.text("SELECT max(id) FROM delivery WHERE kind = 'score'"))
        db.execute(
            sa.text(
                "UPDATE delivery SET status = 'dead', last_error = 'HTTP 400: not enrolled', done_at = created_at"
                " WHERE id = :number"
            ),
            {"number": number},
        )
        person_id = db.scalar(
            sa.text("SELECT order_key FROM delivery WHERE id = :number"), {"number": number}
        ).split(":")[1]
    migrate(before, AFTER)
    refused = [row for row in known(before).values() if row.grade_status == GradeStatus.REFUSED]
    [row] = refused
    assert (str(row.person_id), row.reason, row.refusal) == (person_id, "HTTP 400: not enrolled", "other")
    assert row.refused_at is not None


def test_a_score_that_failed_so_far_waits_with_its_reason(before: Database) -> None:
    with before.transaction() as db:
        db.execute(
            sa.text(
                "UPDATE delivery SET last_error = 'HTTP 503: busy' WHERE kind = 'score' AND status = 'waiting'"
            )
        )
    migrate(before, AFTER)
    waiting = [row for row in known(before).values() if row.grade_status == GradeStatus.WAITING]
    assert (len(waiting), {row.reason for row in waiting}) == (4, {"HTTP 503: busy"})


def test_a_grade_that_was_sent_is_known_with_its_number(before: Database) -> None:
    with before.transaction() as db:
        db.execute(
            sa.text(
                "UPDATE delivery SET status = 'sent', done_at = created_at WHERE kind = 'score' AND status = 'waiting'"
            )
        )
    migrate(before, AFTER)
    completed = [row for row in known(before).values() if row.score == 100]
    assert {(row.grade_status, row.accepted_score, row.sent_score) for row in completed} == {
        (GradeStatus.RECORDED, 100, 100)
    }


def test_going_back_leaves_the_rows_as_they_were(before: Database) -> None:
    rows = trails(before)
    migrate(before, AFTER)
    command.downgrade(_alembic(before), revision_before(before, AFTER))
    assert trails(before) == rows
