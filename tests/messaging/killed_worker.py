"""A worker in a process of its own that ends itself with SIGKILL at one step: nothing is cleaned up, as in life.

``python -m tests.messaging.dying_worker SETTINGS POINT``: SETTINGS is a JSON file with the values of
:class:`lti_tool.config.Config`; POINT is ``<kind>:<step>`` for a step of :data:`lti_tool.messaging.worker.STEPS`, or
``<request>:asking`` and ``<request>:answered`` for one of :data:`REQUESTS`, before it leaves and after the receiver
has answered all of it.
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
from pathlib import Path
from typing import Any

import requests

from lti_tool.composition.channels import make_channels
from lti_tool.composition.services import make_services
from lti_tool.config import Config
from lti_tool.messaging.worker import Worker
from lti_tool.outbound.client import GuardedHttp

REQUESTS = {
    ("POST", "/statements"): "statement",
    ("GET", "/statements"): "held_statement",
    ("POST", "/token"): "token",
    ("POST", "/scores"): "score",
    ("GET", "/results"): "result",
}
"""What a worker asks of others: each by its method and the end of its path."""


def kill_process() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(10)


class KillPointHttp(GuardedHttp):
    """The tool's session, which dies around the request that it was told."""

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


def read_config(path: Path) -> Config:
    values = json.loads(path.read_text())
    values["data_dir"] = Path(values["data_dir"])
    values["allowed_hosts"] = frozenset(values["allowed_hosts"])
    values["trusted_proxies"] = frozenset(map(ipaddress.ip_network, values["trusted_proxies"]))
    return Config(**values)


def write_config(config: Config, path: Path) -> None:
    values = dataclasses.asdict(config)
    values["data_dir"] = str(values["data_dir"])
    values["allowed_hosts"] = sorted(values["allowed_hosts"])
    values["trusted_proxies"] = sorted(map(str, values["trusted_proxies"]))
    path.write_text(json.dumps(values))


def main() -> None:
    config = read_config(Path(sys.argv[1]))
    point = sys.argv[2]
    http = KillPointHttp(config)
    http.point = point
    services = dataclasses.replace(make_services(config), http=http)
    channels = make_channels(services)
    for channel in channels:
        channel.batch_size = min(channel.batch_size, 3)  # type: ignore[misc]  # of this one alone
    worker = Worker(
        services.database,
        channels,
        wake=services.wake,
        lease=dt.timedelta(seconds=1),
        poll_seconds=0.05,
        at_step=lambda step: kill_process() if step == point else None,
    )
    worker.start()
    time.sleep(150)


if __name__ == "__main__":
    main()
