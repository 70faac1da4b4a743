"""0046 on a database in use: every delivery is known by the same key, and none is enqueued twice."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic import command

from lti_tool.database import Database
from lti_tool.migrations import _alembic, migrate
from tests.migrations.revisions import revision_before
from tests.migrations.test_columns_in_use import reflected, rows_of

NEW = "0046"


def test_the_keys_stand_beside_the_bodies(first_version: Database) -> None:
    before = revision_before(first_version, NEW)
    migrate(first_version, before)
    deliveries, bodies = rows_of(first_version, "delivery"), rows_of(first_version, "delivery_body")
    assert len(deliveries) == len(bodies) > 10
    migrate(first_version, NEW)
    assert rows_of(first_version, "delivery") == deliveries
    beside = rows_of(first_version, "delivery_body")
    named = [{name: row.pop(name) for name in ("key", "receiver")} for row in beside]
    assert beside == bodies
    assert named == [{name: row[name] for name in ("key", "receiver")} for row in deliveries]
    refuse_a_second_one(first_version, "delivery_body")
    command.downgrade(_alembic(first_version), before)
    assert (rows_of(first_version, "delivery"), rows_of(first_version, "delivery_body")) == (
        deliveries,
        bodies,
    )
    refuse_a_second_one(first_version, "delivery")


def refuse_a_second_one(database: Database, table: str) -> None:
    """The table takes no other row with the key and the receiver of its first."""
    found = reflected(database)[table]
    [number] = found.primary_key
    with database.reading() as db:
        first = dict(db.execute(sa.select(found).order_by(number).limit(1)).mappings().one())
    same = {name: first[name] for name in ("key", "receiver")}
    second = sa.update(found).where(number > first[number.name]).values(same)
    with pytest.raises(sa.exc.IntegrityError), database.transaction() as db:
        db.execute(second)
