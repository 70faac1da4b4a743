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

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import Database, utcnow
from lti_tool.identity.models import Organisation


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
