"""A learner's home: what is next, how far, with whom; and choosing a role."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from flask import Blueprint, Response, abort, g, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.events.log import state_of_pairs
from lti_tool.identity.policy import Action
from lti_tool.mentoring.enrolment import actions
from lti_tool.mentoring.enrolment.queries import ParticipantRecord
from lti_tool.mentoring.guards import NotAllowed
from lti_tool.mentoring.journey.queries import journey_of
from lti_tool.mentoring.pairs.queries import PairRecord
from lti_tool.mentoring.programmes.models import RoleView
from lti_tool.translation import current_language
from lti_tool.web.access import allows, cohort_of_launch
from lti_tool.web.activity import current_activity, current_participant, current_placement
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.learner.current import flash_message, participant_of_request, requested_pair_id
from lti_tool.web.services import current_principal, reading, transaction
from schemas.mentoring_forms import ChooseRoleForm, read_form
from schemas.problem import ShapeError

blueprint = Blueprint("learner", __name__, url_prefix="/l/<launch_key>")


def page() -> ResponseReturnValue | None:
    """A participant's journey, or the choice of a role; None before a tutor has opened the activity.

    A journey has an ETag, and is answered 304 until something happens that it shows.
    """
    activity = current_activity()
    if activity is None:
        return None
    placement, participant = activity.placement, activity.participant
    if participant is None or (participant.invited and not activity.pairs):
        return _welcome(placement.role_view)
    with reading() as db:
        # The tag first: what happens in between is then shown, and asked for once more, instead of missed.
        etag = _etag(db, participant, activity.pairs)
        if request.if_none_match.contains(etag):
            return _tagged(Response(status=304), etag)
        mine = journey_of(db, participant, activity.pairs)
    wanted = requested_pair_id()
    pair = mine.pair(wanted)
    if pair is None and wanted is not None:
        abort(404)
    html = render_template(
        "learner/home.html",
        journey=mine,
        pair=pair,
        step=mine.step(pair),
        may_change_role=placement.role_view is RoleView.BOTH,
        course_title=g.launch.course.title,
        done=flash_message(),
        preview=False,
    )
    return _tagged(make_response(html), etag)


def _etag(db: Session, participant: ParticipantRecord, pairs: Sequence[PairRecord]) -> str:
    """Changes with every event of the participant and of their pairs, every reading of the roster, and the language."""
    state = state_of_pairs(db, participant.id, [pair.id for pair in pairs])
    seed = f"{participant.id} {state} {g.launch.course.roster_read_at} {current_language()}"
    return hashlib.sha256(seed.encode()).hexdigest()[:20]


def _tagged(response: Response, etag: str) -> Response:
    response.set_etag(etag)
    return response


def _welcome(role_view: RoleView, errors: dict[str, object] | None = None) -> ResponseReturnValue:
    launch = g.launch
    html = render_template(
        "learner/welcome.html",
        given_name=launch.person.given_name,
        course_title=launch.course.title,
        roles=[role for role in ("mentee", "mentor") if role_view.covers(role)],
        errors=errors,
    )
    return html, 422 if errors else 200


@blueprint.post("/join")
@allows(Action.CHOOSE_ROLE, about=cohort_of_launch)
def join() -> ResponseReturnValue:
    """“I want to learn” or “I can teach”: the person's consent to take part."""
    placement = current_placement()
    if placement is None:
        raise NotAllowed("cohort_closed")
    try:
        form = read_form(ChooseRoleForm(), request.form.items(multi=True))
    except ShapeError as error:
        return _welcome(placement.role_view, dict(error.problems))
    if not placement.role_view.covers(form["role"]):
        raise NotAllowed("role_not_here")
    person_id = current_principal().person_id or abort(403)
    with transaction() as db:
        actions.join(db, cohort_id=placement.cohort_id, person_id=person_id, role=form["role"], now=utcnow())
    return redirect(launch_url_for("home.home", done="joined"))


@blueprint.post("/role")
@allows(Action.CHANGE_ROLE, about=participant_of_request)
def change_role() -> ResponseReturnValue:
    """The other role, as long as there is no partner."""
    try:
        form = read_form(ChooseRoleForm(), request.form.items(multi=True))
    except ShapeError:
        abort(400)
    with transaction() as db:
        participant, placement = current_participant() or abort(404), current_placement()
        if placement is not None and not placement.role_view.covers(form["role"]):
            raise NotAllowed("role_not_here")
        actions.change_role(db, participant_id=participant.id, role=form["role"], now=utcnow())
    return redirect(launch_url_for("home.home", done="role_changed"))
