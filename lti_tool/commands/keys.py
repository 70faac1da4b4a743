"""``tandem keys``: the tool's own signing keys."""

from __future__ import annotations

import click

from lti_tool.commands.context import pass_tool
from lti_tool.tool import Tool


@click.group()
def keys() -> None:
    """The keys that the tool signs with.

    \b
    Example:
      tandem keys rotate
    """


@keys.command()
@pass_tool
def rotate(tool: Tool) -> None:
    """Sign with a new key from now on; the old one stays published so that platforms can still check it.

    \b
    Example:
      tandem keys rotate
    """
    click.echo(f"The tool now signs with key {tool.keys.rotate()}.")
