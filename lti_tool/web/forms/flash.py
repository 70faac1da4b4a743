"""The message after a form: shown once, on the page to which the answer led."""

from __future__ import annotations

import uuid

from flask import request

from lti_tool.lti.forms.submissions import take_message
from lti_tool.web import wording
from lti_tool.web.services import current_principal, transaction
from schemas.display import read_query


def flash_message() -> str | None:
    """What was just done, in words: when ``?done=`` names a submission of this person that was not shown yet."""
    submission_id, person_id = read_query(request.args.to_dict())["done"], current_principal().person_id
    if not isinstance(submission_id, uuid.UUID) or person_id is None:
        return None
    with transaction() as db:
        code = take_message(db, submission_id, person_id)
    return wording.word(wording.DONE, code) if code is not None else None
