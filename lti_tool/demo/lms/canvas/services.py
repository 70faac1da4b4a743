"""How Canvas's services answer a request that they refuse, and how they read a body.

Read from instructure/canvas-lms: ``render_error`` in ``app/controllers/lti/ims/concerns/lti_services.rb``; what a
missing record is answered with is from the public record of tools that run there.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, Final

from lti_tool.demo.lms.refusals import Refusal

MISSING: Final = "The specified resource does not exist."


def refused_service(status: int, message: str) -> dict[str, Any]:
    """The body of a refusal: the name of the status as Rails has it, and the message; of a 404 nothing but a list."""
    if status == HTTPStatus.NOT_FOUND:
        return {"errors": [{"message": MISSING}]}
    return {"errors": {"type": _status_name(status), "message": message}}


def _status_name(status: int) -> str:
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        return "unprocessable_entity"
    try:
        return HTTPStatus(status).phrase.lower().replace(" ", "_")
    except ValueError:
        return "internal_server_error"


def read_parameters(media_type: str, known: str, body: bytes, tool: str) -> dict[str, Any]:
    """The parameters of a JSON body, unchecked: none of another media type, nor where it is no object.

    Raises :class:`Refusal`: 400 for what is no JSON.
    """
    if media_type not in (known, "application/json"):
        return {}
    try:
        parameters = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refusal(
            400, "malformed_json", "Error occurred while parsing request parameters", tool
        ) from error
    return parameters if isinstance(parameters, dict) else {}
