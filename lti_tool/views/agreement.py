"""The agreement of a pair: read by both, signed by both."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from lti_tool import recording
from lti_tool.database import utcnow
from lti_tool.mentoring import actions, journey
from lti_tool.tool import current_tool
from lti_tool.views.launch_sessions import here, require_person
from lti_tool.views.participants import acting, pair_page
from schemas.mentoring_forms import SignAgreementForm, read_form
from schemas.problem import Problem, ShapeError

blueprint = Blueprint("agreement", __name__, url_prefix="/l/<launch_key>")


@blueprint.get("/agreement")
@require_person
def show() -> ResponseReturnValue:
    """The charter, and who has signed it."""
    return _page({})


def _page(errors: Mapping[str, list[Problem]]) -> ResponseReturnValue:
    page = render_template("agreement/show.html", errors=errors, **pair_page().values())
    return page, 422 if errors else 200


@blueprint.post("/agreement")
@require_person
def sign() -> ResponseReturnValue:
    """Sign for oneself; the second signature starts the pair."""
    try:
        read_form(SignAgreementForm(), request.form.items(multi=True))
    except ShapeError as error:
        return _page(error.problems)
    pair_id = pair_page().pair.id
    with recording.transaction(current_tool()) as db:
        me = acting(db)
        pair = journey.pair_of(db, pair_id, me.id) or abort(404)
        actions.sign_agreement(db, pair=pair, by=me, now=utcnow())
    return redirect(here("home.home", pair=pair_id, done="signed"))
