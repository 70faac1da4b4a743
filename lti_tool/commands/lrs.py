"""``tandem lrs``: the learning record stores that statements go to."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import IO, Any, TypeVar

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
from lti_tool.composition.record_stores import (
    NamedStore,
    named_stores,
    remove_store,
    set_store,
    store_of_settings,
)
from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.health_checks import Verdict
from lti_tool.health_checks.findings import one_line
from lti_tool.health_checks.record_stores import check_store, reachable_stores
from lti_tool.identity import organisations
from lti_tool.identity.models import Organisation
from lti_tool.identity.policy import Action
from lti_tool.lti.registration.models import Deployment, Registration
from lti_tool.messaging import backlog, pauses, record_stores
from lti_tool.messaging.models import LRS, NO_STORE, PRIMARY, DeliveryKind, RecordStore
from lti_tool.messaging.record_stores import INSTALLATION, Scope
from lti_tool.messaging.setting_record_stores import Remainder, StoreRefused
from schemas.record_store import RecordStoreSchema

NOT_SET = "no LRS is set: set TANDEM_LRS_ENDPOINT, TANDEM_LRS_USERNAME and TANDEM_LRS_PASSWORD, or run: tandem lrs set"

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def scope_options(command: Decorated) -> Decorated:
    """The options that say for whom a store is."""
    command = click.option(
        "--registration", metavar="R", help="One registration of the organisation alone, by id."
    )(command)
    return click.option(
        "--organisation", metavar="O", help="The organisation, by name or id; else the installation."
    )(command)


@click.group()
def lrs() -> None:
    """The LRSs that statements go to: the installation's, and those of organisations.

    An organisation that has none of its own uses the installation's, which TANDEM_LRS_… may set too. Where it has one
    for some of its platforms alone, statements of the others wait until it has one for the whole organisation.

    \b
    Example:
      tandem lrs set --endpoint https://lrs.example.com/xapi --username tandem --password-file key.txt
      tandem lrs test
    """


@lrs.command("set")
@click.option(
    "--name", default=PRIMARY, show_default=True, help="Another name is a copy: new statements only."
)
@click.option("--endpoint", required=True, help="The address to which /statements is added.")
@click.option("--username", required=True, help="Of HTTP Basic.")
@click.option(
    "--password-file",
    type=click.File("r", encoding="utf-8"),
    help="A file with the password, - for standard input; else it is asked for.",
)
@click.option("--version", default="1.0.3", show_default=True, help="The xAPI version: 1.0.3 or 2.0.0.")
@scope_options
@click.option("--json", "as_json", is_flag=True, help="Write JSON for a script.")
@operator_command(Action.MANAGE_RECORD_STORES)
def set_(
    services: Services,
    name: str,
    endpoint: str,
    username: str,
    password_file: IO[str] | None,
    version: str,
    organisation: str | None,
    registration: str | None,
    as_json: bool,
) -> None:
    """Add an LRS, or change the one of this name. Workers that run use it at once; what waits goes with it.

    The primary also gets what no store had taken before it was set.

    \b
    Examples:
      tandem lrs set --endpoint https://lrs.example.com/xapi --username tandem --password-file key.txt
      tandem lrs set --organisation "Example Ltd" --endpoint https://lrs.example.org/xapi --username ours
      tandem lrs set --name copy --endpoint https://archive.example.com/xapi --username tandem
    """
    given = {
        "name": name,
        "endpoint": endpoint.strip(),
        "username": username,
        "version": version,
        "password": _password(password_file),
    }
    values = checked(RecordStoreSchema(), given, {"password": "--password-file"})
    try:
        with transaction(services) as db:
            store, moved = set_store(db, services, _scope(db, organisation, registration), values)
            receiver = store.receiver
            waiting = backlog.read(db, DeliveryKind.STATEMENT, receiver).waiting
            scope = record_stores.scope_of(store)
            of_all = record_stores.find(db, Scope(scope.organisation_id), PRIMARY) is not None
            others_wait = scope.registration_id is not None and not of_all
    except StoreRefused as error:
        raise click.ClickException(str(error)) from None
    named = next(each for each in named_stores(services) if each.receiver == receiver)
    if as_json:
        print_json(
            {**_shown(named), "waiting": waiting, "taken_over": moved, "other_platforms_wait": others_wait}
        )
        return
    click.echo(
        f"Set {named.label}; {_waiting(waiting)} for it. To try it: tandem lrs test {name}{named.options}"
    )
    if others_wait:
        click.echo(
            f"Statements of its other platforms wait: set one for the whole organisation with "
            f'tandem lrs set --organisation "{named.organisation}" …'
        )


def _password(file: IO[str] | None) -> str | None:
    """The password without the end of its line; None when it is not given and nobody can be asked."""
    if file is not None:
        try:
            return file.read().rstrip("\r\n")
        except UnicodeDecodeError:
            raise BadInput("--password-file is not UTF-8 text") from None
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, default="", show_default=False)) or None
    return None


@lrs.command("list")
@click.option("--json", "as_json", is_flag=True, help="Write JSON for a script.")
@operator_command(Action.MANAGE_RECORD_STORES)
def list_(services: Services, as_json: bool) -> None:
    """List the LRSs, with what waits for each and what each has refused.

    \b
    Example:
      tandem lrs list
    """
    rows = []
    for store in named_stores(services):
        with services.database.reading() as db:
            queue = backlog.read(db, DeliveryKind.STATEMENT, store.receiver)
            pause = pauses.read(db, DeliveryKind.STATEMENT, store.receiver).find(pauses.WHOLE)
        rows.append(
            {
                **_shown(store),
                "waiting": queue.waiting,
                "dead": queue.dead,
                "paused_until": pause.until.isoformat(timespec="seconds")
                if pause and pauses.is_paused(pause, utcnow())
                else None,
                "last_failure": one_line(pause.reason) if pause else None,
            }
        )
    if as_json:
        print_json(rows)
    else:
        hidden = ("organisation_id", "registration_id", "from_settings")
        print_rows(
            [
                {
                    name: "" if value is None else str(value)
                    for name, value in row.items()
                    if name not in hidden
                }
                for row in rows
            ],
            empty="No LRS is set: statements wait.",
        )


@lrs.command()
@click.argument("name")
@scope_options
@click.option("--yes", is_flag=True, help="Also when statements wait for it.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON for a script.")
@operator_command(Action.MANAGE_RECORD_STORES)
def remove(
    services: Services,
    name: str,
    organisation: str | None,
    registration: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Remove the LRS NAME. What it holds stays there; what waits for a primary goes to the next one.

    \b
    Example:
      tandem lrs remove copy --organisation "Example Ltd"
    """
    labels = {store.receiver: store.label for store in named_stores(services)}
    try:
        with transaction(services) as db:
            scope = _scope(db, organisation, registration)
            store = record_stores.find(db, scope, name)
            if store is None:
                raise BadInput(_unknown(services, scope, name))
            label = labels[store.receiver]
            left = remove_store(db, store)
            rest = _what_happens(db, services, scope, left)
            if rest and not yes:
                raise click.ClickException(f"{rest}; to do so, add --yes")
    except StoreRefused as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        print_json({"removed": label, "waiting": left.waiting, "dead": left.dead})
    else:
        click.echo(f"Removed {label}. {rest}".rstrip())


def _waiting(count: int) -> str:
    return "1 statement waits" if count == 1 else f"{count} statements wait"


def _unknown(services: Services, scope: Scope, name: str) -> str:
    if store_of_settings(services) and scope == INSTALLATION and name == PRIMARY:
        return "NAME primary is set by TANDEM_LRS_ENDPOINT: unset it to remove that LRS"
    return f"NAME: there is no LRS {name} there; `tandem lrs list` shows them"


def _none_of_its_own(services: Services, scope: Scope) -> str:
    """Which stores an organisation or a registration without any of its own uses."""
    with services.database.reading() as db:
        stores = record_stores.every(db)
        organisation = db.get_one(Organisation, scope.organisation_id).name
    used = record_stores.receivers(stores, scope)
    if NO_STORE in used:
        return f'its statements wait: tandem lrs set --organisation "{organisation}" …'
    if LRS in used:
        return f"{organisation} has no LRS of its own and uses the installation's: tandem lrs test"
    return f'it has no LRS of its own and uses that of {organisation}: tandem lrs test --organisation "{organisation}"'


def _what_happens(db: Session, services: Services, scope: Scope, left: Remainder) -> str:
    """What a removal does to what is not sent; empty where all is."""
    parts = []
    if left.waiting:
        parts.append(f"{_waiting(left.waiting)} for it")
    if left.dead:
        parts.append(f"it refused {left.dead}")
    if left.released:
        parts.append(f"{_waiting(left.released)} of the organisation's other platforms")
    if not parts:
        return ""
    counted = ", ".join(parts)
    if left.goes_to is None:
        return f"{counted}: these copies are deleted, the primary gets its own"
    refused_too = ", those that it refused too" if left.dead else ""
    access = record_stores.access_of_receiver(db, left.goes_to, services.config)
    if access is None:
        return f"{counted}: they wait until another is set{refused_too}"
    is_shared = left.goes_to == LRS and _is_used_by_others(db, scope)
    shared = ", which other organisations use too" if is_shared else ""
    return f"{counted}: they go to {access.endpoint}{shared}{refused_too}"


def _is_used_by_others(db: Session, scope: Scope) -> bool:
    """Whether organisations other than that of the scope use the installation's."""
    own = sa.select(RecordStore.id).where(RecordStore.organisation_id == Organisation.id)
    others = sa.select(Organisation.id).where(Organisation.id != scope.organisation_id, ~own.exists())
    return scope != INSTALLATION and db.scalar(others.limit(1)) is not None


@lrs.command()
@click.argument("name", required=False)
@scope_options
@click.option("--json", "as_json", is_flag=True, help="Write JSON for a script.")
@operator_command(Action.MANAGE_RECORD_STORES)
def test(
    services: Services, name: str | None, organisation: str | None, registration: str | None, as_json: bool
) -> None:
    """Ask the LRS NAME, or each, something that needs the credentials; store nothing in it.

    Exits 1 when one cannot be used.

    \b
    Examples:
      tandem lrs test
      tandem lrs test primary --organisation "Example Ltd"
    """
    scope = INSTALLATION
    if organisation is not None or registration is not None:
        with services.database.reading() as db:
            scope = _scope(db, organisation, registration)
    chosen = [
        store
        for store in reachable_stores(services)
        if name in (None, store.name)
        and scope in (INSTALLATION, store.scope, Scope(store.scope.organisation_id))
    ]
    if not chosen and (scope != INSTALLATION or name not in (None, PRIMARY)):
        raise BadInput(_unknown(services, scope, name) if name else _none_of_its_own(services, scope))
    results = [(store, *check_store(services, store)) for store in chosen]
    works = bool(results) and all(verdict is not Verdict.ERROR for _, verdict, _, _ in results)
    lines = [f"{message} → {fix}" if fix else message for _, _, message, fix in results] or [NOT_SET]
    if as_json:
        first = next((each for each in results if each[1] is Verdict.ERROR), next(iter(results), None))
        print_json(
            {
                "ok": works,
                "message": first[2] if first else NOT_SET,
                "fix": first[3] if first else "",
                "stores": [
                    {**_shown(store), "ok": verdict is not Verdict.ERROR, "message": message, "fix": fix}
                    for store, verdict, message, fix in results
                ],
            }
        )
    elif works:
        click.echo("\n".join(lines))
    else:
        raise click.ClickException("\n".join(lines))
    if not works:
        raise click.exceptions.Exit(1)


def _scope(db: Session, organisation: str | None, registration: str | None) -> Scope:
    """For whom a store is, by the options. A registration of one organisation alone says which that is."""
    organisation_id = None
    if organisation is not None:
        try:
            organisation_id = organisations.find(db, organisation).id
        except organisations.OrganisationUnknown as error:
            raise BadInput(f"--organisation: {error}; `tandem organisations list` shows them") from None
    if registration is None:
        return Scope(organisation_id)
    registration_id = read_id(registration, "--registration")
    row = db.get(Registration, registration_id)
    if row is None:
        raise BadInput(
            f"--registration: there is none with the id {registration_id}; `tandem registrations list` shows them"
        )
    deployments = sa.select(Deployment.organisation_id).where(Deployment.registration_id == row.id)
    owners = {row.organisation_id, *db.scalars(deployments)} - {None}
    if organisation_id is None and len(owners) == 1:
        [organisation_id] = owners
    if organisation_id is None:
        raise BadInput("--organisation is needed: several share this registration")
    if organisation_id not in owners:
        raise BadInput("--registration: it is of another organisation")
    return Scope(organisation_id, registration_id)


def _shown(store: NamedStore) -> dict[str, Any]:
    return {
        "name": store.name,
        "organisation": store.organisation,
        "organisation_id": str(store.scope.organisation_id) if store.scope.organisation_id else None,
        "registration": store.registration,
        "registration_id": str(store.scope.registration_id) if store.scope.registration_id else None,
        "endpoint": store.access.endpoint,
        "username": store.access.username,
        "version": store.access.version,
        "from_settings": store.from_settings,
    }
