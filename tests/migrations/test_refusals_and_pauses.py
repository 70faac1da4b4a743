"""0036 and 0037 on a database in use: enrolments stay, and a pair that is on hold knows since when."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
import sqlalchemy as sa
from alembic import command

from lti_tool.database import Database
from lti_tool.migrations import _alembic, migrate
from tests.migrations.revisions import revision_before

PARTICIPANT = sa.table("participant", sa.column("id"), sa.column("status"))
PAIR = sa.table(
    "pair", sa.column("id"), sa.column("status"), sa.column("paused_at", sa.DateTime(timezone=True))
)
ENTRY = sa.table(
    "timeline_entry",
    sa.column("event_id", sa.Uuid()),
    sa.column("pair_id"),
    sa.column("kind"),
    sa.column("at", sa.DateTime(timezone=True)),
)
PAUSED_AT = dt.datetime(2026, 10, 1, 9, 30, tzinfo=dt.UTC)


def statuses(database: Database) -> dict[object, str]:
    with database.reading() as db:
        return {row.id: row.status for row in db.execute(sa.select(PARTICIPANT.c.id, PARTICIPANT.c.status))}


def test_enrolments_stay_and_a_pause_has_its_day(first_version: Database) -> None:
    before = revision_before(first_version, "0036")
    migrate(first_version, before)
    rows = statuses(first_version)
    someone = next(key for key, status in rows.items() if status == "invited")
    change = sa.update(PARTICIPANT).where(PARTICIPANT.c.id == someone).values(status="refused")
    with pytest.raises(sa.exc.IntegrityError), first_version.transaction() as db:
        db.execute(change)
    with first_version.transaction() as db:
        paused = db.scalars(sa.select(PAIR.c.id)).first()
        db.execute(sa.update(PAIR).where(PAIR.c.id == paused).values(status="paused"))
        for days in (0, 30):
            at = PAUSED_AT - dt.timedelta(days=days)
            entry = {"event_id": uuid.uuid4(), "pair_id": paused, "kind": "PairPaused", "at": at}
            db.execute(sa.insert(ENTRY).values(entry))
    migrate(first_version, "0037")
    assert statuses(first_version) == rows
    with first_version.transaction() as db:
        found = {row.id: row.paused_at for row in db.execute(sa.select(PAIR.c.id, PAIR.c.paused_at))}
        [known] = [each for each in found.values() if each is not None]
        assert (found[paused], known.replace(tzinfo=dt.UTC)) == (known, PAUSED_AT)
        db.execute(change)
    command.downgrade(_alembic(first_version), before)
    assert statuses(first_version) == rows
