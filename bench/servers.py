"""Servers under measure: each in processes of its own, so that their CPU time is theirs alone."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

STARTING_SECONDS = 60.0
_SCHEDULED = 2
"""The kind of clock that counts the time on a processor, user and system: CPUCLOCK_SCHED."""


class ServerDied(Exception):
    """A server under measure did not start; the text is the end of what it printed."""


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """One process that listens on one port. As a context it is started and ended."""

    def __init__(self, command: Sequence[str], port: int, log: Path, environ: Mapping[str, str]) -> None:
        """``command`` must listen on ``port``; what it prints goes to ``log``."""
        self.port = port
        self._command = list(command)
        self._log = log
        self._environ = os.environ | dict(environ)
        self._process: subprocess.Popen[bytes]

    def __enter__(self) -> Server:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            self._wait()
        except ServerDied:
            self._end()
            raise
        return self

    def _wait(self) -> None:
        give_up = time.monotonic() + STARTING_SECONDS
        while time.monotonic() < give_up and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise ServerDied(f"{self._command[0]}: {self._log.read_text(errors='replace')[-600:]}")

    @property
    def process_id(self) -> int:
        """The process, while it runs."""
        return self._process.pid

    def cpu_seconds(self) -> float:
        """User and system time of the process so far, with its threads.

        From the process's own clock, in nanoseconds; what ``/proc`` says is rounded to hundredths of a second.
        """
        # As clock_getcpuclockid(3) makes it of a process id on Linux.
        return time.clock_gettime((~self._process.pid << 3) | _SCHEDULED)

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
