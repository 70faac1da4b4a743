"""``/``: what this is, and how to connect an LMS."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from lti_tool.identity.policy import Action
from lti_tool.lti.platforms.moodle import Moodle
from lti_tool.translation import gettext as _
from lti_tool.web.access import allows
from lti_tool.web.public import example

blueprint = Blueprint("landing", __name__)


@blueprint.get("/")
@allows(Action.READ_PUBLIC_PAGES)
def index() -> ResponseReturnValue:
    """The page for whoever comes without a launch."""
    return render_template(
        "public/landing.html",
        faces=example.faces(),
        journey=example.journey(),
        tiles=example.tiles(),
        rows=example.rows(),
        manage_tools=Moodle.labels["manage_tools"].text,
        address="https://{}/lti/register?…".format(_("your-address")),
        statements=example.statements(),
    )
