"""A time limit for a whole exchange, however steadily its bytes arrive."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class ExchangeDeadline:
    """The sockets used by one exchange, so that all can be closed when its time is over.

    Socket time-outs count from the last byte; only a clock beside the exchange bounds a server that drips.
    """

    def __init__(self, seconds: float) -> None:
        self.over = False
        self._until = time.monotonic() + seconds
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()

    @property
    def left(self) -> float:
        """How many seconds are left, at least 0."""
        return max(0.0, self._until - time.monotonic())

    def add(self, sock: socket.socket) -> None:
        """Keep a copy: TLS takes the descriptor out of the object that it wraps, and has no ``dup`` itself."""
        with self._lock:
            self._sockets.append(socket.fromfd(sock.fileno(), sock.family, sock.type))
        if self.over:
            self.cut()

    def cut(self) -> None:
        """Shut every connection down, whatever it is waiting for."""
        self.over = True
        with self._lock:
            for sock in self._sockets:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:  # already closed by the other side
                    continue

    def close(self) -> None:
        """Close the copies."""
        with self._lock:
            for sock in self._sockets:
                sock.close()


_current: ContextVar[ExchangeDeadline | None] = ContextVar("_current", default=None)


@contextmanager
def exchange_deadline(seconds: float) -> Iterator[ExchangeDeadline]:
    """Shut down every connection that is used in the block once ``seconds`` are over."""
    deadline = ExchangeDeadline(seconds)
    clock = threading.Timer(seconds, deadline.cut)
    clock.daemon = True
    token = _current.set(deadline)
    clock.start()
    try:
        yield deadline
    finally:
        clock.cancel()
        _current.reset(token)
        deadline.close()


def current_deadline() -> ExchangeDeadline | None:
    """The deadline of the exchange that runs now, if it has one."""
    return _current.get()
