"""Whatever happens, in whatever order: what leaves for a gradebook never goes back and never erases a grade."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lti_tool.database import Base, Database
from lti_tool.lti.ags import scores as grades
from lti_tool.lti.ags.reports import report_of
from lti_tool.mentoring.completion.progress_state import ProgressState
from lti_tool.messaging import outbox
from lti_tool.messaging.models import Delivery, DeliveryKind
from tests.builder import add_course, add_link, add_organisation, add_person, add_registration

START = dt.datetime(2026, 11, 22, 10, 0, tzinfo=dt.UTC)

turn = st.tuples(
    st.sampled_from(list(ProgressState)),
    st.integers(0, 100),
    st.integers(0, 3000).map(lambda milliseconds: dt.timedelta(milliseconds=milliseconds)),
    st.booleans(),
)
"""A status, a score, the time since the one before, and whether the worker takes what waits."""


class Column:
    """A course with one coupled line item, on a database of its own."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with database.transaction() as db:
            self.registration, deployment = add_registration(db, add_organisation(db))
            self.course = add_course(db, deployment.id)
            link = add_link(db, self.course, line_item_url="https://lms.example/items/1")
            self.link_id = link.id

    def new_person(self) -> uuid.UUID:
        with self.database.transaction() as db:
            return add_person(db, self.registration.id, self.course, str(uuid.uuid4())).id

    def journey(self, turns: list[tuple[ProgressState, int, dt.timedelta, bool]], report: str) -> list[dict]:
        """One person's journey; what a worker took, in the order in which it was taken."""
        person_id, now = self.new_person(), START
        taken: list[dict] = []
        for status, score, pause, takes in [*turns, (turns[-1][0], turns[-1][1], dt.timedelta(0), True)]:
            now += pause
            with self.database.transaction() as db:
                reached = grades.ReachedScore(self.link_id, person_id, status, score, report)
                grades.record_scores(db, [reached], now)
            if takes:
                taken += self._take()
        return taken

    def _take(self) -> list[dict]:
        later = START + dt.timedelta(days=1)
        with self.database.transaction() as db:
            claim = outbox.claim(db, DeliveryKind.SCORE, receiver=str(self.registration.id), now=later)
            outbox.mark_sent(db, claim, [delivery.id for delivery in claim.deliveries])
        return [json.loads(delivery.body) for delivery in claim.deliveries]


@pytest.fixture(scope="module")
def column(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Column]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('scores') / 'scores.db'}")
    Base.metadata.create_all(database.engine)
    yield Column(database)
    database.dispose()


journeys = st.lists(turn, min_size=1, max_size=6)
reports = st.sampled_from(["final_only", "live"])


@settings(max_examples=15, deadline=None)
@given(journeys, reports)
def test_timestamps_are_whole_seconds_and_each_is_later_than_the_one_before(column, turns, report):
    moments = [dt.datetime.fromisoformat(score["timestamp"]) for score in column.journey(turns, report)]
    assert moments == sorted(set(moments))


@settings(max_examples=15, deadline=None)
@given(journeys, reports)
def test_once_graded_always_graded(column, turns, report):
    graded = [score["gradingProgress"] == "FullyGraded" for score in column.journey(turns, report)]
    assert graded == sorted(graded)


@settings(max_examples=15, deadline=None)
@given(journeys, reports)
@example(
    [
        (ProgressState.SATISFIED, 100, dt.timedelta(0), True),
        (ProgressState.UNDER_WAY, 50, dt.timedelta(0), True),
    ],
    "live",
)
def test_the_last_score_says_where_the_person_is(column, turns, report):
    scores = column.journey(turns, report)
    status, score, _, _ = turns[-1]
    last = report_of(status, score, report)
    graded = any(item["gradingProgress"] == "FullyGraded" for item in scores)
    if any(each[0] is ProgressState.SATISFIED for each in turns):
        # A completion that is reopened keeps its grade.
        assert (scores[-1]["activityProgress"], scores[-1].get("scoreGiven")) == ("Completed", 100)
    elif last is not None and (last.grades or not graded):
        assert (scores[-1]["activityProgress"], scores[-1].get("scoreGiven")) == (
            last.activity_progress,
            last.score,
        )


@settings(max_examples=15, deadline=None)
@given(journeys, reports)
def test_nothing_waits_twice_for_one_person(column, turns, report):
    column.journey(turns, report)
    with column.database.reading() as db:
        waiting = db.scalars(sa.select(Delivery.order_key).where(Delivery.status == "waiting")).all()
    assert len(waiting) == len(set(waiting))
