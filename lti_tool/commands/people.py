"""``tandem people``: which accounts stand for the people in the record store."""

from __future__ import annotations

import csv
import dataclasses
import io

import click

from lti_tool.commands.context import find_organisation, operator_command, print_json
from lti_tool.composition.actor_accounts import PersonAccounts, accounts_of_people
from lti_tool.composition.services import Services
from lti_tool.identity.policy import Action


@click.group()
def people() -> None:
    """The people who take part in programmes.

    \b
    Example:
      tandem people map > accounts.csv
    """


@people.command("map")
@click.option(
    "--organisation",
    metavar="NAME",
    help="People of this company's programmes alone; the company by name or id.",
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@operator_command(Action.MAP_PEOPLE)
def map_people(services: Services, organisation: str | None, as_json: bool) -> None:
    """Write the tool's account and the learning platform's account of everybody who takes part, as CSV.

    For whoever administers the record store: with it, statements of the tool can be joined with those that the
    platform itself sends. It has no names; it says who the opaque accounts are, so keep it as you keep personal data.

    \b
    Example:
      tandem people map --organisation "Example Ltd" > accounts.csv
    """
    with services.database.reading() as db:
        organisation_id = find_organisation(db, organisation)
        accounts = list(accounts_of_people(db, services.config.base_url, organisation_id))
    if as_json:
        print_json([dataclasses.asdict(each) for each in accounts])
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in dataclasses.fields(PersonAccounts))
    writer.writerows(dataclasses.astuple(each) for each in accounts)
    click.echo(text.getvalue(), nl=False)
