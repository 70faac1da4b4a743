"""Cohorts, settings and choices of before, in a database that is in use."""

from __future__ import annotations

import sqlalchemy as sa

from lti_tool.mentoring.programmes.models import ActivityChoice, Cohort, ProgrammeSettings
from lti_tool.mentoring.programmes.setting_up import set_up_of, settings_at
from lti_tool.migrations import migrate


def test_every_cohort_of_before_runs_since_it_was_made(first_version_at):
    first_version = first_version_at(before="0029")
    with first_version.transaction() as db:
        count = db.scalar(sa.text("SELECT count(*) FROM cohort WHERE status = 'running'"))
    migrate(first_version)
    with first_version.reading() as db:
        cohorts = db.scalars(sa.select(Cohort)).all()
        assert len(cohorts) == count > 0
        assert all(cohort.started_at == cohort.created_at for cohort in cohorts)
        assert {row.cohort_dates for row in db.scalars(sa.select(ProgrammeSettings))} == {None}
        present = set_up_of(db, cohorts[0].id)
        assert not present.is_draft
        assert settings_at(db, present, 1) == present.settings
        assert not any(choice.set_up_first for choice in db.scalars(sa.select(ActivityChoice)))
