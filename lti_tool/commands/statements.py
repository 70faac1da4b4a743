"""``tandem statements``: what was sent to the LRS, what waits, what it refused, and sending that again."""

from __future__ import annotations

import json
import sys
import time
import uuid
from typing import IO, Any

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from lti_tool.commands.context import BadInput, operator_command, print_json, print_rows, transaction
from lti_tool.composition.record_stores import NamedStore, named_stores
from lti_tool.composition.services import Services
from lti_tool.health_checks.findings import one_line
from lti_tool.identity.models import Organisation
from lti_tool.identity.policy import Action
from lti_tool.messaging import backlog
from lti_tool.messaging.models import (
    LRS,
    NO_STORE,
    PRIMARY,
    Delivery,
    DeliveryBody,
    DeliveryKind,
    DeliveryStatus,
)

STORE = click.option("--store", metavar="NAME", help="Only for the LRSs of this name (tandem lrs list).")
KIND = click.option(
    "--kind",
    default=DeliveryKind.STATEMENT.value,
    show_default=True,
    metavar="KIND",
    help="The kind of delivery: that of a further channel instead of statements.",
)
STATUSES = [status.value for status in DeliveryStatus if status != DeliveryStatus.SUPERSEDED]


@click.group()
def statements() -> None:
    """The statements for the LRS: list, look, send again, export.

    Deliveries of a further channel are listed and sent again with --kind.

    \b
    Example:
      tandem statements list --status dead
    """


@statements.command("list")
@click.option("--status", type=click.Choice(STATUSES), help="Only those with this status.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="The newest, at most."
)
@STORE
@KIND
@click.option("--json", "as_json", is_flag=True, help="Write JSON for a script.")
@operator_command(Action.MANAGE_DELIVERIES)
def list_(
    services: Services, status: str | None, limit: int, store: str | None, kind: str, as_json: bool
) -> None:
    """List statements, newest first: one that goes to several LRSs once for each.

    \b
    Examples:
      tandem statements list --status dead
      tandem statements list --store copy --status waiting
      tandem statements list --kind webhook --status dead
    """
    _check_kind(kind, store)
    chosen = sa.select(Delivery).where(Delivery.kind == kind)
    if status:
        chosen = chosen.where(Delivery.status == status)
    names = _names(services)
    if store is not None:
        chosen = chosen.where(Delivery.receiver.in_(_receivers(names, store)))
    chosen = chosen.options(joinedload(Delivery.content)).order_by(Delivery.id.desc()).limit(limit)
    is_statement = kind == DeliveryKind.STATEMENT
    with services.database.reading() as db:
        organisations: dict[uuid.UUID | None, str] = {
            row.id: row.name for row in db.scalars(sa.select(Organisation))
        }
        found = [
            {
                **(_summary(delivery, names) if is_statement else _summary_of_other(delivery)),
                "organisation": organisations.get(delivery.organisation_id),
                "last_error": delivery.last_error,
            }
            for delivery in db.scalars(chosen)
        ]
    if as_json:
        print_json(found)
        return
    for row in found:
        row["last_error"] = one_line(row["last_error"]) if row["last_error"] else ""
    print_rows(found, empty="No statements." if is_statement else f"No {kind}.")


def _check_kind(kind: str, store: str | None) -> None:
    if store is not None and kind != DeliveryKind.STATEMENT:
        raise BadInput("--store is for statements alone: leave out --kind")


def _summary_of_other(delivery: Delivery) -> dict[str, Any]:
    """What is known of a delivery whose body only its channel can read."""
    return {
        "id": str(delivery.key),
        "status": delivery.status,
        "receiver": delivery.receiver,
        "created_at": delivery.created_at.isoformat(timespec="seconds"),
        "attempts": delivery.attempts,
    }


@statements.command()
@click.argument("identifier", metavar="ID", type=click.UUID)
@click.option("--json", "as_json", is_flag=True, help="Write JSON for a script.")
@operator_command(Action.MANAGE_DELIVERIES)
def show(services: Services, identifier: uuid.UUID, as_json: bool) -> None:
    """Show one statement as it is sent, and the LRS's answer to it.

    \b
    Example:
      tandem statements show 1f0e4c6e-5b0d-5c53-9d4e-0f7a6b3f8a11
    """
    names = _names(services)
    with services.database.reading() as db:
        deliveries = _find(db, identifier)
        found = {
            **_summary(deliveries[0], names),
            "last_error": deliveries[0].last_error,
            "held_by_lrs": deliveries[0].conflict,
            "also": [
                {**_summary(each, names), "last_error": each.last_error, "held_by_lrs": each.conflict}
                for each in deliveries[1:]
            ],
            "statement": _document(deliveries[0].body),
        }
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        if isinstance(value, dict):
            click.echo(f"{name}:\n{json.dumps(value, ensure_ascii=False, indent=2)}")
        elif name == "also":
            for copy in deliveries[1:]:
                click.echo(f"also for {_name(copy, names)}: {copy.status} {copy.last_error or ''}".rstrip())
        elif value is not None:
            click.echo(f"{name}: {value}")


@statements.command()
@click.argument("identifier", metavar="[ID]", type=click.UUID, required=False)
@click.option("--all", "everything", is_flag=True, help="Every statement that was refused or failed.")
@STORE
@KIND
@click.option("--json", "as_json", is_flag=True, help="Write JSON for a script.")
@operator_command(Action.MANAGE_DELIVERIES)
def retry(
    services: Services,
    identifier: uuid.UUID | None,
    everything: bool,
    store: str | None,
    kind: str,
    as_json: bool,
) -> None:
    """Send at once what the LRS refused or could not take: one statement, or all of them.

    What waits is released, and an LRS that is not asked for a while is asked again.

    \b
    Examples:
      tandem statements retry --all
      tandem statements retry --all --kind webhook
    """
    _check_kind(kind, store)
    if kind == DeliveryKind.SCORE:
        raise BadInput("--kind: grades are sent again by `tandem scores resend`")
    if (identifier is None) == (not everything):
        raise click.UsageError("give either the ID of a statement or --all")
    receivers = None if store is None else _receivers(_names(services), store)
    with transaction(services) as db:
        keys = None if identifier is None else [identifier]
        count = backlog.retry(db, kind, receivers=receivers, keys=keys)
        if identifier is not None and not count:
            status = " and ".join(sorted({delivery.status for delivery in _find(db, identifier, kind)}))
            raise click.ClickException(f"{kind} {identifier} is {status}: nothing to send again")
    if as_json:
        print_json({"sent_again": count})
    else:
        click.echo(f"{count} to be sent again.")


@statements.command()
@click.option(
    "--output", type=click.File("w", encoding="utf-8"), default="-", help="A file; else standard output."
)
@operator_command(Action.MANAGE_DELIVERIES)
def export(services: Services, output: IO[str]) -> None:
    """Write every statement ever recorded once, one JSON document a line, in the order of recording.

    \b
    Example:
      tandem statements export --output statements.jsonl
    """
    copy = aliased(DeliveryBody)
    is_same, is_before = copy.key == DeliveryBody.key, copy.delivery_id < DeliveryBody.delivery_id
    earlier = sa.select(copy.delivery_id).where(is_same, is_before).exists()
    chosen = (
        sa.select(DeliveryBody.body)
        .join(Delivery, Delivery.id == DeliveryBody.delivery_id)
        .where(Delivery.kind == DeliveryKind.STATEMENT.value, ~earlier)
        .order_by(Delivery.id)
        .execution_options(yield_per=1000)
    )
    has_body = sa.select(copy.delivery_id).where(copy.key == Delivery.key).exists()
    without_body = sa.select(sa.func.count(Delivery.key.distinct())).where(
        Delivery.kind == DeliveryKind.STATEMENT.value, ~has_body
    )
    shown = time.monotonic()
    count = 0
    with services.database.reading() as db:
        lost = db.scalar(without_body) or 0
        output.write(
            ""
        )  # opens the file, so that an export of nothing is a file too, or says why it cannot be
        for body in db.scalars(chosen):
            if _document(body) is None:
                lost += 1
                continue
            output.write(body.decode() + "\n")
            count += 1
            if time.monotonic() - shown > 2 and sys.stderr.isatty():
                shown = time.monotonic()
                click.echo(f"{count} statements…", err=True)
    if lost:
        click.echo(f"{lost} left out: what is stored of them was lost or damaged.", err=True)


def _find(db: Session, identifier: uuid.UUID, kind: str = DeliveryKind.STATEMENT.value) -> list[Delivery]:
    """The deliveries of a statement, the first for the primary; or those of another kind under one key."""
    # Not by the index of keys, which lacks those whose body was lost.
    found = db.scalars(
        sa.select(Delivery).where(Delivery.key == identifier, Delivery.kind == kind).order_by(Delivery.id)
    ).all()
    if not found:
        raise click.ClickException(f"there is no {kind} {identifier}")
    return list(found)


def _names(services: Services) -> dict[str, NamedStore]:
    return {store.receiver: store for store in named_stores(services)}


def _receivers(names: dict[str, NamedStore], name: str) -> list[str]:
    found = [receiver for receiver, store in names.items() if store.name == name]
    if not found and name != PRIMARY:
        raise BadInput(f"--store: there is no LRS {name}; `tandem lrs list` shows them")
    return found or [LRS]


def _name(delivery: Delivery, names: dict[str, NamedStore]) -> str:
    """What to call the receiver: the primary of the installation may not be set, others may be removed."""
    store = names.get(delivery.receiver)
    if store is not None:
        return store.label
    return {LRS: PRIMARY, NO_STORE: "none"}.get(delivery.receiver, "removed")


def _document(body: bytes) -> Any:
    """The JSON of a body; None where the body was lost or damaged."""
    try:
        return json.loads(body.decode())
    except (ValueError, RecursionError):
        return None


def _verb_and_timestamp(delivery: Delivery) -> tuple[str | None, str | None]:
    """None for both where the statement cannot be read."""
    try:
        statement = _document(delivery.body)
        return statement["verb"]["display"]["en"], statement["timestamp"]
    except (TypeError, LookupError):
        return None, None


def _summary(delivery: Delivery, names: dict[str, NamedStore]) -> dict[str, Any]:
    verb, timestamp = _verb_and_timestamp(delivery)
    return {
        "id": str(delivery.key),
        "status": delivery.status,
        "store": _name(delivery, names),
        "verb": verb,
        "timestamp": timestamp,
        "attempts": delivery.attempts,
        "xapi_registration": delivery.order_key,
    }
