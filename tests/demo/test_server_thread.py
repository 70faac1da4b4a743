"""A server in a thread: what it leaves open when a client goes, and when it stops."""

from __future__ import annotations

import io
import socket
import struct
import time

from flask import Flask, Response, send_file

from lti_tool.demo.server_thread import ServerThread, listen

SIZE = 50_000_000
"""Bytes: more than sockets hold, so that a file is still open while its client reads."""


class Files:
    """An application whose answers come from files; it keeps the files."""

    def __init__(self) -> None:
        self.opened: list[io.BytesIO] = []
        self.app = Flask(__name__)
        self.app.add_url_rule("/", view_func=self._answer)

    def _answer(self) -> Response:
        file = io.BytesIO(bytes(SIZE))
        self.opened.append(file)
        return send_file(file, mimetype="text/css")

    def all_closed(self) -> bool:
        """Whether each file is closed within five seconds."""
        until = time.monotonic() + 5
        while not all(file.closed for file in self.opened) and time.monotonic() < until:
            time.sleep(0.01)
        return all(file.closed for file in self.opened)


def _ask(port: int) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert client.recv(100)
    return client


def test_a_client_that_resets_its_connection_leaves_no_file_open() -> None:
    files, listener = Files(), listen(0)
    with ServerThread(files.app, listener):
        client = _ask(listener.getsockname()[1])
        # Closed with unread data and no lingering, as a browser's tab is: the server is told by a reset.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        assert files.all_closed()
    assert len(files.opened) == 1


def test_a_server_that_stops_closes_what_a_client_has_not_read() -> None:
    files, listener = Files(), listen(0)
    with ServerThread(files.app, listener):
        client = _ask(listener.getsockname()[1])
    assert files.all_closed()
    client.close()
    assert len(files.opened) == 1
