"""``tandem cohorts``: which groups there are, with the ids that other commands take."""

from __future__ import annotations

import click
import sqlalchemy as sa

from lti_tool.commands.context import find_organisation, operator_command, print_json, print_rows
from lti_tool.composition.services import Services
from lti_tool.identity.models import Organisation
from lti_tool.identity.policy import Action
from lti_tool.mentoring.enrolment.queries import people_in_cohorts
from lti_tool.mentoring.programmes.models import Cohort, Placement, Programme, ProgrammeSettings


@click.group()
def cohorts() -> None:
    """The groups of people that programmes run with.

    \b
    Example:
      tandem cohorts list
    """


@cohorts.command("list")
@click.option("--organisation", metavar="O", help="One company alone, by name or id.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@operator_command(Action.LIST_COHORTS)
def list_cohorts(services: Services, organisation: str | None, as_json: bool) -> None:
    """List the groups: their ids, programmes and dates, and how many people and activities each has.

    \b
    Example:
      tandem cohorts list --organisation "Example Ltd"
    """
    activities = (
        sa.select(sa.func.count(Placement.id)).where(Placement.cohort_id == Cohort.id).scalar_subquery()
    )
    query = (
        sa.select(Cohort, ProgrammeSettings.settings["title"], Organisation.name, activities)
        .join(Programme, Programme.id == Cohort.programme_id)
        .join(ProgrammeSettings, ProgrammeSettings.id == Cohort.settings_id)
        .join(Organisation, Organisation.id == Programme.organisation_id)
        .order_by(Organisation.name, Programme.created_at, Programme.id, Cohort.number)
    )
    with services.database.reading() as db:
        if organisation is not None:
            query = query.where(Organisation.id == find_organisation(db, organisation))
        rows = db.execute(query).all()
        people = people_in_cohorts(db, [cohort.id for cohort, *_rest in rows])
    shown = [
        {
            "id": str(cohort.id),
            "organisation": name,
            "programme": title["en"],
            "number": cohort.number,
            "kind": cohort.kind,
            "status": cohort.status,
            "starts_on": cohort.starts_on.isoformat(),
            "ends_on": cohort.ends_on.isoformat(),
            "people": people.get(cohort.id, 0),
            "activities": count,
        }
        for cohort, title, name, count in rows
    ]
    if as_json:
        print_json(shown)
        return
    print_rows(shown, empty="No group yet: opening an activity makes one.")
