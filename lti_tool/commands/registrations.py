"""``tandem invite``, ``tandem registrations`` and ``tandem deployments``: which platforms may use the tool."""

from __future__ import annotations

import dataclasses
import re
import uuid
from typing import Any, Final

import click
from sqlalchemy.orm import Session

from lti_tool.commands.context import (
    checked,
    find_organisation,
    operator_command,
    print_json,
    print_rows,
    read_id,
    transaction,
)
from lti_tool.composition.actor_accounts import StatementsWritten, choose_account
from lti_tool.composition.services import Services
from lti_tool.identity.policy import Action
from lti_tool.lti.registration import registrations as store
from lti_tool.lti.registration.invitations import DEFAULT_DAYS, setup_url
from lti_tool.lti.registration.invitations import invite as make_invitation
from lti_tool.lti.registration.models import (
    ActorAccount,
    Deployment,
    Registration,
    deployment_reference,
)
from schemas.registration import (
    ActorAccountSchema,
    FrameOriginSchema,
    InvitationSchema,
    ManualRegistrationSchema,
    ServiceHostSchema,
)

_REFERENCE: Final = re.compile(r"[0-9a-f]{12}")
"""What :func:`deployment_reference` makes."""


@click.command()
@click.option("--label", help="For whom the invitation is, such as the platform's name.")
@click.option(
    "--organisation",
    metavar="NAME",
    help="The company, by name or id; otherwise a new one.",
)
@click.option("--days", type=int, default=DEFAULT_DAYS, show_default=True, help="How long it can be used.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@operator_command(Action.INVITE_PLATFORM)
def invite(services: Services, label: str | None, organisation: str | None, days: int, as_json: bool) -> None:
    """Print the address of a setup page that connects one LMS, once.

    \b
    Example:
      tandem invite --label "Our Moodle" --days 3
    """
    values = checked(InvitationSchema(), {"label": label, "days": days})
    with transaction(services) as db:
        invitation, secret = make_invitation(
            db, organisation_id=find_organisation(db, organisation), **values
        )
    url = setup_url(services.config.base_url, secret)
    if as_json:
        print_json({"url": url, "label": label, "expires_at": invitation.expires_at.isoformat()})
    else:
        click.echo(url)


@click.group()
def registrations() -> None:
    """The platforms that this tool trusts.

    \b
    Example:
      tandem registrations list
    """


@registrations.command("add")
@click.option("--issuer", required=True, help="The platform's issuer (Moodle: its Platform ID).")
@click.option("--client-id", required=True, help="The client id that the platform gave the tool.")
@click.option("--auth-login-url", required=True, help="The OIDC authentication request URL.")
@click.option("--auth-token-url", required=True, help="The access token URL.")
@click.option("--jwks-url", required=True, help="The public keyset URL of the platform.")
@click.option("--deployment-id", multiple=True, help="A deployment to approve; may be repeated.")
@click.option("--auth-audience", help="The audience for access tokens, where it is not the token URL.")
@click.option("--family", help="The platform's family, such as moodle or canvas: theme and special cases.")
@click.option("--label", help="A name for this registration.")
@click.option(
    "--organisation",
    metavar="NAME",
    help="The company, by name or id; otherwise a new one.",
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@operator_command(Action.MANAGE_REGISTRATIONS)
def add(
    services: Services,
    deployment_id: tuple[str, ...],
    family: str | None,
    organisation: str | None,
    as_json: bool,
    **options: str | None,
) -> None:
    """Trust a platform, with the values that it shows. An existing registration is never overwritten.

    \b
    Example:
      tandem registrations add --issuer https://lms.example.org --client-id a1b2c3 \\
        --auth-login-url https://lms.example.org/mod/lti/auth.php \\
        --auth-token-url https://lms.example.org/mod/lti/token.php \\
        --jwks-url https://lms.example.org/mod/lti/certs.php --deployment-id 1 --family moodle
    """
    given = {**options, "deployment_ids": list(deployment_id), "platform_family": family}
    names = {"deployment_ids": "--deployment-id", "platform_family": "--family"}
    values = checked(ManualRegistrationSchema(), given, names)
    new = store.NewRegistration(**{**values, "deployment_ids": tuple(values["deployment_ids"])})
    try:
        with transaction(services) as db:
            new = dataclasses.replace(new, organisation_id=find_organisation(db, organisation))
            shown = _registration(store.add(db, new))
    except store.AlreadyRegistered:
        raise click.ClickException(
            f"{new.issuer} is registered with the client id {new.client_id} already; nothing was changed"
        ) from None
    except store.IdentityTaken as error:
        raise click.ClickException(
            f"another platform, {error.detail}, is registered as {new.issuer} with the client id {new.client_id}: "
            "launches of the two could not be told apart, so nothing was changed. A Canvas that you run yourself is "
            "https://canvas.instructure.com until lti_iss in its config/security.yml is its own address: set it, "
            "restart Canvas, and give that address as --issuer. Or make another developer key there: it has another "
            "client id"
        ) from None
    except store.AudienceTaken as error:
        raise click.ClickException(
            f"another registration asks {error.detail} for tokens with the client id {new.client_id} already; "
            "nothing was changed"
        ) from None
    if as_json:
        print_json(shown)
        return
    click.echo(f"Registered {new.issuer} as {shown['id']}.")
    if not deployment_id:
        click.echo("Its first launch will wait for: tandem deployments approve ID")


@registrations.command("list")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@operator_command(Action.MANAGE_REGISTRATIONS)
def list_registrations(services: Services, as_json: bool) -> None:
    """List the platforms that this tool trusts.

    \b
    Example:
      tandem registrations list --json
    """
    with services.database.reading() as db:
        shown = [_registration(row) for row in store.every(db)]
    if as_json:
        print_json(shown)
        return
    columns = ("id", "label", "issuer", "client_id", "platform_family")
    rows = [
        {**{name: row[name] for name in columns}, "deployments": len(row["deployments"])} for row in shown
    ]
    print_rows(rows, empty="No platform is registered. Connect one with: tandem invite")


@registrations.command("frame-origin")
@click.argument("registration_id", metavar="ID")
@click.argument("origin")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@operator_command(Action.MANAGE_REGISTRATIONS)
def frame_origin(services: Services, registration_id: str, origin: str, as_json: bool) -> None:
    """Let pages of one more origin show the tool in a frame, for registration ID.

    \b
    Example:
      tandem registrations frame-origin 0d2c… https://courses.example.org
    """
    identity = read_id(registration_id)
    values = checked(FrameOriginSchema(), {"origin": origin}, {"origin": "ORIGIN"})
    try:
        with transaction(services) as db:
            shown = _registration(store.allow_framing(db, identity, values["origin"]))
    except store.NoSuchRow as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        print_json(shown)
    else:
        click.echo("May frame the tool: " + " ".join(shown["frame_origins"]))


@registrations.command("service-host")
@click.argument("registration_id", metavar="ID")
@click.argument("host")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@operator_command(Action.MANAGE_REGISTRATIONS)
def service_host(services: Services, registration_id: str, host: str, as_json: bool) -> None:
    """Let access tokens of registration ID be sent to one more host, where the platform has services.

    \b
    Example:
      tandem registrations service-host 0d2c… services.example.org
    """
    identity = read_id(registration_id)
    values = checked(ServiceHostSchema(), {"host": host}, {"host": "HOST"})
    try:
        with transaction(services) as db:
            shown = _registration(store.allow_service_host(db, identity, values["host"]))
    except store.NoSuchRow as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        print_json(shown)
    else:
        click.echo("Tokens may also be sent to: " + " ".join(shown["service_hosts"]))


@registrations.command("actor-account")
@click.argument("registration_id", metavar="ID")
@click.argument("account", metavar="opaque|lms")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@operator_command(Action.MANAGE_REGISTRATIONS)
def actor_account(services: Services, registration_id: str, account: str, as_json: bool) -> None:
    """Choose which account stands for people of registration ID in statements, before their first statement.

    
    opaque  the tool's own account, named by a random id (the default)
    lms     the platform's account, as in statements that it sends itself: issuer and user id

    
    Example:
      tandem registrations actor-account 0d2c… lms
    """
    identity = read_id(registration_id)
    values = checked(ActorAccountSchema(), {"account": account}, {"account": "ACCOUNT"})
    try:
        with transaction(services) as db:
            shown = _registration(choose_account(db, identity, ActorAccount(values["account"])))
    except (store.NoSuchRow, StatementsWritten) as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        print_json(shown)
    else:
        click.echo(f"Statements about people of {shown['issuer']} have the account: {shown['actor_account']}")


@click.group()
def deployments() -> None:
    """The installations of the tool inside registered platforms.

    \b
    Example:
      tandem deployments list
    """


@deployments.command("list")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@operator_command(Action.MANAGE_REGISTRATIONS)
def list_deployments(services: Services, as_json: bool) -> None:
    """List deployments; those awaiting approval come first.

    \b
    Example:
      tandem deployments list
    """
    with services.database.reading() as db:
        shown = [_deployment(row) for row in store.every_deployment(db)]
    if as_json:
        print_json(shown)
    else:
        print_rows(shown, empty="No deployment yet: the first launch of a registered platform makes one.")


@deployments.command("approve")
@click.argument("deployment_id", metavar="ID")
@click.option(
    "--organisation",
    metavar="NAME",
    help="The company, by name or id; otherwise the platform's, or a new one where companies share a platform.",
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@operator_command(Action.MANAGE_REGISTRATIONS)
def approve(services: Services, deployment_id: str, organisation: str | None, as_json: bool) -> None:
    """Let deployment ID launch: the first column of the list, or the reference on the page of who waits for it.

    \b
    Example:
      tandem deployments approve 0d2c… --organisation "Example Ltd"
    """
    try:
        with transaction(services) as db:
            identity = _find_deployment(db, deployment_id)
            organisation_id = find_organisation(db, organisation)
            shown = _deployment(store.approve(db, identity, organisation_id=organisation_id))
    except (store.NoSuchRow, store.OtherOrganisation) as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        print_json(shown)
    else:
        click.echo(f"Approved: deployment {shown['deployment_id']} of {shown['issuer']}.")


@deployments.command("withdraw")
@click.argument("deployment_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@operator_command(Action.MANAGE_REGISTRATIONS)
def withdraw(services: Services, deployment_id: str, as_json: bool) -> None:
    """Let deployment ID launch no more, until it is approved again: the first column of the list, or the reference.

    Pages that are open are closed at once. It stays with its organisation, and what was done is kept.

    \b
    Example:
      tandem deployments withdraw 0d2c…
    """
    try:
        with transaction(services) as db:
            shown = _deployment(store.withdraw(db, _find_deployment(db, deployment_id)))
    except (store.NoSuchRow, store.NotApproved) as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        print_json(shown)
    else:
        click.echo(f"Withdrawn: deployment {shown['deployment_id']} of {shown['issuer']}.")


def _find_deployment(db: Session, written: str) -> uuid.UUID:
    """The id of the deployment that was named by it or by its reference. Anything else ends the command."""
    return store.deployment_named(db, written) if _REFERENCE.fullmatch(written) else read_id(written)


def _registration(row: Registration) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "organisation_id": str(row.organisation_id),
        "label": row.label,
        "issuer": row.issuer,
        "client_id": row.client_id,
        "auth_login_url": row.auth_login_url,
        "auth_token_url": row.auth_token_url,
        "token_audience": row.token_audience,
        "jwks_url": row.jwks_url,
        "frame_origins": row.frame_origins,
        "service_hosts": row.service_hosts,
        "platform_family": row.platform_family,
        "actor_account": row.actor_account,
        "deployments": [
            {"id": str(each.id), "deployment_id": each.deployment_id, "status": each.status}
            for each in row.deployments
        ],
    }


def _deployment(row: Deployment) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "status": row.status,
        "reference": deployment_reference(row.id),
        "organisation_id": str(row.organisation_id) if row.organisation_id else None,
        "deployment_id": row.deployment_id,
        "issuer": row.registration.issuer,
        "client_id": row.registration.client_id,
        "created_at": row.created_at.isoformat(timespec="seconds"),
    }
