"""Wake-ups between processes and the clock of the schedule, both by huey (https://huey.readthedocs.io/en/latest/).

Job rows are the truth, because huey loses a task whose consumer is killed. A wake-up that is lost costs the time until
the next sweep of :mod:`lti_tool.jobs.runner`. On PostgreSQL huey keeps its tables in the tool's database, with
:data:`TABLE_PREFIX`, and listens for notifications; with SQLite it has a file of its own in the data folder, since it
locks the whole file for each write.
"""

from __future__ import annotations

import functools
import os
import threading
import uuid
from collections.abc import Callable
from typing import Any, Final

import psycopg
import sqlalchemy as sa
import structlog
from huey import Huey, PostgresHuey, SqliteHuey
from huey.consumer import Consumer, Scheduler
from huey.registry import Message
from huey.serializer import Serializer

from lti_tool.config import Config
from lti_tool.database import Database, timeouts

QUEUE: Final = "jobs"
TABLE_PREFIX: Final = "tandem_huey"
FILE_NAME: Final = "huey.db"
MAX_PENDING: Final = 100
"""Wake-ups kept while no worker runs: one is enough, a few more do no harm."""
LONGEST_POLL_SECONDS: Final = 0.5
"""How long a wake-up may wait in SQLite's file; PostgreSQL notifies at once."""
LOCK_SECONDS: Final = 1.0
"""How long a page waits for SQLite's file at most: a lost wake-up costs little."""
TICK_SECONDS: Final = 10
"""How often huey's scheduler wakes up; it looks at the schedule every minute."""
STOP_SECONDS: Final = 2.0
_TABLES_LOCK: Final = 0x74616E34

_log = structlog.get_logger(__name__)


class Wakeups:
    """Sends wake-ups to every process that listens, and calls the clock of this one."""

    def __init__(self, config: Config, database: Database) -> None:
        self._path = config.data_dir / FILE_NAME
        self._database = database
        self._lock = threading.Lock()
        self._sender: tuple[Huey, Callable[[], object]] | None = None
        self._consumer: Consumer | None = None
        self._wake_here: Callable[[], None] | None = None

    def wake_here(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` for each wake-up that this process sends itself: its own runner need not wait for huey."""
        self._wake_here = wake

    def send(self) -> None:
        """Wake a process that runs jobs. Called after the commit that asked for one; never raises."""
        if self._wake_here is not None:
            self._wake_here()
        with self._lock:
            try:
                if self._sender is None:
                    huey = self._make_huey()
                    self._sender = huey, _register(huey, "wake", lambda: None)
                huey, wake = self._sender
                if huey.storage.queue_size() < MAX_PENDING:
                    wake()
                # Wake-ups are rare: no connection is kept for the next one.
                huey.storage.close()
            except Exception as error:
                _log.warning("wake_up_lost", problem=f"{type(error).__name__}: {error}")

    def listen(
        self, wake: Callable[[], None], is_scheduler: Callable[[], bool], tick: Callable[[], None]
    ) -> None:
        """Call ``wake`` for each wake-up that arrives here, in a thread, and return at once.

        Every minute ``is_scheduler`` is asked whether this process keeps the schedule; the one that does has ``tick``
        called in one of the processes that listen.
        """
        self.wake_here(wake)
        huey = self._make_huey()
        _register(huey, "wake", wake)
        _register(huey, "tick", tick, periodic=True)
        # Only the thread that listens can close its own connection.
        huey.on_shutdown("close")(huey.storage.close)
        self._consumer = _EmbeddedConsumer(huey, is_scheduler)
        self._consumer.start()

    def stop(self) -> None:
        """Stop listening, within a few seconds."""
        if self._consumer is not None:
            self._consumer.stop(graceful=True)
            self._consumer.huey.storage.close()
            self._consumer = None

    def _make_huey(self) -> Huey:
        options: dict[str, Any] = {
            "results": False,
            "serializer": _NameSerializer(),
            "create_tables": False,
        }
        if self._database.is_sqlite:
            # Made before SQLite does: readable by its owner alone.
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            huey = SqliteHuey(QUEUE, filename=str(self._path), timeout=LOCK_SECONDS, **options)
            huey.storage.initialize_schema()
            return huey
        huey = PostgresHuey(QUEUE, connection=self._connect, table_prefix=TABLE_PREFIX, **options)
        with self._database.writing_connection() as connection:
            # CREATE TABLE IF NOT EXISTS fails in one of two processes that run it at the same moment.
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_TABLES_LOCK)))
            huey.storage.initialize_schema()
        return huey

    def _connect(self) -> psycopg.Connection[Any]:
        url = self._database.url
        arguments, options = self._database.engine.dialect.create_connect_args(url)
        return psycopg.connect(*arguments, **{**timeouts(url), "connect_timeout": 2, **options})


def _register(huey: Huey, name: str, work: Callable[[], None], *, periodic: bool = False) -> Any:
    """Make ``work`` a task under this name, which is the same in every process."""

    def task() -> None:
        work()

    if periodic:
        return huey.periodic_task(lambda _now: True, name=name)(task)
    return huey.task(name=name)(task)


class _NameSerializer(Serializer):
    """Writes the name of a task alone: none has arguments, and what is stored is never unpickled."""

    def _serialize(self, data: Message) -> bytes:
        name: str = data.name
        return name.encode()

    def _deserialize(self, data: bytes) -> Message:
        return Message(id=str(uuid.uuid4()), name=data.decode())


class _ElectedScheduler(Scheduler):
    """Asks for periodic tasks only where this process keeps the schedule; huey's own does so in every process."""

    def __init__(self, is_scheduler: Callable[[], bool], **options: Any) -> None:
        self._is_scheduler = is_scheduler
        super().__init__(**options)

    def enqueue_periodic_tasks(self, now: Any) -> None:
        try:
            if self._is_scheduler():
                super().enqueue_periodic_tasks(now)
        except Exception:
            # What is raised here would end huey's thread for good.
            _log.exception("schedule_not_looked_at")


class _EmbeddedConsumer(Consumer):
    """A consumer in threads of a process that has other work, and signal handlers of its own."""

    def __init__(self, huey: Huey, is_scheduler: Callable[[], bool]) -> None:
        self.scheduler_class = functools.partial(_ElectedScheduler, is_scheduler)
        super().__init__(
            huey,
            workers=1,
            max_delay=LONGEST_POLL_SECONDS,
            scheduler_interval=TICK_SECONDS,
            shutdown_timeout=STOP_SECONDS,
        )

    def _set_signal_handlers(self) -> None:
        """None: they may only be set in the main thread, and would replace those of the server."""
