"""A platform's server that answers a byte at a time, or page after page without an end."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DRIP_SECONDS = 0.25
"""Between two bytes: shorter than any socket time-out, so that only a clock of the whole exchange ends it."""

LEARNER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"


class SlowPlatform:
    """Serves ``/token`` at once, drips ``/drip…``, and gives one endless roster below ``/endless``."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """End every answer under way."""
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        platform = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                platform.requests[path] += 1
                if path.startswith("/endless"):
                    number = int(path.rpartition("/")[2])
                    members = [{"user_id": f"person-{number}", "roles": [LEARNER]}]
                    following = f'<{platform.url}/endless/{number + 1}>; rel="next"'
                    self._answer({"id": "x", "members": members}, {"Link": following})
                else:
                    self._drip()

            def do_POST(self) -> None:
                platform.requests["/token"] += 1
                self.rfile.read(int(self.headers["Content-Length"]))
                self._answer({"access_token": "token", "expires_in": 3600})

            def _answer(self, document: Any, headers: dict[str, str] | None = None) -> None:
                body = json.dumps(document).encode()
                self.send_response(200)
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _drip(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", "100000")
                self.end_headers()
                with suppress(OSError):
                    while not platform._closing.wait(DRIP_SECONDS):
                        self.wfile.write(b" ")
                        self.wfile.flush()

            def log_message(self, format: str, *args: Any) -> None:
                """Keep the test's output for the test."""

        return Handler


def wait_until(holds: Any, seconds: float) -> None:
    """Return as soon as ``holds()`` is true; fail after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
