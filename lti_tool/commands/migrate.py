"""``tandem migrate``: bring the database up to date."""

from __future__ import annotations

import click

from lti_tool.commands.context import operator_command
from lti_tool.composition.projections import rebuild_outdated
from lti_tool.composition.services import Services
from lti_tool.identity import installation
from lti_tool.identity.policy import Action
from lti_tool.migrations import migrate as run_migrations


@click.command()
@operator_command(Action.MIGRATE, needs_database=False)
def migrate(services: Services) -> None:
    """Bring the database up to date. Safe to run at every start.

    \b
    Example:
      tandem migrate
    """
    computed = bring_up_to_date(services)
    if computed:
        click.echo(f"Computed from the log of events: {', '.join(computed)}")
    click.echo(f"The database is up to date: {services.database.url.render_as_string(hide_password=True)}")


def bring_up_to_date(services: Services) -> list[str]:
    """Run the migrations that are missing, and compute what this version computes differently; return its names.

    Raises :class:`lti_tool.migrations.MigrationUnknown`.
    """
    run_migrations(services.database)
    return rebuild_outdated(services)


def prepare_to_serve(services: Services) -> None:
    """Bring the database up to date; at the first start decide what IRIs begin with, and make the signing key.

    Raises :class:`lti_tool.migrations.MigrationUnknown`.
    """
    bring_up_to_date(services)
    with services.database.transaction() as db:
        installation.iri_base(db, services.config.base_url)
    services.keys.ensure()
