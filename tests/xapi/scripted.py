"""An LRS that answers as it is told to: the faults that no real one can be asked for."""

import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from xapi.client import LRSClient


@dataclass
class ScriptedLRS:
    """It holds statements, and refuses what the test asks it to refuse.

    `script`: answers to the next POSTs, in place of its own. `bad`: ids it finds invalid. `largest`: the most
    bytes it takes. `ghosts`: ids it says conflict although it holds nothing under them.
    """

    server: HTTPServer
    held: dict[str, dict[str, Any]] = field(default_factory=dict)
    script: deque[Response] = field(default_factory=deque)
    bad: set[str] = field(default_factory=set)
    ghosts: set[str] = field(default_factory=set)
    largest: int = 10_000_000
    bodies: list[bytes] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    lookup: Response | None = None

    def __post_init__(self) -> None:
        self.server.expect_request("/xAPI/statements", method="POST").respond_with_handler(self.post)
        self.server.expect_request("/xAPI/statements", method="GET").respond_with_handler(self.get)

    def client(self, **options: Any) -> LRSClient:
        return LRSClient(self.server.url_for("/xAPI"), "someone", "secret", **options)

    def post(self, request: Request) -> Response:
        body = request.get_data()
        self.bodies.append(body)
        self.requests.append(request)
        if self.script:
            return self.script.popleft()
        if len(body) > self.largest:
            return Response("too large", 413)
        batch = {statement["id"]: statement for statement in json.loads(body)}
        if wrong := self.bad & batch.keys():
            return Response(f"invalid: {', '.join(sorted(wrong))}", 400)
        if (self.held.keys() | self.ghosts) & batch.keys():
            return Response("already there", 409)
        self.held.update(batch)
        return Response(json.dumps(list(batch)), 200, content_type="application/json")

    def get(self, request: Request) -> Response:
        self.requests.append(request)
        if self.lookup is not None:
            return self.lookup
        found = self.held.get(request.args.get("statementId", ""))
        if found is None:
            return Response("", 404, {"X-Experience-API-Version": "1.0.3"})
        added = {"stored": "2026-11-22T10:00:00.000Z", "authority": {"mbox": "mailto:lrs@lrs.example"}}
        return Response(json.dumps({**found, **added, "version": "1.0.0"}), 200)

    @property
    def batches(self) -> list[list[str]]:
        """The ids of each batch that was posted."""
        return [[statement["id"] for statement in json.loads(body)] for body in self.bodies]
