"""What the pages of the present launch show of the settings of its programme."""

from __future__ import annotations

from flask import g, has_request_context

from lti_tool.mentoring.programmes.shown_settings import ShownSettings, known_settings, shown_settings
from lti_tool.web.activity import Activity
from lti_tool.web.services import reading_once


def current_settings() -> ShownSettings | None:
    """Those of the activity that was opened; None outside a launch, and before a tutor has opened it."""
    activity: Activity | None = g.get("activity") if has_request_context() else None
    if activity is None:
        return None
    known = known_settings(activity.settings_id)
    if known is not None:
        return known
    with reading_once() as db:
        return shown_settings(db, activity.settings_id)
