"""Names of activities: titles that an organisation gave, or made of dates, codes and ids."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from schemas.choices import SESSION_FORMATS
from tests.xapi.story import CONTEXT, MENTOR, PAIR, SESSION, at
from xapi import names, statements, vocabulary
from xapi.context import CohortContext, PairContext
from xapi.vocabulary import Role

DAY = date(2026, 11, 12)


def grouping(**changes: object) -> list[dict[str, object]]:
    """The definitions of a statement's groups: course, programme, cohort."""
    statement = statements.paired(replace(CONTEXT, **changes), PAIR, Role.MENTOR, recorded_at=at(3, 8))
    return [
        activity["definition"] for activity in statement.document["context"]["contextActivities"]["grouping"]
    ]


def test_course_programme_and_cohort_have_the_titles_that_the_organisation_gave():
    assert [definition["name"] for definition in grouping()] == [
        {"und": "Digital cultures"},
        {"en": "Digital skills", "fr": "Compétences numériques"},
        {"en": "Digital skills, from 2026-11-02", "fr": "Compétences numériques, à partir du 2026-11-02"},
    ]


@pytest.mark.parametrize("title", [None, "", " \n\t"])
def test_a_course_without_a_title_has_no_name(title):
    assert grouping(course_title=title)[0] == {"type": vocabulary.COURSE.iri}


def test_a_title_is_on_one_line():
    assert grouping(course_title=" Digital\r\n cultures ")[0]["name"] == {"und": "Digital cultures"}


def test_a_long_title_is_cut():
    assert grouping(course_title="x" * 1000)[0]["name"] == {"und": "x" * 199 + "…"}


def test_a_title_as_long_as_may_be_is_whole():
    assert names.title("x" * 200) == "x" * 200


def test_a_programme_without_a_cohort_is_not_grouped_by_one():
    assert [definition["type"] for definition in grouping(cohort=None)] == [
        vocabulary.COURSE.iri,
        vocabulary.PROGRAMME.iri,
    ]


def test_cohorts_of_one_programme_have_different_names():
    later = CohortContext(UUID(int=1), date(2027, 2, 1))
    assert grouping(cohort=later)[2]["name"] != grouping()[2]["name"]


def test_pairs_have_different_names():
    other = PairContext(UUID("aaaaaaaa-6a3b-4a35-9c55-4f0f0f0d0001"), PAIR.mentor, PAIR.mentee)
    statement = statements.paired(CONTEXT, other, Role.MENTOR, recorded_at=at(3, 8))
    assert statement.document["object"]["definition"]["name"] == {
        "en": "Mentoring pair aaaaaaaa",
        "fr": "Binôme de mentorat aaaaaaaa",
    }


def test_a_pairs_name_has_nothing_of_its_people():
    assert MENTOR.name[:8] not in names.pair_name(UUID(int=1))["en"]


def test_a_session_is_named_after_its_day_and_its_format():
    assert names.session_name(DAY, "trade-show") == {
        "en": "Mentoring session on 2026-11-12 (trade show)",
        "fr": "Séance de mentorat du 2026-11-12 (salon professionnel)",
    }


def test_a_session_whose_hour_is_known_is_named_after_its_day():
    assert names.session_name(datetime(2026, 11, 12, 9, 30, tzinfo=UTC), "audio") == names.session_name(
        DAY, "audio"
    )


def test_a_format_that_an_organisation_added_stands_for_itself():
    assert names.session_name(DAY, "walk")["fr"] == "Séance de mentorat du 2026-11-12 (walk)"


def test_every_format_of_the_tool_has_a_name():
    assert names.FORMAT_NAMES.keys() == set(SESSION_FORMATS)


@pytest.mark.parametrize("code", [*SESSION_FORMATS, "walk", "e-learning-2"])
def test_the_validator_takes_the_name_of_every_format(code):
    statement = statements.session_held(
        CONTEXT,
        PAIR,
        replace(SESSION, format=code),
        Role.MENTOR,
        reported_by=Role.MENTOR,
        recorded_at=at(12, 10),
    )
    assert statement.document["object"]["definition"]["name"] == names.session_name(DAY, code)
