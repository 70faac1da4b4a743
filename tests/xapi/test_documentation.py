"""The queries of docs/xapi.md give the right figures on the story; its example runs as it is written."""

import dataclasses
import datetime as dt
import re
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.xapi.story import CONTEXT, MENTEE, MENTOR, PAIR, SESSION, at, story_statements
from xapi import statements
from xapi.context import Actor, CohortContext, PairContext, StatementContext
from xapi.delivery import Unavailable
from xapi.vocabulary import Role

DOCUMENT = (Path(__file__).parents[2] / "docs" / "xapi.md").read_text()
STORY = story_statements()
DOCUMENTS = [statement.document for statement in STORY.values()]
COHORT = CONTEXT.activity("cohort", CONTEXT.cohort.cohort_id) if CONTEXT.cohort else None
EXAMPLE, *QUERIES = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)


def run(fetched: list[dict[str, Any]], *, now: dt.datetime | None = None) -> dict[str, Any]:
    """What the queries leave behind, run on these statements."""
    names: dict[str, Any] = {"fetched": fetched, "now": now or at(30, 0)}
    for query in QUERIES:
        exec(query, names)
    return names


def account(actor: Actor) -> tuple[str, str]:
    return actor.home_page, actor.name


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    """What the queries leave behind, run on the story as an LRS that returns voided statements gives it."""
    return run(DOCUMENTS)


def test_the_example_runs_and_waits_for_an_lrs_that_is_not_there():
    names: dict[str, Any] = {}
    exec(EXAMPLE.replace(":8080/", ":1/"), names)
    assert isinstance(names["outcome"], Unavailable)


def test_sessions_are_counted_once_per_pair_and_month(figures):
    assert dict(figures["sessions_per_pair_and_month"]) == {(str(PAIR.pair_id), "2026-11"): 1}


def test_hours_are_summed_by_format_and_by_mode(figures):
    assert figures["hours_by_format"] == {"trade-show": pytest.approx(50 / 60)}
    assert figures["hours_by_mode"] == {"in-person": pytest.approx(50 / 60)}


def test_a_session_that_the_partner_confirmed_rests_on_nobodys_word_alone(figures):
    assert (figures["held_or_confirmed"], figures["on_the_partners_word"]) == ({"confirmed": 1}, [])


def test_an_attendance_that_the_partner_reported_rests_on_the_partners_word():
    figures = run([STORY[name].document for name in ("session-held-mentor", "session-held-mentee")])
    [statement] = figures["on_the_partners_word"]
    assert statement["actor"]["account"]["name"] == MENTEE.name


def test_days_run_from_joining_to_the_first_session(figures):
    assert figures["days_to_first_session"][account(MENTEE), COHORT] == 10


def test_somebody_in_two_cohorts_has_a_figure_in_each():
    cohort = CohortContext(UUID("5f0c1c0e-6a3b-4a35-9c55-4f0f0f0c0003"), dt.date(2026, 11, 20))
    later = dataclasses.replace(CONTEXT, cohort=cohort)
    again = statements.joined(later, MENTEE, Role.MENTEE, uuid4(), recorded_at=at(20, 8))
    held = statements.session_held(
        later,
        PairContext(uuid4(), MENTOR, MENTEE),
        dataclasses.replace(SESSION, started_at=dt.date(2026, 11, 23)),
        Role.MENTEE,
        reported_by=Role.MENTEE,
        recorded_at=at(23, 10),
    )
    figures = run([*DOCUMENTS, again.document, held.document])
    second = (account(MENTEE), later.activity("cohort", cohort.cohort_id))
    assert figures["days_to_first_session"] == {
        (account(MENTOR), COHORT): 10,
        (account(MENTEE), COHORT): 10,
        second: 3,
    }


def test_days_run_from_the_earliest_day_of_joining():
    early, late = (
        statements.joined(CONTEXT, MENTEE, Role.MENTEE, uuid4(), recorded_at=at(day, 8)) for day in (2, 5)
    )
    held = STORY["session-held-mentee"]
    for order in ((early, late, held), (late, early, held)):
        figures = run([each.document for each in order])
        assert figures["days_to_first_session"] == {(account(MENTEE), COHORT): 10}


def test_whoever_completed_has_reached_every_milestone(figures):
    assert figures["reached_milestones"] == {25: 1, 50: 1, 75: 1, 100: 1}


def test_a_milestone_counts_for_those_below_it():
    figures = run([STORY["progressed"].document])
    assert figures["reached_milestones"] == {25: 1, 50: 1, 75: 0, 100: 0}


def test_objectives_are_counted_by_dimension(figures):
    assert (figures["objectives_agreed"], figures["objectives_reached"]) == (
        {"skills": 1, "culture": 1},
        {"skills": 1, "culture": 1},
    )


def test_the_lag_runs_from_logging_to_confirming(figures):
    assert figures["confirmation_lag"] == [pytest.approx(1, abs=0.01)]


def test_ended_pairs_are_counted_by_their_reason(figures):
    assert figures["ended_by_reason"] == {"time": 1}


def test_a_pair_silent_for_thirty_days_is_listed_unless_it_ended():
    paired = [STORY[name].document for name in ("paired-mentor", "paired-mentee")]
    assert run(paired, now=at(30, 0))["silent_pairs"] == []
    later = at(30, 0) + dt.timedelta(days=10)
    assert run(paired, now=later)["silent_pairs"] == [str(PAIR.pair_id)]
    assert run([*paired, STORY["pair-left-mentor"].document], now=later)["silent_pairs"] == []


def test_a_silent_pair_is_listed_until_both_have_completed_in_its_cohort():
    def completed(actor: Actor, role: Role, context: StatementContext = CONTEXT) -> dict[str, Any]:
        return statements.programme_completed(
            context, actor, role, uuid4(), time_spent=SESSION.length, score_percent=100, recorded_at=at(14, 8)
        ).document

    paired = [STORY[name].document for name in ("paired-mentor", "paired-mentee")]
    mentee, mentor = completed(MENTEE, Role.MENTEE), completed(MENTOR, Role.MENTOR)
    other = dataclasses.replace(CONTEXT, cohort=CohortContext(uuid4(), dt.date(2026, 6, 1)))
    elsewhere = completed(MENTOR, Role.MENTOR, other)
    later = at(30, 0) + dt.timedelta(days=10)
    assert run([*paired, mentee], now=later)["silent_pairs"] == [str(PAIR.pair_id)]
    assert run([*paired, mentee, elsewhere], now=later)["silent_pairs"] == [str(PAIR.pair_id)]
    assert run([*paired, mentee, mentor], now=later)["silent_pairs"] == []
