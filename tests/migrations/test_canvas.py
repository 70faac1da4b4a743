"""0013 on a database in use: registrations of Canvas ask for tokens with the audience that Canvas takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from lti_tool.database import Database
from lti_tool.migrations import _alembic, migrate
from tests.databases import KeptCopies
from tests.migrations.revisions import revision_before

AFTER = "0013"
TOKEN = "https://sso.canvaslms.com/login/oauth2/token"
INSERT = (
    "INSERT INTO registration (id, issuer, client_id, auth_login_url, auth_token_url, token_audience, jwks_url,"
    " platform_family, actor_account, service_hosts, frame_origins, created_at) VALUES (:id, :issuer, :client_id,"
    " 'https://x/auth', :token, :audience, 'https://x/jwks', :family, 'opaque', '[]', '[]', :at)"
)


@pytest.fixture
def before(empty_database_url: str, kept_copies: KeptCopies) -> Iterator[Database]:
    database = Database(empty_database_url)

    def make() -> None:
        migrate(database, revision_before(database, AFTER))
        database.dispose()

    kept_copies.copy_to(empty_database_url, "before_canvas", make)
    yield database
    database.dispose()


def insert(database: Database, **changes: Any) -> None:
    row = {
        "id": "a" * 32,
        "issuer": "https://canvas.instructure.com",
        "client_id": "10000000000001",
        "token": TOKEN,
        "audience": "canvas.instructure.com",
        "family": "canvas",
        "at": "2026-01-01 00:00:00",
    }
    with database.transaction() as db:
        db.execute(sa.text(INSERT), row | changes)


def audiences(database: Database) -> list[str | None]:
    with database.reading() as db:
        return list(db.scalars(sa.text("SELECT token_audience FROM registration ORDER BY created_at")))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"family": None},
        {"issuer": "https://canvas.school.example", "audience": "canvas.school.example"},
    ],
    ids=["hosted", "hosted, its family not noted", "run by a school"],
)
def test_a_bare_host_gives_way_to_the_token_url(before: Database, changes: dict[str, Any]) -> None:
    insert(before, **changes)
    migrate(before, AFTER)
    assert audiences(before) == [TOKEN]


@pytest.mark.parametrize(
    "changes",
    [
        {"audience": TOKEN},
        {"audience": "https://elsewhere.example/"},
        {"issuer": "https://lms.example", "family": "moodle", "audience": "lms.example"},
        {"audience": None},
    ],
    ids=["the token URL", "another address", "another product", "none"],
)
def test_any_other_audience_stays(before: Database, changes: dict[str, Any]) -> None:
    insert(before, **changes)
    found = audiences(before)
    migrate(before, AFTER)
    assert audiences(before) == found


def test_an_audience_that_another_registration_has_is_given_to_nobody_else(before: Database) -> None:
    """One of the two is not what it says: no token is asked for until somebody has looked."""
    insert(before, id="b" * 32, issuer="https://first.example", audience=TOKEN, family=None)
    insert(before, at="2026-01-02 00:00:00")
    migrate(before, AFTER)
    assert audiences(before) == [TOKEN, None]


def test_of_two_with_the_same_host_the_older_one_gets_the_token_url(before: Database) -> None:
    insert(before)
    insert(
        before,
        id="b" * 32,
        issuer="https://canvas.test.instructure.com",
        audience="canvas.test.instructure.com",
        at="2026-01-02 00:00:00",
    )
    migrate(before, AFTER)
    assert audiences(before) == [TOKEN, None]


def test_sessions_and_attempts_go_on_and_the_downgrade_takes_the_columns_away(
    first_version: Database,
) -> None:
    migrate(first_version, AFTER)
    with first_version.reading() as db:
        assert set(db.scalars(sa.text("SELECT is_test_user FROM launch_session"))) in ({False}, {0})
    command.downgrade(_alembic(first_version), "-1")
    columns = sa.inspect(first_version.engine).get_columns("launch_session")
    assert "is_test_user" not in {column["name"] for column in columns}
