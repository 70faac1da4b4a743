"""That the server's loop rests while a thread answers, and that every request is answered whole."""

from __future__ import annotations

import errno
import select
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from typing import Any

import pytest
from waitress.server import BaseWSGIServer

from lti_tool.commands import web_channels
from lti_tool.commands.web_channels import Channel, make_server

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


@pytest.fixture
def wakeups(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The servers whose loops were woken, in order."""
    found: list[object] = []
    pull_trigger = BaseWSGIServer.pull_trigger

    def note(server: BaseWSGIServer) -> None:
        found.append(server)
        pull_trigger(server)

    monkeypatch.setattr(BaseWSGIServer, "pull_trigger", note)
    return found


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Released by a thread that has answered and left to the loop what it must."""
    semaphore = threading.Semaphore(0)
    service = Channel.service

    def serve(channel: Channel) -> None:
        service(channel)
        semaphore.release()

    monkeypatch.setattr(Channel, "service", serve)
    return semaphore


def path(number: int) -> bytes:
    return GET.replace(b"GET /", f"GET /{number}".encode())


def read_head(asking: socket.socket) -> int:
    """Read the head of an answer; return how much of its body came along, as a negative number."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += asking.recv(4096)
    return -len(answer.partition(b"\r\n\r\n")[2])


def read_until(asking: socket.socket, end: bytes) -> bytes:
    answer = b""
    while not answer.endswith(end):
        part = asking.recv(65_536)
        assert part, answer
        answer += part
    return answer


def test_requests_one_after_another_do_not_wake_the_loop(
    wakeups: list[object], answered: threading.Semaphore
) -> None:
    answer = SlowAnswer()
    with running(answer) as address, socket.create_connection(address, SECONDS) as asking:
        for number in range(20):
            asking.sendall(path(number))
            answer.may_end.release()
            read_until(asking, f"/{number}".encode())
            assert answered.acquire(timeout=SECONDS)  # else the next request comes early
        assert wakeups == []


def test_a_request_that_comes_while_one_is_answered_is_left_until_then(
    wakeups: list[object], answered: threading.Semaphore, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[object] = []
    handle_read = Channel.handle_read

    def note_read(channel: Channel) -> None:
        looked.append(channel)
        handle_read(channel)

    monkeypatch.setattr(Channel, "handle_read", note_read)
    answer = SlowAnswer()
    with running(answer) as address, socket.create_connection(address, SECONDS) as asking:
        asking.sendall(path(1))
        assert answer.begun.acquire(timeout=SECONDS)
        asking.sendall(path(2))
        assert not answer.begun.acquire(timeout=0.2)
        assert (
            len(looked) == 2
        )  # the first request, and that something came: the loop did not go round meanwhile
        assert wakeups == []
        for _ in range(2):
            answer.may_end.release()
            assert answered.acquire(timeout=SECONDS)
        read_until(asking, b"/2")
        assert len(wakeups) == 1


def test_a_browser_that_ends_its_side_while_it_is_answered_gets_the_answer() -> None:
    answer = SlowAnswer()
    with running(answer) as address, socket.create_connection(address, SECONDS) as asking:
        asking.sendall(path(1))
        assert answer.begun.acquire(timeout=SECONDS)
        asking.shutdown(socket.SHUT_WR)
        threading.Event().wait(0.1)  # until the loop has seen it
        answer.may_end.release()
        assert received(asking) == b"/1"


def test_a_request_whose_browser_resets_the_connection_ends_and_others_are_answered() -> None:
    answer = SlowAnswer()
    with running(answer) as address:
        with socket.create_connection(address, SECONDS) as asking:
            asking.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            asking.sendall(path(1))
            assert answer.begun.acquire(timeout=SECONDS)
        with socket.create_connection(address, SECONDS) as asking:
            asking.sendall(path(2))
            answer.may_end.release(2)
            read_until(asking, b"/2")


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


def test_an_answer_after_which_the_connection_ends_wakes_the_loop() -> None:
    with served([b"an answer"]) as ask:
        assert received(ask()) == b"an answer"


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
            left = len(large) + read_head(asking)
            while left > 0:
                left -= len(asking.recv(min(left, 65_536)))
        assert begun.acquire(timeout=SECONDS)


def test_an_answer_that_ends_while_the_loop_looks_wakes_it(
    answered: threading.Semaphore, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = SlowAnswer()
    looking = threading.local()
    readable, handle_read = Channel.readable, Channel.handle_read

    class Requests(list[Any]):
        """A connection's requests. Once the loop has looked whether there are any, the answer to the first ends."""

        def __bool__(self) -> bool:
            any_left = len(self) > 0
            if any_left and getattr(looking, "now", False):
                looking.now = False
                answer.may_end.release()
                assert answered.acquire(timeout=SECONDS)
            return any_left

    def look(channel: Channel) -> bool:
        looking.now = True
        try:
            return readable(channel)
        finally:
            looking.now = False

    def read(channel: Channel) -> None:
        if not isinstance(channel.requests, Requests):
            channel.requests = Requests(channel.requests)
        handle_read(channel)

    monkeypatch.setattr(Channel, "readable", look)
    monkeypatch.setattr(Channel, "handle_read", read)
    with running(answer) as address, socket.create_connection(address, SECONDS) as asking:
        asking.sendall(path(1))
        assert answer.begun.acquire(timeout=SECONDS)
        asking.sendall(path(2))
        read_until(asking, b"/1")
        assert answer.begun.acquire(timeout=SECONDS)
        answer.may_end.release()
        read_until(asking, b"/2")


EXPECTING = GET.replace(b"GET", b"POST")[:-2] + b"Content-Length: 1\r\nExpect: 100-continue\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def test_the_loop_does_not_send_what_a_thread_is_sending(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that has answered tells a browser to continue with its next request, and sends what else is left."""
    large = bytes(range(256)) * 40_000
    may_end, telling, loop_sent = threading.Event(), threading.Event(), threading.Event()
    send, send_continue = Channel.send, Channel.send_continue
    tellers: list[int] = []

    def application(_environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Length", str(len(large)))])
        yield large
        assert may_end.wait(SECONDS)

    def tell(channel: Channel) -> None:
        tellers.append(threading.get_ident())
        telling.set()
        with channel.outbuf_lock:
            send_continue(channel)

    def send_after_the_loop(channel: Channel, data: bytes, do_close: bool = True) -> int:
        is_telling = threading.get_ident() in tellers
        if is_telling:
            loop_sent.wait(0.3)
            select.select([], [channel.socket], [], SECONDS)  # else nothing of it is sent
        sent = int(send(channel, data, do_close))
        if tellers and not is_telling:
            loop_sent.set()
        return sent

    monkeypatch.setattr(Channel, "send", send_after_the_loop)
    monkeypatch.setattr(Channel, "send_continue", tell)
    in_memory = running(application, outbuf_overflow=2 * len(large))
    with in_memory as address, socket.create_connection(address, SECONDS) as asking:
        asking.sendall(GET + EXPECTING)
        threading.Event().wait(0.2)  # until as much is sent as goes without being read
        with socket.create_connection(
            address, SECONDS
        ):  # wakes the loop, which then waits until more can be sent
            threading.Event().wait(0.2)
        may_end.set()
        assert telling.wait(SECONDS)
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
        closers.append("a thread" if hasattr(web_channels._answering, "channel") else "the loop")
        handle_close(channel)

    def tell(channel: Channel) -> None:
        channel.socket = Broken(channel.socket)
        send_continue(channel)

    monkeypatch.setattr(Channel, "handle_close", note)
    monkeypatch.setattr(Channel, "send_continue", tell)
    answer = SlowAnswer()
    with running(answer) as address, socket.create_connection(address, SECONDS) as asking:
        asking.sendall(path(1) + EXPECTING)
        answer.may_end.release()
        read_until(asking, b"/1")
        assert asking.recv(1) == b""
    assert closers == ["the loop"]


def test_a_connection_that_is_to_be_closed_is_the_loops_even_while_a_thread_has_its_lock() -> None:
    found: list[list[bool]] = []

    def application(_environ: Any, start_response: Any) -> list[bytes]:
        channel = web_channels._answering.channel
        with channel.outbuf_lock, ThreadPoolExecutor(1) as other_thread:
            channel.total_outbufs_len = 1
            found.append([])
            for channel.will_close in (True, False):
                found[0].append(other_thread.submit(channel.writable).result())
            channel.total_outbufs_len = 0
        start_response("200 OK", [("Content-Length", "0")])
        return []

    with running(application) as address, socket.create_connection(address, SECONDS) as asking:
        asking.sendall(GET)
        read_head(asking)
    assert found == [[True, False]]


@pytest.mark.parametrize("pause", [0, 1e-6])
def test_no_request_waits_for_a_loop_that_nobody_wakes(pause: float) -> None:
    """Threads, the loop and browsers take turns at every moment; ``pause``: between two requests of a browser."""

    def application(environ: Any, start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    def ask_often(browser: int) -> None:
        connection = HTTPConnection(*address, timeout=SECONDS)
        for number in range(200):
            body = f"{browser}.{number}".encode() * (number % 7)
            connection.request("POST", "/", body)
            assert connection.getresponse().read() == body
            if pause:
                threading.Event().wait(pause)
        connection.close()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with running(application) as address, ThreadPoolExecutor(6) as browsers:
            for done in [browsers.submit(ask_often, browser) for browser in range(6)]:
                done.result()
    finally:
        sys.setswitchinterval(interval)
