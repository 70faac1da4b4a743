"""The agreement of a pair: read by both, signed by both."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.pairs.actions import sign_agreement
from lti_tool.web.access import allows
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.learner.current import pair_of_request, pair_page
from lti_tool.web.services import transaction
from schemas.mentoring_forms import SignAgreementForm, read_form
from schemas.problem import Problem, ShapeError

blueprint = Blueprint("agreement", __name__, url_prefix="/l/<launch_key>")


@blueprint.get("/agreement")
@allows(Action.VIEW_OWN_PAIR, about=pair_of_request)
def show() -> ResponseReturnValue:
    """The charter, and who has signed it."""
    return _page({})


def _page(errors: Mapping[str, list[Problem]]) -> ResponseReturnValue:
    page = render_template("learner/agreement.html", errors=errors, **pair_page().values())
    return page, 422 if errors else 200


@blueprint.post("/agreement")
@allows(Action.SIGN_AGREEMENT, about=pair_of_request)
def sign() -> ResponseReturnValue:
    """Sign for oneself; the second signature starts the pair."""
    try:
        read_form(SignAgreementForm(), request.form.items(multi=True))
    except ShapeError as error:
        return _page(error.problems)
    page = pair_page()
    with transaction() as db:
        sign_agreement(db, pair_id=page.pair_id, by=page.participant.id, now=utcnow())
    return redirect(launch_url_for("home.home", pair=page.pair_id, done="signed"))
