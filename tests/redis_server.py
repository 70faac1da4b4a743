"""A Redis of a test's own, where the machine has one (:data:`tests.requirements.needs_redis`)."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path


class RedisServer:
    """A redis-server on a port of this machine, which can be stopped."""

    def __init__(self, port: int, folder: Path) -> None:
        command = shutil.which("redis-server")
        assert command is not None
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        self._process = subprocess.Popen([command, *options], stdout=subprocess.DEVNULL)
        give_up = time.monotonic() + 30.0
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                assert time.monotonic() < give_up, "redis-server does not start"
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()

    def __enter__(self) -> RedisServer:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()
