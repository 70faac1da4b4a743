"""The tool and an LMS, both listening at ports of their own, that do not know each other yet."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from werkzeug.serving import make_server

from lti_tool.app import create_app
from lti_tool.composition.services import Services, make_services
from lti_tool.config import Config
from lti_tool.demo.lms.server import RunningLms
from lti_tool.demo.lms.settings import LmsSettings
from tests.web.setup.conftest import running_jobs


@contextmanager
def tool_and_lms(config: Config, lms_settings: LmsSettings) -> Iterator[tuple[Services, RunningLms]]:
    """Both, while the block lasts. The tool has the settings ``config``, at its own address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        mine = replace(config, base_url=f"http://127.0.0.1:{port}")
        services = make_services(mine)
        server = make_server(
            "127.0.0.1", port, create_app(mine, services), threaded=True, fd=listener.fileno()
        )
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        with running_jobs(services), RunningLms(lms_settings) as lms:
            yield services, lms
        server.shutdown()
        thread.join()
        server.server_close()
        services.http.close()
        services.database.dispose()
