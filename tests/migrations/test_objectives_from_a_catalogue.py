"""0028 on a database in use: for every objective so far the partner's word was needed, and it stays so."""

from __future__ import annotations

import sqlalchemy as sa

from lti_tool.database import Database
from lti_tool.mentoring.objectives.models import Objective
from lti_tool.migrations import migrate
from tests.migrations.revisions import revision_before


def test_objectives_of_before_need_the_partner_s_word(first_version: Database) -> None:
    migrate(first_version, revision_before(first_version, "0028"))
    migrate(first_version)
    with first_version.reading() as db:
        found = db.scalars(sa.select(Objective)).all()
    assert found
    assert {(each.accepted, each.skill, each.level, each.trend) for each in found} == {
        (("partner",), None, None, False)
    }
