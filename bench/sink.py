"""A receiver that takes whatever is posted and answers ``[]`` at once: ``python -m bench.sink PORT``.

It reads requests by hand, so that what is measured is the sender.
"""

from __future__ import annotations

import socketserver
import sys

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        """Answer requests of one connection until it closes."""
        while self.rfile.readline(65536):
            length = 0
            while (line := self.rfile.readline(65536)) not in (b"\r\n", b""):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            self.rfile.read(length)
            self.wfile.write(_ANSWER)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    _Server(("127.0.0.1", int(sys.argv[1])), _Handler).serve_forever()
