"""0035 on a database in use: each entry of the audit gets the programme of its event, and owners stay owners."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from alembic import command

from lti_tool.database import Database
from lti_tool.migrations import _alembic, migrate
from tests.migrations.revisions import revision_before

AFTER = "0035"


def counted(database: Database, query: str) -> int:
    with database.reading() as db:
        return db.scalars(sa.text(query)).one()


def test_entries_of_the_audit_get_their_programme_there_and_back(
    first_version_at: Callable[..., Database],
) -> None:
    first_version = first_version_at(before=AFTER)
    before = revision_before(first_version, AFTER)
    with first_version.transaction() as db:
        # As the first start after an upgrade computes them.
        db.execute(sa.text("DELETE FROM audit_entry"))
        columns = "at, kind, organisation_id, cohort_id, pair_id, participant_id, acted_by_kind, acted_by_id"
        db.execute(sa.text(f"INSERT INTO audit_entry (event_id, {columns}) SELECT id, {columns} FROM event"))
    entries = counted(first_version, "SELECT count(*) FROM audit_entry")
    of_programmes = counted(first_version, "SELECT count(*) FROM event WHERE programme_id IS NOT NULL")
    owners = counted(first_version, "SELECT count(*) FROM programme_owner")
    assert entries >= of_programmes > 0
    migrate(first_version, AFTER)
    assert of_programmes == counted(
        first_version,
        "SELECT count(*) FROM audit_entry JOIN event ON event.id = audit_entry.event_id "
        "WHERE audit_entry.programme_id = event.programme_id",
    )
    assert entries == counted(first_version, "SELECT count(*) FROM audit_entry")
    # 0040: of the links that there are, nobody was asked for whom they were made.
    migrate(first_version, "0039")
    with first_version.transaction() as db:
        columns = "id, programme_id, token_hash, made_by, created_at, expires_at"
        values = "programme.id, programme.id, 'hash', person.id, programme.created_at, programme.created_at"
        tables = "programme, (SELECT id FROM person ORDER BY id LIMIT 1) AS person"
        db.execute(sa.text(f"INSERT INTO hr_link ({columns}) SELECT {values} FROM {tables} LIMIT 1"))
    migrate(first_version, "0040")
    assert counted(first_version, "SELECT count(*) FROM hr_link WHERE made_for IS NULL") == 1
    command.downgrade(_alembic(first_version), before)
    assert (entries, owners) == (
        counted(first_version, "SELECT count(*) FROM audit_entry"),
        counted(first_version, "SELECT count(*) FROM programme_owner"),
    )
