"""Which cohorts of a programme count: all but those that were taken back before any activity opened them.

Such a cohort stays as a row, which the log of events names, and is shown nowhere.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from lti_tool.mentoring.programmes.models import Cohort, CohortStatus, Placement, ProgrammeSettings


def is_in_use() -> sa.ColumnElement[bool]:
    """The condition on a cohort that it was not taken back."""
    is_placed = sa.exists().where(Placement.cohort_id == Cohort.id).correlate(Cohort)
    return sa.or_(Cohort.status != CohortStatus.ARCHIVED, is_placed)


def latest_settings(programme_id: Any, *columns: Any) -> sa.Select[Any]:
    """A query for columns of the newest version of a programme's settings on which one of its cohorts runs."""
    return (
        sa.select(*columns)
        .join_from(ProgrammeSettings, Cohort, Cohort.settings_id == ProgrammeSettings.id)
        .where(Cohort.programme_id == programme_id, is_in_use())
        .order_by(ProgrammeSettings.number.desc())
        .limit(1)
    )
