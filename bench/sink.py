"""A receiver that takes whatever is posted and answers with its ids at once: ``python -m bench.sink PORT``.

As a record store does (xAPI 1.0.3, Communication 2.1.2). It reads requests by hand, so that what is measured is the
sender.
"""

from __future__ import annotations

import socketserver
import sys

import orjson

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        """Answer requests of one connection until it closes."""
        while self.rfile.readline(65536):
            length = 0
            while (line := self.rfile.readline(65536)) not in (b"\r\n", b""):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            given = orjson.loads(self.rfile.read(length))
            statements = given if isinstance(given, list) else [given]
            answer = orjson.dumps([statement["id"] for statement in statements])
            self.wfile.write(_HEAD % len(answer) + answer)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    _Server(("127.0.0.1", int(sys.argv[1])), _Handler).serve_forever()
