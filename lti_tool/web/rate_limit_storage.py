"""Where requests are counted: in the memory of the process, or in Redis."""

from __future__ import annotations

import threading
import time
from typing import Any, Final

from limits.storage import RedisStorage, Storage

REDIS_TIMEOUT: Final = 0.25
"""Seconds for connecting to Redis, and for each of its answers."""
MOST_COUNTERS: Final = 100_000
"""Counters that a process keeps, some 20 MB. Beyond them the oldest go, whose windows end first."""


class BoundedMemoryStorage(Storage):
    """Counters in memory that take no thread and no more than :data:`MOST_COUNTERS` entries.

    The storage that ``limits`` brings along has no bound, and under load starts a thread a hundred times a second that
    looks at every counter.
    """

    STORAGE_SCHEME = None

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._counters: dict[str, tuple[int, float]] = {}
        """How often, and when the window ends (seconds since the epoch); the oldest windows first."""
        self._sweep_at = 0.0

    @property
    def base_exceptions(self) -> type[Exception]:
        """Nothing here fails."""
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add ``amount`` to a counter, which begins anew ``expiry`` seconds after its first request."""
        now = time.time()
        with self._lock:
            if now >= self._sweep_at:
                self._counters = {key: kept for key, kept in self._counters.items() if kept[1] > now}
                self._sweep_at = now + 60.0
            count, ends = self._counters.get(key, (0, 0.0))
            # A clock that was put back must not prolong a window.
            if not now < ends <= now + expiry:
                self._counters.pop(key, None)
                count, ends = 0, now + expiry
                if len(self._counters) >= MOST_COUNTERS:
                    del self._counters[next(iter(self._counters))]
            self._counters[key] = (count + amount, ends)
        return count + amount

    def get(self, key: str) -> int:
        """How often a counter was hit in its present window."""
        count, ends = self._counters.get(key, (0, 0.0))
        return count if ends > time.time() else 0

    def get_expiry(self, key: str) -> float:
        """When the window of a counter ends, in seconds since the epoch."""
        return self._counters.get(key, (0, time.time()))[1]

    def check(self) -> bool:
        """Memory is always there."""
        return True

    def reset(self) -> int:
        """Forget every counter; return how many there were."""
        with self._lock:
            count = len(self._counters)
            self._counters.clear()
        return count

    def clear(self, key: str) -> None:
        """Forget one counter."""
        with self._lock:
            self._counters.pop(key, None)

    def __len__(self) -> int:
        return len(self._counters)


def redis_storage(url: str) -> RedisStorage:
    """The counters that all processes share in a Redis; connects at first use. ``url``: TANDEM_REDIS_URL."""
    # Only where it is used: the package is an optional one.
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    options: dict[str, Any] = {
        "socket_connect_timeout": REDIS_TIMEOUT,
        "socket_timeout": REDIS_TIMEOUT,
        "retry": Retry(NoBackoff(), 0),  # a launch waits for no second attempt
        "key_prefix": "tandem:limits",
    }
    return RedisStorage(url, **options)
