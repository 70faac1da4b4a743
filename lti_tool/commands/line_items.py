"""``tandem line-items``: the gradebook columns that the tool found or had made, and deleting one that it made."""

from __future__ import annotations

import uuid
from typing import Any

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.commands.context import BadInput, operator_command, print_json, print_rows, read_id, transaction
from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.health_checks.findings import one_line
from lti_tool.identity.models import Course
from lti_tool.identity.policy import Action
from lti_tool.lti.ags import line_items as service
from lti_tool.lti.ags import own_line_items
from lti_tool.lti.ags.models import OwnLineItemRecord, OwnLineItemStatus
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.platform_service import PlatformService
from lti_tool.lti.registration.models import Deployment


@click.group("line-items")
def line_items() -> None:
    """Gradebook columns of activities whose launches name none.

    \b
    Example:
      tandem line-items list
    """


@line_items.command("list")
@click.option("--json", "as_json", is_flag=True, help="Write JSON for a script.")
@operator_command(Action.MANAGE_DELIVERIES)
def list_(services: Services, as_json: bool) -> None:
    """List them: whether the tool made one, and whether grades go there.

    \b
    Example:
      tandem line-items list --json
    """
    with services.database.reading() as db:
        rows = [_line(row) for row in db.execute(_chosen()).all()]
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, empty="No line items were looked for.")


@line_items.command()
@click.argument("activity", metavar="ID")
@click.option("--activity-gone", is_flag=True, help="The activity is deleted in the platform.")
@operator_command(Action.MANAGE_DELIVERIES)
def delete(services: Services, activity: str, activity_gone: bool) -> None:
    """Delete one that the tool made from the gradebook, with all of its grades. ID: the activity's, as listed.

    No platform reports that an activity was deleted in it, so you say it. Without --activity-gone only
    one is deleted to which no grades go any more, since the activity's launches name another.

    \b
    Example:
      tandem line-items delete 3f0c… --activity-gone
    """
    link_id = read_id(activity, "ID")
    with services.database.reading() as db:
        row = db.execute(_chosen().where(ResourceLink.id == link_id)).one_or_none()
    if row is None or row.status != OwnLineItemStatus.MADE or row.url is None:
        raise BadInput(
            f"{activity}: the tool has made no line item for it; `tandem line-items list` shows them"
        )
    if row.line_item_url == row.url and not activity_gone:
        raise BadInput(
            f"{activity}: grades go there; if its activity is deleted in the platform, add --activity-gone"
        )
    try:
        used = row.line_item_url == row.url
        url = row.line_item_address if used and row.line_item_address else row.url
        service.delete(PlatformService(services, row.registration_id), url)
    except (service.LineItemRefused, service.LineItemsUnavailable) as error:
        raise click.ClickException(f"it was not deleted: {one_line(str(error))}") from None
    with transaction(services) as db:
        _note_deleted(db, link_id)
    click.echo("Deleted.")


def _note_deleted(db: Session, link_id: uuid.UUID) -> None:
    own_line_items.note_none(
        db,
        link_id,
        OwnLineItemStatus.ABSENT,
        utcnow(),
        before=OwnLineItemStatus.MADE,
        never_posted=True,
    )


def _chosen() -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            ResourceLink.id,
            ResourceLink.title,
            ResourceLink.line_item_url,
            ResourceLink.line_item_address,
            sa.func.coalesce(Course.title, Course.context_id).label("course"),
            Deployment.registration_id,
            OwnLineItemRecord.status,
            OwnLineItemRecord.url,
            OwnLineItemRecord.reason,
        )
        .join(OwnLineItemRecord, OwnLineItemRecord.resource_link_id == ResourceLink.id)
        .join(Course, Course.id == ResourceLink.course_id)
        .join(Deployment, Deployment.id == Course.deployment_id)
        .order_by(Course.title, ResourceLink.id)
    )


def _line(row: sa.Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "course": row.course,
        "activity": row.title or "",
        "status": row.status,
        "line_item": row.url or "",
        "used": "yes" if row.url is not None and row.url == row.line_item_url else "no",
        "why": one_line(row.reason) if row.reason else "",
    }
