"""``tandem lrs``: the Learning Record Store that statements go to."""

from __future__ import annotations

from typing import Any

import click

from lti_tool.commands.context import pass_tool, print_json
from lti_tool.delivery import lrs_client
from lti_tool.tool import Tool
from xapi.client import LRSError


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
    """Ask the LRS something that needs the credentials; store nothing in it.

    \b
    Example:
      tandem lrs test
    """
    client = lrs_client(tool)
    if client is None:
        raise click.ClickException(
            "no LRS is set: TANDEM_LRS_ENDPOINT, TANDEM_LRS_USERNAME, TANDEM_LRS_PASSWORD"
        )
    try:
        answer = client.exchange("GET", "statements", params={"limit": "1"})
    except LRSError as error:
        raise click.ClickException(f"{client.endpoint} cannot be reached: {error}") from None
    if answer.status_code in (401, 403):
        raise click.ClickException(
            f"{client.endpoint} refuses the username or password ({answer.status_code})"
        )
    if answer.status_code != 200:
        raise click.ClickException(
            f"{client.endpoint} answered {answer.status_code}: is it an xAPI endpoint?"
        )
    found: dict[str, Any] = {
        "endpoint": client.endpoint,
        "version_asked": client.version,
        "version_answered": answer.headers.get("X-Experience-API-Version"),
        "seconds": round(answer.elapsed.total_seconds(), 3),
    }
    if as_json:
        print_json(found)
    else:
        version = found["version_answered"] or "a version it does not name"
        click.echo(f"{client.endpoint} answers and takes the credentials; it speaks xAPI {version}.")
