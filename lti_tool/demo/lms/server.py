"""Serving the LMS: for good with waitress, or beside a test in a thread."""

from __future__ import annotations

import signal
import threading
from dataclasses import replace
from types import FrameType, TracebackType
from typing import NoReturn

from flask import Flask
from waitress.server import create_server

from lti_tool.demo.lms.app import create_lms
from lti_tool.demo.lms.running_programme import EXTENSION, AskForProgramme
from lti_tool.demo.lms.settings import LmsSettings
from lti_tool.demo.lms.tools import Tool, register_tool
from lti_tool.demo.lms.wiring import Lms
from lti_tool.demo.server_thread import THREADS, ServerThread, listen


def _stop_now(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def serve_lms(settings: LmsSettings) -> None:
    """Serve on loopback until SIGINT or SIGTERM. Raises OSError when the port is taken."""
    listener = listen(settings.port)
    settings = replace(settings, port=listener.getsockname()[1])
    server = create_server(create_lms(settings), sockets=[listener], threads=THREADS)
    if threading.current_thread() is threading.main_thread():
        # A shell that starts something in the background has it ignore SIGINT, unless it says otherwise itself.
        for ending in (signal.SIGINT, signal.SIGTERM):
            signal.signal(ending, _stop_now)
    print(f"LMS ready at {settings.issuer}", flush=True)
    server.run()


class RunningLms:
    """An LMS served by a thread, on a free port when ``settings.port`` is 0; use it with ``with``."""

    def __init__(self, settings: LmsSettings) -> None:
        listener = listen(settings.port)
        self.settings = replace(settings, port=listener.getsockname()[1])
        self.app: Flask = create_lms(self.settings)
        self._server = ServerThread(self.app, listener)

    @property
    def base_url(self) -> str:
        """http://localhost:<port>, without a slash at its end; also the issuer."""
        return self.settings.issuer

    @property
    def lms(self) -> Lms:
        """Settings, store and keys, for a test that looks inside."""
        lms: Lms = self.app.extensions["lms"]
        return lms

    def ask_programmes_of(self, ask: AskForProgramme) -> None:
        """From now on pages say what ``ask`` knows of the programme that runs in a course."""
        self.app.extensions[EXTENSION] = ask

    def register_tool(self, tool: Tool) -> Tool:
        """Store a tool without dynamic registration; gives it its id and deployment id."""
        with self.lms.store.transaction() as db:
            return register_tool(db, tool)

    def stop(self) -> None:
        """Stop serving and free the port."""
        self._server.stop()

    def __enter__(self) -> RunningLms:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
