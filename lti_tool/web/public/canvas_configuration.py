"""``/lti/canvas.json``: the tool as a developer key of Canvas is configured with it.

An administrator of Canvas gives its address in place of values that would have to be typed. It holds nothing secret.
"""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from lti_tool.identity.policy import Action
from lti_tool.lti.platforms.canvas import Canvas
from lti_tool.lti.registration.dynamic import describe_tool
from lti_tool.translation import current_language
from lti_tool.web.access import allows
from lti_tool.web.services import current_services

blueprint = Blueprint("canvas_configuration", __name__)


@blueprint.get("/lti/canvas.json")
@allows(Action.READ_PUBLIC_PAGES)
def configuration() -> ResponseReturnValue:
    """The configuration; ``?lang=`` says in which language its title is, Canvas shows labels in each reader's."""
    return jsonify(
        Canvas().configuration(describe_tool(current_services().config.base_url, current_language()))
    )
