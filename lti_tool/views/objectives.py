"""The objectives of a pair, in either direction: set, claimed by who learns, confirmed by the other, let go."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from lti_tool import recording
from lti_tool.database import utcnow
from lti_tool.mentoring import actions, journey
from lti_tool.tool import current_tool
from lti_tool.views.launch_sessions import here, require_person
from lti_tool.views.participants import PairPage, acting, pair_page
from schemas.choices import OBJECTIVE_TAGS
from schemas.mentoring_forms import MoveObjectiveForm, ObjectiveForm, read_form
from schemas.problem import Problem, ShapeError

blueprint = Blueprint("objectives", __name__, url_prefix="/l/<launch_key>/objectives")

_FIELDS = ("title", "direction", "tag", "required")


@blueprint.get("")
@require_person
def index() -> ResponseReturnValue:
    """Both directions, and the form that sets another."""
    page = pair_page()
    return _page(page, {"direction": page.journey.me.role, "tag": "skills", "required": "yes"}, {})


def _page(
    page: PairPage, given: Mapping[str, str], errors: Mapping[str, list[Problem]]
) -> ResponseReturnValue:
    html = render_template(
        "objectives/index.html",
        given={name: given.get(name, "") for name in _FIELDS},
        errors=errors,
        tags=OBJECTIVE_TAGS,
        **page.values(),
    )
    return html, 422 if errors else 200


@blueprint.post("")
@require_person
def agree() -> ResponseReturnValue:
    """Set an objective."""
    page = pair_page()
    try:
        form = read_form(ObjectiveForm(), request.form.items(multi=True))
    except ShapeError as error:
        return _page(page, request.form, error.problems)
    with recording.transaction(current_tool()) as db:
        me = acting(db)
        pair = journey.pair_of(db, page.pair.id, me.id) or abort(404)
        actions.agree_objective(
            db,
            pair=pair,
            by=me,
            title=form["title"],
            direction=form["direction"],
            tag=form["tag"],
            required=form["required"],
            now=utcnow(),
        )
    return redirect(here("objectives.index", pair=page.pair.id, done="objective_agreed"))


@blueprint.post("/<uuid:objective_id>")
@require_person
def move(objective_id: uuid.UUID) -> ResponseReturnValue:
    """Claim, confirm, or let go."""
    try:
        form = read_form(MoveObjectiveForm(), request.form.items(multi=True))
    except ShapeError:
        abort(400)
    if form["move"] not in _MOVES:
        abort(400)
    verb, done = _MOVES[form["move"]]
    with recording.transaction(current_tool()) as db:
        me = acting(db)
        objective = journey.objective_of(db, objective_id, me.id) or abort(404)
        verb(db, objective=objective, by=me, now=utcnow())
    return redirect(here("objectives.index", pair=objective.pair_id, done=done))


_MOVES = {
    "claim": (actions.claim_objective, "objective_claimed"),
    "reach": (actions.confirm_objective, "objective_reached"),
    "drop": (actions.drop_objective, "objective_dropped"),
}
