"""What Canvas lets a tool do with line items: https://www.imsglobal.org/spec/lti-ags/v2p0/#line-item-service.

Read from instructure/canvas-lms: ``app/controllers/lti/ims/line_items_controller.rb`` (0e3ddfd).
"""

from __future__ import annotations

import sqlite3

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
