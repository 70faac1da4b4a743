"""That the server's loop is left alone while a thread answers, and that every request is answered all the same."""

from __future__ import annotations

import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any

import pytest
from waitress.server import BaseWSGIServer

from lti_tool.commands.web_channels import Channel
from tests.commands.web_server import (
    SECONDS,
    SlowAnswer,
    note_calls,
    path,
    read_until,
    received,
    running,
    served,
)


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


@pytest.fixture
def wakeups(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The servers whose loops were woken, in order."""
    return note_calls(monkeypatch, BaseWSGIServer, "pull_trigger")


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
    looked = note_calls(monkeypatch, Channel, "handle_read")
    answer = SlowAnswer()
    with running(answer) as address, socket.create_connection(address, SECONDS) as asking:
        asking.sendall(path(1))
        assert answer.begun.acquire(timeout=SECONDS)
        asking.sendall(path(2))
        assert not answer.begun.acquire(timeout=0.2)
        # The first request, and that something came: the loop did not go round meanwhile.
        assert len(looked) == 2
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


def test_an_answer_after_which_the_connection_ends_wakes_the_loop() -> None:
    with served([b"an answer"]) as ask:
        assert received(ask()) == b"an answer"


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
