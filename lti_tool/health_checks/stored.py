"""Checks of the database, and of what is stored there: keys and platforms."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from lti_tool.composition.services import Services
from lti_tool.database import Database
from lti_tool.encryption import SecretKeyChanged
from lti_tool.health_checks.findings import Found, Verdict, database_fault
from lti_tool.lti.models import KeyStatus, ToolKey
from lti_tool.lti.registration.models import DeploymentStatus, Registration, deployment_reference
from lti_tool.migrations import is_current


def database_is_current(database: Database) -> bool:
    """Whether the database is at the newest migration. Raises SQLAlchemy's errors when it does not answer."""
    return is_current(database)


def database(services: Services) -> Found:
    """It answers, it is at the newest migration, and it can be written."""
    shown = services.database.url.render_as_string(hide_password=True)
    path = sqlite_path(services.database)
    if path is not None and not path.exists():
        # Connecting would make an empty file.
        yield Verdict.ERROR, f"there is no database at {path} yet", "run: tandem migrate"
        return
    try:
        current = database_is_current(services.database)
    except sa.exc.SQLAlchemyError as error:
        yield (
            Verdict.ERROR,
            f"{shown} does not answer ({database_fault(error)})",
            "check TANDEM_DATABASE_URL, and that the database server runs and lets the tool in",
        )
        return
    if not current:
        yield (
            Verdict.ERROR,
            f"{shown} is not at this version’s migration",
            "run: tandem migrate (if that fails, the database is of a newer version: install that one)",
        )
        return
    try:
        with services.database.engine.execution_options(tandem_writes=True).connect() as connection:
            _test_write(connection)
    except sa.exc.SQLAlchemyError as error:
        yield (
            Verdict.ERROR,
            f"{shown} cannot be written ({database_fault(error)})",
            "give the tool’s user the right to write it"
            + ("" if path is None else f", and the folder {path.parent}"),
        )
        return
    yield Verdict.OK, f"{shown} answers, is up to date and can be written", ""


def _test_write(connection: sa.Connection) -> None:
    """Test writing without a change; on SQLite ``BEGIN IMMEDIATE`` already fails on a read-only database."""
    with connection.begin() as transaction:
        connection.execute(sa.update(ToolKey).where(sa.false()).values(status=ToolKey.status))
        transaction.rollback()


def signing_key(services: Services) -> Found:
    """The private key opens with the present TANDEM_SECRET_KEY."""
    with services.database.reading() as db:
        key = db.scalar(sa.select(ToolKey).where(ToolKey.status == KeyStatus.ACTIVE))
    if key is None:
        yield Verdict.OK, "none yet: the first start makes one", ""
        return
    try:
        services.vault.open(key.private_key)
    except SecretKeyChanged:
        yield (
            Verdict.ERROR,
            "it was encrypted with another TANDEM_SECRET_KEY",
            "set the former TANDEM_SECRET_KEY again, or restore secret_key in the data folder; "
            "if it is lost: tandem keys rotate",
        )
        return
    yield Verdict.OK, f"{key.kid} can be read", ""


def platforms(services: Services) -> Found:
    """Somebody is connected, and every registration has a deployment that may launch."""
    with services.database.reading() as db:
        registrations = db.scalars(
            sa.select(Registration)
            .options(selectinload(Registration.deployments))
            .order_by(Registration.created_at)
        ).all()
    if not registrations:
        yield Verdict.WARNING, "no LMS is connected yet", "run: tandem invite, and open what it prints"
    for registration in registrations:
        name = name_of(registration)
        pending = [row for row in registration.deployments if row.status == DeploymentStatus.PENDING]
        approved = len(registration.deployments) - len(pending)
        for deployment in pending:
            is_new = deployment.organisation_id is None
            yield (
                Verdict.WARNING,
                f"{name}: deployment {deployment.deployment_id} "
                f"{'awaits approval' if is_new else 'is not approved any more'}, its launches are refused "
                f"(their pages show the reference {deployment_reference(deployment.id)})",
                f"if {'you know it' if is_new else 'it is to launch again'}, run: "
                f"tandem deployments approve {deployment.id}",
            )
        if registration.token_audience is None:
            yield (
                Verdict.ERROR,
                f"{name}: another registration has the same token audience and client id, so no token is asked for",
                "compare both (tandem registrations list --json) and register the true platform again",
            )
        if not registration.deployments:
            yield (
                Verdict.WARNING,
                f"{name} has no deployment yet",
                "launch the tool from the LMS once, then run: tandem deployments list",
            )
        if approved:
            yield Verdict.OK, f"{name}: {approved} deployment{'s' if approved > 1 else ''} may launch", ""


def sqlite_path(database: Database) -> Path | None:
    """Where the SQLite file is; None for another database, or one in memory."""
    name = database.url.database
    if not database.is_sqlite or not name or name == ":memory:":
        return None
    return Path(name).resolve()


def name_of(registration: Registration) -> str:
    """What to call a registration to its operator."""
    return registration.label or registration.issuer
