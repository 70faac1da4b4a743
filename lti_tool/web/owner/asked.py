"""The programme that an address names, and how whoever asks stands to it."""

from __future__ import annotations

import uuid
from typing import Any

from lti_tool.identity.policy import Relation
from lti_tool.mentoring.programmes.standing import standing_in_programme
from lti_tool.web.services import current_principal, reading_once


def programme_asked(programme_id: uuid.UUID, **_arguments: Any) -> Relation:
    """How whoever asks stands to the programme of the address; to none at all where there is no such one."""
    person_id = current_principal().person_id
    if person_id is None:
        return Relation()
    with reading_once() as db:
        standing = standing_in_programme(db, programme_id, person_id)
    if standing.organisation_id is None:
        return Relation()
    return Relation(
        organisation_id=standing.organisation_id,
        teaches=standing.teaches,
        owns=standing.owns,
        reads_for_hr=standing.reads_for_hr,
        names_for_hr=standing.names_for_hr,
        taken_over=standing.taken_over,
    )
