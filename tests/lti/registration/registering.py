"""A platform at a real socket that is asked to register the tool: quick, silent for a while, or saying no."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from schemas.registration import TOOL_CLAIM


class RegisteringPlatform:
    """Answers ``/configuration`` and ``/register`` once it is let to, and counts who asked."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.tokens: set[str] = set()
        self.status = 201
        self.may_configure = threading.Event()
        self.may_register = threading.Event()
        self.may_configure.set()
        self.may_register.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def configuration_url(self) -> str:
        return f"{self.url}/configuration"

    def close(self) -> None:
        self.may_configure.set()
        self.may_register.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        platform = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                platform.requests[self.path] += 1
                if self.path.startswith("/frame?"):
                    self._frame(unquote(self.path.partition("?")[2]))
                    return
                platform.may_configure.wait(60)
                if self.path == "/configuration":
                    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
                    document = {name: f"{platform.url}/{name}" for name in names}
                    document |= {"issuer": platform.url, "registration_endpoint": f"{platform.url}/register"}
                    self._answer(200, document)
                else:
                    self._answer(200, {"keys": []})

            def do_POST(self) -> None:
                platform.requests[self.path] += 1
                platform.tokens.add(self.headers["Authorization"])
                self.rfile.read(int(self.headers["Content-Length"]))
                platform.may_register.wait(60)
                self._answer(platform.status, {"client_id": "ours", TOOL_CLAIM: {"deployment_id": "7"}})

            def _frame(self, address: str) -> None:
                """The platform's own page, which frames the tool and notes what the tool tells it."""
                body = (
                    "<!doctype html><title>Platform</title><script>window.subjects = [];"
                    "addEventListener('message', (event) => window.subjects.push(event.data.subject));</script>"
                    f"<iframe name=tool width=900 height=700 src='{escape(address)}'></iframe>"
                ).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _answer(self, status: int, document: Any) -> None:
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Keep the test's output for the test."""

        return Handler


@contextmanager
def registering_platform() -> Iterator[RegisteringPlatform]:
    """The platform, closed when the block ends."""
    platform = RegisteringPlatform()
    try:
        yield platform
    finally:
        platform.close()
