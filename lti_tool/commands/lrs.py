"""``tandem lrs``: the Learning Record Store that statements go to."""

from __future__ import annotations

import click

from lti_tool.commands.context import operator_command, print_json
from lti_tool.composition.services import Services
from lti_tool.health_checks import Verdict, remote
from lti_tool.identity.policy import Action


@click.group()
def lrs() -> None:
    """The LRS that statements go to.

    \b
    Example:
      tandem lrs test
    """


@lrs.command()
@click.option("--json", "as_json", is_flag=True, help="Write JSON for a script.")
@operator_command(Action.MANAGE_RECORD_STORES)
def test(services: Services, as_json: bool) -> None:
    """Ask the LRS something that needs the credentials; store nothing in it. Exits 1 when it cannot be used.

    \b
    Example:
      tandem lrs test
    """
    [(verdict, message, fix)] = remote.lrs(services)
    works = bool(services.config.lrs_endpoint) and verdict is not Verdict.ERROR
    line = f"{message} → {fix}" if fix else message
    if as_json:
        print_json({"ok": works, "message": message, "fix": fix})
    elif works:
        click.echo(line)
    else:
        raise click.ClickException(line)
    if not works:
        raise click.exceptions.Exit(1)
