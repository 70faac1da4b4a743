"""The cohort whose programme is set up on the present page: that of the activity of the launch, or of the address."""

from __future__ import annotations

import uuid

from flask import abort
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.mentoring.programmes.section_form import Standing
from lti_tool.mentoring.programmes.setting_up import SetUp, set_up_of
from lti_tool.mentoring.programmes.template import DEFAULT_TEMPLATE, load_template
from lti_tool.translation import current_language
from lti_tool.web.access import cohort_of_launch
from lti_tool.web.activity import current_cohort_id


def cohort_here() -> uuid.UUID:
    """The cohort; 404 before the activity is open."""
    return current_cohort_id() or abort(404)


def set_up_here(db: Session) -> SetUp:
    """The cohort with its settings."""
    return set_up_of(db, cohort_here())


def standing_of(present: SetUp) -> Standing:
    """What a part of the set-up has to know besides the settings."""
    return Standing(
        today=utcnow().date(),
        language=current_language(),
        started=not present.is_draft,
        owns=cohort_of_launch().owns,
        standard=load_template(DEFAULT_TEMPLATE).document(),
    )
