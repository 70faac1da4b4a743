"""The smoke run: where it takes place, and the loop of :mod:`lti_tool.demo.smoke` in it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from lti_tool.composition.services import Services, make_services
from lti_tool.config import load_config
from lti_tool.demo.run import Demo, DemoError, DemoSettings, is_running
from lti_tool.demo.smoke import Loop, StepFailed, run_loop
from lti_tool.mentoring.programmes.template import DEMO_TEMPLATE


def smoke(settings: DemoSettings, echo: Callable[[str], None]) -> None:
    """Run the whole loop, in the demo that runs at these ports or in one started for it.

    Raises :class:`DemoError` with the name of the step that failed.
    """
    try:
        if is_running(settings):
            echo(f"A demo runs at {settings.tool_url}: using it.")
            _run_loop(settings, make_services(load_config({"TANDEM_DATA_DIR": str(settings.data_dir)})), echo)
        else:
            with Demo(settings, echo) as demo:
                _run_loop(settings, demo.services, echo)
    except StepFailed as error:
        raise DemoError(f"the loop stopped at: {error}") from None
    echo("The whole loop works.")


def smoke_apart(settings: DemoSettings, echo: Callable[[str], None]) -> None:
    """The same in a demo of its own, of which nothing is left: no people, and no statement in another's record store.

    Where a demo runs at these ports, free ones are used. Raises :class:`DemoError` as :func:`smoke` does.
    """
    if is_running(settings):
        settings = _at_free_ports(settings)
    with tempfile.TemporaryDirectory(prefix="tandem-smoke-", ignore_cleanup_errors=True) as folder:
        smoke(replace(settings, data_dir=Path(folder)), echo)
    echo("Nothing of this run is left.")


def _at_free_ports(settings: DemoSettings) -> DemoSettings:
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in settings.ports]
    tool, lms, lrs = (listener.getsockname()[1] for listener in listeners)
    for listener in listeners:
        listener.close()
    return replace(settings, port=tool, lms_port=lms, lrs_port=lrs)


def _run_loop(settings: DemoSettings, services: Services, echo: Callable[[str], None]) -> None:
    config = services.config
    if not (config.lrs_endpoint and config.lrs_username and config.lrs_password):
        raise DemoError(f"{settings.data_dir} is not the folder of the demo that runs there")
    loop = Loop(
        lms_url=settings.lms_url,
        setup_url=_run_invite(settings),
        lrs_url=f"{config.lrs_endpoint.rstrip('/')}/",
        lrs_username=config.lrs_username,
        lrs_password=config.lrs_password,
        template=DEMO_TEMPLATE,
    )
    run_loop(loop, echo)


def _run_invite(settings: DemoSettings) -> str:
    """What ``tandem invite`` prints when it is pointed at the demo's folder, as an admin would run it."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TANDEM_")}
    command = [sys.executable, "-m", "lti_tool", "invite", "--label", "Smoke"]
    ran = subprocess.run(  # noqa: S603 - our own interpreter and module, and words of ours alone
        command,
        env=environ | {"TANDEM_DATA_DIR": str(settings.data_dir)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if ran.returncode:
        raise DemoError(f"tandem invite: {ran.stderr.strip()}")
    return ran.stdout.strip()
