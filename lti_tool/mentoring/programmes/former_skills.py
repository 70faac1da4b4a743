"""The names of skills that a programme has no more: whoever named one before it was removed still reads its name."""

from __future__ import annotations

import uuid
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.mentoring.programmes.models import Cohort, ProgrammeSettings


def former_skill_names(
    db: Session, cohort_id: uuid.UUID, codes: Collection[str]
) -> dict[str, dict[str, str]]:
    """The names of these skills, by code and language, as the latest version of the settings had them that had them.

    One statement; none where no code is asked for. A code that no version of the cohort's programme has is left out.
    """
    if not codes:
        return {}
    programme = sa.select(Cohort.programme_id).where(Cohort.id == cohort_id).scalar_subquery()
    versions = db.scalars(
        sa.select(ProgrammeSettings.settings["skills"])
        .where(ProgrammeSettings.programme_id == programme)
        .order_by(ProgrammeSettings.number)
    )
    return {
        skill["code"]: skill["name"]
        for skills in versions
        for skill in skills or ()
        if skill["code"] in codes
    }
