"""The server's connections, which its loop leaves alone while a thread sends an answer on them.

In waitress one thread runs a loop over all connections, and others answer requests. The thread that answers sends
what it has written itself, under the lock of the connection, and releases Python's lock while it sends. If another
connection wakes the loop at that moment, ``poll`` returns at once that the answer can be sent, but the lock of the
connection is taken. The loop then polls again, until Python's lock is taken from it after five milliseconds: 30 to
160 times for each of requests that follow one another, which was a third to a half of what they cost.
"""

from __future__ import annotations

import threading
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
    total_outbufs_len: int

    def writable(self) -> bool:
        """Whether the loop should wait until something can be sent.

        Not while a thread sends: what it could not send it leaves to the loop at the end of its answer, at the latest.
        One that has written more than may wait has the loop send it, which it may have woken under the lock still.
        """
        if 0 < self.total_outbufs_len <= self.adj.outbuf_high_watermark:
            if not self.outbuf_lock.acquire(blocking=False):
                return False
            self.outbuf_lock.release()
        return bool(super().writable())


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
    return server
