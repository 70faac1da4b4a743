"""``tandem worker``: deliver what waits in the outbox, beside any number of web processes."""

from __future__ import annotations

import signal
from types import FrameType

import click

from lti_tool.commands.context import pass_tool
from lti_tool.delivery import Worker
from lti_tool.logging import configure_logging
from lti_tool.migrations import is_current
from lti_tool.tool import Tool


@click.command()
@pass_tool
def worker(tool: Tool) -> None:
    """Deliver statements to the LRS and scores to the LMS until Ctrl-C.

    Any number of workers may share one PostgreSQL; `tandem serve` already runs one of its own.

    \b
    Example:
      TANDEM_DATABASE_URL=postgresql://tandem@db/tandem tandem worker
    """
    configure_logging(tool.config.log_format)
    if not is_current(tool.database):
        raise click.ClickException("the database is not up to date: run `tandem migrate` first")
    working = Worker(tool)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    click.echo("Delivering. Ctrl-C ends it.")
    try:
        working.run()
    except KeyboardInterrupt:
        click.echo("Stopping…")
    finally:
        working.stop()
