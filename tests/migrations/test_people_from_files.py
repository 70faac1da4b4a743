"""The tables of people from files, added to a database that is in use: nothing is known of anybody at first."""

from __future__ import annotations

import sqlalchemy as sa

from lti_tool.identity.models import Person
from lti_tool.mentoring.enrolment.details import Details
from lti_tool.mentoring.enrolment.details_actions import save_answers
from lti_tool.mentoring.enrolment.details_queries import details_of
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.migrations import migrate
from tests.builder import NOW


def test_nothing_is_known_at_first_and_everybody_can_answer(first_version_at):
    first_version = first_version_at(before="0033")
    migrate(first_version)
    said = Details(2, (("data", 3),), None, languages=("fr",))
    with first_version.transaction() as db:
        assert set(db.scalars(sa.select(Person.user_name))) == {None}
        ids = db.scalars(sa.select(Participant.id)).all()
        assert len(ids) > 1
        assert {known.details for known in details_of(db, ids).values()} == {Details(1)}
        save_answers(db, participant_id=ids[0], answers=said, now=NOW)
        save_answers(db, participant_id=ids[0], answers=said, now=NOW)
        assert details_of(db, ids)[ids[0]].details == said
