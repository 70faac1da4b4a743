"""0045 on a database in use: what was counted of a missing line item, and the pauses that there are, stay."""

from __future__ import annotations

import uuid

from alembic import command

from lti_tool.database import Database
from lti_tool.migrations import _alembic, migrate
from tests.migrations.revisions import revision_before
from tests.migrations.test_columns_in_use import AT, insert, rows_of

MISSING = "missing_line_item"
PAUSE = "delivery_pause"


def test_what_was_counted_began_when_it_began(first_version: Database) -> None:
    before = revision_before(first_version, "0045")
    migrate(first_version, before)
    [registration] = rows_of(first_version, "registration")[:1]
    insert(
        first_version,
        MISSING,
        registration_id=uuid.UUID(str(registration["id"])),
        line_item_url="https://lms.example/item",
        answers=4,
        began_at=AT,
        reason="HTTP 404",
        rests_since=None,
    )
    insert(
        first_version,
        PAUSE,
        kind="score",
        receiver="r",
        part="host/item",
        until=AT,
        since=AT,
        failures=3,
        refused=False,
        reason="HTTP 404",
    )
    kept = {name: rows_of(first_version, name) for name in (MISSING, PAUSE)}
    migrate(first_version, "0045")
    [missing], [pause] = rows_of(first_version, MISSING), rows_of(first_version, PAUSE)
    assert missing.pop("counted_at") == missing["began_at"]
    assert pause.pop("missing_since") is None
    assert {MISSING: [missing], PAUSE: [pause]} == kept
    command.downgrade(_alembic(first_version), before)
    assert {name: rows_of(first_version, name) for name in (MISSING, PAUSE)} == kept
