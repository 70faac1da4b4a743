"""“Remind”: a notice on the partner's page, at most once in two days, and a text to send oneself."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.guards import NotAllowed
from lti_tool.mentoring.journey.steps import Step
from lti_tool.mentoring.pairs.actions import remind_partner
from lti_tool.web.access import allows
from lti_tool.web.forms.bound import Values, sent_form
from lti_tool.web.learner.current import pair_of_request, pair_page
from schemas.form_schema import FormSchema

blueprint = Blueprint("reminder", __name__, url_prefix="/l/<launch_key>/reminder")

WAITS_FOR_PARTNER = (
    Step.WAIT_FOR_ACCEPTANCE,
    Step.WAIT_FOR_SIGNATURE,
    Step.WAIT_FOR_CONFIRMATION,
    Step.WAIT_FOR_CORRECTION,
)


@blueprint.get("")
@allows(Action.REMIND_PARTNER, about=pair_of_request)
def show() -> ResponseReturnValue:
    """The text to copy, and the button."""
    page = pair_page()
    step = page.journey.step(page.pair)
    if step not in WAITS_FOR_PARTNER:
        raise NotAllowed("nothing_waits")
    return render_template("learner/remind.html", step=step, now=utcnow(), **page.values())


@blueprint.post("")
@allows(Action.REMIND_PARTNER, about=pair_of_request)
def remind() -> ResponseReturnValue:
    """Put the notice on the partner's page."""
    page = pair_page()
    if page.journey.step(page.pair) not in WAITS_FOR_PARTNER:
        raise NotAllowed("nothing_waits")

    def save(db: Session, _values: Values) -> None:
        remind_partner(db, pair_id=page.pair_id, by=page.participant.id, now=utcnow())

    return sent_form(FormSchema()).submit(save, then=page.home, done="reminded")
