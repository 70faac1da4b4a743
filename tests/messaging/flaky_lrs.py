"""A record store on a real socket that can be put out of order in several ways, and be well again."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit


class FlakyLRS(ThreadingHTTPServer):
    """Takes statements while ``fault`` is None, and always answers which it holds.

    ``fault``: a status to answer statements with, ``"silent"`` (no answer for a while) or ``"closed"`` (the connection
    is closed without an answer).
    """

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.fault: int | str | None = None
        self.refused: set[str] = set()
        """Ids of statements for which a whole batch is answered with 400."""
        self.headers: dict[str, str] = {}
        self.held: dict[str, Any] = {}
        self.batches: list[int] = []
        """The size of each batch that arrived, taken or not."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/xAPI"


class _Handler(BaseHTTPRequestHandler):
    server: FlakyLRS
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        found = self.server.held.get(asked.get("statementId", [""])[0])
        answer = b"" if found is None else json.dumps(found).encode()
        self.send_response(404 if found is None else 200)
        self.send_header("X-Experience-API-Version", "1.0.3")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.batches.append(len(body))
        fault = self.server.fault
        if fault == "silent":
            time.sleep(3)
        if fault in ("silent", "closed"):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if fault is None and any(statement["id"] in self.server.refused for statement in body):
            fault = 400
        if fault is None:
            self.server.held.update((statement["id"], statement) for statement in body)
        self.send_response(int(fault or 204))
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        if fault is not None:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def flaky_lrs(port: int = 0) -> Iterator[FlakyLRS]:
    """One that runs."""
    with FlakyLRS(port) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
