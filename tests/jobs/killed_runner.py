"""A runner of jobs in a process of its own, which may end itself with SIGKILL at one step.

``python -m tests.jobs.killed_runner SETTINGS POINT``: SETTINGS is a JSON file with the values of
:class:`lti_tool.config.Config`; POINT is ``<kind>:<step>`` for a step of :data:`lti_tool.jobs.runner.STEPS`, or
one of :data:`REQUESTS` with ``asking`` or ``answered``, before the request leaves and after the platform has
answered all of it; ``none`` for a runner that goes on until it is stopped.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import sys
import time
from pathlib import Path
from typing import Any

import requests

from lti_tool.composition.jobs import JOB_KINDS, make_job_worker
from lti_tool.composition.services import make_services
from lti_tool.outbound.client import GuardedHttp
from tests.jobs.kinds import Hourly, WriteRows
from tests.messaging.killed_worker import kill_process, read_config

KINDS = (*JOB_KINDS, lambda _services: WriteRows(), lambda _services: Hourly())
REQUESTS = {
    "/token": "token",
    "/memberships": "members",
    "/configuration": "configuration",
    "/register": "registration",
}
"""What reading a roster and connecting a platform ask of it, by the end of the path."""


class KillPointHttp(GuardedHttp):
    """The tool's session, which ends the process around one kind of request."""

    point = ""

    def request(self, method: str, url: Any, *args: Any, **options: Any) -> requests.Response:  # type: ignore[override]  # the same signature
        path = str(url).partition("?")[0]
        name = next((name for end, name in REQUESTS.items() if path.endswith(end)), "")
        if self.point == f"{name}:asking":
            kill_process()
        answer = super().request(method, url, *args, **options)
        if self.point == f"{name}:answered":
            answer.content  # noqa: B018 - the platform has written all of its answer
            kill_process()
        return answer


def main() -> None:
    config = read_config(Path(sys.argv[1]))
    point = sys.argv[2]
    http = KillPointHttp(config)
    http.point = point
    services = dataclasses.replace(make_services(config), http=http, guarded=http)
    worker = make_job_worker(
        services,
        KINDS,
        lease=dt.timedelta(seconds=1),
        sweep_seconds=0.1,
        on_step=lambda step: kill_process() if step == point else None,
    )
    if point == "none":
        WriteRows.seconds = 0.02
    worker.start()
    print("started", flush=True)
    time.sleep(150)


if __name__ == "__main__":
    main()
