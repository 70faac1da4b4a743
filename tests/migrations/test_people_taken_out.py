"""0042 on a database in use: enrolments stay, and whoever was taken out is as before where it is undone."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from alembic import command

from lti_tool.database import Database
from lti_tool.migrations import _alembic, migrate
from tests.migrations.revisions import revision_before

PARTICIPANT = sa.table(
    "participant",
    sa.column("id"),
    sa.column("status"),
    sa.column("taken_out_at", sa.DateTime(timezone=True)),
    sa.column("taken_out_from"),
)


def statuses(database: Database) -> dict[object, str]:
    with database.reading() as db:
        return {row.id: row.status for row in db.execute(sa.select(PARTICIPANT.c.id, PARTICIPANT.c.status))}


def test_enrolments_stay_and_whoever_was_taken_out_has_their_status_again(first_version: Database) -> None:
    before = revision_before(first_version, "0042")
    migrate(first_version, before)
    rows = statuses(first_version)
    invited = next(key for key, status in rows.items() if status == "invited")
    joined = next(key for key, status in rows.items() if status not in ("invited", "completed"))
    out = sa.update(PARTICIPANT).where(PARTICIPANT.c.id.in_([invited, joined]))
    with pytest.raises(sa.exc.IntegrityError), first_version.transaction() as db:
        db.execute(out.values(status="taken_out"))
    migrate(first_version, "0042")
    assert statuses(first_version) == rows
    with first_version.transaction() as db:
        at = dt.datetime(2026, 10, 1, 9, 30, tzinfo=dt.UTC)
        db.execute(out.values(taken_out_from=PARTICIPANT.c.status, taken_out_at=at, status="taken_out"))
    command.downgrade(_alembic(first_version), before)
    assert statuses(first_version) == rows | {invited: "invited", joined: "onboarded"}
