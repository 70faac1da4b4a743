"""Starts the independent platform in its own process, and speaks to the endpoints it keeps for tests.

The `openedx` fixture gives one platform for the whole run. Its tool's addresses may be set later, by
`connect_tool`, since the tool wants the platform's addresses as much as the platform wants the tool's.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.openedx.build_venv import default_folder, python_of

SERVE = Path(__file__).parent / "platform" / "serve.py"
ANSWERS_WITHIN = 30.0
"""Seconds for any answer; the platform takes about four to start."""

PEOPLE: list[dict[str, Any]] = [
    {"username": "tess", "name": "Tess Tutor", "email": "tess@example.org", "role": "instructor"},
    {
        "username": "stan",
        "name": "Stan Staff",
        "email": "stan@example.org",
        "role": "staff",
        "enrolled": False,
    },
    {"username": "maya", "name": "Maya Mentor", "email": "maya@example.org"},
    {"username": "omar", "name": "Omar Mentee", "email": "omar@example.org"},
    {"username": "zoé", "name": "Zoé Ørsted", "email": "zoe@example.org"},
]
"""Who is in the `openedx` fixture's course. A role left out is `student`."""


class PlatformFailed(Exception):
    """The platform did not start; the text is what it said."""


def direct_http() -> requests.Session:
    """A session that goes straight to loopback, whatever proxy the environment names."""
    http = requests.Session()
    http.trust_env = False
    return http


@dataclass
class RunningPlatform:
    """An LTI platform listening on loopback. Addresses are absolute; `info` is re-read by every change here."""

    base_url: str
    process: subprocess.Popen[str]
    log: Path
    info: dict[str, Any] = field(default_factory=dict)
    """issuer, client_id, deployment_id, auth_login_url, auth_token_url, jwks_url, line_items_url, line_item_url,
    memberships_url, context_id, block_location, resource_link_id, people (username → user_id, name, email, role)."""

    def _call(self, method: str, path: str, json: Any = None) -> Any:
        with direct_http() as http:
            answer = http.request(method, self.base_url + path, json=json, timeout=ANSWERS_WITHIN)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def refresh(self) -> dict[str, Any]:
        """Reads `info` again: a declarative line item appears with the first launch, people may be added."""
        self.info = self._call("GET", "/test/info")
        return self.info

    def connect_tool(
        self,
        *,
        login_url: str,
        launch_url: str,
        jwks_url: str,
        redirect_uris: list[str] | None = None,
        deep_linking_url: str = "",
    ) -> None:
        """Says where the tool is. Without `redirect_uris` Open edX allows the launch and deep-linking URLs."""
        tool = {
            "login_url": login_url,
            "launch_url": launch_url,
            "jwks_url": jwks_url,
            "redirect_uris": redirect_uris or [],
            "deep_linking_url": deep_linking_url,
        }
        self.info = self._call("PUT", "/test/tool", json=tool)

    def add_person(self, username: str, name: str = "", email: str = "", role: str = "student") -> str:
        """Adds someone to the course; returns the id tools know them by (`sub`, the roster's `user_id`)."""
        person = {"username": username, "name": name, "email": email, "role": role}
        user_id: str = self._call("POST", "/test/people", json=person)["user_id"]
        self.refresh()
        return user_id

    def user_id(self, username: str) -> str:
        """The id that tools know the person by: `sub` in launches, `user_id` in the roster, `userId` in scores."""
        known: str = self.info["people"][username]["user_id"]
        return known

    def grades(self) -> dict[str, list[dict[str, Any]]]:
        """`scores`, the latest of each line item and person, and `published`, every grade the course got."""
        found: dict[str, list[dict[str, Any]]] = self._call("GET", "/test/grades")
        return found

    def published(self, username: str) -> list[float | None]:
        """The values of the grades published for the person, oldest first, out of the course's points."""
        return [grade["value"] for grade in self.grades()["published"] if grade["username"] == username]

    def requests(self) -> list[dict[str, Any]]:
        """Requests to the platform's LTI endpoints, oldest first: method, path, query, status, accept, body …"""
        seen: list[dict[str, Any]] = self._call("GET", "/test/requests")["requests"]
        return seen

    def reset(self) -> None:
        """Forgets line items, scores, grades, deep links and the log; people and the tool's addresses stay."""
        self._call("POST", "/test/reset")
        self.refresh()

    def stop(self) -> None:
        """Ends the process. Its data was in memory."""
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()
        self.log.unlink(missing_ok=True)


def start_openedx(python: Path, config: Mapping[str, Any], port: int = 0) -> RunningPlatform:
    """Starts the platform with the other environment's Python, and returns when it answers.

    `config` is what `platform/configuration.py` describes. Raises PlatformFailed with the platform's own words.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".log", prefix="openedx-", delete=False) as log:
        log_path = Path(log.name)
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as configuration:
            json.dump(config, configuration)
            configuration.flush()
            command = [
                python,
                SERVE,
                "--port",
                str(port),
                "--config",
                configuration.name,
                "--exit-with-stdin",
            ]
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                # The platform fetches the tool's keys from loopback: no proxy on the way.
                env={**os.environ, "NO_PROXY": "*", "no_proxy": "*"},
            )
            assert process.stdout is not None
            # The line comes once the platform listens, or never: then the pipe closes and the line is empty.
            first_line = process.stdout.readline()
    platform = RunningPlatform(base_url="", process=process, log=log_path)
    if not first_line:
        said = log_path.read_text(encoding="utf-8")
        platform.stop()
        raise PlatformFailed(f"{said}\nIf something is missing there, build it again: make .venv-openedx")
    platform.base_url = json.loads(first_line)["base_url"]
    platform.refresh()
    return platform


def openedx_python() -> Path:
    """The Python of the platform's environment. Fails the test, and never skips it, when it is not built."""
    folder = default_folder()
    if not python_of(folder).exists():
        pytest.fail(
            f"The independent platform has no environment at {folder}. Build it with: make .venv-openedx "
            "(or name an existing one in TANDEM_OPENEDX_VENV).",
            pytrace=False,
        )
    return python_of(folder)


@pytest.fixture(scope="session")
def openedx() -> Iterator[RunningPlatform]:
    """One platform for the run: the course of PEOPLE, line items made by the tool, a roster with names."""
    platform = start_openedx(openedx_python(), {"people": PEOPLE})
    yield platform
    platform.stop()
