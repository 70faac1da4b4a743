"""CPU of logging a session, beside the least that keeping a form could be. ``python -m bench.sessions``.

Ours does all of it: session lookup, guards, rules, the event, both statements, every projection, one commit. Each form
is another pair's in turn, sent on a connection of its own; the CPU time of the servers counts.
"""

from __future__ import annotations

import http.client
import itertools
import statistics
import sys
import tempfile
import uuid
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import click

from bench.contenders import baseline
from bench.rows import Row, bench_options, report
from bench.servers import Server, free_port
from lti_tool.composition.services import make_services
from lti_tool.config import Config
from lti_tool.database import utcnow
from lti_tool.lti.ags.scores import SCORE_SCOPE
from lti_tool.lti.launch.models import LaunchSession
from lti_tool.migrations import migrate
from lti_tool.web.security import CSRF_FIELD, csrf_token
from tests.builder.situations import Situation, build_situation, under_way

PAIRS = 20
WARM_UP = 40
TARGET = 3.0

_SECRET_KEY = "a secret of this bench, long enough to be one"
_ORIGIN = "http://127.0.0.1:5000"


@dataclass
class Forms:
    """A server that keeps meetings, the forms to send it in turn, and its rounds so far."""

    name: str
    server: Server
    forms: list[tuple[str, dict[str, str]]]
    """The path of each form, and the fields that are the same each time."""
    rounds: list[float] = field(default_factory=list)

    def play(self, number: int) -> None:
        """One round: the CPU milliseconds of the server for one form. Raises when one is refused."""
        before = self.server.cpu_seconds()
        for path, fields in itertools.islice(itertools.cycle(self.forms), number):
            meeting = {
                "held_on": utcnow().date().isoformat(),
                "minutes": "45",
                "mode": "video",
                "format": "coaching",
                # The pairs meet many times on the day of the bench, and have said so.
                "is_another": "yes",
                "form_key": str(uuid.uuid4()),
            }
            status = self._send(path, fields | meeting)
            if status != http.client.FOUND:
                raise click.ClickException(f"{self.name} answered {status}")
        self.rounds.append((self.server.cpu_seconds() - before) * 1000 / number)

    def _send(self, path: str, fields: dict[str, str]) -> int:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": _ORIGIN}
        with closing(http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)) as door:
            door.request("POST", path, urlencode(fields), headers)
            return door.getresponse().status

    @property
    def milliseconds(self) -> float:
        """The median round."""
        return statistics.median(self.rounds)


def _tandem(stack: ExitStack, folder: Path) -> Forms:
    """The tool on SQLite, with pairs half-way through their programme in activities that may send scores."""
    folder.mkdir()
    config = Config(
        base_url=_ORIGIN,
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'tandem.db'}",
        secret_key=_SECRET_KEY,
        allow_private_networks=True,
    )
    services = make_services(config)
    migrate(services.database)

    def graded(situation: Situation) -> None:
        under_way(situation)
        situation.link.scopes = [SCORE_SCOPE]

    homes = [build_situation(services, graded) for _ in range(PAIRS)]
    with services.database.reading() as db:
        forms = []
        for home in homes:
            launch = db.get_one(LaunchSession, uuid.UUID(home.split("/")[2].partition(".")[0]))
            forms.append((f"{home}sessions/new", {CSRF_FIELD: csrf_token(launch)}))
    services.close()
    port = free_port()
    command = [str(Path(sys.executable).with_name("tandem")), "serve", "--no-worker", "--port", str(port)]
    environ = {
        "TANDEM_BASE_URL": config.base_url,
        "TANDEM_DATA_DIR": str(folder),
        "TANDEM_SECRET_KEY": _SECRET_KEY,
        "TANDEM_ALLOW_PRIVATE_NETWORKS": "true",
    }
    server = stack.enter_context(Server(command, port, folder / "server.log", environ))
    return Forms("tandem", server, forms)


def _bare(stack: ExitStack, folder: Path, *, on_tool_server: bool = False) -> Forms:
    settings = {"database": str(folder / "meetings.db")}
    server = stack.enter_context(baseline("insert", settings, folder, on_tool_server=on_tool_server))
    where = ", the tool's server" if on_tool_server else ""
    return Forms(f"bare Flask doing one INSERT{where}", server, [("/meetings", {})])


def measure(*, quick: bool = False) -> list[Row]:
    """Run them; the rows are CPU in milliseconds for one form."""
    rounds, forms = (3, 60) if quick else (7, 200)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tandem-bench-")))
        ours, bare = _tandem(stack, folder / "ours"), _bare(stack, folder / "bare")
        bare_ours = _bare(stack, folder / "bare-ours", on_tool_server=True)
        for one in (ours, bare, bare_ours):
            one.play(WARM_UP)
            one.rounds.clear()
        for _ in range(rounds):
            for one in (ours, bare, bare_ours):
                one.play(forms)
        what = "logging a session: CPU ms"
        return [
            Row(what, ours.milliseconds, bare.name, bare.milliseconds, TARGET),
            Row(what, ours.milliseconds, bare_ours.name, bare_ours.milliseconds, None),
        ]


@click.command()
@bench_options("Fewer and shorter rounds: the ratio wanders by some 10 %.")
def main(quick: bool, path: Path | None) -> None:
    """Measure the CPU of logging a session."""
    rows = measure(quick=quick)
    report(rows, path)


if __name__ == "__main__":
    main()
