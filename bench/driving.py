"""Browsers for a bench: they log in, have the platform sign a token, and post it. None of that is measured."""

from __future__ import annotations

import http.client
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from bench.servers import Server
from tests.platform.platform import Platform

SERVICES: dict[str, Any] = {
    "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint": {
        "scope": [
            "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem",
            "https://purl.imsglobal.org/spec/lti-ags/scope/score",
        ],
        "lineitems": "https://lms.example/mod/lti/services.php/2/lineitems?type_id=1",
        "lineitem": "https://lms.example/mod/lti/services.php/2/lineitems/1/lineitem?type_id=1",
    },
    "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice": {
        "context_memberships_url": "https://lms.example/mod/lti/services.php/CourseSection/2/bindings/1/memberships",
        "service_versions": ["2.0"],
    },
}
"""The claims of the two services, as Moodle adds them to each launch."""


_MOST_AT_ONCE = 32
"""Browsers whose launch is under way at the same time."""


@dataclass(frozen=True)
class Contender:
    """Something that people can launch, in one process or more."""

    name: str
    servers: Sequence[Server]
    login_path: str
    launch_path: str
    success: int
    """The status of a launch that was let in."""
    asks_twice: bool = False
    """Whether a login first answers with a page that tries the browser's cookies and comes again."""

    def cpu_seconds(self) -> float:
        """CPU time of all its processes so far."""
        return sum(server.cpu_seconds() for server in self.servers)


@dataclass(frozen=True)
class Tally:
    """What a round of launches came to."""

    launches: int
    failed: int
    milliseconds: float
    """CPU of the servers for one login and launch."""


@dataclass(frozen=True)
class _Answer:
    status: int
    location: str
    cookies: str
    """What the browser sends back of the cookies that came."""


def latencies(
    contender: Contender, platform: Platform, subjects: Sequence[str], per_second: float
) -> list[float]:
    """The seconds of login and launch together, of each subject; they come at a steady rate, whoever is still waiting.

    What the browser and the platform do in between is left out.
    """
    began = time.monotonic()

    def come(turn: int) -> float:
        time.sleep(max(0.0, began + turn / per_second - time.monotonic()))
        return _timed_launch(contender, platform, subjects[turn], turn)

    with ThreadPoolExecutor(_MOST_AT_ONCE) as browsers:
        return list(browsers.map(come, range(len(subjects))))


def _timed_launch(contender: Contender, platform: Platform, subject: str, turn: int) -> float:
    ports = [server.port for server in contender.servers]
    begins, ends = ports[turn % len(ports)], ports[(turn + 1) % len(ports)]
    start = time.perf_counter()
    login = _send(begins, "GET", f"{contender.login_path}?{urlencode(platform.login_parameters())}")
    waited = time.perf_counter() - start
    query = parse_qs(urlsplit(login.location).query)
    token = platform.token(query["nonce"][0], sub=subject, name=f"Person {subject}", **SERVICES)
    form = {"state": query["state"][0], "id_token": token}
    start = time.perf_counter()
    answer = _send(ends, "POST", contender.launch_path, form, login.cookies)
    if answer.status != contender.success:
        raise LaunchFailed(f"{contender.name} answered {answer.status}")
    return waited + time.perf_counter() - start


class LaunchFailed(Exception):
    """A launch whose latency was measured was not let in."""


def drive(contender: Contender, platform: Platform, subjects: Sequence[str]) -> Tally:
    """One login and launch for each subject, each in a fresh browser.

    Where there are several processes, a login goes to one and its launch to another.
    """
    ports = [server.port for server in contender.servers]
    failed = 0
    before = contender.cpu_seconds()
    for turn, subject in enumerate(subjects):
        begins, ends = ports[turn % len(ports)], ports[(turn + 1) % len(ports)]
        address = f"{contender.login_path}?{urlencode(platform.login_parameters())}"
        if contender.asks_twice:
            _send(begins, "GET", address)
            address += "&lti1p3_new_window=1"
        login = _send(begins, "GET", address)
        query = parse_qs(urlsplit(login.location).query)
        if "nonce" not in query:
            failed += 1
            continue
        token = platform.token(query["nonce"][0], sub=subject, name=f"Person {subject}", **SERVICES)
        form = {"state": query["state"][0], "id_token": token}
        failed += _send(ends, "POST", contender.launch_path, form, login.cookies).status != contender.success
    spent = contender.cpu_seconds() - before
    return Tally(len(subjects), failed, spent * 1000 / len(subjects))


def _send(
    port: int, method: str, path: str, form: dict[str, str] | None = None, cookies: str = ""
) -> _Answer:
    """One request on a connection of its own: a fresh browser has none open."""
    headers = {"Cookie": cookies} if cookies else {}
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as door:
        door.request(method, path, urlencode(form) if form is not None else None, headers)
        response = door.getresponse()
        response.read()
    set_cookies = response.headers.get_all("Set-Cookie") or []
    return _Answer(
        response.status,
        response.headers.get("Location", ""),
        "; ".join(cookie.split(";", 1)[0] for cookie in set_cookies),
    )
