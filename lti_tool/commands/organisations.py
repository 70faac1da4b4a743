"""``tandem organisations``: the companies whose people use the tool; and ``tandem owners``: who owns a programme."""

from __future__ import annotations

import time
import uuid
from collections.abc import Collection
from typing import Any, Final

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.commands.context import (
    BadInput,
    checked,
    operator_command,
    print_json,
    print_rows,
    read_id,
    transaction,
)
from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.events import log
from lti_tool.events.base import Scope
from lti_tool.events.organisation_events import OrganisationAdded, OrganisationsMerged
from lti_tool.identity import organisations as store
from lti_tool.identity.models import Organisation, Person, display_name
from lti_tool.identity.policy import Action
from lti_tool.lti.registration.registrations import organisations_of_person
from lti_tool.many_rows import TablesBusy, lock_all_tables
from lti_tool.mentoring.programmes.actions import name_owner
from lti_tool.mentoring.programmes.models import Programme
from lti_tool.mentoring.programmes.queries import owner_ids, programmes_of
from lti_tool.mentoring.programmes.template_actions import rename_for_merge
from lti_tool.mentoring.programmes.tutor_queries import tutor_ids
from lti_tool.messaging import setting_record_stores
from schemas.registration import OrganisationSchema

MERGE_ATTEMPTS: Final = 60
MERGE_PAUSE_SECONDS: Final = 0.5
"""Between two attempts: what waited for the former one goes on."""


@click.group()
def organisations() -> None:
    """The companies whose people use the tool. Nothing passes from one to another.

    \b
    Example:
      tandem organisations list
    """


@organisations.command("list")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@operator_command(Action.MANAGE_ORGANISATIONS)
def list_organisations(services: Services, as_json: bool) -> None:
    """List the organisations. JSON has the programmes of each, with their owners and tutors.

    \b
    Example:
      tandem organisations list --json
    """
    with services.database.reading() as db:
        shown = [{**_shown(row), "programmes": _programmes(db, row.id)} for row in store.every(db)]
    if as_json:
        print_json(shown)
        return
    rows = [{**row, "programmes": len(row["programmes"])} for row in shown]
    print_rows(rows, empty="No organisation yet: connecting a platform makes one.")


@organisations.command("add")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@operator_command(Action.MANAGE_ORGANISATIONS)
def add(services: Services, name: str, as_json: bool) -> None:
    """Add an organisation NAME, to which platforms can then be invited.

    \b
    Example:
      tandem organisations add "Example Ltd"
    """
    values = checked(OrganisationSchema(), {"name": name}, {"name": "NAME"})
    try:
        with transaction(services) as db:
            organisation = store.add(db, values["name"])
            log.append(db, OrganisationAdded(), Scope(organisation_id=organisation.id), at=utcnow())
            shown = _shown(organisation)
    except store.OrganisationExists as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        print_json(shown)
    else:
        click.echo(f"Added {shown['name']} as {shown['id']}.")


@organisations.command("merge")
@click.argument("into", metavar="A")
@click.argument("merged", metavar="B")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@operator_command(Action.MANAGE_ORGANISATIONS)
def merge(services: Services, into: str, merged: str, as_json: bool) -> None:
    """Put everything that belongs to organisation B into A, and remove B. Each is a name or an id.

    \b
    Example:
      tandem organisations merge "Example Ltd" "lms.example.org"
    """
    for _attempt in range(MERGE_ATTEMPTS):
        try:
            shown, merged_name = _merge(services, into, merged)
            break
        except TablesBusy:
            time.sleep(MERGE_PAUSE_SECONDS)
    else:
        raise click.ClickException(
            "pages and workers write too much at present, so nothing was merged: try again when fewer people are there"
        )
    if as_json:
        print_json(shown)
    else:
        click.echo(f"Everything of {merged_name} belongs to {shown['name']} now.")


def _merge(services: Services, into: str, merged: str) -> tuple[dict[str, Any], str]:
    """Merge in one transaction; what is shown of the organisation that is kept, and the other's name.

    Pages write rows of many tables before they choose a record store. So no page may write meanwhile: one that had a
    row, and waited for the stores, would wait for the merge, which waits for its row. Raises :class:`TablesBusy`.
    """
    with transaction(services) as db:
        lock_all_tables(db)
        kept, removed = _find(db, "A", into), _find(db, "B", merged)
        if kept.id == removed.id:
            raise BadInput("A and B are the same organisation")
        merged_id, merged_name = removed.id, removed.name
        try:
            setting_record_stores.check_merge(db, kept.id, merged_id)
        except setting_record_stores.StoreRefused as error:
            raise click.ClickException(str(error)) from None
        rename_for_merge(db, into=kept.id, merged=merged_id)
        store.merge(db, into=kept, merged=removed)
        setting_record_stores.after_merge(db, kept.id)
        event = OrganisationsMerged(merged_id=merged_id)
        log.append(db, event, Scope(organisation_id=kept.id), at=utcnow())
        return _shown(kept), merged_name


def _find(db: Session, name: str, written: str) -> Organisation:
    try:
        return store.find(db, written)
    except store.OrganisationUnknown as error:
        raise BadInput(f"{name}: {error}; `tandem organisations list` shows them") from None


def _shown(row: Organisation) -> dict[str, Any]:
    return {"id": str(row.id), "name": row.name, "created_at": row.created_at.isoformat(timespec="seconds")}


def _programmes(db: Session, organisation_id: uuid.UUID) -> list[dict[str, Any]]:
    return [
        {
            "id": str(programme.id),
            "template": programme.template,
            "created_at": programme.created_at.isoformat(timespec="seconds"),
            "owners": _people(db, owner_ids(db, programme.id)),
            "tutors": _people(db, tutor_ids(db, programme.id)),
        }
        for programme in programmes_of(db, organisation_id)
    ]


def _people(db: Session, ids: Collection[uuid.UUID]) -> list[dict[str, Any]]:
    found = db.scalars(sa.select(Person).where(Person.id.in_(ids)).order_by(Person.id))
    return [{"id": str(person.id), "name": display_name(person), "email": person.email} for person in found]


@click.group()
def owners() -> None:
    """The people who own a programme: its settings, and all of its groups.

    \b
    Example:
      tandem owners add 0d2c… 7f41…
    """


@owners.command("add")
@click.argument("programme", metavar="PROGRAMME")
@click.argument("person", metavar="PERSON")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@operator_command(Action.NAME_OWNERS)
def add_owner(services: Services, programme: str, person: str, as_json: bool) -> None:
    """Make PERSON an owner of PROGRAMME; both are ids. Naming somebody twice changes nothing.

    \b
    Example:
      tandem owners add 0d2c… 7f41…
    """
    programme_id, person_id = read_id(programme, "PROGRAMME"), read_id(person, "PERSON")
    with transaction(services) as db:
        _require(db, Programme, programme_id, "PROGRAMME")
        _require(db, Person, person_id, "PERSON")
        owner = db.get_one(Programme, programme_id).organisation_id
        if owner not in organisations_of_person(db, person_id):
            raise BadInput("PERSON: is of another organisation than PROGRAMME")
        name_owner(db, programme_id=programme_id, person_id=person_id, now=utcnow())
    if as_json:
        print_json({"programme_id": str(programme_id), "person_id": str(person_id)})
    else:
        click.echo(f"{person_id} is an owner of programme {programme_id}.")


def _require(db: Session, model: type[Programme | Person], row_id: uuid.UUID, name: str) -> None:
    if db.get(model, row_id) is None:
        raise BadInput(f"{name}: there is none with the id {row_id}")
