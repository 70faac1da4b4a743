"""``tandem migrate``: bring the database up to date, and make the first key."""

from __future__ import annotations

import click

from lti_tool.commands.context import pass_tool
from lti_tool.migrations import migrate as run_migrations
from lti_tool.tool import Tool


@click.command()
@pass_tool
def migrate(tool: Tool) -> None:
    """Bring the database up to date. Safe to run at every start.

    \b
    Example:
      tandem migrate
    """
    run_migrations(tool.database)
    click.echo(f"The database is up to date: {tool.database.url.render_as_string(hide_password=True)}")
