"""The objectives of a pair, in either direction: set, claimed by who learns, confirmed by the other, removed."""

from __future__ import annotations

import uuid

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.objectives import actions
from lti_tool.web.access import allows
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.learner.current import pair_of_request, pair_page
from schemas.mentoring_forms import MoveObjectiveForm, ObjectiveForm

blueprint = Blueprint("objectives", __name__, url_prefix="/l/<launch_key>/objectives")


@blueprint.get("")
@allows(Action.VIEW_OWN_PAIR, about=pair_of_request)
def index() -> ResponseReturnValue:
    """Both directions, and the form that sets another."""
    page = pair_page()
    proposed = {"direction": page.journey.me.role, "tag": "skills", "required": "yes"}
    action = launch_url_for("objectives.agree", pair=page.pair.id)
    return _page(blank_form(ObjectiveForm(), proposed, id="objective", action=action))


def _page(form: Form) -> ResponseReturnValue:
    return render_template("learner/objectives.html", form=form, **pair_page().values()), form.status


@blueprint.post("")
@allows(Action.KEEP_OBJECTIVES, about=pair_of_request)
def agree() -> ResponseReturnValue:
    """Set an objective."""
    page = pair_page()

    def save(db: Session, values: Values) -> None:
        actions.agree_objective(db, pair_id=page.pair_id, by=page.participant.id, now=utcnow(), **values)

    return sent_form(ObjectiveForm(), id="objective").submit(
        save,
        then=launch_url_for("objectives.index", pair=page.pair_id),
        done="objective_agreed",
        show=_page,
    )


@blueprint.post("/<uuid:objective_id>")
@allows(Action.KEEP_OBJECTIVES, about=pair_of_request)
def move(objective_id: uuid.UUID) -> ResponseReturnValue:
    """Claim, confirm, or remove."""
    form, page = sent_form(MoveObjectiveForm()), pair_page()
    verb, done = _MOVES[form.read()["move"]]

    def save(db: Session, _values: Values) -> None:
        verb(db, objective_id=objective_id, by=page.participant.id, now=utcnow())

    return form.submit(save, then=launch_url_for("objectives.index", pair=page.pair_id), done=done)


_MOVES = {
    "claim": (actions.claim_objective, "objective_claimed"),
    "reach": (actions.confirm_objective, "objective_reached"),
    "withdraw": (actions.withdraw_objective, "objective_withdrawn"),
}
