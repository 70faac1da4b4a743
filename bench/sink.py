"""A receiver that takes whatever is posted and answers with its ids at once: ``python -m bench.sink PORT``.

As a record store does (xAPI 1.0.3, Communication 2.1.2). It reads requests by hand and looks for the ids without
decoding the statements, so that what is measured is the sender: decoding took as long as all that a sender does.
"""

from __future__ import annotations

import re
import socketserver
import sys

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
_ID = re.compile(rb'"id": ?("[0-9a-f-]{36}")')
"""That of a statement: everything else in what is measured that has an ``id`` has an IRI."""
_MOST_BYTES = 4 * 1024 * 1024
"""Of a batch, thrice what one has: memory that is asked for anew each time would cost more than reading."""


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        """Answer requests of one connection until it closes."""
        body = memoryview(bytearray(_MOST_BYTES))
        while self.rfile.readline(65536):
            length = 0
            while (line := self.rfile.readline(65536)) not in (b"\r\n", b""):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            self.rfile.readinto(body[:length])
            answer = b"[" + b",".join(_ID.findall(body[:length])) + b"]"
            self.wfile.write(_HEAD % len(answer) + answer)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    _Server(("127.0.0.1", int(sys.argv[1])), _Handler).serve_forever()
