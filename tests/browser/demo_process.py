"""The demo as a process of its own, as ``tandem demo`` runs it, on free ports and any database.

python -m tests.browser.demo_process FOLDER PORT LMS_PORT LRS_PORT [DATABASE_URL]
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import requests

from lti_tool.demo.run import DemoSettings, is_running, serve

START_WITHIN = 180.0
STOP_WITHIN = 15.0


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        listeners = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [listener.getsockname()[1] for listener in listeners]


@contextmanager
def running_demo(folder: Path, database_url: str | None = None) -> Iterator[DemoSettings]:
    """The three servers while the block lasts. Raises :class:`RuntimeError` with their last words."""
    ports = _free_ports(3)
    folder.mkdir(parents=True, exist_ok=True)
    demo_settings = DemoSettings(folder / "data", *ports, database_url=database_url)
    arguments = [str(demo_settings.data_dir), *map(str, ports), *([database_url] if database_url else [])]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TANDEM_")}
    with (folder / "demo.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, *arguments],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env=environment,
            cwd=Path(__file__).parents[2],
        )
        try:
            _wait_until_connected(process, demo_settings, folder / "demo.log")
            yield demo_settings
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdin:
                process.stdin.close()


def _end_with_parent() -> None:
    """The parent holds the other end of stdin: when it is gone, so are we, however it went."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGINT)


def _wait_until_connected(process: subprocess.Popen[bytes], demo_settings: DemoSettings, log: Path) -> None:
    deadline = time.monotonic() + START_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        if "Ready" in log.read_text(errors="replace") and is_running(demo_settings):
            return
        time.sleep(0.2)
    raise RuntimeError(f"the demo did not start: {log.read_text(errors='replace')[-2000:]}")


def lrs_statements(demo_settings: DemoSettings) -> dict[str, str]:
    """The verb of every statement that the demo's LRS holds, by the statement's id."""
    answer = requests.get(
        f"{demo_settings.lrs_url}statements?limit=500",
        auth=("tandem", (demo_settings.data_dir / "lrs" / "lrs-password").read_text()),
        headers={"X-Experience-API-Version": "1.0.3"},
        timeout=10,
    )
    answer.raise_for_status()
    return {statement["id"]: statement["verb"]["id"] for statement in answer.json()["statements"]}


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    data, port, lms_port, lrs_port, *database = sys.argv[1:]
    serve(
        DemoSettings(Path(data), int(port), int(lms_port), int(lrs_port), database[0] if database else None),
        lambda line: print(line, flush=True),
        open_browser=False,
    )
