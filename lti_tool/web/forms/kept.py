"""Keeping a form that is sent after its session has expired.

:mod:`lti_tool.web.launch_session` calls this once it has proved that the request has the secret of the expired session,
by cookie or by its address.
"""

from __future__ import annotations

import sqlalchemy as sa
import structlog
from flask import request

from lti_tool.database import utcnow
from lti_tool.lti.forms.kept import FormContent, Outcome, keep_form
from lti_tool.lti.forms.submissions import submission_digest
from lti_tool.lti.launch.opened_launch import OpenedLaunch
from lti_tool.web.forms import controls
from lti_tool.web.security import SAFE_METHODS, has_csrf_token
from lti_tool.web.services import current_services

log = structlog.get_logger(__name__)


def keep_late_form(launch: OpenedLaunch) -> Outcome | None:
    """Keep the form that the present request sent to an expired session; None where it sent none.

    Not kept: a form without the token of the session, a button (there is nothing to type again), a form that is too
    large, and one more than a person may have.
    """
    if request.method in SAFE_METHODS:
        return None
    if not has_csrf_token(launch) or controls.FORM_ID not in request.form or launch.person_id is None:
        return Outcome.NOT_KEPT
    services = current_services()
    below = controls.below_launch(controls.present_address())
    key, content = controls.sent_key(), controls.sent_content()
    carried = ((controls.FORM_KEY, str(key)), (controls.FORM_ID, request.form[controls.FORM_ID]))
    try:
        with services.database.transaction() as db:
            return keep_form(
                db,
                services.vault,
                launch,
                submission_digest(launch.person_id, below, key, content),
                FormContent(below, (*carried, *content)),
                utcnow(),
            )
    except sa.exc.SQLAlchemyError as error:
        log.error("a form could not be kept", error=str(error))
        return Outcome.NOT_KEPT
