"""What the LTI services share: media types, JSON bodies, pages with a Link header, and the activity log."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, g, request
from marshmallow import Schema, ValidationError

from lti_tool.demo.lms.access_tokens import bearer
from lti_tool.demo.lms.refusals import Refusal, first_problem
from lti_tool.demo.lms.tools import Tool
from lti_tool.demo.lms.wiring import current_lms

LARGEST_PAGE = 1000


def serve(media_type: str, *scopes: str) -> Tool:
    """Check the token, its scope and what the caller accepts; give the tool. First line of every service."""
    tool = bearer(*scopes)
    g.service_tool = tool.client_id
    type_id = request.args.get("type_id")
    if type_id is not None and type_id != str(tool.id):
        raise Refusal(403, "wrong_type_id", "type_id names another tool.", tool.client_id)
    accepted = request.headers.get("Accept", "*/*")
    wanted = [part.partition(";")[0].strip() for part in accepted.split(",")]
    if request.method == "GET" and not {media_type, "application/json", "application/*", "*/*"} & set(wanted):
        raise Refusal(406, "not_acceptable", f"This service answers {media_type}.", tool.client_id)
    return tool


def loaded_body(schema: Schema, media_type: str, tool: Tool) -> dict[str, Any]:
    """The request's JSON object, of exactly this media type and shape."""
    if request.mimetype != media_type:
        raise Refusal(415, "wrong_content_type", f"The body must be {media_type}.", tool.client_id)
    try:
        body = json.loads(request.get_data())
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "malformed_json", "The body is not JSON.", tool.client_id) from error
    if not isinstance(body, dict):
        raise Refusal(400, "malformed_json", "The body is not a JSON object.", tool.client_id)
    try:
        loaded: dict[str, Any] = schema.load(body)
    except ValidationError as error:
        field, problem = first_problem(error.messages)
        raise Refusal(400, f"malformed_{field}", f"{field}: {problem}", tool.client_id) from error
    return loaded


def page_limit(tool: Tool) -> int | None:
    """``limit``, between 1 and LARGEST_PAGE; None when the caller wants everything."""
    given = request.args.get("limit")
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and 0 < int(given[:9]) <= LARGEST_PAGE):
        raise Refusal(400, "bad_limit", f"limit must be between 1 and {LARGEST_PAGE}.", tool.client_id)
    return int(given)


def page_number(tool: Tool) -> int:
    """``from``: how many to pass over; 0 by default."""
    given = request.args.get("from", "0")
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise Refusal(400, "bad_from", "from must be a whole number.", tool.client_id)
    return int(given)


def answer(
    tool: Tool,
    body: Any,
    media_type: str,
    *,
    status: int = 200,
    reason: str = "ok",
    detail: str = "",
    next_page: str | None = None,
) -> Response:
    """A JSON answer, noted in the activity log; ``next_page`` becomes a Link header."""
    current_lms().store.record_call(tool.client_id, request.method, request.path, status, reason, detail)
    response = Response(None if body is None else json.dumps(body), status, content_type=media_type)
    if next_page:
        response.headers["Link"] = f'<{next_page}>; rel="next"'
    return response
