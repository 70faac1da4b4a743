"""``tandem``: the command line. Bad input ends in one clear line and a non-zero code, never a traceback."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
import sqlalchemy as sa

from lti_tool.commands import doctor, keys, lrs, migrate, registrations, serve, statements, worker
from lti_tool.config import WrongSetting
from lti_tool.migrations import MigrationUnknown

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=CONTEXT)
@click.version_option(package_name="tandem-lti", prog_name="tandem")
def tandem() -> None:
    """Reverse mentoring inside your LMS.

    \b
    Example:
      tandem serve --host 0.0.0.0 --port 5000
    """


@tandem.command()
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=5000,
    show_default=True,
    envvar="TANDEM_DEMO_PORT",
    help="The tool's port.",
)
@click.option(
    "--lms-port",
    type=click.IntRange(1, 65535),
    default=5001,
    show_default=True,
    envvar="TANDEM_DEMO_LMS_PORT",
    help="The LMS's port.",
)
@click.option(
    "--lrs-port",
    type=click.IntRange(1, 65535),
    default=5002,
    show_default=True,
    envvar="TANDEM_DEMO_LRS_PORT",
    help="The learning record store's port.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    envvar="TANDEM_DATA_DIR",
    help="The folder that keeps everything.",
)
@click.option("--reset", is_flag=True, help="Start afresh: remove what the demo has kept.")
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@click.option("--smoke", is_flag=True, help="Do the whole loop by itself, over HTTP, and end.")
def demo(
    port: int, lms_port: int, lrs_port: int, data: Path, reset: bool, no_browser: bool, smoke: bool
) -> None:
    """Run the tool, a small LMS and a learning record store on this machine.

    \b
    Examples:
      tandem demo
      tandem demo --reset --no-browser --port 5010
      tandem demo --smoke
    """
    if len({port, lms_port, lrs_port}) < 3:
        raise click.UsageError("the three ports must be different")
    try:
        from lti_tool.demo import run
        from lti_tool.demo.browser import PageError
        from lti_tool.demo.lrs import LRSStartError
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f"the demo needs more: pip install 'tandem-lti[demo]' ({error.name})"
        ) from None
    place = run.Place(data_dir=data.resolve(), port=port, lms_port=lms_port, lrs_port=lrs_port)
    try:
        if reset:
            run.reset(place)
        if smoke:
            run.smoke(place, click.echo)
        else:
            run.stay(place, click.echo, open_browser=not no_browser)
    except (run.DemoError, LRSStartError, PageError) as error:
        raise click.ClickException(str(error)) from None


for command in (
    serve.serve,
    worker.worker,
    migrate.migrate,
    doctor.doctor,
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
    except sa.exc.DatabaseError as error:
        cause = (str(error.orig).splitlines() or [type(error).__name__])[0]
        _fail(f"the database cannot be used: {cause} (`tandem doctor` says how to mend it)")
    except MigrationUnknown as error:
        _fail(str(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(line: str) -> None:
    click.echo(f"tandem: {line}", err=True)
    sys.exit(2)
