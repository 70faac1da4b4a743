"""To whom opens the activity of a group that their pair has left: where their mentoring goes on."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from flask import g, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.identity.models import Course
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.mentoring.enrolment.queries import moved_from
from lti_tool.mentoring.guards import require
from lti_tool.mentoring.programmes.queries import placements_of_cohorts
from lti_tool.mentoring.programmes.tutor_queries import tutor_of_cohort
from lti_tool.translation import gettext as _
from lti_tool.web.services import current_principal, reading


def page(cohort_id: uuid.UUID) -> ResponseReturnValue | None:
    """Where it goes on, with the names of course and activity; None for whoever was not moved from this group."""
    person_id = current_principal().person_id
    if person_id is None:
        return None
    with reading() as db:
        moved = moved_from(db, cohort_id, person_id)
        if moved is None:
            return None
        activity, course_id, course = _place(db, moved.cohort_id, moved.role)
        tutor = tutor_of_cohort(db, moved.cohort_id)
    is_here = course_id == g.launch.course_id
    return render_template(
        "learner/visitor.html",
        heading=_("Your mentoring goes on in another group"),
        text=_where(activity, course, is_here=is_here),
        hint=" ".join(
            (
                _("Your meetings, objectives, notes and agreement have moved with you and still count."),
                _("The grade that this course shows stays as it is."),
                _("If you cannot open it, ask %(name)s.", name=tutor.name)
                if tutor is not None
                else _("If you cannot open it, ask your tutor."),
            )
        ),
        leads_to_course=is_here,
        left_course=not is_here,
        has_examples=False,
    )


def require_not_moved(db: Session, cohort_id: uuid.UUID, person_id: uuid.UUID) -> None:
    """Raise :class:`~lti_tool.mentoring.guards.NotAllowed` (``goes_on_elsewhere``) for whoever was moved."""
    require(moved_from(db, cohort_id, person_id) is None, "goes_on_elsewhere")


def _place(db: Session, cohort_id: uuid.UUID, role: str) -> tuple[str | None, uuid.UUID | None, str | None]:
    """The title of an activity that opens a cohort for a role, and the id and the title of its course."""
    links = [
        placed.resource_link_id
        for placed in placements_of_cohorts(db, [cohort_id])
        if placed.role_view.covers(role)
    ]
    found = db.execute(
        sa.select(ResourceLink.id, ResourceLink.title, Course.id, Course.title)
        .join(Course, Course.id == ResourceLink.course_id)
        .where(ResourceLink.id.in_(links))
    )
    places = {link_id: (title, course_id, course) for link_id, title, course_id, course in found}
    return places[links[0]] if links else (None, None, None)


def _where(activity: str | None, course: str | None, *, is_here: bool) -> str:
    if is_here:
        if activity:
            return _(
                "Your tutor moved your pair. Go back to the course, and open the activity “%(activity)s”.",
                activity=activity,
            )
        return _("Your tutor moved your pair. Go back to the course, and open the other activity.")
    if not course:
        return _("Your tutor moved your pair: it goes on in another course.")
    if not activity:
        return _("Your tutor moved your pair: it goes on in the course “%(course)s”.", course=course)
    return _(
        "Your tutor moved your pair. On your learning platform, open the activity “%(activity)s” in the course "
        "“%(course)s”.",
        activity=activity,
        course=course,
    )
