"""0036 on a database in use: every enrolment stays, and whoever refused goes back as somebody who was invited."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic import command

from lti_tool.database import Database
from lti_tool.migrations import _alembic, migrate
from tests.migrations.revisions import revision_before

AFTER = "0036"
PARTICIPANT = sa.table("participant", sa.column("id"), sa.column("status"))


def statuses(database: Database) -> dict[object, str]:
    with database.reading() as db:
        return {row.id: row.status for row in db.execute(sa.select(PARTICIPANT.c.id, PARTICIPANT.c.status))}


def test_every_enrolment_stays_there_and_back(first_version: Database) -> None:
    before = revision_before(first_version, AFTER)
    migrate(first_version, before)
    rows = statuses(first_version)
    someone = next(key for key, status in rows.items() if status == "invited")
    change = sa.update(PARTICIPANT).where(PARTICIPANT.c.id == someone).values(status="refused")
    with pytest.raises(sa.exc.IntegrityError), first_version.transaction() as db:
        db.execute(change)
    migrate(first_version, AFTER)
    assert statuses(first_version) == rows
    with first_version.transaction() as db:
        db.execute(change)
    command.downgrade(_alembic(first_version), before)
    assert statuses(first_version) == rows
