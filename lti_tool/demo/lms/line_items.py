"""The line-item service, AGS 3.2: https://www.imsglobal.org/spec/lti-ags/v2p0/#line-item-service."""

from __future__ import annotations

import sqlite3
from typing import Any

from flask import Blueprint, Response, request

from lti_tool.demo.lms.canvas import line_items as canvas
from lti_tool.demo.lms.claims import line_item_url, line_items_url
from lti_tool.demo.lms.course import (
    LineItem,
    add_line_item,
    change_line_item,
    find_course,
    find_line_item,
    line_items_of,
)
from lti_tool.demo.lms.ids import find_shown_link, shown_link_id
from lti_tool.demo.lms.platform import add_query
from lti_tool.demo.lms.refusals import Refusal
from lti_tool.demo.lms.schemas import LineItemSchema
from lti_tool.demo.lms.services import answer, loaded_body, page_limit, page_number, serve
from lti_tool.demo.lms.tools import LINE_ITEM, LINE_ITEM_READ, Tool
from lti_tool.demo.lms.wiring import current_lms

blueprint = Blueprint("line_items", __name__)

ONE = "application/vnd.ims.lis.v2.lineitem+json"
MANY = "application/vnd.ims.lis.v2.lineitemcontainer+json"


def as_json(item: LineItem) -> dict[str, Any]:
    """A line item as the specification writes it."""
    body: dict[str, Any] = {
        "id": line_item_url(current_lms().issuer, item),
        "label": item.label,
        "scoreMaximum": item.score_maximum,
        "resourceId": item.resource_id,
        "tag": item.tag,
    }
    if item.link_id is not None:
        shown = shown_link_id(current_lms().settings, item.link_id)
        body["resourceLinkId"] = body["ltiLinkId"] = shown
    if item.start_at:
        body["startDateTime"] = item.start_at
    if item.end_at:
        body["endDateTime"] = item.end_at
    return body


def _own_link(db: sqlite3.Connection, tool: Tool, course_id: int, given: str | None) -> int | None:
    """The activity a line item is for; it must be the tool's own, in this course."""
    if given is None:
        return None
    settings = current_lms().settings
    link = find_shown_link(db, settings, given)
    if settings.is_canvas:
        return canvas.link_of_new_line_item(db, link, course_id, tool)
    if link and link.tool_id == tool.id and link.course_id == course_id:
        return link.id
    raise Refusal(
        400, "foreign_resource_link", "resourceLinkId is not an activity of this tool.", tool.client_id
    )


def _filtered_by(item: LineItem, parameter: str) -> str | None:
    if parameter == "resource_link_id":
        return None if item.link_id is None else shown_link_id(current_lms().settings, item.link_id)
    return item.resource_id if parameter == "resource_id" else item.tag


@blueprint.get("/services/<int:course_id>/lineitems")
def list_line_items(course_id: int) -> Response:
    """The tool's line items; filters resource_id, resource_link_id, tag; pages by limit and from."""
    tool = serve(MANY, LINE_ITEM, LINE_ITEM_READ)
    lms = current_lms()
    limit, start = page_limit(tool), page_number(tool)
    with lms.store.reading() as db:
        find_course(db, course_id)
        items = line_items_of(db, course_id, tool.id)
    for parameter in ("resource_id", "tag", "resource_link_id"):
        wanted = request.args.get(parameter)
        if wanted is not None:
            items = [item for item in items if _filtered_by(item, parameter) == wanted]
    end = len(items) if limit is None else start + limit
    next_page = None
    if end < len(items):
        asked = {
            key: value
            for key, value in request.args.items()
            if key in ("resource_id", "tag", "resource_link_id")
        }
        next_page = add_query(
            line_items_url(lms.issuer, course_id, tool), {**asked, "limit": str(limit), "from": str(end)}
        )
    shown = items[start:end]
    return answer(
        tool, [as_json(item) for item in shown], MANY, detail=f"{len(shown)} items", next_page=next_page
    )


@blueprint.post("/services/<int:course_id>/lineitems")
def create_line_item(course_id: int) -> Response:
    """Add a line item of the tool's own. It shows in the gradebook and completes nothing."""
    tool = serve(ONE, LINE_ITEM)
    body = loaded_body(LineItemSchema(), ONE, tool)
    with current_lms().store.transaction() as db:
        find_course(db, course_id)
        link_id = _own_link(db, tool, course_id, body.get("resourceLinkId"))
        item = add_line_item(db, course_id=course_id, tool_id=tool.id, values=body, link_id=link_id)
    return answer(tool, as_json(item), ONE, status=201, reason="created", detail=item.label)


def _own_line_item(db: sqlite3.Connection, course_id: int, item_id: int, tool: Tool) -> LineItem:
    """The tool's line item; of another tool's Canvas says so, and Moodle that there is none."""
    if current_lms().settings.is_canvas:
        canvas.refuse_foreign(db, course_id, item_id, tool)
    return find_line_item(db, course_id, item_id, tool)


@blueprint.get("/services/<int:course_id>/lineitems/<int:item_id>/lineitem")
def read_line_item(course_id: int, item_id: int) -> Response:
    """One line item."""
    tool = serve(ONE, LINE_ITEM, LINE_ITEM_READ)
    with current_lms().store.reading() as db:
        item = _own_line_item(db, course_id, item_id, tool)
    return answer(tool, as_json(item), ONE, detail=item.label)


@blueprint.put("/services/<int:course_id>/lineitems/<int:item_id>/lineitem")
def replace_line_item(course_id: int, item_id: int) -> Response:
    """Replace a line item; a coupled one stays with its activity."""
    tool = serve(ONE, LINE_ITEM)
    body = loaded_body(LineItemSchema(), ONE, tool)
    with current_lms().store.transaction() as db:
        item = _own_line_item(db, course_id, item_id, tool)
        # Canvas leaves every line item where it is (line_item_params). Moodle leaves it there as long as no other link
        # is named, and its tag is the same: with another one it stores the link that was sent, be it none
        # (process_put_request in mod/lti/service/gradebookservices/classes/local/resources/lineitem.php, 11d7520).
        named = body.get("resourceLinkId")
        stays = (
            item.coupled or current_lms().settings.is_canvas or (named is None and body["tag"] == item.tag)
        )
        link_id = item.link_id if stays else _own_link(db, tool, course_id, named)
        change_line_item(db, item, body, link_id)
        item = find_line_item(db, course_id, item_id, tool)
    return answer(tool, as_json(item), ONE, reason="replaced", detail=item.label)


@blueprint.delete("/services/<int:course_id>/lineitems/<int:item_id>/lineitem")
def delete_line_item(course_id: int, item_id: int) -> Response:
    """Remove a line item that the tool made; a coupled one is the activity's, not the tool's, to remove."""
    tool = serve(ONE, LINE_ITEM)
    with current_lms().store.transaction() as db:
        item = _own_line_item(db, course_id, item_id, tool)
        if current_lms().settings.is_canvas:
            canvas.refuse_to_delete_coupled(item, tool)
        if item.coupled:
            raise Refusal(403, "coupled_line_item", "This line item belongs to an activity.", tool.client_id)
        db.execute("DELETE FROM line_items WHERE id = ?", (item.id,))
    return answer(tool, None, ONE, status=204, reason="deleted", detail=item.label)
