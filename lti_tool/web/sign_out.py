"""Ending one's own session, as on a computer that others use too."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template
from flask.typing import ResponseReturnValue

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.lti.launch import sessions
from lti_tool.web.access import allows
from lti_tool.web.launch_session import SIGN_OUT, SessionSignedOut, launch_url_for
from lti_tool.web.services import current_services

blueprint = Blueprint(SIGN_OUT, __name__, url_prefix="/l/<launch_key>")


@blueprint.post("/sign-out")
@allows(Action.SIGN_OUT)
def sign_out() -> ResponseReturnValue:
    """End the session at once: no page of it opens any more, in whichever tab."""
    sessions.sign_out(current_services().database, g.launch, utcnow())
    return redirect(launch_url_for("sign_out.signed_out"), 303)


@blueprint.get("/signed-out")
@allows(Action.SIGN_OUT)
def signed_out() -> ResponseReturnValue:
    """The address of the page after signing out; home, as long as the session lasts."""
    return redirect(launch_url_for("home.home"))


@blueprint.errorhandler(SessionSignedOut)
def _after_sign_out(_error: SessionSignedOut) -> ResponseReturnValue:
    """The page after signing out, also when the button was pressed twice."""
    return render_template("signed_out.html")
