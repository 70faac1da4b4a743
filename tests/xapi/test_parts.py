"""Parts of statements are kept by the values that they are made from, and by nothing else."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from tests.xapi.story import CONTEXT, MENTEE, MENTOR, PAIR, SESSION, at
from xapi import statements
from xapi.context import Actor, PairContext, Statement, StatementContext
from xapi.validation import InvalidStatementError, validate
from xapi.vocabulary import Role


def held(context: StatementContext = CONTEXT, pair: PairContext = PAIR, **changes: Any) -> Statement:
    session = replace(SESSION, **changes)
    return statements.session_held(
        context, pair, session, Role.MENTEE, reported_by=Role.MENTOR, recorded_at=at(12, 10)
    )


def grouping_names(statement: Statement) -> list[Any]:
    activities = statement.document["context"]["contextActivities"]["grouping"]
    return [activity["definition"].get("name") for activity in activities]


def test_titles_that_change_are_in_the_next_statement():
    held()
    renamed = replace(CONTEXT, programme_name={"en": "Data", "fr": "Données"}, course_title="New title")
    names = grouping_names(held(renamed))
    assert names[:2] == [{"und": "New title"}, {"en": "Data", "fr": "Données"}]
    assert names[2]["fr"].startswith("Données")
    assert grouping_names(held())[0] == {"und": "Digital cultures"}


def test_an_actor_that_changes_is_in_the_next_statement():
    held()
    other = replace(PAIR, mentor=Actor("https://lms.example", "4217", pseudonym=MENTOR.name))
    assert held(pair=other).document["context"]["instructor"]["account"]["name"] == "4217"
    assert held().document["context"]["instructor"]["account"]["name"] == MENTOR.name


def test_one_moment_may_be_two_days():
    utc = dt.datetime(2026, 11, 11, 23, 30, tzinfo=dt.UTC)
    paris = utc.astimezone(dt.timezone(dt.timedelta(hours=1)))
    days = [held(started_at=each).document["object"]["definition"]["name"]["en"] for each in (utc, paris)]
    assert ["2026-11-11" in days[0], "2026-11-12" in days[1]] == [True, True]


def test_one_session_has_its_latest_format_and_day():
    assert [
        held(format=code, started_at=day).document["object"]["definition"]["name"]["en"]
        for code, day in (("audio", SESSION.started_at), ("coaching", dt.date(2026, 11, 13)))
    ] == ["Mentoring session on 2026-11-12 (audio)", "Mentoring session on 2026-11-13 (coaching)"]


def test_what_is_refused_is_refused_again():
    pair = PairContext(PAIR.pair_id, MENTOR, Actor("no address", MENTEE.name))
    for _ in range(2):
        with pytest.raises(InvalidStatementError) as caught:
            held(pair=pair)
        assert caught.value.path == "$.actor.account.homePage"


def test_a_statement_of_parts_passes_as_a_whole():
    assert validate(held().document, now=at(12, 11)) is None
