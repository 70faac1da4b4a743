"""0028 on a database in use: for every objective so far the partner's word was needed, and it stays so.

0039: nobody had said no to one.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from lti_tool.database import Database
from lti_tool.mentoring.objectives.models import Objective
from lti_tool.migrations import migrate


def test_objectives_of_before_need_the_partner_s_word(first_version_at: Callable[..., Database]) -> None:
    first_version = first_version_at(before="0028")
    migrate(first_version)
    with first_version.reading() as db:
        found = db.scalars(sa.select(Objective)).all()
    assert found
    assert {
        (each.accepted, each.skill, each.level, each.trend, each.refused_by, each.refusal_read_at)
        for each in found
    } == {(("partner",), None, None, False, None, None)}
