"""The table of what participants say of themselves, added to a database that is in use."""

from __future__ import annotations

import sqlalchemy as sa

from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.profiles.actions import save_profile
from lti_tool.mentoring.profiles.queries import Profile, profiles
from lti_tool.migrations import migrate
from tests.builder import NOW


def test_nobody_has_said_anything_at_first_and_everybody_can(first_version_at):
    first_version = first_version_at(before="0024")
    migrate(first_version)
    said = Profile(brings="Lire un bilan", email="paul@example.org")
    with first_version.transaction() as db:
        ids = db.scalars(sa.select(Participant.id)).all()
        assert len(ids) > 1
        assert profiles(db, ids) == {}
        save_profile(db, participant_id=ids[0], profile=said, now=NOW)
        save_profile(db, participant_id=ids[0], profile=said, now=NOW)
        assert profiles(db, ids) == {ids[0]: said}
