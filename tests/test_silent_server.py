"""A PostgreSQL on another machine that answers nothing any more, not even that it ends, is given up within a minute.

That packets get lost cannot be provoked without rights over the machine's network: what the kernel was told is read.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from unittest.mock import ANY

import pytest
import sqlalchemy as sa

from lti_tool.config import Config
from lti_tool.database import Database
from lti_tool.demo.server_thread import listen
from lti_tool.jobs.wakeups import Wakeups
from tests.messaging.ended_postgresql import ended_postgresql


@pytest.fixture(scope="module")
def url_by_network() -> Iterator[str]:
    """The URL of a database of a server that is reached by TCP."""
    with ended_postgresql() as server:
        name = sa.make_url(server.new_database()).database
        with listen(0) as free:
            port = free.getsockname()[1]
        server.end()
        server.start(port=port)
        yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/{name}"


OPTIONS = (
    socket.TCP_KEEPIDLE,
    socket.TCP_KEEPINTVL,
    socket.TCP_KEEPCNT,
    socket.TCP_USER_TIMEOUT,
)


def told(file: int) -> tuple[int, ...]:
    """What the kernel was told of a connection: whether it asks if the other end is there, when, and how often."""
    with socket.socket(fileno=os.dup(file)) as connection:
        asks = connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        return asks, *(connection.getsockopt(socket.IPPROTO_TCP, option) for option in OPTIONS)


def by_engine(database: Database, config: Config) -> tuple[int, ...]:
    with database.engine.connect() as connection:
        return told(connection.connection.dbapi_connection.fileno())


def by_wakeups(database: Database, config: Config) -> tuple[int, ...]:
    with closing(Wakeups(config, database)._connect()) as connection:
        return told(connection.fileno())


@pytest.mark.parametrize("connect", [by_engine, by_wakeups])
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", (1, 30, 10, 3, 60_000)),
        ("?keepalives_idle=5&tcp_user_timeout=1000&connect_timeout=3", (1, 5, 10, 3, 1000)),
        ("?keepalives=0&tcp_user_timeout=0", (0, ANY, ANY, ANY, 0)),
    ],
    ids=["as-it-comes", "as-the-url-says", "never"],
)
def test_a_silent_server_is_given_up(
    url_by_network: str,
    tmp_path: Path,
    connect: Callable[[Database, Config], tuple[int, ...]],
    query: str,
    expected: tuple[int, ...],
) -> None:
    url = url_by_network + query
    database = Database(url)
    config = Config(base_url="http://127.0.0.1", data_dir=tmp_path, database_url=url, secret_key="s" * 40)
    found = connect(database, config)
    database.dispose()
    assert found == expected
