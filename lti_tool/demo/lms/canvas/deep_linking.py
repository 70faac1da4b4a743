"""Deep linking as Canvas does it: what a placement takes, the single-use return address, and what becomes of items.

Read from instructure/canvas-lms: ``lib/lti/messages/deep_linking_request.rb`` (062de5e),
``lib/lti/deep_linking_data.rb`` (9066815), ``app/controllers/lti/ims/concerns/deep_linking_services.rb`` (00b222d) and
``app/controllers/lti/ims/concerns/deep_linking_modules.rb`` (00b222d).
"""

from __future__ import annotations

import time
from typing import Any, Final

from marshmallow import EXCLUDE, Schema, fields, validate

from lti_tool.demo.lms.schemas import DEEP_LINKING_CLAIM, LTI_CLAIM, JsonNumber, web_address

PICKERS: Final = ("assignment_selection", "link_selection")
"""The placements that this LMS shows."""
LINE_ITEM_PLACEMENTS: Final = (
    "course_assignments_menu",
    "module_index_menu_modal",
    "assignment_selection",
    "link_selection",
    "module_menu_modal",
)
"""Where a line item counts; elsewhere it is ignored."""
OLDEST: Final = 300
AHEAD: Final = 30
"""Seconds by which ``iat`` may lie in the past, and in the future."""


class _LineItemSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    scoreMaximum = JsonNumber(allow_none=True)  # noqa: N815 - the specification's name
    label = fields.String(allow_none=True)
    resourceId = fields.String(load_default="")  # noqa: N815 - as above
    tag = fields.String(load_default="")


class _ItemSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    type = fields.String(required=True)
    title = fields.String(load_default="")
    text = fields.String(load_default="")
    url = fields.String(validate=[validate.Length(max=2000), web_address])
    custom = fields.Dict(load_default=dict, allow_none=True)
    lineItem = fields.Nested(_LineItemSchema)  # noqa: N815 - the specification's name


class ResponseSchema(Schema):
    """The claims of a response. Who signed it and for whom is checked before."""

    class Meta:
        unknown = EXCLUDE

    message_type = fields.String(
        required=True, data_key=LTI_CLAIM + "message_type", validate=validate.Equal("LtiDeepLinkingResponse")
    )
    version = fields.String(required=True, data_key=LTI_CLAIM + "version", validate=validate.Equal("1.3.0"))
    deployment_id = fields.String(required=True, data_key=LTI_CLAIM + "deployment_id")
    content_items = fields.List(
        fields.Nested(_ItemSchema), load_default=list, data_key=DEEP_LINKING_CLAIM + "content_items"
    )
    message = fields.Raw(load_default=None, data_key=DEEP_LINKING_CLAIM + "msg")
    error_message = fields.Raw(load_default=None, data_key=DEEP_LINKING_CLAIM + "errormsg")


def settings(return_url: str, placement: str) -> dict[str, Any]:
    """``deep_linking_settings``: media types as one text, and no word of line items."""
    return {
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["iframe", "window"],
        "accept_media_types": "application/vnd.ims.lti.v1.ltilink",
        "accept_multiple": placement == "link_selection",
        "auto_create": False,
        "deep_link_return_url": return_url,
        "validation_context": None,
        "errors": {"errors": {}},
    }


def times_are_right(claims: dict[str, Any]) -> bool:
    """Whether the response was signed in the last five minutes, and not in the future."""
    issued = claims.get("iat")
    return isinstance(issued, int | float) and time.time() - OLDEST <= issued <= time.time() + AHEAD


def error_of(item: dict[str, Any], placement: str) -> str | None:
    """Why Canvas does not make this item, while it goes on with the others."""
    if item["type"] != "ltiResourceLink":
        return "only links to the tool are taken here"
    line_item = item.get("lineItem")
    if line_item is not None and placement in LINE_ITEM_PLACEMENTS and not line_item.get("scoreMaximum"):
        return "lineItem.scoreMaximum is a required field"
    return None


def custom_of(item: dict[str, Any]) -> dict[str, str]:
    """The custom parameters that Canvas keeps: scalars, as text, and null as nothing."""
    return {
        str(name): "" if value is None else str(value)
        for name, value in (item["custom"] or {}).items()
        if value is None or isinstance(value, str | int | float | bool)
    }


def line_item_of(item: dict[str, Any], placement: str) -> dict[str, Any] | None:
    """The line item of the assignment that is made, whose label is the title of both."""
    line_item = item.get("lineItem")
    if line_item is None or placement not in LINE_ITEM_PLACEMENTS:
        return None
    return {**line_item, "label": line_item.get("label") or item["title"]}
