"""What Canvas lets a tool do with line items: https://www.imsglobal.org/spec/lti-ags/v2p0/#line-item-service.

Read from instructure/canvas-lms: ``app/controllers/lti/ims/line_items_controller.rb`` (0e3ddfd) and
``app/controllers/lti/ims/concerns/gradebook_services.rb`` (its newest version in the index). There a tool may send
scores to a line item of another tool in the course; here it has none.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from lti_tool.demo.lms.canvas.launches import link_id
from lti_tool.demo.lms.course import LineItem, Link, coupled_line_item
from lti_tool.demo.lms.refusals import Refusal
from lti_tool.demo.lms.tools import Tool


def link_of_new_line_item(db: sqlite3.Connection, link: Link | None, course_id: int, tool: Tool) -> int:
    """The activity that a new line item is added to, of a tool that named ``link`` (``verify_valid_resource_link``).

    Raises :class:`Refusal`: 404 where the tool has no such activity, 412 where it is in another course or has no grade.
    """
    if link is None or link.tool_id != tool.id:
        raise Refusal(404, "no_such_activity", "The specified resource does not exist.", tool.client_id)
    if link.course_id != course_id or coupled_line_item(db, link.id) is None:
        raise Refusal(
            412, "activity_without_grade", "It is no graded assignment of this course.", tool.client_id
        )
    return link.id


def refuse_to_delete_coupled(item: LineItem, tool: Tool) -> None:
    """Raise the 401 of ``destroy`` for the line item that came with an activity."""
    if item.coupled:
        raise Refusal(401, "coupled_line_item", "This line item belongs to an assignment.", tool.client_id)


def refuse_foreign(db: sqlite3.Connection, course_id: int, item_id: int, tool: Tool) -> None:
    """Raise the 412 of ``verify_line_item_client_id_connection`` for a line item of another tool in the course."""
    found = db.execute(
        "SELECT tool_id FROM line_items WHERE id = ? AND course_id = ?", (item_id, course_id)
    ).fetchone()
    if found is not None and found["tool_id"] != tool.id:
        raise Refusal(
            412, "foreign_line_item", "Tool does not have permission to view line_item", tool.client_id
        )


def refuse_other_link(item: LineItem, score: dict[str, Any], tool: Tool) -> None:
    """Raise the 412 of ``verify_line_item_in_context`` for a score that names another activity's link."""
    named = score.get("resourceLinkId")
    if named and (item.link_id is None or named != link_id(item.link_id)):
        raise Refusal(
            412,
            "foreign_resource_link",
            "The specified LTI link ID is not associated with the line item.",
            tool.client_id,
        )
