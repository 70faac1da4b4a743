"""That every byte of an answer is sent once, and that what cannot be sent to is closed, by the server's loop."""

from __future__ import annotations

import errno
import select
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from waitress.server import BaseWSGIServer

from lti_tool.commands import web_channels
from lti_tool.commands.web_channels import Channel
from tests.commands.web_server import (
    GET,
    SECONDS,
    SlowAnswer,
    path,
    read_head,
    read_until,
    received,
    running,
    served,
)

EXPECTING = GET.replace(b"GET", b"POST")[:-2] + b"Content-Length: 1\r\nExpect: 100-continue\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


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


def test_nothing_is_read_from_a_browser_that_does_not_read() -> None:
    begun = threading.Semaphore(0)
    large = b"x" * 10_000_000

    def application(environ: Any, start_response: Any) -> list[bytes]:
        begun.release()
        start_response("200 OK", [("Content-Length", str(len(large)))])
        return [large]

    in_memory = running(application, outbuf_overflow=2 * len(large))
    with in_memory as address, socket.create_connection(address, SECONDS) as asking:
        asking.sendall(GET)
        assert begun.acquire(timeout=SECONDS)
        threading.Event().wait(0.1)  # until as much is sent as goes without being read
        asking.sendall(GET)
        assert not begun.acquire(timeout=0.2)
        for _ in range(2):
            left = len(large) - len(read_head(asking))
            while left > 0:
                left -= len(asking.recv(min(left, 65_536)))
        assert begun.acquire(timeout=SECONDS)


def test_the_loop_does_not_send_what_a_thread_is_sending(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that has answered sends ``100 Continue`` for the next request, and with it what else is left."""
    large = bytes(range(256)) * 40_000
    may_end, continuing, loop_sent = threading.Event(), threading.Event(), threading.Event()
    send, send_continue = Channel.send, Channel.send_continue
    continuing_threads: list[int] = []

    def application(_environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Length", str(len(large)))])
        yield large
        assert may_end.wait(SECONDS)

    def pausing_continue(channel: Channel) -> None:
        continuing_threads.append(threading.get_ident())
        continuing.set()
        with channel.outbuf_lock:
            send_continue(channel)

    def send_after_the_loop(channel: Channel, data: bytes, do_close: bool = True) -> int:
        is_continuing = threading.get_ident() in continuing_threads
        if is_continuing:
            loop_sent.wait(0.3)
            select.select([], [channel.socket], [], SECONDS)  # else nothing of it is sent
        sent = int(send(channel, data, do_close))
        if continuing_threads and not is_continuing:
            loop_sent.set()
        return sent

    monkeypatch.setattr(Channel, "send", send_after_the_loop)
    monkeypatch.setattr(Channel, "send_continue", pausing_continue)
    in_memory = running(application, outbuf_overflow=2 * len(large))
    with in_memory as address, socket.create_connection(address, SECONDS) as asking:
        asking.sendall(GET + EXPECTING)
        threading.Event().wait(0.2)  # until as much is sent as goes without being read
        # Another one wakes the loop, which then waits until more can be sent.
        with socket.create_connection(address, SECONDS):
            threading.Event().wait(0.2)
        may_end.set()
        assert continuing.wait(SECONDS)
        answer = read_until(asking, CONTINUE)
        assert answer.partition(b"\r\n\r\n")[2] == large + CONTINUE


class Broken:
    """A socket to which nothing can be sent."""

    def __init__(self, whole: socket.socket) -> None:
        self._whole = whole

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)

    def send(self, _data: bytes) -> int:
        """Raise what a connection raises that the other side has closed."""
        raise BrokenPipeError(errno.EPIPE, "closed")


def test_a_connection_that_a_thread_cannot_send_to_is_closed_by_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closers: list[str] = []
    handle_close, send_continue = Channel.handle_close, Channel.send_continue

    def note(channel: Channel) -> None:
        closers.append("the loop" if web_channels._thread.answers_on is None else "a thread")
        handle_close(channel)

    def broken_continue(channel: Channel) -> None:
        channel.socket = Broken(channel.socket)
        send_continue(channel)

    monkeypatch.setattr(Channel, "handle_close", note)
    monkeypatch.setattr(Channel, "send_continue", broken_continue)
    answer = SlowAnswer()
    with running(answer) as address, socket.create_connection(address, SECONDS) as asking:
        asking.sendall(path(1) + EXPECTING)
        answer.may_end.release()
        read_until(asking, b"/1")
        assert asking.recv(1) == b""
    assert closers == ["the loop"]


def test_a_connection_that_is_to_be_closed_is_the_loops_even_while_a_thread_has_its_lock() -> None:
    found: list[bool] = []

    def application(_environ: Any, start_response: Any) -> list[bytes]:
        channel = web_channels._thread.answers_on
        assert channel is not None
        with channel.outbuf_lock, ThreadPoolExecutor(1) as loop:
            channel.total_outbufs_len = 1
            for will_close in (True, False):
                channel.will_close = will_close
                found.append(loop.submit(channel.writable).result())
            channel.total_outbufs_len = 0
        start_response("200 OK", [("Content-Length", "0")])
        return []

    with running(application) as address, socket.create_connection(address, SECONDS) as asking:
        asking.sendall(GET)
        read_head(asking)
    assert found == [True, False]


@pytest.mark.parametrize("request_before", [b"", GET], ids=["idle", "while it is answered"])
def test_a_connection_with_urgent_data_is_closed(request_before: bytes) -> None:
    answer = SlowAnswer()
    with running(answer) as address, socket.create_connection(address, SECONDS) as asking:
        asking.sendall(request_before)
        if request_before:
            assert answer.begun.acquire(timeout=SECONDS)
        asking.send(b"!", socket.MSG_OOB)
        with suppress(ConnectionResetError):
            assert asking.recv(1) == b""
        answer.may_end.release()
