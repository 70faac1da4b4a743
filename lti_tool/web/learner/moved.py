"""To whom opens the activity of a group that their pair has left: where their mentoring goes on."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from flask import g, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.identity.models import Course
from lti_tool.lti.deep_linking.response import is_platforms_own
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.platforms import platform_of
from lti_tool.mentoring.enrolment.queries import moved_from
from lti_tool.mentoring.guards import require
from lti_tool.mentoring.programmes.queries import placements_of_cohorts
from lti_tool.mentoring.programmes.tutor_queries import tutor_of_cohort
from lti_tool.web.services import current_principal, reading


def page(cohort_id: uuid.UUID) -> ResponseReturnValue | None:
    """Where it goes on, and the way there; None for whoever was not moved from this group."""
    person_id = current_principal().person_id
    if person_id is None:
        return None
    with reading() as db:
        moved = moved_from(db, cohort_id, person_id)
        if moved is None:
            return None
        place = _place(db, moved.cohort_id, moved.role)
        tutor = tutor_of_cohort(db, moved.cohort_id)
    return render_template(
        "learner/moved.html",
        place=place,
        is_here=place.course_id == g.launch.course_id,
        address=_address(place),
        tutor=tutor,
    )


def require_not_moved(db: Session, cohort_id: uuid.UUID, person_id: uuid.UUID) -> None:
    """Raise :class:`~lti_tool.mentoring.guards.NotAllowed` (``goes_on_elsewhere``) for whoever was moved."""
    require(moved_from(db, cohort_id, person_id) is None, "goes_on_elsewhere")


@dataclass(frozen=True)
class _Place:
    """An activity that opens a group for a role, and its course; empty where none does yet."""

    link_id: str | None = None
    """The platform's own id of the link."""
    activity: str | None = None
    course_id: uuid.UUID | None = None
    course: str | None = None


def _place(db: Session, cohort_id: uuid.UUID, role: str) -> _Place:
    links = [
        placed.resource_link_id
        for placed in placements_of_cohorts(db, [cohort_id])
        if placed.role_view.covers(role)
    ]
    found = db.execute(
        sa.select(ResourceLink.id, ResourceLink.resource_link_id, ResourceLink.title, Course.id, Course.title)
        .join(Course, Course.id == ResourceLink.course_id)
        .where(ResourceLink.id.in_(links))
    )
    places = {
        link: _Place(link_id, title, course_id, course) for link, link_id, title, course_id, course in found
    }
    return places[links[0]] if links else _Place()


def _address(place: _Place) -> str | None:
    """Where the activity is on the platform: all of a person's courses are on that of the launch."""
    if place.link_id is None:
        return None
    registration = g.launch.registration
    lms = platform_of(registration.issuer, registration.platform_family)
    address = lms.activity_address(registration.issuer, place.link_id)
    return address if address is not None and is_platforms_own(address, registration) else None
