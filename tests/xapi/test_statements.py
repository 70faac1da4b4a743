"""Each statement, whole, against a file that a person has reviewed; the tests never write those files."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from tests.xapi.story import (
    CONTEXT,
    CORRECTED,
    LMS,
    MENTEE,
    MENTEE_ENROLMENT,
    MENTOR,
    OBJECTIVE,
    PAIR,
    SESSION,
    at,
    story_statements,
)
from xapi import statements
from xapi.context import Actor, PairContext, SessionContext
from xapi.encoding import to_bytes
from xapi.validation import InvalidStatementError
from xapi.vocabulary import PROFILE_VERSION, Role

EXPECTED = Path(__file__).with_name("expected")
STORY = story_statements()
WITHOUT_VOIDING = {name: statement for name, statement in STORY.items() if not name.startswith("voided")}


@pytest.mark.parametrize("name", STORY)
def test_the_statement_is_the_reviewed_one(name):
    assert STORY[name].document == json.loads((EXPECTED / f"{name}.json").read_text())


def test_every_reviewed_file_has_its_statement():
    assert {path.stem for path in EXPECTED.glob("*.json")} == set(STORY)


@pytest.mark.parametrize("name", STORY)
def test_making_a_statement_again_gives_the_same_bytes(name):
    assert story_statements()[name].body == STORY[name].body


@pytest.mark.parametrize("name", STORY)
def test_the_bytes_are_the_canonical_ones_of_the_document(name):
    assert STORY[name].body == to_bytes(STORY[name].document)


@pytest.mark.parametrize("name", STORY)
def test_the_value_says_what_the_bytes_say(name):
    statement = STORY[name]
    document = statement.document
    assert (str(statement.id), str(statement.xapi_registration), statement.timestamp) == (
        document["id"],
        document["context"]["registration"],
        datetime.fromisoformat(document["timestamp"]),
    )


def test_no_two_statements_share_an_id():
    assert len({statement.id for statement in STORY.values()}) == len(STORY)


@pytest.mark.parametrize("name", WITHOUT_VOIDING)
def test_a_statement_names_the_version_of_the_profile(name):
    category = STORY[name].document["context"]["contextActivities"]["category"]
    assert [activity["id"] for activity in category] == [PROFILE_VERSION]


def test_a_voiding_statement_has_no_context_activities():
    assert "contextActivities" not in STORY["voided"].document["context"]


def test_a_voiding_statement_is_the_tools_own():
    assert STORY["voided"].document["actor"]["account"] == {
        "homePage": "https://tool.example",
        "name": "tool",
    }


def test_a_correction_has_another_id_than_what_it_corrects():
    assert STORY["session-held-corrected"].id != STORY["session-held-mentor"].id


def test_a_confirmation_points_to_the_loggers_statement_of_the_same_revision():
    reference = STORY["session-confirmed"].document["context"]["statement"]["id"]
    assert reference == str(STORY["session-held-corrected"].id)


def test_the_mentor_instructs_on_the_mentees_statements():
    instructor = STORY["session-held-mentee"].document["context"]["instructor"]
    assert instructor["account"]["name"] == MENTOR.name


def test_nobody_instructs_on_the_mentors_statements():
    assert "instructor" not in STORY["session-held-mentor"].document["context"]


def test_joining_and_completing_share_the_participants_own_registration():
    assert (
        STORY["joined-mentee"].xapi_registration
        == STORY["programme-completed"].xapi_registration
        == MENTEE_ENROLMENT
    )


def test_the_rest_happens_in_the_pairs_registration():
    personal = {
        "joined-mentor",
        "joined-mentee",
        "joined-with-platform-account",
        "progressed",
        "programme-completed",
    }
    others = {statement.xapi_registration for name, statement in STORY.items() if name not in personal}
    assert others == {PAIR.pair_id}


def test_a_statement_about_an_objective_has_no_word_of_its_owner():
    assert STORY["objective-agreed"].document["object"]["definition"]["name"] == {
        "en": "Objective: skills",
        "fr": "Objectif\u00a0: compétences",
    }


@pytest.mark.parametrize("name", STORY)
def test_no_statement_holds_an_address_of_a_person(name):
    assert not re.search(rb'mbox|mailto|"openid"|"response"|@', STORY[name].body)


def test_a_moment_without_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="without a time zone"):
        statements.paired(CONTEXT, PAIR, Role.MENTOR, recorded_at=datetime.fromisoformat("2026-11-03T08:00"))


def test_a_fact_of_the_future_is_refused():
    with pytest.raises(InvalidStatementError, match="future"):
        statements.paired(CONTEXT, PAIR, Role.MENTOR, recorded_at=at(3, 8), now=at(3, 7))


def test_the_clock_is_read_when_no_time_is_given():
    with pytest.raises(InvalidStatementError, match="future"):
        statements.paired(CONTEXT, PAIR, Role.MENTOR, recorded_at=datetime.now(UTC) + timedelta(minutes=1))


def test_a_session_of_negative_length_is_refused():
    session = SessionContext(SESSION.session_id, SESSION.started_at, timedelta(minutes=-1), "video")
    with pytest.raises(ValueError, match="negative"):
        statements.session_held(
            CONTEXT, PAIR, session, Role.MENTOR, reported_by=Role.MENTOR, recorded_at=at(12, 10)
        )


@pytest.mark.parametrize("words", ["Chez Paul, 12 rue X", "", "video ", "x" * 41, "Video"])
def test_a_format_in_a_persons_own_words_is_refused(words):
    with pytest.raises(ValueError, match="short code"):
        SessionContext(uuid4(), SESSION.started_at, SESSION.length, words)


def test_an_actor_named_after_a_person_is_refused():
    pair = PairContext(PAIR.pair_id, Actor(MENTOR.home_page, "amina.diallo"), MENTEE)
    with pytest.raises(InvalidStatementError, match=re.escape("$.actor.account.name")):
        statements.paired(CONTEXT, pair, Role.MENTOR, recorded_at=at(3, 8))


def platform_pair(mentor: str = "amina.diallo", mentee: str = "4217") -> PairContext:
    """The pair of the story, with the accounts that the platform would send itself."""
    return PairContext(
        PAIR.pair_id,
        Actor(LMS, mentor, pseudonym=MENTOR.name),
        Actor(LMS, mentee, pseudonym=MENTEE.name),
    )


def test_a_platform_s_account_has_the_platform_s_name():
    statement = statements.paired(CONTEXT, platform_pair(), Role.MENTEE, recorded_at=at(3, 8))
    document = statement.document
    assert [document["actor"]["account"], document["context"]["instructor"]["account"]] == [
        {"homePage": LMS, "name": "4217"},
        {"homePage": LMS, "name": "amina.diallo"},
    ]


def test_a_platform_s_account_changes_no_id():
    shown = statements.paired(CONTEXT, platform_pair(), Role.MENTOR, recorded_at=at(3, 8))
    assert (shown.id, shown.actor) == (STORY["paired-mentor"].id, MENTOR.name)


@pytest.mark.parametrize("name", ["tool", " ", "x" * 255, "Élodie|élève", "a\nb"])
def test_a_platform_may_name_its_accounts_as_it_likes(name):
    statement = statements.paired(CONTEXT, platform_pair(mentor=name), Role.MENTOR, recorded_at=at(3, 8))
    assert statement.document["actor"]["account"]["name"] == name


def test_a_slash_after_the_tools_address_changes_no_iri():
    slashed = replace(CONTEXT, iri_base="https://tool.example/")
    statement = statements.objective_agreed(slashed, PAIR, OBJECTIVE, recorded_at=at(4, 8))
    assert statement.body == STORY["objective-agreed"].body


@pytest.mark.parametrize("titles", [{"fr": "Numérique"}, {"en": "", "fr": "Numérique"}])
def test_a_title_in_one_language_stands_for_both(titles):
    context = replace(CONTEXT, programme_name=titles)
    statement = statements.joined(context, MENTEE, Role.MENTEE, MENTEE_ENROLMENT, recorded_at=at(2, 9))
    assert statement.document["object"]["definition"]["name"] == {"en": "Numérique", "fr": "Numérique"}


def test_a_platform_that_does_not_say_its_name_is_left_out():
    statement = statements.paired(replace(CONTEXT, platform=None), PAIR, Role.MENTOR, recorded_at=at(3, 8))
    assert "platform" not in statement.document["context"]


def test_changing_a_document_does_not_change_what_is_sent():
    STORY["paired-mentor"].document["verb"]["id"] = "https://elsewhere.example"
    assert b"elsewhere" not in STORY["paired-mentor"].body


def test_a_session_keeps_its_id_when_its_length_is_corrected_under_the_same_revision():
    corrected = statements.session_held(
        CONTEXT, PAIR, CORRECTED, Role.MENTOR, reported_by=Role.MENTEE, recorded_at=at(12, 10)
    )
    assert corrected.id == STORY["session-held-mentor"].id
