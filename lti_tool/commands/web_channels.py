"""The server's connections, which its loop leaves alone while a thread answers on them.

In waitress one thread runs a loop over all connections, and others answer requests. The thread that answers sends
what it has written itself, under the lock of the connection, and releases Python's lock while it sends. If another
connection wakes the loop at that moment, ``poll`` returns at once that the answer can be sent, but the lock of the
connection is taken. The loop then polls again, until Python's lock is taken from it after five milliseconds: 30 to
160 times for each of requests that follow one another, which was a third to a half of what they cost.

That loop does not wait for a connection whose request is being answered, so that after each answer the thread wakes
it to wait for the next one: a byte through a pipe, and a round of the loop while the thread still runs. Here it goes on
waiting, and reads nothing before the answer is over. The thread wakes it where something came meanwhile, or where
something is left to be done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import waitress
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer

from lti_tool.commands.web_threads import make_dispatcher

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """One connection."""

    outbuf_lock: threading.Condition
    requests: list[Any]
    total_outbufs_len: int
    will_close: bool

    _is_awaited = False
    """Whether the loop waits until something comes. False, too, while it finds out."""
    _came_early = False
    """Whether something came while a request was being answered, and waits to be read."""

    def readable(self) -> bool:
        """Whether the loop should wait until something comes: a request, or the end of the connection."""
        # First False: a thread whose answer is over after the loop has looked then finds that it must wake the loop.
        self._is_awaited = False
        self._is_awaited = not (super().writable() or (self._came_early and self.requests))
        return self._is_awaited

    def handle_read(self) -> None:
        """Read what came, unless a request is being answered: then it is left where it is until the answer is over."""
        self._came_early = bool(self.requests)
        if not self._came_early:
            super().handle_read()

    def handle_expt(self) -> None:
        """Close a connection on which urgent data came, which HTTP does not have: ``poll`` would report it for ever."""
        self.handle_close()

    def _flush_some(self, do_close: bool = True) -> bool:
        """Send what can be sent at once; return whether that was anything.

        Under the lock: waitress's loop does without where no request is being answered, while the thread that has just
        answered one may still send ``100 Continue`` for the next; both then sent the same bytes. And only the loop
        closes what cannot be sent to: it may be looking through all connections.
        """
        with self.outbuf_lock:
            return bool(super()._flush_some(do_close=do_close and _thread.answers_on is None))

    def service(self) -> None:
        """Answer one request."""
        _thread.answers_on = self
        try:
            super().service()
        finally:
            _thread.answers_on = None

    def is_left_to_loop(self) -> bool:
        """Whether the loop must look at this connection again. Asked by the thread that answers."""
        return bool(super().writable() or not self._is_awaited)

    def writable(self) -> bool:
        """Whether the loop should wait until something can be sent.

        Not while a thread sends: what it could not send it leaves to the loop at the end of its answer, at the latest.
        One that has written more than may wait has the loop send it, which it may have woken under the lock still.
        """
        if 0 < self.total_outbufs_len <= self.adj.outbuf_high_watermark and not self.will_close:
            if not self.outbuf_lock.acquire(blocking=False):
                return False
            self.outbuf_lock.release()
        return bool(super().writable())


class _Thread(threading.local):
    """What each thread has of its own."""

    answers_on: Channel | None = None
    """The connection on which it is answering a request; None in the loop's thread."""


_thread = _Thread()


def make_server(application: WSGIApplication, threads: int, **settings: Any) -> Any:
    """What :func:`waitress.create_server` makes, with so many threads and with these connections.

    Raises what that raises.
    """
    sockets: dict[int, Any] = {}
    server = waitress.create_server(
        application, map=sockets, ident=None, _dispatcher=make_dispatcher(threads), **settings
    )
    for each in sockets.values():
        if isinstance(each, BaseWSGIServer):
            each.channel_class = Channel
            each.pull_trigger = _wake_where_needed(each.pull_trigger)
    return server


def _wake_where_needed(pull_trigger: Callable[[], None]) -> Callable[[], None]:
    """``pull_trigger``, which wakes the loop, for those who are not answering or leave something to the loop."""

    def wake_where_needed() -> None:
        channel = _thread.answers_on
        if channel is None or channel.is_left_to_loop():
            pull_trigger()

    return wake_where_needed
