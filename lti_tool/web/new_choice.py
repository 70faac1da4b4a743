"""An activity for which something else was chosen in the content picker since it was opened.

Its tutor's page applies the choice, or says that the activity keeps what it opened. Until a tutor has come, learners
of an activity that would open something else find it not open yet.
"""

from __future__ import annotations

from flask import Blueprint, abort, g
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.programmes.new_choice import (
    NewChoice,
    Reselected,
    apply_new_choice,
    keep_opened,
    new_choice,
    placement_of,
)
from lti_tool.web.access import allows
from lti_tool.web.activity import current_activity
from lti_tool.web.forms.bound import Values, sent_form
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.services import current_principal, reading, transaction
from lti_tool.web.tutor.opening import template_of
from schemas.form_schema import FormSchema

blueprint = Blueprint("new_choice", __name__, url_prefix="/l/<launch_key>/cohort/choice")


def _reselected() -> Reselected | None:
    """What the link of the launch says, where that is not what its activity was opened with."""
    activity, link = current_activity(), g.launch.resource_link
    if activity is None or link.content_id in (None, activity.content_id):
        return None
    with reading() as db:
        template = template_of(db, link)
    return Reselected(link.id, link.content_id, link.only_role, template, activity.organisation_id)


def applied_here() -> NewChoice | None:
    """Apply to the activity of the launch what was chosen for it since; what that was, for its tutor to read."""
    link = _reselected()
    if link is None:
        return None
    with transaction() as db:
        found = apply_new_choice(db, link, opened_by=current_principal().person_id, now=utcnow())
    if found is None or not found.is_kept:
        g.activity = None  # to be read again
    return found


def awaits_tutor() -> bool:
    """Whether something else was chosen that begins when a tutor comes, because nobody takes part yet."""
    link = _reselected()
    if link is None:
        return False
    with reading() as db:
        found = new_choice(db, placement_of(db, link.resource_link_id), link)
    return found is not None and not found.is_kept


@blueprint.post("/keep")
@allows(Action.ADD_ACTIVITY)
def keep() -> ResponseReturnValue:
    """Note that the tutor has read that the activity keeps what it opened."""
    link = _reselected()

    def save(db: Session, _values: Values) -> None:
        if link is not None:
            keep_opened(db, link)

    if g.launch.resource_link_id is None:
        abort(404)
    return sent_form(FormSchema()).submit(save, then=launch_url_for("home.home"))
