"""Work in threads of this process, so that a request never waits long for another machine.

What runs here is lost when the process ends: whoever starts it must be able to start it again. Limits keep one slow
platform from taking every thread: how much may run for one key at the same time, and how many requests may go on
waiting for work that takes long.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

Result = TypeVar("Result")

SHORT_WAIT: Final = 1.0
"""Seconds from the start of some work during which anybody may wait for it: a burst of ordinary requests passes."""


@dataclass(frozen=True)
class BackgroundTask(Generic[Result]):
    """Work under way."""

    key: Hashable
    future: Future[Result] = field(default_factory=Future)
    """Its result, or what it raised."""
    started: float = field(default_factory=time.monotonic)


class BackgroundPool:
    """Runs functions in daemon threads, at most ``threads`` at once and at most ``per_key`` for one key."""

    def __init__(self, name: str, *, threads: int, per_key: int, waiting: int, waiting_per_key: int) -> None:
        """``waiting``, ``waiting_per_key``: how many callers may wait longer than :data:`SHORT_WAIT`."""
        self._name = name
        self._threads = threads
        self._per_key = per_key
        self._waiting_limit = waiting
        self._waiting_per_key = waiting_per_key
        self._lock = threading.Lock()
        self._running: Counter[Hashable] = Counter()
        self._waiting: Counter[Hashable] = Counter()

    def start(self, key: Hashable, work: Callable[[], Result]) -> BackgroundTask[Result] | None:
        """Run ``work`` in a thread of its own; None when a limit is reached and nothing was started."""
        with self._lock:
            if self._running[key] >= self._per_key or self._running.total() >= self._threads:
                return None
            self._running[key] += 1
        task: BackgroundTask[Result] = BackgroundTask(key)
        threading.Thread(target=self._run, args=(task, work), name=f"{self._name}-{key}", daemon=True).start()
        return task

    def _run(self, task: BackgroundTask[Result], work: Callable[[], Result]) -> None:
        try:
            result = work()
        except BaseException as error:
            self._release(self._running, task.key)
            task.future.set_exception(error)
        else:
            self._release(self._running, task.key)
            task.future.set_result(result)

    def wait(self, task: BackgroundTask[Result], seconds: float) -> bool:
        """Wait until the work is done, at most ``seconds``; whether it is done.

        Once the work has taken longer than :data:`SHORT_WAIT`, returns at once where as many callers wait as may.
        """
        until = time.monotonic() + seconds
        if _is_done(task.future, min(seconds, task.started + SHORT_WAIT - time.monotonic())):
            return True
        with self._lock:
            full = self._waiting.total() >= self._waiting_limit
            if full or self._waiting[task.key] >= self._waiting_per_key:
                return False
            self._waiting[task.key] += 1
        try:
            return _is_done(task.future, until - time.monotonic())
        finally:
            self._release(self._waiting, task.key)

    @property
    def running(self) -> int:
        """How much is under way."""
        with self._lock:
            return self._running.total()

    def _release(self, counts: Counter[Hashable], key: Hashable) -> None:
        with self._lock:
            counts[key] -= 1
            if not counts[key]:
                del counts[key]


def _is_done(future: Future[Result], seconds: float) -> bool:
    try:
        future.exception(timeout=max(0.0, seconds))
    except TimeoutError:
        return False
    return True
