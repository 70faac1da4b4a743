"""The first page of somebody who was taken out of the programme: that nobody is at fault, and whom to write to."""

from __future__ import annotations

from flask import abort, g, render_template
from flask.typing import ResponseReturnValue

from lti_tool.mentoring.journey.queries import card
from lti_tool.mentoring.programmes.tutor_queries import tutor_of_cohort
from lti_tool.web.activity import Activity
from lti_tool.web.services import reading


def first_page(activity: Activity) -> ResponseReturnValue:
    """What it means for them. The reason is for whoever looks after the group alone."""
    with reading() as db:
        tutor = tutor_of_cohort(db, activity.placement.cohort_id)
    me = card(activity.participant or abort(404))
    return render_template("learner/taken_out.html", me=me, tutor=tutor, course_title=g.launch.course.title)
