"""The demo: the tool, a small LMS and a learning record store on this machine, connected as an admin would do it.

Nothing is planted: the tool is registered through the LMS's own registration page, and the activity is added
through its content picker, both over HTTP.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import sqlalchemy as sa
import waitress

from lti_tool.app import create_app
from lti_tool.config import KEPT_SETTINGS, Config, WrongSetting, load_config
from lti_tool.delivery import Worker
from lti_tool.demo.browser import Browser
from lti_tool.demo.connect import add_activity, connect_tool
from lti_tool.demo.lms.server import RunningLms
from lti_tool.demo.lms.settings import LmsSettings, RecordStore
from lti_tool.demo.lrs import RunningLRS, start_ralph
from lti_tool.demo.smoke import Loop, StepFailed
from lti_tool.demo.smoke import run as run_loop
from lti_tool.health_checks.findings import one_line
from lti_tool.logging import configure_logging
from lti_tool.lti.invitations import invite, setup_url
from lti_tool.mentoring.programme_templates import DEMO_TEMPLATE
from lti_tool.migrations import migrate
from lti_tool.tool import Tool, make_tool

MARK = "demo.json"
"""The file that says a folder is the demo's, and may be emptied by ``--reset``."""


STOP_SECONDS = 4.0
"""How long the servers may take to stop; what is still busy then ends with the process."""


class DemoError(Exception):
    """The demo cannot start. The text is one line that says why."""


@dataclass(frozen=True)
class Place:
    """Where a demo runs: three ports on loopback and one folder."""

    data_dir: Path
    port: int = 5000
    lms_port: int = 5001
    lrs_port: int = 5002
    database_url: str | None = None
    """Another database than the SQLite file of the folder."""

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


def reset(place: Place) -> None:
    """Remove everything the demo keeps. A folder that is not the demo's is left alone (:class:`DemoError`)."""
    folder = place.data_dir
    if not folder.exists():
        return
    if any(folder.iterdir()) and not (folder / MARK).exists():
        raise DemoError(f"{folder} was not made by the demo: it is left alone. Name another with --data.")
    shutil.rmtree(folder)


def is_running(place: Place) -> bool:
    """Whether a demo answers at these ports already."""
    try:
        tool = requests.get(f"{place.tool_url}/healthz", timeout=2)
        lms = requests.get(f"{place.lms_url}/people.json", timeout=2)
    except requests.RequestException:
        return False
    return tool.ok and lms.ok


class Demo:
    """The three servers. Use it with ``with``: they run inside the block and are gone after it."""

    def __init__(self, place: Place, say: Callable[[str], None]) -> None:
        self.place = place
        self._say = say
        self._stops: list[Callable[[], Any]] = []
        self.tool: Tool

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

    def invite(self, label: str) -> str:
        """The address of a set-up page that one LMS may use."""
        with self.tool.database.transaction() as db:
            _, secret = invite(db, label=label)
        return setup_url(self.tool.config.base_url, secret)

    def _start(self) -> None:
        configure_logging("text", logging.WARNING)
        with _usable(self.place.data_dir):
            mark = _mark(self.place.data_dir)
            connected = "activity" in json.loads(mark.read_text(encoding="utf-8"))
            self._start_servers()
        if not connected:
            self._say("Connecting the tool to the LMS, and adding the activity to the course…")
            mark.write_text(json.dumps({"activity": self._connect()}), encoding="utf-8")

    def _start_servers(self) -> None:
        self._say("Starting the learning record store…")
        lrs = start_ralph(self.place.data_dir / "lrs", self.place.lrs_port)
        self._stops.append(lrs.stop)
        self._say("Starting the LMS…")
        lms = self._start_lms(lrs)
        self._stops.append(lms.stop)
        self._say("Starting the tool…")
        self.tool = make_tool(_settings(self.place, lrs))
        self._start_tool()

    def _start_lms(self, lrs: RunningLRS) -> RunningLms:
        settings = LmsSettings(
            data_dir=self.place.data_dir / "lms",
            port=self.place.lms_port,
            lrs=RecordStore(lrs.endpoint, lrs.username, lrs.password),
        )
        try:
            return RunningLms(settings)
        except OSError as error:
            raise DemoError(
                f"port {self.place.lms_port} cannot be used for the LMS: {error.strerror}"
            ) from None

    def _start_tool(self) -> None:
        migrate(self.tool.database)
        app = create_app(self.tool.config, self.tool)
        try:
            server = waitress.create_server(app, host="127.0.0.1", port=self.place.port, threads=8)
        except OSError as error:
            raise DemoError(f"port {self.place.port} cannot be used for the tool: {error.strerror}") from None
        thread = threading.Thread(target=server.run, name="demo-tool", daemon=True)
        thread.start()
        self._stops.append(server.close)
        worker = Worker(self.tool)
        worker.start()
        self._stops.append(worker.stop)

    def _connect(self) -> str:
        admin = Browser("en")
        connect_tool(admin, self.place.lms_url, self.invite("Demo"))
        tutor = Browser("fr")
        return add_activity(tutor, self.place.lms_url, template=DEMO_TEMPLATE)


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


def stay(place: Place, say: Callable[[str], None], *, open_browser: bool) -> None:
    """Run the demo until Ctrl-C or SIGTERM."""
    ended = threading.Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: ended.set())
    with Demo(place, say):
        say("")
        say("Ready:")
        say(f"  the course          {place.lms_url}/")
        say(f"  the tool            {place.tool_url}/")
        say(f"  the record store    {place.lrs_url}statements")
        say("")
        say("Open the course, choose who you are, and open the activity. Ctrl-C ends the demo.")
        if open_browser and _has_a_screen():
            webbrowser.open(f"{place.lms_url}/")
        ended.wait()
        say("Stopping…")


def _has_a_screen() -> bool:
    """Whether a browser can open here: without a screen, a text browser would take the terminal over."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def smoke(place: Place, say: Callable[[str], None]) -> None:
    """Walk the whole loop, in the demo that runs at these ports or in one started for it.

    Raises :class:`DemoError` with the name of the step that failed.
    """
    try:
        if is_running(place):
            say(f"A demo runs at {place.tool_url}: using it.")
            _walk(place, make_tool(load_config({"TANDEM_DATA_DIR": str(place.data_dir)})), say)
        else:
            with Demo(place, say) as demo:
                _walk(place, demo.tool, say)
    except StepFailed as error:
        raise DemoError(f"the loop stopped at: {error}") from None
    say("The whole loop works.")


def _walk(place: Place, tool: Tool, say: Callable[[str], None]) -> None:
    config = tool.config
    if not (config.lrs_endpoint and config.lrs_username and config.lrs_password):
        raise DemoError(f"{place.data_dir} is not the folder of the demo that runs there")
    loop = Loop(
        lms_url=place.lms_url,
        setup_url=_run_invite(place),
        lrs_url=f"{config.lrs_endpoint.rstrip('/')}/",
        lrs_username=config.lrs_username,
        lrs_password=config.lrs_password,
        template=DEMO_TEMPLATE,
    )
    run_loop(loop, say)


def _run_invite(place: Place) -> str:
    """What ``tandem invite`` prints when it is pointed at the demo's folder, as an admin would run it."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TANDEM_")}
    command = [sys.executable, "-m", "lti_tool", "invite", "--label", "Smoke"]
    ran = subprocess.run(  # noqa: S603 - our own interpreter and module, and words of ours alone
        command,
        env=environ | {"TANDEM_DATA_DIR": str(place.data_dir)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if ran.returncode:
        raise DemoError(f"tandem invite: {ran.stderr.strip()}")
    return ran.stdout.strip()


def _settings(place: Place, lrs: RunningLRS) -> Config:
    """Keep the demo's settings in its folder, where every command finds them, and read them from there."""
    kept = {
        "TANDEM_BASE_URL": place.tool_url,
        "TANDEM_LRS_ENDPOINT": lrs.endpoint,
        "TANDEM_LRS_USERNAME": lrs.username,
        "TANDEM_LRS_PASSWORD": lrs.password,
        "TANDEM_ALLOW_PRIVATE_NETWORKS": "true",
    }
    if place.database_url:
        kept["TANDEM_DATABASE_URL"] = place.database_url
    path = place.data_dir / KEPT_SETTINGS
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={value}\n" for name, value in kept.items()), encoding="utf-8")
    return load_config({"TANDEM_DATA_DIR": str(place.data_dir)})
