"""``tandem lrs``: the Learning Record Store that statements go to."""

from __future__ import annotations

import click

from lti_tool.commands.context import pass_tool, print_json
from lti_tool.health_checks import Verdict, remote
from lti_tool.tool import Tool


@click.group()
def lrs() -> None:
    """The LRS that statements go to.

    \b
    Example:
      tandem lrs test
    """


@lrs.command()
@click.option("--json", "as_json", is_flag=True, help="Write JSON for a script.")
@pass_tool
def test(tool: Tool, as_json: bool) -> None:
    """Ask the LRS something that needs the credentials; store nothing in it. Exits 1 when it cannot be used.

    \b
    Example:
      tandem lrs test
    """
    [(verdict, says, mend)] = remote.lrs(tool)
    works = bool(tool.config.lrs_endpoint) and verdict is not Verdict.WRONG
    told = f"{says} → {mend}" if mend else says
    if as_json:
        print_json({"ok": works, "says": says, "mend": mend})
    elif works:
        click.echo(told)
    else:
        raise click.ClickException(told)
    if not works:
        raise click.exceptions.Exit(1)
