"""A seeded cohort: every state is there, by the tool's own actions, in a past that the log keeps in order."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from lti_tool.database import utcnow
from lti_tool.demo.seeding import bulk
from lti_tool.demo.seeding.cohorts import DAYS, live, people_needed
from lti_tool.demo.seeding.groups import Group, NewPerson, add_course
from lti_tool.demo.seeding.names import PEOPLE
from lti_tool.demo.seeding.stories import PAST_STORIES, STORIES
from lti_tool.events.models import EventRow
from lti_tool.mentoring.completion.models import CompletionRecord
from lti_tool.mentoring.enrolment.models import Participant, ParticipantStatus
from lti_tool.mentoring.objectives.models import Objective, ObjectiveStatus
from lti_tool.mentoring.pairs.models import Pair, PairStatus
from lti_tool.mentoring.sessions.models import MentoringSession, SessionStatus

SESSIONS_NOT_MADE = {SessionStatus.PLANNED, SessionStatus.CANCELLED}
"""No page plans a meeting yet."""
PARTICIPANTS_NOT_MADE = {ParticipantStatus.WITHDRAWN}
"""No page lets somebody withdraw yet."""


@pytest.fixture
def group(services) -> Group:
    """A cohort of twelve couples at the end of its eleven weeks."""
    now = utcnow()
    made, people = add_course(
        services,
        title="Seeded",
        tutor=NewPerson("tutor", "Claire", "Dubreuil"),
        learners=[NewPerson(str(number), *names) for number, names in enumerate(PEOPLE)],
        template="digital-skills",
        opened_at=now - dt.timedelta(days=DAYS),
    )
    live(made, people, couples=12, now=now, locale="fr")
    return made


def test_every_state_is_there_and_nothing_happens_out_of_order(services, group):
    with services.database.reading() as db:
        statuses = {
            table: set(db.scalars(sa.select(table.status)))
            for table in (Pair, MentoringSession, Participant, Objective)
        }
        moments = db.scalars(
            sa.select(EventRow.at).where(EventRow.cohort_id == group.cohort_id).order_by(EventRow.sequence)
        ).all()
        completed = db.scalars(
            sa.select(CompletionRecord.completed_at).where(CompletionRecord.completed_at.is_not(None))
        ).all()
        going_on = db.scalar(
            sa.select(sa.func.count()).where(Pair.status.not_in((PairStatus.CLOSED, PairStatus.ENDED)))
        )
    assert statuses[Pair] == set(PairStatus)
    assert statuses[MentoringSession] == set(SessionStatus) - SESSIONS_NOT_MADE
    assert statuses[Participant] == set(ParticipantStatus) - PARTICIPANTS_NOT_MADE
    assert statuses[Objective] == set(ObjectiveStatus)
    assert going_on == len(STORIES) == 12
    assert len(completed) == 4  # two pairs
    assert moments == sorted(moments)
    assert max(completed) < utcnow() - dt.timedelta(days=5)


def test_people_are_enough_for_the_stories():
    assert people_needed(len(STORIES)) == 2 * (len(STORIES) + len(PAST_STORIES)) <= len(PEOPLE)


def test_bulk_data_is_as_much_as_was_asked_for(services):
    made = list(bulk.seed(services, programmes=2, people=9, sessions=7, now=utcnow()))
    with services.database.reading() as db:
        counts = [
            db.scalar(sa.select(sa.func.count()).select_from(table))
            for table in (Participant, Pair, MentoringSession)
        ]
    assert (len(made), counts) == (2, [8, 4, 7])


def test_what_is_shared_out_is_all_of_it():
    assert bulk.share(7, 3) == [3, 2, 2]
    assert bulk.share(0, 2) == [0, 0]
