"""The agreement of a pair: read by both, signed by both."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.pairs.actions import sign_agreement
from lti_tool.web.access import allows
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.journey_drawing.from_pair import faces_of
from lti_tool.web.learner.current import kept_pair_of_request, pair_of_request, pair_page
from schemas.learner_forms import SignAgreementForm

blueprint = Blueprint("agreement", __name__, url_prefix="/l/<launch_key>")


@blueprint.get("/agreement")
@allows(Action.VIEW_OWN_PAIR, about=kept_pair_of_request)
def show() -> ResponseReturnValue:
    """The charter, and who has signed it."""
    return _page(blank_form(SignAgreementForm()))


def _page(form: Form) -> ResponseReturnValue:
    page = pair_page()
    pair, me = page.pair, page.journey.me
    signatures = {me.role: pair.signed_by_me_at, pair.partner.role: pair.signed_by_partner_at}
    html = render_template(
        "learner/agreement.html",
        form=form,
        faces=faces_of(pair, me),
        signed=[role for role, at in signatures.items() if at is not None],
        **page.values(),
    )
    return html, form.status


@blueprint.post("/agreement")
@allows(Action.SIGN_AGREEMENT, about=pair_of_request)
def sign() -> ResponseReturnValue:
    """Sign for oneself; the second signature starts the pair."""
    page = pair_page()

    def save(db: Session, _values: Values) -> None:
        sign_agreement(db, pair_id=page.pair_id, by=page.participant.id, now=utcnow())

    return sent_form(SignAgreementForm()).submit(save, then=page.home, done="signed", show=_page)
