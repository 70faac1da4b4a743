"""``tandem``: the command line. Bad input ends in one clear line and a non-zero code, never a traceback."""

from __future__ import annotations

import sys
from typing import Any

import click
import sqlalchemy as sa

from lti_tool.commands import keys, lrs, migrate, registrations, serve, statements, worker
from lti_tool.commands.context import pass_tool
from lti_tool.config import WrongSetting

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=CONTEXT)
@click.version_option(package_name="tandem-lti", prog_name="tandem")
def tandem() -> None:
    """Reverse mentoring inside your LMS.

    \b
    Example:
      tandem serve --host 0.0.0.0 --port 5000
    """


for command in (
    serve.serve,
    worker.worker,
    migrate.migrate,
    registrations.invite,
    registrations.registrations,
    registrations.deployments,
    lrs.lrs,
    statements.statements,
    keys.keys,
):
    tandem.add_command(command)


def main() -> None:
    """Run the command line; every expected failure is one line on standard error."""
    try:
        tandem(prog_name="tandem")
    except WrongSetting as error:
        _fail(str(error))
    except sa.exc.OperationalError as error:
        _fail(f"the database cannot be used: {str(error.orig).splitlines()[0]}")


def _fail(line: str) -> None:
    click.echo(f"tandem: {line}", err=True)
    sys.exit(2)
