"""How long after an event every open page shows it. ``python -m bench.open_pages``.

One process with its worker (``tandem serve``) on SQLite, idle but for this, and three pages open in Chromium: those of
the two of a pair, and their tutor's. The one logs a meeting and the other confirms it, each by a form that is sent from
elsewhere, as from a phone. The time runs from before the form is sent to the moment at which a page shows another text,
by the clock of this machine, which the browser reads too. The pages ask by themselves; nothing is reloaded.
"""

from __future__ import annotations

import datetime as dt
import http.client
import random
import re
import sys
import tempfile
import time
import uuid
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import click
import sqlalchemy as sa
from playwright.sync_api import Page, sync_playwright

from bench.rows import Row, bench_options, report
from bench.servers import Server, free_port
from lti_tool.composition.services import Services, make_services
from lti_tool.config import Config
from lti_tool.database import utcnow
from lti_tool.identity.models import Membership
from lti_tool.identity.principal import CourseRole
from lti_tool.lti.launch.models import LaunchSession
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.migrations import migrate
from lti_tool.web.security import CSRF_FIELD, csrf_token
from tests.browser.chromium import ARGUMENTS
from tests.builder.launches import add_next_launch, key_of, session_id_of
from tests.builder.situations import Situation, build_situation, nothing_waits
from tests.requirements import chromium_path

PAIRS = 20
TARGET_SECONDS = 2.0
GIVE_UP_SECONDS = 15.0

_SECRET_KEY = "a secret of this bench, long enough to be one"
_REGIONS = {"mentor": "#main", "mentee": "#main", "tutor": "[data-list=pairs]"}
"""Of each page, what has to show the event."""
_WATCH = """selector => {
  const text = () => document.querySelector(selector)?.textContent.replace(/\\s+/g, ' ');
  const before = text();
  window.changedAt = null;
  window.watcher?.disconnect();
  window.watcher = new MutationObserver(() => {
    const now = text();
    if (window.changedAt === null && now && now !== before) window.changedAt = Date.now() / 1000;
  });
  window.watcher.observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


@dataclass(frozen=True)
class _Visit:
    home: str
    token: str


@dataclass(frozen=True)
class _Course:
    """A pair, and who looks after it; by ``mentor``, ``mentee`` and ``tutor``."""

    visits: dict[str, _Visit]


def _with_tutor(situation: Situation) -> None:
    nothing_waits(situation)
    situation.person("Claire Fontaine", CourseRole.TUTOR)


def _prepare(services: Services) -> _Course:
    """A course of its own, with a launch of each of the three."""
    opened = session_id_of(build_situation(services, _with_tutor))
    visits = {}
    with services.database.transaction() as db:
        before = db.get_one(LaunchSession, opened)
        people = (
            sa.select(Membership.role, Membership.person_id, Participant.role)
            .outerjoin(Participant, Participant.person_id == Membership.person_id)
            .where(Membership.course_id == before.course_id)
        )
        for in_course, person_id, in_pair in db.execute(people).all():
            role = CourseRole(in_course)
            name = "tutor" if role is CourseRole.TUTOR else str(in_pair)
            launch = add_next_launch(db, opened, person_id=person_id, role=role)
            visits[name] = _Visit(f"/l/{key_of(launch)}/", csrf_token(launch))
    return _Course(visits)


class _Elsewhere:
    """Another browser of the same people, which sends their forms."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._origin = f"http://127.0.0.1:{port}"

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def page(self, path: str) -> str:
        """The text of a page."""
        self._connection.request("GET", path)
        return self._connection.getresponse().read().decode()

    def send(self, visit: _Visit, path: str, **form: str) -> float:
        """Send a form; return when, by this machine's clock. Raises where it was not saved."""
        fields = {CSRF_FIELD: visit.token, "form_key": str(uuid.uuid4()), **form}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self._origin}
        begun = time.time()
        self._connection.request("POST", path, urlencode(fields), headers)
        answer = self._connection.getresponse()
        answer.read()
        if answer.status != http.client.FOUND:
            raise click.ClickException(f"a form was answered with {answer.status}")
        return begun


def _shown(pages: dict[str, Page], begun: float) -> dict[str, float]:
    """The seconds until each page shows another text."""
    taken: dict[str, float] = {}
    while len(taken) < len(pages):
        for name, page in pages.items():
            at = page.evaluate("window.changedAt")
            if at is not None:
                taken[name] = float(at) - begun
        if time.time() > begun + GIVE_UP_SECONDS:
            raise click.ClickException(f"an event was seen by {', '.join(taken) or 'nobody'} alone")
        time.sleep(0.05)
    return taken


def _two_events(pages: dict[str, Page], course: _Course, elsewhere: _Elsewhere) -> list[dict[str, float]]:
    """The mentor logs a meeting, and the mentee confirms it."""
    mentor, mentee = course.visits["mentor"], course.visits["mentee"]
    found = []
    for number in range(2):
        for name, page in pages.items():
            page.evaluate(_WATCH, _REGIONS[name])
        # The pages ask at even intervals: the event must come at any moment of one.
        time.sleep(random.uniform(0.3, 2.3))
        if number == 0:
            day = (utcnow().date() - dt.timedelta(days=1)).isoformat()
            meeting = {"held_on": day, "minutes": "45", "mode": "video", "format": "coaching"}
            begun = elsewhere.send(mentor, f"{mentor.home}sessions/new", **meeting)
        else:
            action = re.search(r'action="([^"]+/confirm)"', elsewhere.page(mentee.home))
            if action is None:
                raise click.ClickException("there is nothing to confirm on the page")
            begun = elsewhere.send(mentee, action[1], revision="0")
        found.append(_shown(pages, begun))
    return found


def measure(*, quick: bool = False) -> list[Row]:
    """The longest time of each page, in seconds; a note in place of it without a browser."""
    browser_path = chromium_path()
    if browser_path is None:
        return [Row("an event on the open pages", None, "two seconds", None, 1.0, note="no browser")]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tandem-bench-")))
        port = free_port()
        origin = f"http://127.0.0.1:{port}"
        config = Config(
            base_url=origin,
            data_dir=folder,
            database_url=f"sqlite:///{folder / 'tandem.db'}",
            secret_key=_SECRET_KEY,
            allow_private_networks=True,
        )
        services = make_services(config)
        migrate(services.database)
        courses = [_prepare(services) for _ in range(4 if quick else PAIRS)]
        services.close()
        command = [str(Path(sys.executable).with_name("tandem")), "serve", "--port", str(port)]
        environ = {
            "TANDEM_BASE_URL": origin,
            "TANDEM_DATA_DIR": str(folder),
            "TANDEM_SECRET_KEY": _SECRET_KEY,
            "TANDEM_ALLOW_PRIVATE_NETWORKS": "true",
        }
        stack.enter_context(Server(command, port, folder / "server.log", environ))
        elsewhere = stack.enter_context(closing(_Elsewhere(port)))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=browser_path, args=list(ARGUMENTS))
        stack.callback(browser.close)
        # Each in a context of its own, so that none is in the background.
        pages = {name: browser.new_context(locale="en-GB").new_page() for name in _REGIONS}
        taken: list[dict[str, float]] = []
        for course in courses:
            for name, page in pages.items():
                page.goto(origin + course.visits[name].home)
            taken += _two_events(pages, course, elsewhere)
    return [
        Row(
            f"from an event to the {name}'s open page: longest of {len(taken)}, seconds",
            max(each[name] for each in taken),
            "two seconds",
            TARGET_SECONDS,
            1.0,
        )
        for name in _REGIONS
    ]


@click.command()
@bench_options("Fewer pairs.")
def main(quick: bool, path: Path | None) -> None:
    """Measure how soon open pages show what happened."""
    report(measure(quick=quick), path)


if __name__ == "__main__":
    main()
