"""To whom opens the activity of a group, and belongs to another group of the programme in the same course.

They read that, and choose: to go to the page of their own group, or to take part in this one as well.
"""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from flask import Blueprint, abort, g, redirect, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.identity.policy import Action
from lti_tool.lti.launch import sessions
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.mentoring.enrolment.models import ParticipantStatus
from lti_tool.mentoring.enrolment.other_groups import enrolment_in_other_group
from lti_tool.mentoring.enrolment.queries import ParticipantRecord
from lti_tool.mentoring.programmes.queries import placements_of_cohorts
from lti_tool.translation import gettext as _
from lti_tool.web.access import allows
from lti_tool.web.activity import current_activity
from lti_tool.web.launch_session import LAUNCH, launch_url_for
from lti_tool.web.services import current_principal, current_services, reading

blueprint = Blueprint("other_group", __name__, url_prefix=f"{LAUNCH}/other-group")


def page(cohort_id: uuid.UUID) -> ResponseReturnValue | None:
    """Which group they belong to, and the choice; None for whoever is in no other group of the course."""
    with reading() as db:
        found = _found(db, cohort_id)
        if found is None:
            return None
        enrolment, link_id = found
        title = db.scalar(sa.select(ResourceLink.title).where(ResourceLink.id == link_id))
    return render_template(
        "learner/other_group.html",
        heading=_heading(enrolment.status),
        text=_("Your group is in the activity “%(activity)s”.", activity=title)
        if title
        else _("Your group is in another activity of this course."),
    )


def _heading(status: str) -> str:
    if status == ParticipantStatus.INVITED:
        return _("You are invited to another group of this course")
    if status == ParticipantStatus.COMPLETED:
        return _("You have completed the programme in another group of this course")
    return _("You are already taking part in another group in this course")


def _found(db: Session, cohort_id: uuid.UUID) -> tuple[ParticipantRecord, uuid.UUID] | None:
    """Their enrolment in another group of the course, and the link of the activity that opens it for their role."""
    course_id, person_id = g.launch.course_id, current_principal().person_id
    if course_id is None or person_id is None:
        return None
    enrolment = enrolment_in_other_group(db, cohort_id, course_id, person_id)
    if enrolment is None:
        return None
    here = [each for each in placements_of_cohorts(db, [enrolment.cohort_id]) if each.course_id == course_id]
    # Where each role has an activity of its own, that of their role.
    placed = min(here, key=lambda each: not each.role_view.covers(enrolment.role))
    return enrolment, placed.resource_link_id


@blueprint.post("")
@allows(Action.VIEW_HOME)
def go() -> ResponseReturnValue:
    """Go to the page of the group that they belong to; where there is none any more, to the first page of this one."""
    activity = current_activity() or abort(404)
    with reading() as db:
        found = _found(db, activity.placement.cohort_id)
    if found is not None:
        sessions.go_to_link(current_services().database, g.launch, found[1])
    return redirect(launch_url_for("home.home"), 303)
