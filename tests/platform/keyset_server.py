"""A real HTTP server for key sets, which counts how often each is read."""

from __future__ import annotations

import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


class KeysetServer:
    """Serves what is in ``documents`` by path, on a free port of 127.0.0.1."""

    def __init__(self) -> None:
        self.documents: dict[str, Any] = {}
        """Bytes are served as they are, anything else as JSON; a path that is not here is 404."""
        self.reads: Counter[str] = Counter()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        keysets = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                keysets.reads[self.path] += 1
                document = keysets.documents.get(self.path)
                body = document if isinstance(document, bytes) else json.dumps(document).encode()
                self.send_response(404 if document is None else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Keep the test's output for the test."""

        return Handler

    def __enter__(self) -> KeysetServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
