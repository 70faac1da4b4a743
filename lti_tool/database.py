"""The database: the declarative base, the engine, and the only place that commits.

SQLite (the default) and PostgreSQL run the same code. The SQLite driver's own transaction handling starts a transaction
late and never a *writing* one, so two writers deadlock on the upgrade of their locks; every writing transaction
therefore begins with ``BEGIN IMMEDIATE``
(https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#serializable-isolation-savepoints-transactional-ddl).
"""

from __future__ import annotations

import datetime as dt
import os
import select
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, ClassVar, Final, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from lti_tool.column_types import UtcDateTime

NAMING_CONVENTION = {
    "ix": "ix__%(table_name)s__%(column_0_N_name)s",
    "uq": "uq__%(table_name)s__%(column_0_N_name)s",
    "ck": "ck__%(table_name)s__%(constraint_name)s",
    "fk": "fk__%(table_name)s__%(column_0_N_name)s__%(referred_table_name)s",
    "pk": "pk__%(table_name)s",
}


ASKED_AFTER: Final = 1.0
"""Seconds after its last use that a connection to PostgreSQL is asked whether it is still there."""

_TIMEOUTS: Final = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
"""Seconds, the last one milliseconds, after which a server is given up that sends nothing any more, not even that it
ends, as behind a network that has failed; TCP as it comes waits for a quarter of an hour, or for ever. One that is busy
answers all of this.
https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
"""

OUT_OF_ORDER: Final = (
    sa.exc.OperationalError,
    sa.exc.InterfaceError,
    sa.exc.InternalError,
    sa.exc.TimeoutError,
)
"""What the database raises when it cannot read or write at all, whatever the values are."""

Insert = sqlite.Insert | postgresql.Insert
"""An INSERT that takes ``ON CONFLICT``. SQLAlchemy writes it per dialect; the two agree in all that is used here."""


class Base(DeclarativeBase):
    """The base of every table, with named constraints, so that migrations can name what they change."""

    metadata = sa.MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        dt.datetime: UtcDateTime(),
        uuid.UUID: sa.Uuid(),
        dict[str, Any]: sa.JSON(),
        list[str]: sa.JSON(),
        list[int]: sa.JSON(),
    }


def one_of(column: str, values: type[Any]) -> sa.CheckConstraint:
    """A named check that ``column`` holds one of a :class:`enum.StrEnum`'s values."""
    listed = ", ".join(f"'{value.value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def utcnow() -> dt.datetime:
    """The present moment, aware, in UTC, with microseconds."""
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, slots=True)
class QuickConnection:
    """What :meth:`Database.quick_write` runs compiled statements on."""

    engine: Engine
    connection: PoolProxiedConnection

    @property
    def dialect(self) -> sa.Dialect:
        """The dialect of the database."""
        return self.engine.dialect


class Database:
    """One engine and its transactions. Connects at first use, never when it is made."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        """Prepare an engine for ``url`` (``sqlite:///path`` or ``postgresql+psycopg://…``)."""
        self.url = sa.make_url(url)
        # Parameters hold states, names and keys, and the text of an error goes to the log: they stay out of it.
        # The connection that was used last is used next: SQLite has its pages in memory, PostgreSQL its plans.
        self.engine: Engine
        if self.is_sqlite:
            self.engine = sa.create_engine(
                self.url,
                connect_args={"timeout": 30, "check_same_thread": False},
                pool_use_lifo=True,
                hide_parameters=True,
            )
            sa.event.listen(self.engine, "do_connect", _make_private)
            sa.event.listen(self.engine, "connect", _prepare_sqlite_connection)
            sa.event.listen(self.engine, "begin", _begin_sqlite_transaction)
        else:
            self.engine = sa.create_engine(
                self.url,
                connect_args=timeouts(self.url),
                pool_size=pool_size,
                pool_use_lifo=True,
                hide_parameters=True,
            )
            sa.event.listen(self.engine, "checkout", self._require_alive)
        self._disposals = 0
        sa.event.listen(self.engine, "connect", self._note_disposals)
        sa.event.listen(self.engine, "checkin", self._close_if_disposed)
        self._writing = self.engine.execution_options(tandem_writes=True)
        self._writing_without_waiting = self.engine.execution_options(
            tandem_writes=True, tandem_waits_for_disk=False
        )
        # Not isolation_level on SQLite: SQLAlchemy would then set the driver's own, which begins transactions late.
        options = {} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        self._reading_once = self.engine.execution_options(tandem_begins=False, **options)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite, which has one writer at a time."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def transaction(
        self, *, within: Connection | None = None, waits_for_disk: bool = True
    ) -> Iterator[Session]:
        """A writing transaction: committed when the block ends, rolled back whole when it raises.

        Nothing is ever sent over the network inside one: what must be sent is written to the outbox. ``within``: a
        :meth:`writing_connection` whose transaction this joins, and which then commits. ``waits_for_disk``: whether
        what is committed outlasts a power cut, and on PostgreSQL a crash of its server; False where it is merely done
        again. It outlasts a crash of this process in any case.
        https://www.sqlite.org/pragma.html#pragma_synchronous https://www.postgresql.org/docs/current/wal-async-commit.html
        """
        if within is not None:
            with _session_on(within) as db, db.begin():
                yield db
            return
        writing = self._writing if waits_for_disk else self._writing_without_waiting
        with writing.begin() as connection, _session_on(connection) as db:
            if not (waits_for_disk or self.is_sqlite):
                connection.exec_driver_sql("SET LOCAL synchronous_commit TO OFF")
            yield db
            db.flush()
            if not connection.in_transaction():
                raise sa.exc.InvalidRequestError("an error that was caught has rolled the transaction back")

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that only reads; whatever is changed inside it is rolled back."""
        with Session(self.engine, expire_on_commit=False) as db:
            yield db

    @contextmanager
    def reading_once(self) -> Iterator[Session]:
        """For one SELECT, outside any transaction: nothing is begun, so that nothing has to be ended."""
        with Session(self._reading_once, expire_on_commit=False) as db:
            yield db

    def reading_once_connection(self) -> AbstractContextManager[Connection]:
        """The same as :meth:`reading_once` without the work of an ORM session."""
        return self._reading_once.connect()

    def writing_connection(self) -> AbstractContextManager[Connection]:
        """A :meth:`transaction` without the work of an ORM session, for statements that need no objects."""
        return self._writing.begin()

    def reading_connection(self) -> AbstractContextManager[Connection]:
        """The same of :meth:`reading`."""
        return self.engine.connect()

    @contextmanager
    def quick_write(self) -> Iterator[QuickConnection]:
        """For the launches that come most often: compiled statements alone, and at most one that writes on PostgreSQL.

        On SQLite this is a writing transaction that does not wait for the disk: after a power cut whoever launched
        launches again. On PostgreSQL every statement commits by itself, which spares the two round trips of BEGIN and
        COMMIT, so that what belongs together has to be one statement. Either costs half of what a
        :meth:`writing_connection` does.
        """
        pooled = self.engine.raw_connection()
        try:
            driver: Any = pooled.dbapi_connection
            if self.is_sqlite:
                _begin_writing_on_sqlite(driver, waits_for_disk=False)
                yield QuickConnection(self.engine, pooled)
                _execute_on_sqlite(driver, "COMMIT")
            else:
                driver.autocommit = True
                try:
                    yield QuickConnection(self.engine, pooled)
                finally:
                    self._end_autocommit(pooled)
        finally:
            pooled.close()  # which rolls back what was not committed

    def _end_autocommit(self, pooled: PoolProxiedConnection) -> None:
        try:
            driver: Any = pooled.dbapi_connection
            driver.autocommit = False
        except self.engine.dialect.loaded_dbapi.Error as error:  # the server has closed it
            pooled.invalidate(error)

    def dispose(self) -> None:
        """Close every pooled connection now, and one that a thread still uses when it is given back.

        SQLAlchemy leaves the latter open, in a pool that nobody has any more.
        """
        self._disposals += 1
        self.engine.dispose()

    def _require_alive(self, driver: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        """Have a connection replaced whose server has gone; then all others that the pool holds are, too.

        SQLAlchemy's ``pool_pre_ping`` asks the server each time, which costs a launch as much as one of its statements.
        A connection that was used within the last second, and on which the server has said nothing since, is alive: a
        server that ends closes its connections, which is something to read.
        """
        if time.monotonic() - record.info.get("returned_at", 0.0) < ASKED_AFTER and not _is_readable(driver):
            return
        dialect = self.engine.dialect
        try:
            dialect.do_ping(driver)
        except dialect.loaded_dbapi.Error:
            raise sa.exc.InvalidatePoolError from None

    def _note_disposals(self, _connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["disposals"] = self._disposals

    def _close_if_disposed(self, _connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["returned_at"] = time.monotonic()
        if record.info.get("disposals") != self._disposals:
            record.invalidate()


def timeouts(url: sa.URL) -> dict[str, int]:
    """The parameters by which PostgreSQL's driver gives up a server, without those that the URL has."""
    return {name: value for name, value in _TIMEOUTS.items() if name not in url.query}


def _is_readable(driver: Any) -> bool:
    """Whether the server has sent anything on this connection that nobody asked for, its end included."""
    poll = select.poll()
    poll.register(driver.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _session_on(connection: Connection) -> Session:
    """A session in the transaction of a connection: it can roll it back, and whoever began it commits."""
    db = Session(connection, expire_on_commit=False, join_transaction_mode="rollback_only")
    db.info[_CONNECTION] = connection
    return db


def _make_private(_dialect: Any, _record: Any, arguments: Any, _options: Any) -> None:
    """Make a new database file for this user's eyes alone, whatever the umask; SQLite's other files follow it."""
    path = arguments[0]
    with suppress(OSError):  # the driver says what is wrong with the path
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _prepare_sqlite_connection(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the "begin" listener below starts transactions instead
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite_transaction(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("tandem_begins", True):
        return
    # On the driver's own connection: every request begins transactions, and SQLAlchemy's way costs ten times as much.
    driver = connection.connection.dbapi_connection
    if options.get("tandem_writes", False):
        _begin_writing_on_sqlite(driver, waits_for_disk=options.get("tandem_waits_for_disk", True))
    else:
        _execute_on_sqlite(driver, "BEGIN")


def _begin_writing_on_sqlite(driver: Any, *, waits_for_disk: bool) -> None:
    # Each time: a connection of the pool has what the transaction before it needed, and inside one nothing changes it.
    _execute_on_sqlite(driver, f"PRAGMA synchronous={'FULL' if waits_for_disk else 'NORMAL'}")
    _execute_on_sqlite(driver, "BEGIN IMMEDIATE")


def _execute_on_sqlite(driver: Any, statement: str) -> None:
    try:
        driver.execute(statement)
    except sqlite3.OperationalError as error:
        raise sa.exc.OperationalError(statement, None, error) from error


LOCK_ROW: Final[dict[str, Any]] = {"key_share": True}
"""The options of ``with_for_update`` that lock a row for changes of its own (FOR NO KEY UPDATE on PostgreSQL).

FOR UPDATE would also wait for whoever inserts a row that refers to it, and two of those would wait for each other.
"""


def is_missing_reference(error: sa.exc.IntegrityError) -> bool:
    """Whether a row was refused because one that it refers to does not exist (any more)."""
    names = (getattr(error.orig, "sqlstate", None), getattr(error.orig, "sqlite_errorname", None))
    return names[0] == "23503" or names[1] == "SQLITE_CONSTRAINT_FOREIGNKEY"


_CONNECTION: Final = "connection"
"""The key in ``Session.info`` of what :func:`connection_of` has found."""


def connection_of(db: Session) -> Connection:
    """The connection of a session's transaction, for statements that the session does not run itself.

    What was changed in the session and is not written yet is written first, as the session itself would do. A session
    has one transaction (:meth:`Database.transaction`, :meth:`Database.reading`), and so one connection.
    """
    db.flush()
    connection: Connection | None = db.info.get(_CONNECTION)
    if connection is None:
        connection = db.info[_CONNECTION] = db.connection()
    return connection


def table_of(mapped: Any) -> sa.Table:
    """The table of a mapped class, for statements that need no objects."""
    return cast(sa.Table, mapped.__table__)


def insert_for(db: Session, table: Any) -> Insert:
    """An INSERT into ``table`` (a mapped class or a table) that takes ``on_conflict_…`` on this database."""
    return insert_in(db.get_bind().dialect.name, table)


def insert_in(dialect: str, table: Any) -> Insert:
    """The same, for a dialect by name."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def upsert_in(dialect: str, table: sa.Table) -> Insert:
    """An INSERT of whole rows, each of which replaces the one with its primary key, if there is any."""
    insert = insert_in(dialect, table)
    key = [column.name for column in table.primary_key]
    changes = {column.name: insert.excluded[column.name] for column in table.c if column.name not in key}
    return insert.on_conflict_do_update(index_elements=key, set_=changes)
