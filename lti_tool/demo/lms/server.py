"""Serving the LMS: for good with waitress, or beside a test in a thread."""

from __future__ import annotations

import signal
import socket
import threading
from dataclasses import replace
from types import FrameType, TracebackType
from typing import Any, NoReturn

from flask import Flask
from waitress.server import create_server

from lti_tool.demo.lms.app import create_lms
from lti_tool.demo.lms.settings import LmsSettings
from lti_tool.demo.lms.tools import Tool, register_tool
from lti_tool.demo.lms.wiring import Lms

LOOPBACK = "127.0.0.1"
THREADS = 8


def _listening_socket(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError:
        listener.close()
        raise
    return listener


def _stop_now(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def serve_lms(settings: LmsSettings) -> None:
    """Serve on loopback until SIGINT or SIGTERM. Raises OSError when the port is taken."""
    listener = _listening_socket(settings.port)
    settings = replace(settings, port=listener.getsockname()[1])
    server = create_server(create_lms(settings), sockets=[listener], threads=THREADS)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _stop_now)
    print(f"LMS ready at {settings.issuer}", flush=True)
    server.run()


class RunningLms:
    """An LMS served by a thread, on a free port when ``settings.port`` is 0; use it with ``with``."""

    def __init__(self, settings: LmsSettings) -> None:
        self._listener = _listening_socket(settings.port)
        self.settings = replace(settings, port=self._listener.getsockname()[1])
        self.app: Flask = create_lms(self.settings)
        self._server: Any = create_server(self.app, sockets=[self._listener], threads=THREADS)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="demo-lms", daemon=True)
        self._thread.start()

    @property
    def base_url(self) -> str:
        """http://localhost:<port>, without a slash at its end; also the issuer."""
        return self.settings.issuer

    @property
    def lms(self) -> Lms:
        """Settings, store and keys, for a test that looks inside."""
        lms: Lms = self.app.extensions["lms"]
        return lms

    def register_tool(self, tool: Tool) -> Tool:
        """Store a tool without dynamic registration; gives it its id and deployment id."""
        with self.lms.store.transaction() as db:
            return register_tool(db, tool)

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
            channel.close()

    def __enter__(self) -> RunningLms:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
