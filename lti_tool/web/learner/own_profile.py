"""“My profile”: what a participant says of themselves, what helps to find a partner, and what is kept of them.

It shows; each part is changed on a page of its own (:mod:`.about_me`, :mod:`.answers`).
"""

from __future__ import annotations

from flask import Blueprint, abort, g, render_template
from flask.typing import ResponseReturnValue

from lti_tool.identity.policy import Action
from lti_tool.mentoring.journey.queries import card
from lti_tool.mentoring.profiles import queries
from lti_tool.web import wording
from lti_tool.web.access import allows
from lti_tool.web.activity import current_activity
from lti_tool.web.forms.flash import flash_message
from lti_tool.web.learner.answers import questions
from lti_tool.web.learner.current import participant_of_request
from lti_tool.web.learner.who_sees import who_sees
from lti_tool.web.services import reading
from lti_tool.web.time_zone import own_date

blueprint = Blueprint("own_profile", __name__, url_prefix="/l/<launch_key>")


@blueprint.get("/profile")
@allows(Action.DESCRIBE_ONESELF, about=participant_of_request)
def show() -> ResponseReturnValue:
    """All of it on one page, with a way to change each part."""
    activity = current_activity() or abort(404)
    participant = activity.participant or abort(404)
    asked = questions()
    with reading() as db:
        about_me = queries.profile(db, participant.id)
    return render_template(
        "learner/own_profile.html",
        me=card(participant),
        joined_on=own_date(participant.joined_at),
        about_me=about_me,
        topics=[
            (direction, asked.said(direction))
            for direction in (asked.main, "wants" if asked.main == "offers" else "offers")
        ],
        languages=[name for code, name in asked.languages if code in (asked.known.languages or ())],
        time_zone=asked.known.time_zone,
        capacity=asked.known.capacity,
        tutor=asked.tutor,
        active_pairs=[pair for pair in activity.pairs if pair.status == "active"],
        who_sees=who_sees(wording.tutors(asked.tutor)),
        course_title=g.launch.course.title,
        done=flash_message(),
    )
