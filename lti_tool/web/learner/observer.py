"""An observer's home: how far those are whom the platform lets them observe, and nobody else.

A LIS Mentor (Canvas: an observer, such as a parent or an auditor) is not the mentor of a pair. The claim
``role_scope_mentor`` of their launch names whom they may see (LTI 1.3 core §5.4.9).
"""

from __future__ import annotations

from flask import g, render_template
from flask.typing import ResponseReturnValue

from lti_tool.identity.policy import Action, Relation
from lti_tool.mentoring.overview.person import observed_people
from lti_tool.web.access import check
from lti_tool.web.activity import current_activity
from lti_tool.web.services import reading


def page() -> ResponseReturnValue | None:
    """Their progress; None where the launch names nobody of the activity's courses."""
    launch, activity = g.launch, current_activity()
    if activity is None or not launch.shown_subjects:
        return None
    check(Action.VIEW_OBSERVED, Relation(organisation_id=activity.organisation_id))
    cohort_id = activity.placement.cohort_id
    with reading() as db:
        lines = observed_people(db, cohort_id, launch.registration.id, launch.shown_subjects)
    if not lines:
        return None
    return render_template("learner/observed.html", lines=lines, course_title=launch.course.title)
