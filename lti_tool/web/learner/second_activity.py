"""The second of two activities, one for each role, that were added together: a learner's launch opens it.

A teacher who opened the first has nothing to choose for the second, and may never open it: without this, those whose
role it is for would wait for nothing.
"""

from __future__ import annotations

from flask import abort, g

from lti_tool.composition import transaction as composition
from lti_tool.database import utcnow
from lti_tool.identity.policy import Action, require
from lti_tool.identity.principal import TOOL
from lti_tool.mentoring.programmes.actions import open_second_activity
from lti_tool.web.activity import current_activity
from lti_tool.web.services import current_principal, current_services


def open_if_first_is_open() -> None:
    """Open the activity of the present launch where that takes no tutor. It is the tool that does."""
    link = g.launch.resource_link
    if link.only_role is None or link.content_id is None or current_activity() is not None:
        return
    require(TOOL, Action.OPEN_SECOND_ACTIVITY)
    with composition.transaction(current_services(), TOOL) as db:
        open_second_activity(
            db,
            organisation_id=current_principal().organisation_id or abort(403),
            course_id=g.launch.course_id,
            resource_link_id=link.id,
            content_id=link.content_id,
            only_role=link.only_role,
            now=utcnow(),
        )
