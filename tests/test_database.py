"""The database file itself, and what a transaction keeps."""

from __future__ import annotations

import os
import sqlite3
import stat
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from lti_tool.compiled_statement import CompiledStatement, DriverConnection
from lti_tool.composition.services import Services
from lti_tool.database import Database, utcnow
from lti_tool.identity.models import Organisation
from tests.commits import waits_for_disk
from tests.databases import sqlalchemy_url


@pytest.fixture
def open_umask() -> Iterator[None]:
    """A umask that hides nothing."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_a_new_file_is_for_its_user_alone(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    with database.transaction() as db:
        db.execute(sa.text("CREATE TABLE t (x)"))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    database.dispose()
    assert set(modes) >= {"new.db", "new.db-wal"}
    assert set(modes.values()) == {0o600}


@pytest.mark.usefixtures("open_umask")
def test_a_file_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    path.touch(mode=0o640)
    database = Database(f"sqlite:///{path}")
    with database.transaction() as db:
        db.execute(sa.text("CREATE TABLE t (x)"))
    database.dispose()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_connection_in_use_at_the_disposal_is_closed_when_it_is_given_back(database_url: str) -> None:
    database = Database(database_url)
    with database.reading_connection() as connection:
        driver = connection.connection.dbapi_connection
        database.dispose()
        assert connection.scalar(sa.text("SELECT 1")) == 1
    assert is_closed(driver)
    with database.reading_connection() as connection:
        kept = connection.connection.dbapi_connection
    assert not is_closed(kept)
    database.dispose()
    assert is_closed(kept)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with a table of its own."""
    database = Database(database_url)
    with database.transaction() as db:
        db.execute(sa.text("CREATE TABLE quick (x INTEGER PRIMARY KEY)"))
    yield database
    with database.transaction() as db:
        db.execute(sa.text("DROP TABLE quick"))
    database.dispose()


QUICK = sa.table("quick", sa.column("x", sa.Integer))


def insert(connection: DriverConnection, x: int) -> None:
    CompiledStatement(sa.insert(QUICK), connection.dialect, ["x"]).execute(connection, {"x": x})


def count(database: Database) -> int:
    with database.reading() as db:
        return db.scalar(sa.select(sa.func.count()).select_from(QUICK)) or 0


def test_a_quick_write_is_kept(database: Database) -> None:
    with database.quick_write() as connection:
        insert(connection, 1)
    assert count(database) == 1


def test_a_quick_write_that_fails_is_not_kept_and_the_next_one_is(database: Database) -> None:
    with database.quick_write() as connection:
        insert(connection, 1)
    with pytest.raises(sa.exc.IntegrityError), database.quick_write() as connection:
        insert(connection, 1)
    with database.quick_write() as connection:
        insert(connection, 2)
    assert count(database) == 2


def test_every_transaction_waits_for_the_disk_but_one_that_need_not(database: Database) -> None:
    """Whatever the connection of the pool was used for before."""
    with waits_for_disk(database) as waits:
        for needed in (True, False, True):
            with database.transaction(waits_for_disk=needed) as db:
                db.add(Organisation(name=str(uuid.uuid4())))
        with database.quick_write() as connection:
            insert(connection, 1)
        with database.writing_connection() as connection:
            insert(connection, 2)
    assert waits == [True, False, True, True]


def test_transactions_after_a_quick_write_are_rolled_back_as_ever(database: Database) -> None:
    with database.quick_write() as connection:
        insert(connection, 1)
    with database.reading() as db:
        db.execute(sa.insert(QUICK).values(x=2))
    assert count(database) == 1


def test_a_quick_write_in_sqlite_is_one_transaction(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    with database.transaction() as db:
        db.execute(sa.text("CREATE TABLE quick (x INTEGER PRIMARY KEY)"))
    with suppress(ZeroDivisionError), database.quick_write() as connection:
        insert(connection, 1)
        _ = 1 // 0
    assert count(database) == 0
    database.dispose()


@pytest.fixture
def postgresql_url(postgresql_server: str, postgresql_database: str) -> str:
    """The URL of the one PostgreSQL database of the tests."""
    del postgresql_database
    return sqlalchemy_url(postgresql_server, "tests")


def test_connections_whose_server_has_gone_are_replaced_before_their_next_use(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    with database.reading_connection() as one, database.reading_connection() as other:
        processes = [connection.scalar(sa.text("SELECT pg_backend_pid()")) for connection in (one, other)]
    with psycopg.connect(postgresql_url.replace("+psycopg", ""), autocommit=True) as operator:
        for process in processes:
            operator.execute("SELECT pg_terminate_backend(%s, 5000)", [process])
    for use in (database.quick_write, database.reading_connection):
        with use() as connection:
            driver: Any = connection.connection.dbapi_connection
            assert driver.execute("SELECT pg_backend_pid()").fetchone()[0] not in processes
    database.dispose()


def test_a_connection_that_dies_in_a_quick_write_is_not_used_again(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    with suppress(psycopg.OperationalError), database.quick_write() as connection:
        driver: Any = connection.connection.dbapi_connection
        driver.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    with database.quick_write() as connection:
        driver = connection.connection.dbapi_connection
        assert driver.execute("SELECT 1").fetchone() == (1,)
    database.dispose()


def is_closed(driver: Any) -> bool:
    """Whether a driver's connection is closed; sqlite3 has no name for it."""
    if isinstance(driver, sqlite3.Connection):
        try:
            driver.execute("SELECT 1")
        except sqlite3.ProgrammingError:
            return True
        return False
    return bool(driver.closed)


def company(name: str) -> Organisation:
    return Organisation(id=uuid.uuid4(), name=name)


def names(database: Database) -> set[str]:
    with database.reading() as db:
        return set(db.scalars(sa.select(Organisation.name)))


def test_what_a_session_has_not_written_is_written_at_the_end(services: Services) -> None:
    with services.database.transaction() as db:
        db.add(company("Example"))
    assert names(services.database) == {"Example"}


def test_what_raises_leaves_nothing(services: Services) -> None:
    def fail() -> None:
        with services.database.transaction() as db:
            db.add(company("Example"))
            db.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert names(services.database) == set()


def test_an_error_that_is_caught_keeps_the_whole_transaction_from_being_committed(services: Services) -> None:
    def go_on_after_an_error() -> None:
        with services.database.transaction() as db:
            db.add(company("Example"))
            db.flush()
            db.add(company("Example"))
            with suppress(sa.exc.IntegrityError):
                db.flush()

    with pytest.raises(sa.exc.InvalidRequestError):
        go_on_after_an_error()
    assert names(services.database) == set()


def test_a_transaction_within_another_is_part_of_it(services: Services) -> None:
    def fail() -> None:
        with services.database.writing_connection() as connection:
            with services.database.transaction(within=connection) as db:
                db.add(company("Example"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert names(services.database) == set()


def test_what_raises_within_another_undoes_that_too(services: Services) -> None:
    def go_on_after_an_error() -> None:
        with services.database.writing_connection() as connection:
            connection.execute(
                sa.insert(Organisation).values(id=uuid.uuid4(), name="Example", created_at=utcnow())
            )
            with suppress(ZeroDivisionError), services.database.transaction(within=connection) as db:
                db.add(company("Another"))
                db.flush()
                raise ZeroDivisionError

    go_on_after_an_error()
    assert names(services.database) == set()
