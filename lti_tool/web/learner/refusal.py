"""Somebody who was invited and does not take part: one button with an optional reason, and a way back."""

from __future__ import annotations

from flask import Blueprint, abort, g, redirect, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.enrolment import actions
from lti_tool.mentoring.enrolment.queries import participant as find_participant
from lti_tool.mentoring.guards import NotAllowed
from lti_tool.mentoring.programmes.tutor_queries import tutor_of_cohort
from lti_tool.web import wording
from lti_tool.web.access import allows, cohort_of_launch
from lti_tool.web.activity import Activity, current_participant
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.learner.who_sees import who_sees
from lti_tool.web.services import reading
from schemas.learner_forms import RefuseInvitationForm

blueprint = Blueprint("refusal", __name__, url_prefix="/l/<launch_key>/refusal")


def first_page(activity: Activity) -> ResponseReturnValue:
    """The first page of somebody who has refused: what that means, and one button to take part after all."""
    participant = activity.participant or abort(404)
    with reading() as db:
        found = find_participant(db, participant.id) or abort(404)
        tutor = tutor_of_cohort(db, activity.placement.cohort_id)
    role_view = activity.placement.role_view
    # Somebody whose role has an activity of its own takes part in the one that is opened here.
    role = participant.role if role_view.covers(participant.role) else str(role_view)
    return render_template(
        "learner/refused.html",
        refused=found,
        role=role,
        tutor=tutor,
        who_sees=who_sees(wording.tutors(tutor)),
        course_title=g.launch.course.title,
    )


@blueprint.get("")
@allows(Action.CHOOSE_ROLE, about=cohort_of_launch)
def ask() -> ResponseReturnValue:
    """What follows from not taking part, and a reason for whoever wants to give one."""
    participant = current_participant()
    if participant is None or participant.has_stopped:
        return redirect(launch_url_for("home.home"))
    if not participant.invited:
        raise NotAllowed("already_joined")
    return _page(blank_form(RefuseInvitationForm(), id="refusal"))


def _page(form: Form) -> ResponseReturnValue:
    return render_template("learner/refusal.html", form=form), form.status


@blueprint.post("")
@allows(Action.CHOOSE_ROLE, about=cohort_of_launch)
def refuse() -> ResponseReturnValue:
    """Nobody is at fault, and nobody but the tutor sees it."""

    def save(db: Session, values: Values) -> None:
        participant = current_participant()
        if participant is None:
            raise NotAllowed("not_joined")
        actions.refuse_invitation(db, participant_id=participant.id, reason=values["reason"], now=utcnow())

    form = sent_form(RefuseInvitationForm(), id="refusal")
    return form.submit(save, then=launch_url_for("home.home"), show=_page)
