"""A server of the tool's own connections on a small application, and browsers that speak to it byte by byte."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from lti_tool.commands.web_channels import make_server

SECONDS = 20
LOOP_SECONDS = 2 * SECONDS
"""How long the loop waits when nothing wakes it: longer than any test, so that nothing arrives by chance."""


GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


@contextmanager
def served(body: Iterable[bytes], **settings: Any) -> Iterator[Callable[[], socket.socket]]:
    """Serve a body; give a function that connects and asks for it."""

    def application(_environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        return body

    with running(application, **settings) as address:

        def ask() -> socket.socket:
            asking = socket.socket()
            asking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # so that much stays to be sent
            asking.settimeout(SECONDS)
            asking.connect(address)
            asking.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return asking

        yield ask


@contextmanager
def running(application: Any, **settings: Any) -> Iterator[tuple[str, int]]:
    """Serve an application; give the server's address. Its loop goes round only when it is woken."""
    server = make_server(application, 2, host="127.0.0.1", port=0, **settings)
    stopping = threading.Event()

    def run() -> None:
        while not stopping.is_set():
            server.asyncore.loop(timeout=LOOP_SECONDS, map=server._map, use_poll=True, count=1)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield server.socket.getsockname()
    finally:
        stopping.set()
        server.pull_trigger()
        thread.join(SECONDS)
        assert not thread.is_alive()
        assert server.task_dispatcher.shutdown(timeout=SECONDS)
        for each in list(server._map.values()):
            each.close()


def received(asking: socket.socket) -> bytes:
    """The body of the answer, read to its end, which closes the connection."""
    with asking:
        answer = b"".join(iter(lambda: asking.recv(65_536), b""))
    return answer.partition(b"\r\n\r\n")[2]


def note_calls(monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> list[object]:
    """The objects whose method of that name is called, in order."""
    found: list[object] = []
    method = getattr(owner, name)

    def noted(one: object) -> None:
        found.append(one)
        method(one)

    monkeypatch.setattr(owner, name, noted)
    return found


class SlowAnswer:
    """An application whose answers wait until they are allowed."""

    def __init__(self) -> None:
        self.begun, self.may_end = threading.Semaphore(0), threading.Semaphore(0)

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        """Answer with the path that was asked for."""
        self.begun.release()
        assert self.may_end.acquire(timeout=SECONDS)
        body = environ["PATH_INFO"].encode()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]


def path(number: int) -> bytes:
    """A request for a path of that number."""
    return GET.replace(b"GET /", f"GET /{number}".encode())


def read_head(asking: socket.socket) -> bytes:
    """Read the head of an answer; return what came along of its body."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += asking.recv(4096)
    return answer.partition(b"\r\n\r\n")[2]


def read_until(asking: socket.socket, end: bytes) -> bytes:
    """Read answers until they end so; return all of it."""
    answer = b""
    while not answer.endswith(end):
        part = asking.recv(65_536)
        assert part, answer
        answer += part
    return answer
