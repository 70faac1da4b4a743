"""Submission review: one learner's progress, opened by their teacher from the platform's gradebook.

The platform's message names the line item and, in ``for_user``, the learner. The page is for reading; what a tutor
decides is on the page of the group.
"""

from __future__ import annotations

import uuid
from collections.abc import Set as AbstractSet
from typing import Any

from flask import Blueprint, g, redirect, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.identity.policy import Action, Relation
from lti_tool.identity.principal import CourseRole
from lti_tool.lti.ags.grade_queries import grade_of
from lti_tool.mentoring.overview.person import person_of_subject, view_of_person
from lti_tool.mentoring.overview.queries import meetings_of, overview_of
from lti_tool.translation import gettext as _
from lti_tool.web import grade_wording
from lti_tool.web.access import allows, cohort_of_launch
from lti_tool.web.activity import current_placement
from lti_tool.web.journey_drawing.sparkline import Sparkline, in_equal_steps
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.services import current_principal, reading
from lti_tool.web.tutor.drawn_pairs import facts_of

blueprint = Blueprint("review", __name__, url_prefix="/l/<launch_key>/review")


def _cohort_to_review(**_arguments: Any) -> Relation:
    """How whoever asks stands to the activity's cohort; its teacher may read that nothing has been opened yet."""
    if current_placement() is None:
        principal = current_principal()
        return Relation(organisation_id=principal.organisation_id, teaches=principal.role == CourseRole.TUTOR)
    return cohort_of_launch()


@blueprint.get("/")
@allows(Action.REVIEW_LEARNER, about=_cohort_to_review)
def show() -> ResponseReturnValue:
    """The learner's criteria, score and meetings, and where the grade is; the home of a launch that reviews nobody."""
    launch, placement = g.launch, current_placement()
    if not launch.shown_subjects:
        return redirect(launch_url_for("home.home"))
    link = launch.resource_link
    found = grade = None
    drawings = {}
    with reading() as db:
        person = person_of_subject(db, launch.registration.id, launch.shown_subjects[0])
        if person is not None and placement is not None:
            found = view_of_person(db, placement.cohort_id, person.id)
        if found is not None and placement is not None:
            drawings = _drawings(db, placement.cohort_id, {pair.id for pair in found.pairs})
        if found is not None and link.line_item_url is not None:
            grade = grade_of(db, launch.registration.id, link.line_item_url, found.person_id)
    if found is None:
        return render_template(
            "learner/visitor.html",
            heading=_("There is nothing to review yet"),
            text=_("This person is not taking part in this activity’s mentoring, or not yet."),
            hint=_("As soon as they have chosen a role or been paired, their progress is shown here."),
        )
    return render_template(
        "tutor/person.html",
        found=found,
        drawings=drawings,
        grade=grade,
        grade_words=grade_wording,
        course_title=launch.course.title if launch.course else None,
    )


def _drawings(
    db: Session, cohort_id: uuid.UUID, pair_ids: AbstractSet[uuid.UUID]
) -> dict[uuid.UUID, Sparkline]:
    """The drawing of each of these pairs, as on the page of a person of the group."""
    overview = overview_of(db, cohort_id)
    meetings = meetings_of(db, list(pair_ids))
    return {
        pair.id: in_equal_steps(facts_of(pair, meetings[pair.id], overview.ends_on))
        for pair in overview.pairs
        if pair.id in pair_ids
    }
