"""Inviting whom a file of people has named before they came, as they first open the activity."""

from __future__ import annotations

import uuid

from lti_tool.database import utcnow
from lti_tool.mentoring.enrolment.people import actions
from lti_tool.mentoring.enrolment.people.listed import find_awaited
from lti_tool.mentoring.guards import NotAllowed
from lti_tool.web.services import current_principal, reading, transaction


def invite_awaited(cohort_id: uuid.UUID) -> bool:
    """Invite whoever looks, where they are awaited in a cohort; whether they were. Asks one question of most people.

    The launch itself does not: it stays as short as it is.
    """
    person_id = current_principal().person_id
    if person_id is None:
        return False
    with reading() as db:
        awaited = find_awaited(db, cohort_id=cohort_id, person_id=person_id)
    if awaited is None:
        return False
    try:
        with transaction() as db:
            made = actions.invite_awaited(db, awaited=awaited, person_id=person_id, now=utcnow())
    except NotAllowed:  # the group takes nobody now: they are invited once it does
        return False
    return made is not None
