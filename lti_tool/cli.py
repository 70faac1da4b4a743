"""``tandem``: the command line. Bad input ends in one clear line and a non-zero code, never a traceback."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Final

import click

from lti_tool.identity.policy import Action

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

COMMANDS: Final = {
    "serve": "serve",
    "worker": "worker",
    "migrate": "migrate",
    "doctor": "doctor",
    "invite": "registrations",
    "registrations": "registrations",
    "deployments": "registrations",
    "lrs": "lrs",
    "statements": "statements",
    "scores": "scores",
    "line-items": "line_items",
    "keys": "keys",
    "organisations": "organisations",
    "owners": "organisations",
    "events": "events",
    "people": "people",
    "jobs": "jobs",
    "roster": "roster",
    "cohorts": "cohorts",
    "completion": "completion",
    "seed": "seed",
    "templates": "templates",
}
"""Each command but the demo, and the module of :mod:`lti_tool.commands` in which it is, under its name."""


def load(name: str) -> ModuleType:
    """Import a module and what it needs, without looking for garbage meanwhile, nor ever in what was loaded.

    Nearly all of it stays, and looking through it again and again takes a fifth of the time to load it.
    https://docs.python.org/3/library/gc.html#gc.freeze
    """
    if name in sys.modules:
        return sys.modules[name]
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return importlib.import_module(name)
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


class LazyGroup(click.Group):
    """Imports a command's module when that command is asked for: the web and the database take a while to load.

    https://click.palletsprojects.com/en/stable/complex/#lazily-loading-subcommands
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, by name."""
        return sorted([*super().list_commands(ctx), *COMMANDS])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, or None."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        module = load(f"lti_tool.commands.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command


@click.group(cls=LazyGroup, context_settings=CONTEXT)
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
    default=None,
    envvar="TANDEM_DATA_DIR",
    help="The folder that keeps everything; without it var/demo, and var/demo-canvas with --canvas, and with "
    "--smoke a folder that is removed at the end.",
)
@click.option("--canvas", is_flag=True, help="Give the LMS the rules and the look of Canvas, not of Moodle.")
@click.option("--reset", is_flag=True, help="Start afresh: remove what the demo has kept.")
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@click.option("--smoke", is_flag=True, help="Do the whole loop by itself, over HTTP, and end.")
def demo(
    port: int,
    lms_port: int,
    lrs_port: int,
    data: Path | None,
    canvas: bool,
    reset: bool,
    no_browser: bool,
    smoke: bool,
) -> None:
    """Run the tool, a small LMS and a learning record store on this machine.

    \b
    Examples:
      tandem demo
      tandem demo --reset --no-browser --port 5010
      tandem demo --canvas
      tandem demo --smoke
    """
    if len({port, lms_port, lrs_port}) < 3:
        raise click.UsageError("the three ports must be different")
    try:
        from lti_tool.demo import run, smoke_run
        from lti_tool.demo.browser import PageError
        from lti_tool.demo.lrs import LRSStartError
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f"the demo needs more: pip install 'tandem-lti[demo]' ({error.name})"
        ) from None
    folder = data or Path("var/demo-canvas" if canvas else "var/demo")
    settings = run.DemoSettings(
        data_dir=folder.resolve(),
        port=port,
        lms_port=lms_port,
        lrs_port=lrs_port,
        canvas=canvas,
        second_course=not smoke,
    )
    try:
        apart = smoke and data is None
        if reset and not apart:
            run.reset(settings)
        if apart:
            smoke_run.smoke_apart(settings, click.echo)
        elif smoke:
            smoke_run.smoke(settings, click.echo)
        else:
            run.serve(settings, click.echo, open_browser=not no_browser)
    except (run.DemoError, LRSStartError, PageError) as error:
        raise click.ClickException(str(error)) from None


# It runs an installation, as whoever serves one does.
vars(demo.callback)["policy_action"] = Action.SERVE


def main() -> None:
    """Run the command line; every expected failure is one line on standard error."""
    try:
        tandem(prog_name="tandem")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        # Only now are the libraries that name expected failures needed.
        from lti_tool.commands.failures import expected_failure

        line = expected_failure(error)
        if line is None:
            raise
        _fail(line)


def _fail(line: str) -> None:
    click.echo(f"tandem: {line}", err=True)
    sys.exit(2)
