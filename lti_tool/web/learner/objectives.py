"""The objectives of a pair, in either direction: set, claimed by who learns, confirmed by the other, removed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.objectives import actions
from lti_tool.web.access import allows
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.learner.current import pair_of_request, pair_page
from lti_tool.web.services import transaction
from schemas.choices import OBJECTIVE_TAGS
from schemas.mentoring_forms import MoveObjectiveForm, ObjectiveForm, read_form
from schemas.problem import Problem, ShapeError

blueprint = Blueprint("objectives", __name__, url_prefix="/l/<launch_key>/objectives")

_FIELDS = ("title", "direction", "tag", "required")


@blueprint.get("")
@allows(Action.VIEW_OWN_PAIR, about=pair_of_request)
def index() -> ResponseReturnValue:
    """Both directions, and the form that sets another."""
    return _page({"direction": pair_page().journey.me.role, "tag": "skills", "required": "yes"}, {})


def _page(given: Mapping[str, str], errors: Mapping[str, list[Problem]]) -> ResponseReturnValue:
    html = render_template(
        "learner/objectives.html",
        given={name: given.get(name, "") for name in _FIELDS},
        errors=errors,
        tags=OBJECTIVE_TAGS,
        **pair_page().values(),
    )
    return html, 422 if errors else 200


@blueprint.post("")
@allows(Action.KEEP_OBJECTIVES, about=pair_of_request)
def agree() -> ResponseReturnValue:
    """Set an objective."""
    page = pair_page()
    try:
        form = read_form(ObjectiveForm(), request.form.items(multi=True))
    except ShapeError as error:
        return _page(request.form, error.problems)
    with transaction() as db:
        actions.agree_objective(
            db,
            pair_id=page.pair_id,
            by=page.participant.id,
            title=form["title"],
            direction=form["direction"],
            tag=form["tag"],
            required=form["required"],
            now=utcnow(),
        )
    return redirect(launch_url_for("objectives.index", pair=page.pair_id, done="objective_agreed"))


@blueprint.post("/<uuid:objective_id>")
@allows(Action.KEEP_OBJECTIVES, about=pair_of_request)
def move(objective_id: uuid.UUID) -> ResponseReturnValue:
    """Claim, confirm, or remove."""
    try:
        form = read_form(MoveObjectiveForm(), request.form.items(multi=True))
    except ShapeError:
        abort(400)
    verb, done = _MOVES[form["move"]]
    page = pair_page()
    with transaction() as db:
        verb(db, objective_id=objective_id, by=page.participant.id, now=utcnow())
    return redirect(launch_url_for("objectives.index", pair=page.pair_id, done=done))


_MOVES = {
    "claim": (actions.claim_objective, "objective_claimed"),
    "reach": (actions.confirm_objective, "objective_reached"),
    "withdraw": (actions.withdraw_objective, "objective_withdrawn"),
}
