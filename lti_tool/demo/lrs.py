"""A real Learning Record Store for the demo: Ralph, as a process of its own, on loopback, files for storage.

Ralph: https://github.com/openfun/ralph. Its fs backend keeps one JSON statement a line in the data folder, so
the statements survive a restart. Run as a module, this file is that process.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

_PACKAGE_ROOT = Path(__file__).resolve().parents[2]
_READY_WITHIN = 120.0
_STOP_WITHIN = 3.0
_STATEMENTS = Path("statements", "fs_lrs.jsonl")
"""Where in its folder Ralph's fs backend keeps the statements; the name of the file is its own."""
USERNAME = "tandem"


class LRSStartError(Exception):
    """The LRS did not start."""


@dataclass(frozen=True)
class RunningLRS:
    """An LRS process: where its xAPI is, who may use it, and how to end it."""

    endpoint: str
    username: str
    password: str
    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        return self.process.pid

    def stop(self) -> None:
        """End the process within five seconds, gently at first. Stopping twice does nothing more."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_STOP_WITHIN)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()


def start_ralph(data_dir: Path, port: int = 0) -> RunningLRS:
    """Start Ralph on 127.0.0.1 and return when it answers.

    ``data_dir`` keeps its statements, its password and its log, and is made when absent; started there again, it
    goes on where it stopped. ``port`` 0 takes a free one. The process ends when this one does, however that ends.
    Raises LRSStartError when the port is taken or Ralph does not come up.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    password = _password(data_dir)
    try:
        # Bound here and handed over, so that nobody can take a free port between choosing and using it.
        listener = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise LRSStartError(f"port {port} cannot be used for the LRS: {error.strerror}") from error
    _cut_torn_line(data_dir / _STATEMENTS)
    with listener, (data_dir / "ralph.log").open("ab") as log:
        listener.set_inheritable(True)
        # Ralph takes any RALPH_ variable and any .env file as a setting, so it starts from neither.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RALPH_")}
        environment["PYTHONPATH"] = os.pathsep.join(
            filter(None, [str(_PACKAGE_ROOT), environment.get("PYTHONPATH")])
        )
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no outside word in it
            [sys.executable, "-m", __name__, str(listener.fileno()), str(data_dir.resolve())],
            cwd=data_dir,
            env=environment,
            pass_fds=[listener.fileno()],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            # Ctrl-C is for the demo, which then stops us: statements under way still find their LRS.
            start_new_session=True,
        )
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    lrs = RunningLRS(f"{address}/xAPI/", USERNAME, password, process)
    wait_until_ready(lrs, f"{address}/__lbheartbeat__", data_dir / "ralph.log")
    return lrs


def wait_until_ready(lrs: RunningLRS, url: str, log: Path) -> None:
    """Return once the address answers 200; stop the process and raise LRSStartError if it never does."""
    deadline = time.monotonic() + _READY_WITHIN
    address = urlsplit(url)
    while time.monotonic() < deadline and lrs.process.poll() is None:
        # http.client, because nothing here may go through a proxy that the environment names.
        connection = HTTPConnection(address.netloc, timeout=5)
        try:
            connection.request("GET", address.path)
            if connection.getresponse().status == 200:
                return
        except (OSError, HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.05)
    lrs.stop()
    last_line = log.read_text(errors="replace").strip().splitlines()[-1:] or ["its log is empty"]
    raise LRSStartError(f"the LRS did not start: {last_line[0]}")


def _cut_torn_line(statements: Path) -> None:
    """Cut off what a Ralph that was killed had begun to write, since Ralph answers 500 to everything beside it.

    This statement was never answered, so that whoever sent it sends it again.
    """
    with suppress(FileNotFoundError), statements.open("r+b") as file:
        file.truncate(file.read().rfind(b"\n") + 1)


def _password(data_dir: Path) -> str:
    """The password kept in the folder, made with Ralph's own user file at the first start.

    Both are made anew where they are damaged or do not belong together: Ralph itself would refuse everybody.
    """
    import bcrypt  # an extra of the demo, so it is not imported with the rest

    kept = data_dir / "lrs-password"
    users = data_dir / "auth.json"
    try:
        password = kept.read_text()
        [user] = json.loads(users.read_text())
        if bcrypt.checkpw(password.encode(), user["hash"].encode()):
            return password
    except (FileNotFoundError, ValueError, LookupError, TypeError, AttributeError):
        pass
    password = secrets.token_urlsafe(24)
    user = {
        "username": USERNAME,
        "hash": bcrypt.hashpw(password.encode(), bcrypt.gensalt(10)).decode(),
        "scopes": ["all"],
        "agent": {
            "objectType": "Agent",
            "account": {"homePage": "http://127.0.0.1/tandem", "name": USERNAME},
        },
    }
    for path, text in ((users, json.dumps([user])), (kept, password)):
        path.touch(mode=0o600)
        path.write_text(text)
    return password


def _end_with_parent() -> None:
    """Exit when stdin closes, as it does when the parent ends, even by SIGKILL."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def _serve(descriptor: int, data_dir: Path) -> None:
    """Become Ralph, on a socket that is already listening."""
    os.environ.update(
        RALPH_APP_DIR=str(data_dir),
        RALPH_AUTH_FILE=str(data_dir / "auth.json"),
        RALPH_RUNSERVER_BACKEND="fs",
        RALPH_BACKENDS__LRS__FS__DEFAULT_DIRECTORY_PATH=str(data_dir / _STATEMENTS.parent),
    )
    import uvicorn
    from ralph.backends.data.base import BaseOperationType
    from ralph.backends.data.fs import FSDataBackend

    # Left to itself the fs backend creates its file anew, and the second write answers 500.
    FSDataBackend.default_operation_type = BaseOperationType.APPEND
    from ralph.api import app

    threading.Thread(target=_end_with_parent, daemon=True).start()
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_keep_alive=75, timeout_graceful_shutdown=1
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=descriptor)])


if __name__ == "__main__":
    _serve(int(sys.argv[1]), Path(sys.argv[2]))
