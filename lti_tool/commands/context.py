"""What commands share: the tool they work on, and how they write their answers."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

from lti_tool.config import WrongSetting, load_config
from lti_tool.tool import Tool, make_tool

Command = TypeVar("Command", bound=Callable[..., Any])


def read_tool() -> Tool:
    """The tool that the environment describes. A wrong setting ends the command with one line that names it."""
    try:
        return make_tool(load_config())
    except WrongSetting as error:
        raise click.ClickException(str(error)) from None


def pass_tool(command: Command) -> Command:
    """Give a command the tool as its first argument, and close the tool's connections afterwards."""

    @functools.wraps(command)
    def with_tool(*args: Any, **kwargs: Any) -> Any:
        tool = read_tool()
        try:
            return command(tool, *args, **kwargs)
        finally:
            tool.http.close()
            tool.database.dispose()

    return with_tool  # type: ignore[return-value]  # functools.wraps cannot say that the first argument is gone


def print_json(value: Any) -> None:
    """Write ``value`` for a script: JSON, UTF-8, one document."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def print_rows(rows: list[dict[str, Any]], *, empty: str) -> None:
    """Write rows for a person, in columns; ``empty`` when there are none."""
    if not rows:
        click.echo(empty)
        return
    names = list(rows[0])
    widths = {name: max(len(name), *(len(str(row[name] or "")) for row in rows)) for name in names}
    click.echo("  ".join(name.upper().ljust(widths[name]) for name in names).rstrip())
    for row in rows:
        click.echo("  ".join(str(row[name] or "").ljust(widths[name]) for name in names).rstrip())
