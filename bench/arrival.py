"""How long after a tap a statement is in the record store and a grade in the gradebook. ``python -m bench.arrival``.

One process with its worker (``tandem serve``) on SQLite, idle but for this: mentees confirm the meeting that completes
their programme, one after another, each when all that followed from the one before has arrived. The time runs from
before the form is sent to the arrival of its last statement, and of the later of the two grades. The receivers are this
bench's own process.
"""

from __future__ import annotations

import http.client
import http.server
import json
import re
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import click
import sqlalchemy as sa

from bench.rows import Row, bench_options, report
from bench.servers import Server, free_port
from lti_tool.composition.services import Services, make_services
from lti_tool.config import Config
from lti_tool.lti.ags.scores import SCORE_SCOPE
from lti_tool.lti.launch.models import LaunchSession, ResourceLink
from lti_tool.lti.registration.models import Registration
from lti_tool.mentoring.roles import Role
from lti_tool.migrations import migrate
from lti_tool.web.security import CSRF_FIELD, csrf_token
from tests.builder.launches import session_id_of
from tests.builder.situations import Situation, build_situation

CONFIRMATIONS = 100
TARGET_SECONDS = 1.0
GIVE_UP_SECONDS = 15.0

_SECRET_KEY = "a secret of this bench, long enough to be one"
_ORIGIN = "http://127.0.0.1:5000"


@dataclass
class Arrivals:
    """When what was sent arrived, by :func:`time.perf_counter`."""

    statements: list[float] = field(default_factory=list)
    grades: list[float] = field(default_factory=list)


class Receivers(http.server.ThreadingHTTPServer):
    """A record store, a token endpoint and a line item in one: takes everything and notes when."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.arrivals = Arrivals()

    @property
    def url(self) -> str:
        """Where they are."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Receivers

    def do_POST(self) -> None:
        """Statements get their ids back, a token request a token, a score nothing."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        now, answer = time.perf_counter(), b""
        if self.path.endswith("/statements"):
            given = json.loads(body)
            sent = given if isinstance(given, list) else [given]
            self.server.arrivals.statements.extend([now] * len(sent))
            answer = json.dumps([statement["id"] for statement in sent]).encode()
        elif self.path.endswith("/token"):
            answer = json.dumps({"access_token": "t", "token_type": "bearer", "expires_in": 3600}).encode()
        else:
            self.server.arrivals.grades.append(now)
        self._answer(answer)

    def do_GET(self) -> None:
        """No results yet."""
        self._answer(b"[]")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


@contextmanager
def _listening() -> Iterator[Receivers]:
    """The receivers, until the block ends."""
    with Receivers() as receivers:
        threading.Thread(target=receivers.serve_forever, daemon=True).start()
        yield receivers
        receivers.shutdown()


def _one_tap_from_the_end(situation: Situation) -> None:
    """The mentor logged the meeting that completes the programme for both."""
    situation.link.line_item_url = None  # no score is made before there is somebody to take it
    situation.line_item = False
    situation.open("demo")
    pair = situation.pair()
    pair.session(by=Role.MENTOR)
    situation.link.scopes = [SCORE_SCOPE]
    situation.line_item = False
    situation.me = pair.mentee.person


@dataclass(frozen=True)
class _Confirmation:
    path: str
    token: str


def _prepare(services: Services, receivers: Receivers, number: int) -> list[_Confirmation]:
    """The forms that confirm; scores go to ``receivers``."""
    homes = [build_situation(services, _one_tap_from_the_end) for _ in range(number)]
    with services.database.transaction() as db:
        db.execute(sa.update(Registration).values(auth_token_url=f"{receivers.url}/token"))
        for link in db.scalars(sa.select(ResourceLink)):
            link.line_item_url = f"{receivers.url}/items/{link.id}"
        found = []
        for home in homes:
            launch = db.get_one(LaunchSession, session_id_of(home))
            found.append((home, csrf_token(launch)))
    return [_Confirmation(home, token) for home, token in found]


class _Client:
    """A browser that keeps one connection."""

    def __init__(self, port: int) -> None:
        self._door = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def close(self) -> None:
        """End the connection."""
        self._door.close()

    def send(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """Status and body of the answer."""
        headers = {"Origin": _ORIGIN}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._door.request(method, path, urlencode(form) if form is not None else None, headers)
        answer = self._door.getresponse()
        return answer.status, answer.read().decode()


def _confirm(client: _Client, confirmation: _Confirmation, arrivals: Arrivals) -> tuple[float, float]:
    """Confirm one meeting; the seconds to its last statement, and to both grades."""
    _status, page = client.send("GET", confirmation.path)
    action = re.search(r'action="([^"]+/confirm)"', page)
    if action is None:
        raise click.ClickException("there is nothing to confirm on the page")
    statements, grades = len(arrivals.statements), len(arrivals.grades)
    begun = time.perf_counter()
    status, _body = client.send(
        "POST", action[1], {CSRF_FIELD: confirmation.token, "form_key": str(uuid.uuid4())}
    )
    if status != http.client.FOUND:
        raise click.ClickException(f"confirming was answered with {status}")
    # One says that it was confirmed, two that each of them has completed the programme.
    while len(arrivals.statements) < statements + 3 or len(arrivals.grades) < grades + 2:
        if time.perf_counter() > begun + GIVE_UP_SECONDS:
            raise click.ClickException(
                f"of what followed from a confirmation only {len(arrivals.statements) - statements} statements"
                f" and {len(arrivals.grades) - grades} grades have arrived"
            )
        time.sleep(0.002)
    return arrivals.statements[statements + 2] - begun, arrivals.grades[grades + 1] - begun


def measure(*, quick: bool = False) -> list[Row]:
    """The 95th percentile of both, in seconds."""
    number = 20 if quick else CONFIRMATIONS
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tandem-bench-")))
        receivers = stack.enter_context(_listening())
        config = Config(
            base_url=_ORIGIN,
            data_dir=folder,
            database_url=f"sqlite:///{folder / 'tandem.db'}",
            secret_key=_SECRET_KEY,
            allow_private_networks=True,
        )
        services = make_services(config)
        migrate(services.database)
        confirmations = _prepare(services, receivers, number)
        services.close()
        port = free_port()
        command = [str(Path(sys.executable).with_name("tandem")), "serve", "--port", str(port)]
        environ = {
            "TANDEM_BASE_URL": config.base_url,
            "TANDEM_DATA_DIR": str(folder),
            "TANDEM_SECRET_KEY": _SECRET_KEY,
            "TANDEM_ALLOW_PRIVATE_NETWORKS": "true",
            "TANDEM_LRS_ENDPOINT": f"{receivers.url}/xAPI",
            "TANDEM_LRS_USERNAME": "bench",
            "TANDEM_LRS_PASSWORD": "bench",
        }
        stack.enter_context(Server(command, port, folder / "server.log", environ))
        _wait_until_quiet(receivers.arrivals)
        client = stack.enter_context(closing(_Client(port)))
        taken = [_confirm(client, each, receivers.arrivals) for each in confirmations]
    return [
        Row(f"from a tap to the {where}: p95, seconds", _p95(times), "one second", TARGET_SECONDS, 1.0)
        for where, times in zip(("record store", "gradebook"), zip(*taken, strict=True), strict=True)
    ]


def _wait_until_quiet(arrivals: Arrivals) -> None:
    """Let everything arrive that was there before."""
    before = -1
    while before != (now := len(arrivals.statements) + len(arrivals.grades)):
        before = now
        time.sleep(2)


def _p95(times: tuple[float, ...]) -> float:
    return sorted(times)[int(0.95 * len(times))]


@click.command()
@bench_options("Fewer confirmations.")
def main(quick: bool, path: Path | None) -> None:
    """Measure how soon what happened is elsewhere."""
    rows = measure(quick=quick)
    report(rows, path)


if __name__ == "__main__":
    main()
