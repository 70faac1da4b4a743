"""Whether a session still lasts: what a page with a form asks, so that it can say so before the form is sent."""

from __future__ import annotations

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from lti_tool.identity.policy import Action
from lti_tool.web.access import allows
from lti_tool.web.launch_session import polled

blueprint = Blueprint("session_check", __name__, url_prefix="/l/<launch_key>")


@blueprint.get("/session")
@polled
@allows(Action.VIEW_HOME)
def show() -> ResponseReturnValue:
    """Nothing, as long as it lasts; the refusal of every page of the session (410) once it is over."""
    return Response(status=204, headers={"Cache-Control": "no-store"})
