"""What commands share: the services they work with, what they need the right to, and how they write their answers."""

from __future__ import annotations

import functools
import json
import logging
import threading
import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, TypeVar

import click
import sqlalchemy as sa
from marshmallow import Schema, ValidationError
from sqlalchemy.orm import Session

from lti_tool.composition import transaction as composition
from lti_tool.composition.services import Services, make_services
from lti_tool.config import WrongSetting, load_config
from lti_tool.database import Database
from lti_tool.health_checks.stored import sqlite_path
from lti_tool.identity import organisations
from lti_tool.identity.policy import Action, Relation, decide
from lti_tool.identity.principal import OPERATOR
from lti_tool.logging import configure_logging
from lti_tool.mentoring.programmes.models import Cohort, ProgrammeSettings
from lti_tool.migrations import SchemaState, schema_state

_RUN_MIGRATE: Final = "run `tandem migrate` first (`tandem doctor` looks at everything)"

Command = TypeVar("Command", bound=Callable[..., Any])


class BadInput(click.ClickException):
    """What was typed cannot be used: one line, exit code 2."""

    exit_code = 2


def read_services(*, first_start: bool) -> Services:
    """The services for the environment's settings. A wrong setting ends the command with one line that names it.

    ``first_start``: the data folder is made where there is none.
    """
    try:
        return make_services(load_config(first_start=first_start))
    except WrongSetting as error:
        raise click.ClickException(str(error)) from None


def operator_command(action: Action, *, needs_database: bool = True) -> Callable[[Command], Command]:
    """Make a command that does ``action`` as the operator.

    It gets the services as its first argument; their connections are closed afterwards. ``needs_database``: it ends
    with one line that says what to run where the database is not at this version's migration.
    """

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def as_operator(*args: Any, **kwargs: Any) -> Any:
            require_operator(action)
            services = read_services(first_start=not needs_database)
            # Standard output is for what the command itself writes, which a script may read.
            configure_logging(services.config.log_format, logging.ERROR)
            try:
                if needs_database:
                    require_current_database(services.database)
                return command(services, *args, **kwargs)
            finally:
                services.close()

        as_operator.policy_action = action  # type: ignore[attr-defined]  # read by the test of every command
        as_operator.needs_database = needs_database  # type: ignore[attr-defined]  # the same
        return as_operator  # type: ignore[return-value]  # functools.wraps cannot say that the first argument is gone

    return decorate


def require_current_database(database: Database) -> None:
    """End the command unless the database has the tables of this version; make none, and no file either."""
    path = sqlite_path(database)
    shown = database.url.render_as_string(hide_password=True)
    if path is not None and not path.exists():
        raise click.ClickException(f"there is no database at {path} yet: {_RUN_MIGRATE}")
    state = schema_state(database)
    if state is SchemaState.MISSING:
        raise click.ClickException(f"{shown} has no tables of this tool yet: {_RUN_MIGRATE}")
    if state is SchemaState.OLDER:
        raise click.ClickException(f"{shown} is of an older version of the tool: {_RUN_MIGRATE}")
    if state is SchemaState.UNKNOWN:
        raise click.ClickException(
            f"{shown} is of another version of the tool, most likely a newer one: install that (`tandem doctor`)"
        )


def require_operator(action: Action) -> None:
    """End the command unless the policy lets the operator do ``action``."""
    if decide(OPERATOR, Relation(), action) is not None:
        raise click.ClickException(f"the operator may not {action.value}")


def transaction(services: Services) -> AbstractContextManager[Session]:
    """A writing transaction with its consequences, in which the operator acts."""
    return composition.transaction(services, OPERATOR)


def checked(schema: Schema, values: dict[str, Any], names: dict[str, str] | None = None) -> dict[str, Any]:
    """The values that a schema accepts; the first problem ends the command with the option's name.

    ``names``: what the command line calls a field where it is not ``--field``.
    """
    try:
        return dict(schema.load(values))
    except ValidationError as error:
        field, problems = next(iter(error.messages_dict.items()))
        option = (names or {}).get(field) or "--" + field.replace("_", "-")
        raise BadInput(f"{option} {_first(problems)}") from None


def _first(problems: Any) -> str:
    while not isinstance(problems, str):
        problems = next(iter(problems.values() if isinstance(problems, dict) else problems))
    return problems


def read_id(written: str, name: str = "ID") -> uuid.UUID:
    """An id as the lists show it. Anything else ends the command."""
    try:
        return uuid.UUID(written)
    except ValueError:
        raise BadInput(f"{name} {written!r} is not an id; the list shows them") from None


def find_organisation(db: Session, name_or_id: str | None) -> uuid.UUID | None:
    """The id of the company that ``--organisation`` names; None where it was not given."""
    if name_or_id is None:
        return None
    try:
        return organisations.find(db, name_or_id).id
    except organisations.OrganisationUnknown as error:
        raise BadInput(f"--organisation: {error}; `tandem organisations list` shows them") from None


def find_cohort(db: Session, given: str) -> uuid.UUID:
    """The id of the cohort that ``--cohort`` means: by its id, or by its programme's title.

    Ends the command where there is none or more than one.
    """
    try:
        which = Cohort.id == uuid.UUID(given)
    except ValueError:
        titles = ProgrammeSettings.settings["title"]
        which = sa.or_(*(titles[tag].as_string() == given for tag in ("en", "fr")))
    ids = db.scalars(
        sa.select(Cohort.id)
        .join(ProgrammeSettings, ProgrammeSettings.id == Cohort.settings_id)
        .where(which)
        .order_by(Cohort.created_at, Cohort.id)
    ).all()
    if not ids:
        raise BadInput(f"--cohort: there is no group {given!r}")
    if len(ids) > 1:
        raise BadInput(f"--cohort: there is more than one {given!r}; give the id: {', '.join(map(str, ids))}")
    return ids[0]


def stop_all(stops: Sequence[Callable[[], object]]) -> None:
    """Call these at the same time and wait for all, so that the slowest decides and not their sum."""
    threads = [threading.Thread(target=stop) for stop in stops]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


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
