"""``tandem serve`` as strangers meet it on the network."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

HALF_A_GIGABYTE = 500_000_000


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """The address of a tool that serves."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
    environment = {
        **os.environ,
        "TANDEM_BASE_URL": f"http://127.0.0.1:{address[1]}",
        "TANDEM_DATA_DIR": str(tmp_path),
    }
    command = [sys.executable, "-c", "from lti_tool.cli import main; main()", "serve", "--no-worker"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await(address)
        yield address
    finally:
        process.terminate()
        process.wait(10)


def _await(address: tuple[str, int]) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(address, timeout=1).close()
        except OSError:
            assert time.monotonic() < until, "the tool does not serve"
            time.sleep(0.1)
        else:
            return


def test_an_oversized_body_is_refused_before_it_is_received(served: tuple[str, int]) -> None:
    head = f"POST /lti/launch HTTP/1.1\r\nHost: x\r\nContent-Length: {HALF_A_GIGABYTE}\r\n\r\n"
    with socket.create_connection(served, timeout=10) as connection:
        connection.sendall(head.encode() + b"state=x")
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")
