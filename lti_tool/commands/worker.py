"""``tandem worker``: deliver what waits in the outbox and run background jobs, beside any number of web processes."""

from __future__ import annotations

import signal
from types import FrameType

import click

from lti_tool.commands.context import operator_command, stop_all
from lti_tool.composition.channels import make_worker
from lti_tool.composition.jobs import make_job_worker
from lti_tool.composition.services import Services
from lti_tool.identity.policy import Action
from lti_tool.logging import configure_logging


@click.command()
@operator_command(Action.DELIVER)
def worker(services: Services) -> None:
    """Deliver statements to the LRS and scores to the LMS, and run background jobs, until Ctrl-C.

    Any number of workers may share one PostgreSQL; `tandem serve` already runs one of its own.

    \b
    Example:
      TANDEM_DATABASE_URL=postgresql://tandem@db/tandem tandem worker
    """
    configure_logging(services.config.log_format)
    deliverer = make_worker(services)
    jobs = make_job_worker(services)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    click.echo("Delivering, and running jobs. Ctrl-C ends it.")
    try:
        jobs.start()
        deliverer.run()
    except KeyboardInterrupt:
        click.echo("Stopping…")
    finally:
        stop_all([deliverer.stop, jobs.stop])
