"""That the server's loop rests while a thread sends an answer, and that every answer arrives whole."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from waitress.server import BaseWSGIServer

from lti_tool.commands.web_channels import Channel, make_server

SECONDS = 20
LOOP_SECONDS = 2 * SECONDS
"""How long the loop waits when nothing wakes it: longer than any test, so that nothing arrives by chance."""


@contextmanager
def served(body: Iterable[bytes], **settings: Any) -> Iterator[Callable[[], socket.socket]]:
    """Serve a body; give a function that connects and asks for it."""

    def application(_environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        return body

    server = make_server(application, 2, host="127.0.0.1", port=0, **settings)
    stopping = threading.Event()

    def run() -> None:
        while not stopping.is_set():
            server.asyncore.loop(timeout=LOOP_SECONDS, map=server._map, use_poll=True, count=1)

    def ask() -> socket.socket:
        asking = socket.socket()
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # so that much stays to be sent
        asking.settimeout(SECONDS)
        asking.connect(server.socket.getsockname())
        asking.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return asking

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield ask
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


def test_the_loop_rests_while_a_thread_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    sending, may_send, asked = threading.Event(), threading.Event(), threading.Event()
    rounds: list[object] = []
    send, handle_write, handle_read = Channel.send, Channel.handle_write, Channel.handle_read

    def send_slowly(channel: Channel, data: bytes, do_close: bool = True) -> int:
        sending.set()
        assert may_send.wait(SECONDS)
        return int(send(channel, data, do_close))

    def count_round(channel: Channel) -> None:
        rounds.append(channel)
        if len(rounds) > 10:  # it would go on until the answer is sent
            may_send.set()
        handle_write(channel)

    def note_read(channel: Channel) -> None:
        handle_read(channel)
        if sending.is_set():
            asked.set()

    monkeypatch.setattr(Channel, "send", send_slowly)
    monkeypatch.setattr(Channel, "handle_write", count_round)
    monkeypatch.setattr(Channel, "handle_read", note_read)
    with served([b"an answer"]) as ask:
        first = ask()
        assert sending.wait(SECONDS)
        # Somebody else wakes the loop, which then looks at every connection again.
        second = ask()
        assert asked.wait(SECONDS)
        may_send.wait(0.2)
        in_between = len(rounds)
        may_send.set()
        assert received(first) == received(second) == b"an answer"
    assert in_between == 0


@pytest.mark.parametrize("watermark", [500_000, 16_777_216])
def test_an_answer_that_is_read_slowly_arrives_whole(watermark: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """``watermark``: beyond so many bytes the thread waits until the loop has sent them.

    A thread that wakes the loop is slow to let go of the lock, so that the loop looks before that.
    """
    pull_trigger = BaseWSGIServer.pull_trigger

    def pull_trigger_and_rest(server: BaseWSGIServer) -> None:
        pull_trigger(server)
        threading.Event().wait(0.02)

    monkeypatch.setattr(BaseWSGIServer, "pull_trigger", pull_trigger_and_rest)
    parts = [bytes([number]) * 1_000_000 for number in range(12)]
    with served(parts, outbuf_high_watermark=watermark) as ask:
        asking = ask()
        threading.Event().wait(0.3)  # until as much is written as goes without being read
        assert received(asking) == b"".join(parts)
