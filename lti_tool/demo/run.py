"""The demo: the tool, a small LMS and a learning record store on this machine, connected as an admin would do it.

Nothing is planted: the tool is registered through the LMS's own registration page, and the activity is added
through its content picker, both over HTTP.
"""

from __future__ import annotations

import fcntl
import gc
import json
import logging
import os
import shutil
import signal
import sqlite3
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import requests
import sqlalchemy as sa
import waitress

from lti_tool.app import create_app
from lti_tool.commands.context import transaction
from lti_tool.commands.migrate import prepare_to_serve
from lti_tool.composition.channels import make_worker
from lti_tool.composition.jobs import make_job_worker
from lti_tool.composition.services import Services, make_services
from lti_tool.config import SETTINGS_FILE, Config, WrongSetting, load_config
from lti_tool.demo.browser import Browser
from lti_tool.demo.connect import add_activity, connect_tool
from lti_tool.demo.lms.server import RunningLms
from lti_tool.demo.lms.settings import LmsSettings, RecordStore
from lti_tool.demo.lrs import RunningLRS, start_ralph
from lti_tool.demo.programme_parts import running_programme
from lti_tool.demo.running_course import CourseNotMade, add_running_course
from lti_tool.demo.seeding.cohorts import DAYS
from lti_tool.health_checks.findings import one_line
from lti_tool.logging import configure_logging
from lti_tool.lti.registration.invitations import invite, setup_url
from lti_tool.mentoring.programmes.template import DEMO_TEMPLATE

MARK = "demo.json"
"""The file that says a folder is the demo's, and may be emptied by ``--reset``."""


STOP_SECONDS = 4.0
"""How long the servers may take to stop; what is still busy then ends with the process."""


class DemoError(Exception):
    """The demo cannot start. The text is one line that says why."""


@dataclass(frozen=True)
class DemoSettings:
    """Where a demo runs: three ports on loopback and one folder."""

    data_dir: Path
    port: int = 5000
    lms_port: int = 5001
    lrs_port: int = 5002
    database_url: str | None = None
    """Another database than the SQLite file of the folder."""
    canvas: bool = False
    """Whether the LMS has Canvas's rules and look, in place of Moodle's."""
    second_course: bool = False
    """Whether there is a second course, in which a programme has run for weeks."""

    @property
    def ports(self) -> list[int]:
        """Those of the tool, the LMS and the record store."""
        return [self.port, self.lms_port, self.lrs_port]

    @property
    def tool_url(self) -> str:
        """The tool is 127.0.0.1 and the LMS localhost, so that the frame is cross-site as in real life."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def lms_url(self) -> str:
        return f"http://localhost:{self.lms_port}"

    @property
    def lrs_url(self) -> str:
        return f"http://127.0.0.1:{self.lrs_port}/xAPI/"


def reset(settings: DemoSettings) -> None:
    """Remove everything the demo keeps.

    A folder that is not the demo's, or that a demo uses now, is left alone (:class:`DemoError`).
    """
    folder = settings.data_dir
    if not folder.exists():
        return
    if any(folder.iterdir()) and not (folder / MARK).exists():
        raise DemoError(f"{folder} was not made by the demo: it is left alone. Name another with --data.")
    os.close(_lock(folder))
    shutil.rmtree(folder)


def _lock(folder: Path) -> int:
    """Keep the folder for this process, until the descriptor is closed. Raises :class:`DemoError`."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise DemoError(
            f"{folder} is in use: end the demo that runs there, or name another with --data."
        ) from None
    return descriptor


def is_running(settings: DemoSettings) -> bool:
    """Whether a demo answers at these ports already."""
    try:
        tool = requests.get(f"{settings.tool_url}/healthz", timeout=2)
        lms = requests.get(f"{settings.lms_url}/people.json", timeout=2)
    except requests.RequestException:
        return False
    return tool.ok and lms.ok


class Demo:
    """The three servers. Use it with ``with``: they run inside the block and are gone after it."""

    def __init__(self, settings: DemoSettings, echo: Callable[[str], None]) -> None:
        self.settings = settings
        self._echo = echo
        self._stops: list[Callable[[], Any]] = []
        self._folder_lock: int | None = None
        self.lrs: RunningLRS
        self.lms: RunningLms
        self.services: Services

    def __enter__(self) -> Demo:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop what was started, all at once, so that the slowest decides and not their sum."""
        stopping = [threading.Thread(target=stop, daemon=True) for stop in self._stops]
        self._stops.clear()
        deadline = time.monotonic() + STOP_SECONDS
        for thread in stopping:
            thread.start()
        for thread in stopping:
            thread.join(max(0.0, deadline - time.monotonic()))
        if self._folder_lock is not None:
            os.close(self._folder_lock)
            self._folder_lock = None

    def invite(self, label: str) -> str:
        """The address of a set-up page that one LMS may use."""
        with transaction(self.services) as db:
            _, secret = invite(db, label=label)
        return setup_url(self.services.config.base_url, secret)

    def _start(self) -> None:
        configure_logging("text", logging.WARNING)
        with _usable(self.settings.data_dir):
            mark = _mark(self.settings.data_dir)
            self._folder_lock = _lock(self.settings.data_dir)
            known = json.loads(mark.read_text(encoding="utf-8"))
            if known.get("ports", self.settings.ports) != self.settings.ports:
                # The LMS keeps the tool's addresses, and the tool the LMS's.
                ports = ", ".join(map(str, known["ports"]))
                raise DemoError(
                    f"This demo was made for ports {ports}. Use them again, or --reset, or --data FOLDER."
                )
            if "activity" in known and known.get("canvas", False) != self.settings.canvas:
                there = "Canvas" if known.get("canvas") else "Moodle"
                raise DemoError(
                    f"the LMS in {self.settings.data_dir} has the rules of {there}. Name another folder with "
                    "--data, or start afresh with --reset."
                )
            connected = "activity" in known
            self._start_servers()
        if not connected:
            self._echo("Connecting the tool to the LMS, and adding the activity to the course…")
            made = {
                "activity": self._connect(),
                "canvas": self.settings.canvas,
                "ports": self.settings.ports,
            }
            known = made
            mark.write_text(json.dumps(known), encoding="utf-8")
        if self.settings.second_course and not known.get("second_course"):
            self._echo(f"Letting {DAYS // 7} weeks happen in a second course…")
            try:
                add_running_course(self.lms, self.services, locale=self._language)
            except CourseNotMade as error:
                raise DemoError(f"the second course cannot be made: {error}") from None
            mark.write_text(json.dumps({**known, "second_course": True}), encoding="utf-8")

    def _start_servers(self) -> None:
        self._echo("Starting the learning record store…")
        self.lrs = lrs = start_ralph(self.settings.data_dir / "lrs", self.settings.lrs_port)
        self._stops.append(lrs.stop)
        self._echo("Starting the LMS…")
        self.lms = self._start_lms(lrs)
        self._stops.append(self.lms.stop)
        self._echo("Starting the tool…")
        self.services = make_services(_tool_config(self.settings, lrs))
        if self.settings.second_course:
            self.lms.ask_programmes_of(partial(running_programme, self.services))
        self._start_tool()

    def _start_lms(self, lrs: RunningLRS) -> RunningLms:
        settings = LmsSettings(
            data_dir=self.settings.data_dir / "lms",
            port=self.settings.lms_port,
            lrs=RecordStore(lrs.endpoint, lrs.username, lrs.password),
        )
        if self.settings.canvas:
            settings = replace(settings, grade_rules="canvas", product_family_code="canvas")
        try:
            return RunningLms(settings)
        except OSError as error:
            raise DemoError(
                f"port {self.settings.lms_port} cannot be used for the LMS: {error.strerror}"
            ) from None

    def _start_tool(self) -> None:
        prepare_to_serve(self.services)
        app = create_app(self.services.config, self.services)
        try:
            server = waitress.create_server(app, host="127.0.0.1", port=self.settings.port, threads=8)
        except OSError as error:
            raise DemoError(
                f"port {self.settings.port} cannot be used for the tool: {error.strerror}"
            ) from None
        thread = threading.Thread(target=server.run, name="demo-tool", daemon=True)
        thread.start()
        self._stops.append(server.close)
        for worker in (make_worker(self.services), make_job_worker(self.services)):
            worker.start()
            self._stops.append(worker.stop)

    @property
    def _language(self) -> str:
        return written_language(os.environ, self.lms.settings.default_locale)

    def _connect(self) -> str:
        admin = Browser("en")
        connect_tool(admin, self.settings.lms_url, self.invite("Demo"))
        tutor = Browser(self._language)
        return add_activity(tutor, self.settings.lms_url, template=DEMO_TEMPLATE)


def written_language(environ: Mapping[str, str], otherwise: str) -> str:
    """In which language people write in the demo, for what is written stays as it is: ``fr`` or ``en``.

    That of the shell, which is probably the browser's too, or else that of the LMS.
    """
    locale = next(filter(None, map(environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return next((language for language in ("fr", "en") if locale.startswith(language)), otherwise)


@contextmanager
def _usable(folder: Path) -> Iterator[None]:
    """Turn what a damaged or forbidden folder raises into :class:`DemoError`."""
    try:
        yield
    except (OSError, ValueError, sqlite3.DatabaseError, sa.exc.DatabaseError, WrongSetting) as error:
        cause = one_line(getattr(error, "orig", None) or error)
        raise DemoError(f"{folder} cannot be used: {cause}. --reset starts afresh.") from None


def _mark(folder: Path) -> Path:
    """The file that says the folder is the demo's. A folder with other things in it is refused."""
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / MARK
    if not mark.exists():
        if any(folder.iterdir()):
            raise DemoError(f"{folder} holds something else. Name an empty folder with --data.")
        mark.write_text("{}", encoding="utf-8")
    return mark


def serve(settings: DemoSettings, echo: Callable[[str], None], *, open_browser: bool) -> None:
    """Run the demo until Ctrl-C or SIGTERM."""
    ended = threading.Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: ended.set())
    with Demo(settings, echo) as demo:
        echo("")
        echo("Ready:")
        echo(f"  the course          {settings.lms_url}/")
        echo(f"  the tool            {settings.tool_url}/")
        echo(f"  the record store    {settings.lrs_url}statements")
        echo(f"                      user {demo.lrs.username}, password {demo.lrs.password}")
        echo("")
        echo("Open the course, choose who you are, and open the activity. Ctrl-C ends the demo.")
        if open_browser and _has_display():
            webbrowser.open(f"{settings.lms_url}/")
        ended.wait()
        echo("Stopping…")
    # What is loaded need not be searched for cycles at the very end, which takes a busy machine seconds.
    gc.freeze()


def _has_display() -> bool:
    """Whether a browser can open here: without a screen, a text browser would take the terminal over."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _tool_config(settings: DemoSettings, lrs: RunningLRS) -> Config:
    """Keep the demo's settings in its folder, where every command finds them, and read them from there."""
    kept = {
        "TANDEM_BASE_URL": settings.tool_url,
        "TANDEM_LRS_ENDPOINT": lrs.endpoint,
        "TANDEM_LRS_USERNAME": lrs.username,
        "TANDEM_LRS_PASSWORD": lrs.password,
        "TANDEM_ALLOW_PRIVATE_NETWORKS": "true",
    }
    if settings.database_url:
        kept["TANDEM_DATABASE_URL"] = settings.database_url
    path = settings.data_dir / SETTINGS_FILE
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={value}\n" for name, value in kept.items()), encoding="utf-8")
    return load_config({"TANDEM_DATA_DIR": str(settings.data_dir)})
