"""The queries of docs/xapi.md give the right figures on the story; its example runs as it is written."""

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest

from tests.xapi.story import MENTEE, PAIR, at, story_statements
from xapi.delivery import Unavailable

DOCUMENT = (Path(__file__).parents[2] / "docs" / "xapi.md").read_text()
STORY = story_statements()
EXAMPLE, *QUERIES = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)


def run(fetched: list[dict[str, Any]], *, now: dt.datetime | None = None) -> dict[str, Any]:
    """What the queries leave behind, run on these statements."""
    names: dict[str, Any] = {"fetched": fetched, "now": now or at(30, 0)}
    for query in QUERIES:
        exec(query, names)
    return names


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    """What the queries leave behind, run on the story as an LRS that returns voided statements gives it."""
    return run([statement.document for statement in STORY.values()])


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
    assert figures["days_to_first_session"][MENTEE.name] == 10


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
