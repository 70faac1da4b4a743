"""How long a roster takes beyond the platform's own time, and how much memory. ``python -m bench.roster``.

``tandem roster sync`` reads a course of 5,000 people, in the pages of 500 that the tool asks for, into SQLite. The
platform is a process of this bench that has its answers ready. Its own time is that of the same requests one after
another, answers parsed, from a program that stores nothing. The command's start is not counted: that is what it takes
for a course of one. Between two pages it sleeps, for at most 0.2 s, so that launches find the processor free: that
counts. Memory is the most that the command's process ever held (``ru_maxrss``), beside that for a course of 500.
"""

from __future__ import annotations

import http.server
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import click
import requests

from bench.rows import Row, bench_options, report
from lti_tool.composition.services import make_services
from lti_tool.config import Config
from lti_tool.lti.nrps.roster import CONTAINER_TYPE, PAGE_SIZE
from lti_tool.migrations import migrate
from tests.builder.build import Builder

PEOPLE = 5_000
TARGET_SECONDS = 5.0
TARGET_GROWTH = 1.1
ROUNDS = 3
_SECRET_KEY = "a secret of this bench, long enough to be one"


class _Platform(http.server.BaseHTTPRequestHandler):
    """Gives tokens, and rosters of as many people as the path says, in pages (NRPS 2.0, section 2.4)."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """A token."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer({"access_token": "t", "token_type": "bearer", "expires_in": 3600}, "application/json")

    def do_GET(self) -> None:
        """A page of the roster at ``/people/NUMBER?limit=&from=``, and where the next one is."""
        parts = urlsplit(self.path)
        number = int(parts.path.rsplit("/", 1)[1])
        query = parse_qs(parts.query)
        first, limit = int(query.get("from", ["0"])[0]), int(query["limit"][0])
        here = f"http://{self.headers['Host']}{parts.path}"
        document = {
            "id": here,
            "context": {"id": f"course-{number}", "title": "Digital cultures"},
            "members": [_member(each) for each in range(first, min(first + limit, number))],
        }
        following = f"{here}?{urlencode({'limit': limit, 'from': first + limit})}"
        self._answer(document, CONTAINER_TYPE, f'<{following}>; rel="next"' if first + limit < number else "")

    def _answer(self, document: object, media_type: str, link: str = "") -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        if link:
            self.send_header("Link", link)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


def _member(number: int) -> dict[str, object]:
    return {
        "user_id": f"8f14e45f-ceea-467f-9575-{number:012d}",
        "status": "Active",
        "roles": ["Learner"],
        "name": f"Anne-Charlotte de La Rochefoucauld {number}",
        "given_name": "Anne-Charlotte",
        "family_name": f"de La Rochefoucauld {number}",
        "email": f"anne-charlotte.{number}@example.org",
    }


@contextmanager
def _listening() -> Iterator[str]:
    """The platform's address, until the block ends."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Platform) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def _platform_seconds(url: str) -> float:
    """The time of the requests alone."""
    begun = time.perf_counter()
    following: str | None = f"{url}?limit={PAGE_SIZE}"
    with requests.Session() as session:
        while following:
            answer = session.get(following, timeout=60)
            answer.json()
            following = answer.links.get("next", {}).get("url")
    return time.perf_counter() - begun


def _read(folder: Path, number: int) -> tuple[float, float]:
    """Seconds and MiB of ``tandem roster sync`` for the course of that many people."""
    command = [
        str(Path(sys.executable).with_name("tandem")),
        "roster",
        "sync",
        "--course",
        str(number),
        "--json",
    ]
    environ = os.environ | {
        "TANDEM_DATA_DIR": str(folder),
        "TANDEM_SECRET_KEY": _SECRET_KEY,
        "TANDEM_ALLOW_PRIVATE_NETWORKS": "true",
    }
    begun = time.perf_counter()
    with tempfile.TemporaryFile() as printed:
        process = subprocess.Popen(command, env=environ, stdout=printed, stderr=subprocess.DEVNULL)
        _pid, status, usage = os.wait4(process.pid, 0)
        taken = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        [read] = json.loads(printed.read() or b"[]") or [{}]
    if process.returncode or read.get("members") != number:
        raise click.ClickException(f"of {number} people the roster gave {read}")
    return taken, usage.ru_maxrss / 1024


def measure(*, quick: bool = False) -> list[Row]:
    """The seconds beyond the platform's own, first reading and second, and the growth of memory."""
    rounds = 1 if quick else ROUNDS
    first, again, few, many = [], [], [], []
    with ExitStack() as stack:
        platform = stack.enter_context(_listening())
        for _ in range(rounds):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tandem-bench-")))
            _make_courses(folder, platform)
            start, _ = _read(folder, 1)
            _, memory_of_few = _read(folder, PAGE_SIZE)
            own = _platform_seconds(f"{platform}/people/{PEOPLE}")
            taken, memory_of_many = _read(folder, PEOPLE)
            taken_again, _ = _read(folder, PEOPLE)
            first.append(taken - start - own)
            again.append(taken_again - start - own)
            few.append(memory_of_few)
            many.append(memory_of_many)
    bound = ("five seconds", TARGET_SECONDS, 1.0)
    memory = (statistics.median(many), f"a roster of {PAGE_SIZE}", statistics.median(few), TARGET_GROWTH)
    return [
        Row(f"roster of {PEOPLE:,}: seconds beyond the platform's", statistics.median(first), *bound),
        Row("the same, when all are known", statistics.median(again), *bound),
        Row("its memory: MiB", *memory),
    ]


def _make_courses(folder: Path, platform: str) -> None:
    """A database with courses of one, of a page and of all, whose titles are their numbers of people."""
    services = make_services(
        Config(
            base_url="http://127.0.0.1:5000",
            data_dir=folder,
            database_url=f"sqlite:///{folder / 'tandem.db'}",
            secret_key=_SECRET_KEY,
            allow_private_networks=True,
        )
    )
    migrate(services.database)
    connected = Builder(services).organisation().platform(issuer=platform)
    for number in (1, PAGE_SIZE, PEOPLE):
        connected.course(str(number), roster_url=f"{platform}/people/{number}")
    services.close()


@click.command()
@bench_options("One round.")
def main(quick: bool, path: Path | None) -> None:
    """Measure reading a large roster."""
    rows = measure(quick=quick)
    report(rows, path)


if __name__ == "__main__":
    main()
