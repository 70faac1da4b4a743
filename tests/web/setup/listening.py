"""The tool and an LMS, both listening at ports of their own, that do not know each other yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from lti_tool.app import create_app
from lti_tool.composition.services import Services, make_services
from lti_tool.config import Config
from lti_tool.demo.lms.server import RunningLms
from lti_tool.demo.lms.settings import LmsSettings
from lti_tool.demo.server_thread import ServerThread, listen
from tests.web.setup.conftest import running_jobs


@contextmanager
def tool_and_lms(config: Config, lms_settings: LmsSettings) -> Iterator[tuple[Services, RunningLms]]:
    """Both, while the block lasts. The tool has the settings ``config``, at its own address."""
    listener = listen(0)
    mine = replace(config, base_url=f"http://127.0.0.1:{listener.getsockname()[1]}")
    services = make_services(mine)
    with (
        ServerThread(create_app(mine, services), listener),
        running_jobs(services),
        RunningLms(lms_settings) as lms,
    ):
        yield services, lms
    services.http.close()
    services.database.dispose()
