"""``tandem serve``: the web, and by default the worker, in one process."""

from __future__ import annotations

import gc
import signal
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn
from urllib.parse import urlsplit

import click

from lti_tool.app import create_app
from lti_tool.commands.context import operator_command, stop_all
from lti_tool.commands.migrate import prepare_to_serve
from lti_tool.commands.web_channels import make_server
from lti_tool.commands.web_connections import connection_settings
from lti_tool.composition.channels import make_worker
from lti_tool.composition.jobs import JobWorker, make_awaited_job_runner, make_job_worker
from lti_tool.composition.services import Services
from lti_tool.identity.policy import Action
from lti_tool.jobs.runner import JobRunner
from lti_tool.logging import configure_logging
from lti_tool.messaging.worker import Worker

THREADS = 8
YOUNG_OBJECTS = 10_000
"""After how many new objects that are still alive the garbage collector looks for cycles among them; Python's own
default is 700, which a launch reaches each time."""
LARGEST_KEPT_BODY = 4 * 1024 * 1024
"""Bytes. The server keeps a body before the application sees it and refuses it with a page of its own; what is
larger than this is not kept at all."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=None,
    help="The port to listen on; that of TANDEM_BASE_URL when it names one, else 5000.",
)
@click.option(
    "--no-worker",
    is_flag=True,
    help="Serve the web, and connect platforms, only; run `tandem worker` beside it.",
)
@operator_command(Action.SERVE, needs_database=False)
def serve(services: Services, host: str, port: int | None, no_worker: bool) -> None:
    """Serve the tool. Brings the database up to date first.

    \b
    Example:
      TANDEM_BASE_URL=https://mentoring.example.com tandem serve --host 0.0.0.0 --port 5000
    """
    configure_logging(services.config.log_format)
    prepare_to_serve(services)
    port = port or urlsplit(services.config.base_url).port or 5000
    app = create_app(services.config, services)
    try:
        server = make_server(
            app,
            THREADS,
            host=host,
            port=port,
            max_request_body_size=LARGEST_KEPT_BODY,
            # The application itself reads X-Forwarded-For, and no other of these headers (web/client_address.py).
            clear_untrusted_proxy_headers=False,
            **connection_settings(),
        )
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}:{port}: {error.strerror}") from None
    except ValueError:  # what waitress raises for a host that cannot be resolved
        raise click.ClickException(f"cannot listen on {host}:{port}: no such address") from None
    workers: Sequence[Worker | JobWorker | JobRunner] = (
        [make_awaited_job_runner(services)]
        if no_worker
        else [make_worker(services), make_job_worker(services)]
    )
    for worker in workers:
        worker.start()
    signal.signal(signal.SIGTERM, _stop)
    freeze_loaded_objects()
    click.echo(f"Serving {services.config.base_url} on {host}:{port}. Ctrl-C ends it.")
    try:
        server.run()
    except (KeyboardInterrupt, SystemExit):
        click.echo("Stopping…")
    finally:
        server.close()
        stop_all([*(worker.stop for worker in workers), services.frequent_refusals.write_all])


def freeze_loaded_objects() -> None:
    """Tell Python's garbage collector that what is loaded now stays, and to look for cycles in the rest less often.

    What a request makes is mostly freed by reference counts, and what is loaded (some 300,000 objects) never.
    https://docs.python.org/3/library/gc.html#gc.freeze
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)
