"""``tandem people``: add people from a file, and say which accounts stand for people in the record store."""

from __future__ import annotations

import csv
import dataclasses
import io
from pathlib import Path
from typing import Any

import click

from lti_tool.commands.context import (
    BadInput,
    find_cohort,
    find_organisation,
    operator_command,
    print_json,
    transaction,
)
from lti_tool.commands.jobs_here import run_here
from lti_tool.composition.actor_accounts import PersonAccounts, accounts_of_people
from lti_tool.composition.people_import import ROWS_CHANGED, request_adding
from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.identity.principal import OPERATOR
from lti_tool.jobs.models import JobStatus
from lti_tool.mentoring.enrolment.people import actions, queries
from lti_tool.mentoring.enrolment.people.checking import CheckedFile, check_file
from lti_tool.mentoring.enrolment.people.columns import count_names
from lti_tool.mentoring.enrolment.people.file import MOST_BYTES, FileUnreadable, read_table
from schemas.problem import Problem


@click.group()
def people() -> None:
    """The people who take part in programmes.

    \b
    Example:
      tandem people import people.csv --cohort "Digital skills"
    """


@people.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option(
    "--cohort", "given", metavar="C", required=True, help="The group: its id, or its programme's title."
)
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON for a script.")
@operator_command(Action.IMPORT_PEOPLE)
def import_people(services: Services, file: Path, given: str, dry_run: bool, as_json: bool) -> None:
    """Add the people of a CSV or XLSX file to a cohort. Exits 1, and adds nobody, when anything in it is wrong.

    People of the cohort's courses are invited now, and others when they first open the activity: each says themselves
    whether they take part. The same file twice changes nothing.

    \b
    Example:
      tandem people import people.csv --cohort "Digital skills" --dry-run
    """
    try:
        with file.open("rb") as opened:
            table = read_table(opened.read(MOST_BYTES + 1), count_names)
    except FileUnreadable as error:
        raise BadInput(f"{file}: {Problem(error.code).text}") from None
    with services.database.reading() as db:
        cohort = find_cohort(db, given)
        checked = check_file(db, cohort, table)
    counts = checked.counts
    if checked.is_right and not dry_run:
        with transaction(services) as db:
            made = actions.keep_file(db, cohort_id=cohort, file_name=file.name, table=table, now=utcnow())
            job_id = request_adding(db, import_id=made, cohort_id=cohort, requested_by=OPERATOR)
        [job] = run_here(
            services, [job_id], lambda _ended, jobs: f"{jobs[0].progress} of {checked.count} people…"
        )
        if job.status == JobStatus.FAILED:
            why = "the group has changed meanwhile; try again" if job.error == ROWS_CHANGED else job.error
            raise click.ClickException(f"not all people were added: {why}")
        with services.database.reading() as db:
            record = queries.people_import(db, made)
        counts = record.counts if record is not None else counts
    _print_import(checked, counts, dry_run=dry_run, as_json=as_json)
    if not checked.is_right:
        raise click.exceptions.Exit(1)


def _print_import(checked: CheckedFile, counts: dict[str, int], *, dry_run: bool, as_json: bool) -> None:
    problems = [
        {"row": each.number, "column": each.column or None, "problem": each.problem.text}
        for each in checked.problems
    ]
    if as_json:
        shown: dict[str, Any] = {
            "people": checked.count,
            "added": checked.is_right and not dry_run,
            "counts": counts if checked.is_right else {},
            "unknown_columns": list(checked.columns.unknown),
            "problems": problems,
            "more_problems": checked.more_problems,
        }
        print_json(shown)
        return
    if checked.columns.unknown:
        click.echo(f"Not used: {', '.join(checked.columns.unknown)}", err=True)
    for each in problems:
        where = f"row {each['row']}" + (f", {each['column']}" if each["column"] else "")
        click.echo(f"{where}: {each['problem']}", err=True)
    if checked.more_problems:
        click.echo(f"and {checked.more_problems} more", err=True)
    if not checked.is_right:
        click.echo("Nobody was added.", err=True)
        return
    verb = "would be" if dry_run else "were"
    said = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count)
    click.echo(f"Of {checked.count} people {verb}: {said}.")


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
