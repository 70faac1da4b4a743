"""LTI Platform Storage as Canvas offers it: by a hidden frame beside the tool's, which passes messages on to the page.

Read from instructure/canvas-lms: ``lib/lti/platform_storage.rb`` (049055d) names the frame,
``app/controllers/lti/platform_storage_controller.rb`` (00b222d) serves its page from the origin of the
authorization endpoint, ``ui/features/post_message_forwarding/index.ts`` (00b222d) passes messages on there and back,
``ui/shared/lti/jquery/messages.ts`` (00db0ea) with ``subjects/lti.put_data.ts`` (0e63cfc) and
``subjects/lti.get_data.ts`` (fb6a970) answers them in the page, and ``platform_storage.ts`` (286d360) limits what is
kept. The scripts are ``static/canvas_forwarding.js`` and ``static/canvas_storage.js``. Moodle has nothing of the kind.

Hosted Canvas has its authorization endpoint on another host than its pages; this LMS has one host for both, as a
Canvas of one's own has.
"""

from __future__ import annotations

from typing import Final

from flask import Blueprint, render_template

from lti_tool.demo.lms.refusals import Refusal
from lti_tool.demo.lms.wiring import current_lms

STORAGE_TARGET: Final = "post_message_forwarding"
"""``lti_storage_target`` in the login and in the launch."""

blueprint = Blueprint("platform_storage", __name__)


@blueprint.get(f"/{STORAGE_TARGET}")
def forwarding_page() -> str:
    """The page of the frame: nothing but its script."""
    if not current_lms().settings.is_canvas:
        raise Refusal(404, "not_found", "Moodle has no Platform Storage.")
    return render_template("canvas_forwarding.html")
