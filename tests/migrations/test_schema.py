"""The migrations, on both databases: from nothing to the newest and back, and in turn when two start at once."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import lti_tool
from lti_tool.column_types import UtcDateTime
from lti_tool.database import Base, Database, utcnow
from lti_tool.lti.registration.models import Invitation
from lti_tool.migrations import _alembic, is_current, migrate, revisions
from tests.databases import KeptCopies

STARTS = 2
MIGRATE = (
    "import sys; from lti_tool.database import Database; from lti_tool.migrations import migrate; "
    "print('ready', flush=True); sys.stdin.readline(); migrate(Database(sys.argv[1]))"
)
"""A process that is ready, waits for a line, and migrates."""


@pytest.fixture
def database(empty_database_url: str) -> Iterator[Database]:
    """A database without a single table."""
    database = Database(empty_database_url)
    yield database
    database.dispose()


@pytest.fixture
def migrated(database: Database, kept_copies: KeptCopies) -> Database:
    """The same with every migration applied, once for each kind; then it is copied."""

    def make() -> None:
        migrate(database)
        database.dispose()

    kept_copies.copy_to(database.url.render_as_string(hide_password=False), "migrated_here", make)
    return database


@pytest.fixture
def downgraded(database: Database, kept_copies: KeptCopies) -> Database:
    """The same with every migration applied and taken back."""

    def make() -> None:
        migrate(database)
        downgrade(database)
        database.dispose()

    kept_copies.copy_to(database.url.render_as_string(hide_password=False), "downgraded", make)
    return database


def tables(database: Database) -> set[str]:
    return set(sa.inspect(database.engine).get_table_names())


def downgrade(database: Database) -> None:
    command.downgrade(_alembic(database), "base")


def same_type(
    _context: Any, _inspected: Any, _metadata: Any, _found: sa.types.TypeEngine[Any], wanted: Any
) -> bool | None:
    """None lets Alembic compare; our own column type is judged by what it is in the database."""
    return False if isinstance(wanted, UtcDateTime) and isinstance(_found, sa.DateTime) else None


def differences(database: Database) -> list[Any]:
    """What Alembic would still have to change for the tables to be those of the models."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": same_type, "target_metadata": Base.metadata}
        )
        return compare_metadata(context, Base.metadata)


def checks(database: Database) -> set[str]:
    """The names of all check constraints, which Alembic does not compare."""
    inspector = sa.inspect(database.engine)
    return {
        str(check["name"])
        for table in inspector.get_table_names()
        for check in inspector.get_check_constraints(table)
    }


def test_an_empty_database_is_not_current(database):
    assert not is_current(database)


def test_migrating_an_empty_database_makes_it_current(migrated):
    assert is_current(migrated)


def test_the_migrations_are_in_the_order_that_alembic_finds(database):
    scripts = ScriptDirectory.from_config(_alembic(database))
    assert [script.revision for script in scripts.walk_revisions()] == list(reversed(revisions()))


def test_a_current_database_is_not_looked_into_by_alembic(migrated, monkeypatch):
    def fail(*_arguments: object) -> None:
        raise AssertionError("Alembic was asked")

    monkeypatch.setattr(command, "upgrade", fail)
    migrate(migrated)


def test_migrating_makes_every_table_of_the_models(migrated):
    assert tables(migrated) == {*Base.metadata.tables, "alembic_version"}


def test_the_migrated_tables_are_those_of_the_models(migrated):
    assert differences(migrated) == []


def test_the_migrated_checks_are_those_of_the_models(migrated):
    modelled = {
        str(constraint.name)
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, sa.CheckConstraint)
    }
    assert checks(migrated) == modelled


def test_every_module_of_models_is_given_to_alembic():
    """A test of another one imports some of them, so that the tables of a missing one may be there all the same."""
    root = Path(lti_tool.__file__).parent
    modules = {
        ".".join(path.relative_to(root.parent).with_suffix("").parts) for path in root.rglob("*models.py")
    }
    imported = {
        f"{node.module}.{alias.name}"
        for node in ast.walk(ast.parse((root / "migrations" / "env.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert modules - imported == set()


def test_a_missing_column_would_be_noticed(migrated):
    with migrated.transaction() as db:
        db.execute(sa.text("ALTER TABLE person DROP COLUMN email"))
    assert [(change[0], change[3].name) for change in differences(migrated)] == [("add_column", "email")]


def test_downgrading_leaves_no_table(downgraded):
    assert tables(downgraded) == {"alembic_version"}


def test_a_downgraded_database_is_not_current(downgraded):
    assert not is_current(downgraded)


def test_a_downgraded_database_can_be_migrated_again(downgraded):
    migrate(downgraded)
    assert differences(downgraded) == []


def test_migrating_twice_keeps_what_is_stored(migrated):
    with migrated.transaction() as db:
        db.add(Invitation(token_hash="kept", expires_at=utcnow()))
    migrate(migrated)
    with migrated.reading() as db:
        assert db.scalars(sa.select(Invitation.token_hash)).all() == ["kept"]


def migrate_in_two_processes(url: str) -> list[int]:
    """Migrate in two processes that start to do so at the same moment; their exit codes."""
    starting = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(STARTS)
    ]
    for process in starting:
        assert process.stdout is not None
        process.stdout.readline()
    for process in starting:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in starting:
        process.communicate(timeout=120)
    return [process.returncode for process in starting]


def test_two_processes_that_migrate_at_once_take_turns(database, empty_database_url):
    assert migrate_in_two_processes(empty_database_url) == [0] * STARTS
    assert differences(database) == []


def test_of_registrations_that_ask_for_the_same_tokens_only_the_oldest_goes_on(database):
    """One of the two was made to use the other's tokens: an operator has to look."""
    migrate(database, "0001")
    insert = (
        "INSERT INTO registration (id, issuer, client_id, auth_login_url, auth_token_url, auth_audience, jwks_url,"
        " frame_origins, created_at) VALUES (:id, :issuer, 'client', 'https://x/auth', :token, :audience, 'https://x/jwks',"
        " '[]', :at)"
    )
    rows = [
        ("a" * 32, "https://first.example", "https://first.example/token", None, "2026-01-01 00:00:00"),
        ("b" * 32, "https://evil.example", "https://first.example/token", None, "2026-01-02 00:00:00"),
        (
            "c" * 32,
            "https://sly.example",
            "https://sly.example/token",
            "https://first.example/token",
            "2026-01-03",
        ),
        (
            "d" * 32,
            "https://other.example",
            "https://other.example/token",
            "https://other.example/",
            "2026-01-04",
        ),
    ]
    with database.transaction() as db:
        for identity, issuer, token, audience, at in rows:
            db.execute(
                sa.text(insert),
                {"id": identity, "issuer": issuer, "token": token, "audience": audience, "at": at},
            )
    migrate(database)
    with database.reading() as db:
        audiences = dict(db.execute(sa.text("SELECT issuer, token_audience FROM registration")).all())
    assert audiences == {
        "https://first.example": "https://first.example/token",
        "https://evil.example": None,
        "https://sly.example": None,
        "https://other.example": "https://other.example/",
    }
