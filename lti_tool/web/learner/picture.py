"""The picture of a complete journey, to keep: the ring, first names and figures, and no text that anybody wrote.

It is an SVG file that needs nothing else; ``static/js/keep-picture.js`` saves it as a PNG where it can.
"""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, abort, current_app, make_response, render_template
from flask.typing import ResponseReturnValue

from lti_tool.identity.policy import Action
from lti_tool.translation import gettext as _
from lti_tool.web.access import allows
from lti_tool.web.activity import current_activity
from lti_tool.web.learner.current import pair_of_request, pair_page
from lti_tool.web.learner.drawn_journey import drawn_journey
from lti_tool.web.time_zone import reader_today, reader_zone

blueprint = Blueprint("picture", __name__, url_prefix="/l/<launch_key>")

CONTENT_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; font-src data:; frame-ancestors 'none'"
)
"""Of this file alone: its style and its letters are in it."""


@blueprint.get("/journey.svg")
@allows(Action.VIEW_OWN_PAIR, about=pair_of_request)
def show() -> ResponseReturnValue:
    """The file; 404 before completion."""
    page, activity = pair_page(), current_activity() or abort(404)
    if not page.journey.progress.completed:
        abort(404)
    drawn = drawn_journey(
        page.journey, page.pair, today=reader_today(), ends_on=activity.ends_on, zone=reader_zone()
    )
    answer: Response = make_response(
        render_template(
            "learner/journey.svg",
            journey=page.journey,
            drawn=drawn,
            letters={weight: _letters(weight) for weight in (400, 700)},
        )
    )
    answer.mimetype = "image/svg+xml"
    answer.headers["Content-Security-Policy"] = CONTENT_POLICY
    answer.headers["Content-Disposition"] = f'attachment; filename="{_("reverse-mentoring")}.svg"'
    return answer


@cache
def _letters(weight: int) -> str:
    """The font of a weight, as base64."""
    path = Path(current_app.static_folder or "") / "fonts" / f"lato-latin-{weight}-normal.woff2"
    return base64.b64encode(path.read_bytes()).decode()
