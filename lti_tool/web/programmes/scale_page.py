"""From a pilot to full scale: what it does, and the groups that wait for an activity."""

from __future__ import annotations

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.programmes.models import Cohort, CohortKind, CohortStatus
from lti_tool.mentoring.programmes.scaling import scale_up, waiting_groups
from lti_tool.web.access import allows, cohort_of_launch
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.forms.flash import flash_message
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.programmes import wording
from lti_tool.web.programmes.current import cohort_here, set_up_here
from lti_tool.web.services import current_principal, reading
from schemas.mentoring_forms import FormSchema

blueprint = Blueprint("scale", __name__, url_prefix="/l/<launch_key>/programme/scale")


@blueprint.get("")
@allows(Action.CLONE_COHORT, about=cohort_of_launch)
def show() -> ResponseReturnValue:
    """What making a full-scale group does, and those that were made and wait."""
    return _page(blank_form(FormSchema(), action=launch_url_for("scale.make")))


def _page(form: Form) -> ResponseReturnValue:
    principal = current_principal()
    with reading() as db:
        present = set_up_here(db)
        cohort = db.get_one(Cohort, present.cohort_id)
        waiting = waiting_groups(db, present.organisation_id, principal.person_id or abort(403))
    html = render_template(
        "programmes/scale.html",
        form=form,
        title=wording.own(present.settings.document["title"]),
        can_scale=cohort.kind == CohortKind.PILOT and cohort.status != CohortStatus.DRAFT,
        waiting=waiting,
        own_words=wording,
        done=flash_message(),
    )
    return html, form.status


@blueprint.post("")
@allows(Action.CLONE_COHORT, about=cohort_of_launch)
def make() -> ResponseReturnValue:
    """Make one from the pilot of this activity."""
    cohort_id = cohort_here()

    def save(db: Session, _values: Values) -> None:
        scale_up(db, cohort_id=cohort_id, now=utcnow())

    return sent_form(FormSchema()).submit(
        save, then=launch_url_for("scale.show"), done="pilot_scaled", show=_page
    )
