"""The formats of meetings in the programme of the present launch."""

from __future__ import annotations

from flask import g, has_request_context

from lti_tool.mentoring.programmes.meeting_formats import MeetingFormats, meeting_formats
from lti_tool.web.activity import Activity
from lti_tool.web.services import reading_once


def current_formats() -> MeetingFormats | None:
    """Those of the activity that was opened; None outside a launch, and before a tutor has opened it."""
    activity: Activity | None = g.get("activity") if has_request_context() else None
    if activity is None:
        return None
    with reading_once() as db:
        return meeting_formats(db, activity.settings_id)
