"""The partner whom a tutor proposes: accepted, or not this time."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.guards import NotAllowed
from lti_tool.mentoring.pairs.actions import accept_pair, decline_pair
from lti_tool.web.access import allows
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.learner.current import pair_of_request, pair_page
from schemas.form_schema import FormSchema
from schemas.learner_forms import DeclinePairForm

blueprint = Blueprint("proposal", __name__, url_prefix="/l/<launch_key>/proposal")


@blueprint.post("/accept")
@allows(Action.ANSWER_PROPOSAL, about=pair_of_request)
def accept() -> ResponseReturnValue:
    """“Accept”: for somebody whom a tutor invited, also the word that they take part."""
    page = pair_page()

    def save(db: Session, _values: Values) -> None:
        accept_pair(db, pair_id=page.pair_id, by=page.participant.id, now=utcnow())

    return sent_form(FormSchema()).submit(save, then=page.home, done="pair_accepted")


@blueprint.get("/decline")
@allows(Action.ANSWER_PROPOSAL, about=pair_of_request)
def ask() -> ResponseReturnValue:
    """“Not this time”: what follows from it, and a reason for whoever wants to give one."""
    if pair_page().pair.status != "proposed":
        raise NotAllowed("already_accepted")
    return _page(blank_form(DeclinePairForm(), id="not-this-time"))


def _page(form: Form) -> ResponseReturnValue:
    return render_template("learner/decline.html", form=form, **pair_page().values()), form.status


@blueprint.post("/decline")
@allows(Action.ANSWER_PROPOSAL, about=pair_of_request)
def decline() -> ResponseReturnValue:
    """Nobody is at fault: both are free for somebody else."""
    page = pair_page()

    def save(db: Session, values: Values) -> None:
        decline_pair(db, pair_id=page.pair_id, by=page.participant.id, reason=values["reason"], now=utcnow())

    form = sent_form(DeclinePairForm(), id="not-this-time")
    return form.submit(save, then=launch_url_for("home.home"), done="pair_declined", show=_page)
