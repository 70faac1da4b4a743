"""``tandem events``: computing from the log of events what is stored beside it."""

from __future__ import annotations

import dataclasses

import click

from lti_tool.commands.context import find_organisation, operator_command, print_json
from lti_tool.composition.audit.entries import Reader, Wanted, entries
from lti_tool.composition.audit.sentences import names_of, sentence_of
from lti_tool.composition.projections import check_projections, rebuild_projections
from lti_tool.composition.services import Services
from lti_tool.events.base import EventUnreadable
from lti_tool.events.replay import Comparison
from lti_tool.identity.policy import Action
from lti_tool.identity.principal import OPERATOR

SHOWN_DIFFERENCES = 20


@click.group()
def events() -> None:
    """The log of everything that happened.

    \b
    Example:
      tandem events replay --check
    """


@events.command("list")
@click.option("--organisation", metavar="NAME", help="Of this company alone; by name or id.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many at most."
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@operator_command(Action.VIEW_AUDIT)
def list_events(services: Services, organisation: str | None, limit: int, as_json: bool) -> None:
    """List what was done to companies, platforms and record stores, the latest first.

    What was done in programmes is for their tutors and owners, who read it on their pages.

    
    Example:
      tandem events list --organisation "Example Ltd"
    """
    with services.database.reading() as db:
        wanted = Wanted(organisation_id=find_organisation(db, organisation))
        lines = entries(db, Reader(OPERATOR), wanted, limit=limit)
        names = names_of(db, lines)
        shown = [
            {
                "at": line.at.isoformat(timespec="seconds"),
                "organisation_id": str(line.organisation_id),
                "kind": line.kind,
                "sentence": sentence_of(line, names),
            }
            for line in lines
        ]
    if as_json:
        print_json(shown)
        return
    for entry in shown:
        click.echo(f"{entry['at']}  {entry['sentence']}")
    if not shown:
        click.echo("Nothing yet.")


@events.command()
@click.option(
    "--check", is_flag=True, help="Only compare, and change nothing; exit 1 when something differs."
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@operator_command(Action.REPLAY_EVENTS)
def replay(services: Services, check: bool, as_json: bool) -> None:
    """Compute completion, score states, the audit, timelines and counters from the log, in place of what is stored.

    Nothing is sent: no statement, no score. An event that cannot be read ends it with the event's id.

    \b
    Example:
      tandem events replay --check
    """
    try:
        compared = check_projections(services) if check else rebuild_projections(services)
    except EventUnreadable as error:
        raise click.ClickException(str(error)) from None
    identical = all(comparison.identical for comparison in compared)
    if as_json:
        print_json({"identical": identical, "projections": [dataclasses.asdict(each) for each in compared]})
    else:
        for comparison in compared:
            _echo(comparison, rebuilt=not check)
    if check and not identical:
        raise click.exceptions.Exit(1)


def _echo(comparison: Comparison, *, rebuilt: bool) -> None:
    if comparison.identical:
        click.echo(f"{comparison.name}: {comparison.rows} rows, identical")
        return
    done = ", put right" if rebuilt else ""
    click.echo(f"{comparison.name}: {comparison.rows} rows, {len(comparison.differences)} differ{done}")
    for line in comparison.differences[:SHOWN_DIFFERENCES]:
        click.echo(f"  {line}")
    hidden = len(comparison.differences) - SHOWN_DIFFERENCES
    if hidden > 0:
        click.echo(f"  and {hidden} more (--json shows all)")
