"""The page of somebody who taught the course before, and whose launch says that they are a learner now.

Moodle's “Switch role to…” launches a teacher with the learner's role alone, and nothing else tells such a launch from
that of somebody who teaches there no more (``lti_get_ims_role`` in mod/lti/locallib.php); Open edX's “View as” does the
same. So they are asked, and take no part until they say that they do.
"""

from __future__ import annotations

from flask import Blueprint, abort, g, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.identity.policy import Action
from lti_tool.lti.launch import sessions
from lti_tool.web.access import allows
from lti_tool.web.forms.bound import Values, sent_form
from lti_tool.web.launch_session import course_title, launch_url_for
from lti_tool.web.services import current_principal
from schemas.form_schema import FormSchema

blueprint = Blueprint("switched_role", __name__, url_prefix="/l/<launch_key>")


def page() -> ResponseReturnValue:
    """Why they see no group, examples of learners' pages, and a button for whoever does learn here."""
    return render_template("learner/switched_role.html", course_title=course_title())


@blueprint.post("/learner")
@allows(Action.CONFIRM_LEARNER)
def confirm() -> ResponseReturnValue:
    """Take somebody at their word that they are a learner here."""
    course_id, person_id = g.launch.course_id or abort(404), current_principal().person_id or abort(403)

    def save(db: Session, _values: Values) -> None:
        sessions.confirm_learner(db, course_id, person_id)

    return sent_form(FormSchema()).submit(save, then=launch_url_for("home.home"))
