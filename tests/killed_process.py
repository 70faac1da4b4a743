"""A process of the tool that ends itself with SIGKILL at one step: nothing is cleaned up, as after a power cut.

``python -m tests.killed_process WHAT SETTINGS POINT``, or :func:`run_until_killed`: WHAT is ``worker`` (deliveries) or
``runner`` (jobs); SETTINGS is a JSON file with the values of :class:`lti_tool.config.Config`; POINT is
``<kind>:<step>`` for a step of :data:`lti_tool.messaging.worker.STEPS` or :data:`lti_tool.jobs.runner.STEPS`, or
``<request>:asking`` and ``<request>:answered`` for one of :data:`REQUESTS`, before it leaves and after the receiver has
answered all of it; ``none`` for a runner that goes on until it is stopped.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import ipaddress
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import requests

from lti_tool.composition.channels import make_channels
from lti_tool.composition.jobs import JOB_KINDS, make_job_worker
from lti_tool.composition.services import Services, make_services
from lti_tool.config import Config
from lti_tool.messaging.worker import Worker
from lti_tool.outbound.client import GuardedHttp
from tests.forked_command import FORKS
from tests.jobs.kinds import Hourly, WriteRows

ROOT: Final = Path(__file__).parents[1]
KINDS: Final = (*JOB_KINDS, lambda _services: WriteRows(), lambda _services: Hourly())
"""The tool's kinds of jobs, and those of the tests."""
LONGEST: Final = {"worker": 180.0, "runner": 90.0}
"""After how many seconds a process that was to be killed has failed."""
_LEASE: Final = dt.timedelta(seconds=1)

REQUESTS: Final = {
    ("POST", "/statements"): "statement",
    ("GET", "/statements"): "held_statement",
    ("POST", "/token"): "token",
    ("POST", "/scores"): "score",
    ("GET", "/results"): "result",
    ("GET", "/memberships"): "members",
    ("GET", "/configuration"): "configuration",
    ("POST", "/register"): "registration",
}
"""What a process asks of others: each by its method and the end of its path."""


def command(services: Services, what: str, point: str, folder: Path) -> list[str]:
    """The command of such a process, which reads its settings from ``folder``."""
    settings = folder / "settings.json"
    _write_config(services.config, settings)
    return [sys.executable, "-m", "tests.killed_process", what, str(settings), point]


def run_until_killed(services: Services, what: str, point: str, folder: Path) -> int:
    """Start such a process and wait for its end; its exit status."""
    settings = folder / "settings.json"
    _write_config(services.config, settings)
    process = FORKS.Process(target=run, args=(what, str(settings), point))
    process.start()
    process.join(LONGEST[what])
    status = process.exitcode
    if status is None:
        process.kill()
        process.join()
        raise TimeoutError(f"{what} never came to {point}")
    process.close()
    return status


def _write_config(config: Config, path: Path) -> None:
    values = dataclasses.asdict(config)
    values["data_dir"] = str(values["data_dir"])
    values["allowed_hosts"] = sorted(values["allowed_hosts"])
    values["trusted_proxies"] = sorted(map(str, values["trusted_proxies"]))
    path.write_text(json.dumps(values))


def _read_config(path: Path) -> Config:
    values = json.loads(path.read_text())
    values["data_dir"] = Path(values["data_dir"])
    values["allowed_hosts"] = frozenset(values["allowed_hosts"])
    values["trusted_proxies"] = frozenset(map(ipaddress.ip_network, values["trusted_proxies"]))
    return Config(**values)


def kill_process() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(10)


class KillPointHttp(GuardedHttp):
    """The tool's session, which ends the process around one kind of request."""

    point = ""

    def request(self, method: str, url: Any, *args: Any, **options: Any) -> requests.Response:  # type: ignore[override]  # the same signature
        path = str(url).partition("?")[0]
        name = next(
            (name for (verb, end), name in REQUESTS.items() if verb == method and path.endswith(end)), ""
        )
        if self.point == f"{name}:asking":
            kill_process()
        answer = super().request(method, url, *args, **options)
        if self.point == f"{name}:answered":
            answer.content  # noqa: B018 - the receiver has written all of its answer
            kill_process()
        return answer


def _start_worker(services: Services, on_step: Callable[[str], None]) -> None:
    channels = make_channels(services)
    for channel in channels:
        channel.batch_size = min(channel.batch_size, 3)  # type: ignore[misc]  # of this one alone
    Worker(
        services.database, channels, wake=services.wake, lease=_LEASE, poll_seconds=0.05, at_step=on_step
    ).start()


def _start_runner(services: Services, on_step: Callable[[str], None]) -> None:
    make_job_worker(services, KINDS, lease=_LEASE, sweep_seconds=0.1, on_step=on_step).start()


def run(what: str, settings: str, point: str) -> None:
    """Be such a process."""
    config = _read_config(Path(settings))
    http = KillPointHttp(config)
    http.point = point
    services = dataclasses.replace(make_services(config), http=http, guarded=http)
    if point == "none":
        WriteRows.seconds = 0.02
    start = {"worker": _start_worker, "runner": _start_runner}[what]
    start(services, lambda step: kill_process() if step == point else None)
    print("started", flush=True)
    time.sleep(150)


if __name__ == "__main__":
    run(*sys.argv[1:])
