"""What the database says: of itself, of the keys, of the platforms, and of what waits to be delivered."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from lti_tool import outbox
from lti_tool.database import Database, utcnow
from lti_tool.health_checks.findings import Seen, Verdict, database_words, one_line
from lti_tool.lti.crypto import SecretKeyChanged
from lti_tool.lti.models import DeploymentStatus, KeyStatus, Registration, ToolKey
from lti_tool.migrations import is_current
from lti_tool.tool import Tool

LONG_WAIT: Final = dt.timedelta(hours=1)


def database(tool: Tool) -> Seen:
    """It answers, it is at the newest migration, and it can be written."""
    shown = tool.database.url.render_as_string(hide_password=True)
    path = sqlite_path(tool.database)
    if path is not None and not path.exists():
        # Connecting would make an empty file.
        yield Verdict.WRONG, f"there is no database at {path} yet", "run: tandem migrate"
        return
    try:
        current = is_current(tool.database)
    except sa.exc.SQLAlchemyError as error:
        yield (
            Verdict.WRONG,
            f"{shown} does not answer ({database_words(error)})",
            "check TANDEM_DATABASE_URL, and that the database server runs and lets the tool in",
        )
        return
    if not current:
        yield (
            Verdict.WRONG,
            f"{shown} is not at this version’s migration",
            "run: tandem migrate (if that fails, the database is of a newer version: install that one)",
        )
        return
    try:
        with tool.database.engine.execution_options(tandem_writes=True).connect() as connection:
            _try_to_write(connection)
    except sa.exc.SQLAlchemyError as error:
        yield (
            Verdict.WRONG,
            f"{shown} cannot be written ({database_words(error)})",
            "give the tool’s user the right to write it"
            + ("" if path is None else f", and the folder {path.parent}"),
        )
        return
    yield Verdict.GOOD, f"{shown} answers, is up to date and can be written", ""


def _try_to_write(connection: sa.Connection) -> None:
    """Lock and touch nothing for good: on SQLite the beginning itself is refused where writing would be."""
    with connection.begin() as transaction:
        connection.execute(sa.update(ToolKey).where(sa.false()).values(status=ToolKey.status))
        transaction.rollback()


def signing_key(tool: Tool) -> Seen:
    """The private key opens with the present TANDEM_SECRET_KEY."""
    with tool.database.reading() as db:
        key = db.scalar(sa.select(ToolKey).where(ToolKey.status == KeyStatus.ACTIVE))
    if key is None:
        yield Verdict.GOOD, "none yet: the first start makes one", ""
        return
    try:
        tool.vault.open(key.private_key)
    except SecretKeyChanged:
        yield (
            Verdict.WRONG,
            "it was encrypted with another TANDEM_SECRET_KEY",
            "set the former TANDEM_SECRET_KEY again, or restore secret_key in the data folder; "
            "if it is lost: tandem keys rotate",
        )
        return
    yield Verdict.GOOD, f"{key.kid} can be read", ""


def platforms(tool: Tool) -> Seen:
    """Somebody is connected, and every registration has a deployment that may launch."""
    with tool.database.reading() as db:
        registrations = db.scalars(
            sa.select(Registration)
            .options(selectinload(Registration.deployments))
            .order_by(Registration.created_at)
        ).all()
    if not registrations:
        yield Verdict.WARNING, "no LMS is connected yet", "run: tandem invite, and open what it prints"
    for registration in registrations:
        name = named(registration)
        pending = [row for row in registration.deployments if row.status == DeploymentStatus.PENDING]
        approved = len(registration.deployments) - len(pending)
        for deployment in pending:
            yield (
                Verdict.WARNING,
                f"{name}: deployment {deployment.deployment_id} awaits approval, its launches are refused",
                f"if you know it, run: tandem deployments approve {deployment.id}",
            )
        if registration.token_audience is None:
            yield (
                Verdict.WRONG,
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
            yield Verdict.GOOD, f"{name}: {approved} deployment{'s' if approved > 1 else ''} may launch", ""


def deliveries(tool: Tool) -> Seen:
    """What waits longer than it should, and what a receiver will never take."""
    configured = bool(tool.config.lrs_endpoint)
    with tool.database.reading() as db:
        queues = {kind: outbox.backlog(db, kind) for kind in outbox.DeliveryKind}
    for kind, queue in queues.items():
        said = f" ({one_line(queue.last_error)})" if queue.last_error else ""
        late = queue.oldest is not None and utcnow() - queue.oldest > LONG_WAIT
        no_receiver = kind is outbox.DeliveryKind.STATEMENT and not configured
        waits = f"{_counted(queue.waiting, kind)} waiting"
        if late and not no_receiver and queue.oldest is not None:
            yield (
                Verdict.WARNING,
                f"{waits}, the oldest since {queue.oldest:%Y-%m-%d %H:%M} UTC{said}",
                "see that a worker runs (tandem serve, or tandem worker)",
            )
        else:
            yield Verdict.GOOD, waits, ""
        if queue.dead:
            yield (
                Verdict.WARNING,
                f"{_counted(queue.dead, kind)} refused for good",
                "see why, and send again what can be: tandem statements list --status dead"
                if kind is outbox.DeliveryKind.STATEMENT
                else "the LMS took the activity away, or refuses grades for these people",
            )


def _counted(number: int, kind: outbox.DeliveryKind) -> str:
    return f"{number} {kind.value}{'' if number == 1 else 's'}"


def sqlite_path(database: Database) -> Path | None:
    """Where the SQLite file is; None for another database, or one in memory."""
    name = database.url.database
    if not database.is_sqlite or not name or name == ":memory:":
        return None
    return Path(name).resolve()


def named(registration: Registration) -> str:
    return registration.label or registration.issuer
