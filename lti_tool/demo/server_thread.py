"""An application served by waitress, as ``tandem serve`` does, by a thread of this process."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from waitress.server import create_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

LOOPBACK: Final = "127.0.0.1"
THREADS: Final = 8


def listen(port: int) -> socket.socket:
    """Listen on loopback; at a free port when ``port`` is 0. Raises OSError when it is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError:
        listener.close()
        raise
    return listener


class ServerThread:
    """Serves until :meth:`stop`, which closes the listener too; use it with ``with``."""

    def __init__(self, application: WSGIApplication, listener: socket.socket) -> None:
        self._server: Any = create_server(application, sockets=[listener], threads=THREADS)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="server", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            self._server.asyncore.loop(timeout=1, map=self._server._map, use_poll=True, count=1)

    def stop(self) -> None:
        """Stop serving and free the port."""
        self._stopping.set()
        self._server.trigger.pull_trigger()
        self._thread.join(timeout=10)
        # Workers wake the loop through the trigger, so they end before anything is closed.
        self._server.task_dispatcher.shutdown(timeout=5)
        for channel in list(self._server._map.values()):
            # What a client has not read yet may come from a file, which a channel closes where it handles its end.
            (channel.handle_close if hasattr(channel, "outbufs") else channel.close)()

    def __enter__(self) -> ServerThread:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
