"""The page of a launch from a course's own menu, which has no link of its own: the activities of the course.

Such a launch names the course as its link (:meth:`lti_tool.lti.platforms.base.Platform.is_course_itself`). Its
session goes on to the course's only activity at once, or to the one that is chosen here. A teacher may also open the
programme at this very place, where no grade can be sent; in a copy of a course where that was done, it is open at once.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from flask import Blueprint, abort, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from lti_tool.identity.models import Course
from lti_tool.identity.policy import Action
from lti_tool.identity.principal import CourseRole
from lti_tool.lti.launch import sessions
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.platforms import platform_of
from lti_tool.mentoring.enrolment.models import Participant, ParticipantStatus
from lti_tool.mentoring.programmes.actions import NothingChosen
from lti_tool.mentoring.programmes.copies import original_elsewhere
from lti_tool.mentoring.programmes.queries import placements_of_course
from lti_tool.mentoring.programmes.tutor_queries import tutor_of_cohort
from lti_tool.translation import gettext as _
from lti_tool.web.access import allows
from lti_tool.web.activity import current_activity
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.services import current_principal, current_services, reading
from lti_tool.web.tutor import cohort
from schemas.display import LinkForm
from schemas.form_schema import read_form
from schemas.problem import ShapeError

blueprint = Blueprint("course_page", __name__, url_prefix="/l/<launch_key>/course")


def is_shown() -> bool:
    """Whether the present launch is one of the course itself, where no teacher has opened a programme."""
    launch = g.launch
    lms = platform_of(launch.registration.issuer, launch.registration.platform_family)
    itself = lms.is_course_itself(launch.course.context_id, launch.resource_link.resource_link_id)
    return itself and current_activity() is None


def page() -> ResponseReturnValue:
    """The activities to choose from; the only one at once."""
    activities = _activities()
    if len(activities) == 1:
        return _go_to(next(iter(activities)))
    launch, teaches = g.launch, current_principal().role == CourseRole.TUTOR
    if teaches and not activities and _was_opened_in_original():
        cohort.open_placement_here()
        return redirect(launch_url_for("home.home"), 303)
    lms = platform_of(launch.registration.issuer, launch.registration.platform_family)
    return render_template(
        "course_page.html",
        activities=activities,
        course_title=launch.course.title,
        teaches=teaches,
        adding_advice=lms.adding_advice.text,
        gradebook_is_closed=not launch.resource_link.scopes,
        lms_name=lms.name or _("your platform"),
    )


@dataclass(frozen=True)
class CourseActivity:
    """An activity of the course as the page offers it."""

    title: str
    tutor: str | None
    """Who looks after its group, where that is known."""
    is_mine: bool
    """Whether the reader takes part in its group."""


def _activities() -> dict[uuid.UUID, CourseActivity]:
    """The course's activities that a teacher has opened, by their links."""
    with reading() as db:
        placed = {each.resource_link_id: each for each in placements_of_course(db, g.launch.course_id)}
        titles = dict(
            db.execute(
                sa.select(ResourceLink.id, ResourceLink.title).where(ResourceLink.id.in_(placed))
            ).all()
        )
        if len(placed) == 1:
            return {link: CourseActivity("", None, False) for link in placed}
        cohorts = {each.cohort_id for each in placed.values()}
        mine = set(
            db.scalars(
                sa.select(Participant.cohort_id).where(
                    Participant.person_id == g.launch.person_id,
                    Participant.cohort_id.in_(cohorts),
                    Participant.status != ParticipantStatus.WITHDRAWN,
                )
            )
        )
        tutors = {cohort_id: tutor_of_cohort(db, cohort_id) for cohort_id in cohorts}
    return {
        link: CourseActivity(
            titles.get(link) or _("Reverse mentoring"),
            tutor.name if (tutor := tutors[each.cohort_id]) is not None else None,
            each.cohort_id in mine,
        )
        for link, each in placed.items()
    }


def _was_opened_in_original() -> bool:
    """Whether the course is a copy of one where the programme was opened at this very place, and nowhere else."""
    launch, organisation_id = g.launch, current_principal().organisation_id
    if organisation_id is None:
        return False
    with reading() as db:
        original = original_elsewhere(
            db, content_id=None, course_id=launch.course_id, organisation_id=organisation_id, role=None
        )
        if original is None:
            return False
        link = db.get_one(ResourceLink, original.resource_link_id)
        context_id = db.get_one(Course, link.course_id).context_id
    lms = platform_of(launch.registration.issuer, launch.registration.platform_family)
    return lms.is_course_itself(context_id, link.resource_link_id)


def _go_to(link: uuid.UUID) -> ResponseReturnValue:
    sessions.go_to_link(current_services().database, g.launch, link)
    return redirect(launch_url_for("home.home"), 303)


@blueprint.post("/activity")
@allows(Action.VIEW_HOME)
def choose() -> ResponseReturnValue:
    """Go on to an activity of the course."""
    try:
        link: uuid.UUID = read_form(LinkForm(), request.form.items(multi=True))["link"]
    except ShapeError:
        abort(400)
    if g.launch.resource_link_id is None or not is_shown() or link not in _activities():
        abort(400)
    return _go_to(link)


@blueprint.post("/programme")
@allows(Action.ADD_ACTIVITY)
def open_here() -> ResponseReturnValue:
    """Open the programme at this place, without grades."""
    if g.launch.resource_link_id is not None and is_shown():
        try:
            cohort.open_placement_here()
        except NothingChosen:
            return redirect(launch_url_for("programme.tasks"), 303)
    return redirect(launch_url_for("home.home"), 303)
