"""``tandem keys``: the tool's own signing keys."""

from __future__ import annotations

import click

from lti_tool.commands.context import operator_command
from lti_tool.composition.services import Services
from lti_tool.identity.policy import Action


@click.group()
def keys() -> None:
    """The keys that the tool signs with.

    \b
    Example:
      tandem keys rotate
    """


@keys.command()
@operator_command(Action.MANAGE_KEYS)
def rotate(services: Services) -> None:
    """Sign with a new key from now on; the old one stays published so that platforms can still check it.

    \b
    Example:
      tandem keys rotate
    """
    click.echo(f"The tool now signs with key {services.keys.rotate()}.")
