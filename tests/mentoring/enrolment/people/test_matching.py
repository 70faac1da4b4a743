"""Who a row is: by user id, then user name, then e-mail address; what is not certain is refused."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from lti_tool.mentoring.enrolment.details import Details
from lti_tool.mentoring.enrolment.people.columns import count_names
from lti_tool.mentoring.enrolment.people.file import read_table
from lti_tool.mentoring.enrolment.people.matching import KnownAwaited, KnownPerson, Match, match_rows
from lti_tool.mentoring.enrolment.people.rows import FileRows, PersonRow, read_rows

ANNE = KnownPerson(uuid.uuid4(), "17", "aroy", "anne@example.org")
PAUL = KnownPerson(uuid.uuid4(), "18", None, "paul@example.org")
TWIN = KnownPerson(uuid.uuid4(), "19", None, "paul@example.org")
TUTOR = KnownPerson(uuid.uuid4(), "20", is_learner=False, is_tutor=True)
ENROLLED = KnownPerson(
    uuid.uuid4(), "21", participant_id=uuid.uuid4(), role="mentor", details=Details(capacity=1)
)
AWAITED = KnownAwaited(uuid.uuid4(), "mentee", email="late@example.org", name="Late")  # fmt: skip


def row(number: int = 2, role: str = "mentee", **values: Any) -> PersonRow:
    return PersonRow(number, role, **values)


def outcome(given: PersonRow) -> tuple[str, object]:
    """What becomes of a row, and of whom; or the problem."""
    found = match_rows([given], [ANNE, PAUL, TWIN, TUTOR, ENROLLED], [AWAITED])
    if found.problems:
        return str(found.problems[0].problem), None
    [match] = found.found
    return str(match.outcome), match.person or match.awaited


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"user_id": "17"}, ("invited", ANNE)),
        ({"user_name": "aroy"}, ("invited", ANNE)),
        ({"email": "anne@example.org"}, ("invited", ANNE)),
        ({"user_id": "17", "email": "anne.roy@home.example"}, ("invited", ANNE)),
        ({"user_id": "18", "email": "paul@example.org"}, ("invited", PAUL)),
        ({"email": "new@example.org"}, ("awaited", None)),
        ({"email": "late@example.org"}, ("unchanged", AWAITED)),
        ({"email": "late@example.org", "capacity": 2}, ("updated", AWAITED)),
        ({"user_id": "21", "role": "mentor"}, ("unchanged", ENROLLED)),
        ({"user_id": "21", "role": "mentor", "capacity": 3}, ("updated", ENROLLED)),
        ({"email": "paul@example.org"}, ("two_people", None)),
        ({"user_id": "17", "email": "paul@example.org"}, ("identifiers_differ", None)),
        ({"user_id": "99", "email": "anne@example.org"}, ("identifiers_differ", None)),
        ({"user_name": "other", "email": "anne@example.org"}, ("identifiers_differ", None)),
        ({"user_id": "20"}, ("teaches_here", None)),
        ({"user_id": "21"}, ("already_mentor", None)),
        ({"email": "new@example.org", "manager": "New@example.org"}, ("own_manager", None)),
    ],
)
def test_a_row_is_one_person_or_is_refused(given: dict[str, Any], expected: tuple[str, object]) -> None:
    assert outcome(row(**given)) == expected


@pytest.mark.parametrize(
    "again",
    [{"user_id": "17"}, {"email": "anne@example.org"}, {"user_name": "aroy", "user_id": "17"}],
)
def test_the_same_person_twice_is_refused_with_the_earlier_row(again: dict[str, Any]) -> None:
    found = match_rows([row(2, user_name="aroy"), row(5, **again)], [ANNE], [])
    [problem] = found.problems
    assert (problem.number, str(problem.problem), problem.problem.params) == (5, "same_person_as", {"row": 2})


def test_what_somebody_answered_themselves_stays_and_the_file_says_the_rest() -> None:
    answered = KnownPerson(
        uuid.uuid4(),
        "30",
        participant_id=uuid.uuid4(),
        role="mentee",
        details=Details(capacity=1, wants=(("ai", 2),)),
        has_answered=True,
    )
    given = row(user_id="30", wants=(("data", 5),), department="Finance")
    [match] = match_rows([given], [answered], []).found
    assert match == Match(given, match.outcome, answered, keeps_answers=True)
    assert match.outcome == "updated"


SKILLS = {"donnees": "data", "reading data": "data", "ai at work basics": "ai"}


def rows_of(text: str) -> FileRows:
    return read_rows(read_table(text.encode(), count_names), SKILLS)


def test_a_row_in_french_is_read_as_one_in_english() -> None:
    french = rows_of(
        "Rôle;Courriel;Prénom;Nom;Compétences proposées;Langues;Fuseau horaire;Capacité;Service;N+1\n"
        "Mentorée;A@B.fr;Zoé;Roy;données : 3|AI at work: basics;français, anglais;europe/paris;2;Achats;b@b.fr\n"
    )
    english = rows_of(
        "manager,department,capacity,time zone,languages,skills offered,name,role,e-mail\n"
        "b@b.fr,Achats,2,Europe/Paris,fr; English,AI at work: basics; Reading data=3,Zoé Roy,mentee,a@b.fr\n"
    )
    assert not french.problems
    assert french.rows == english.rows
    assert french.rows[0].offers == (("ai", None), ("data", 3))


def test_each_problem_names_its_row_and_its_column() -> None:
    found = rows_of(
        "E-mail;Role;Wants;Languages;Time zone;Capacity;Shoe size\n"
        ";;Excel;Klingonish;Mars;0;44\n"
        "a@b.fr;boss;données:9;fr;;x;\n"
    )
    assert [(each.number, each.column, str(each.problem)) for each in found.problems] == [
        (2, "Wants", "skill_unknown"),
        (2, "Languages", "language_unknown"),
        (2, "Time zone", "time_zone_unknown"),
        (2, "Capacity", "too_small"),
        (3, "Role", "role_unknown"),
        (3, "Wants", "level_wrong"),
        (3, "Capacity", "not_a_number"),
    ]
    assert found.columns.unknown == ("Shoe size",)


@pytest.mark.parametrize(
    ("header", "problem"),
    [("Role;Name", "file_no_identifier"), ("E-mail;Name", "file_no_role"), ("E-mail;Mail;Role", "column_repeated")],
)  # fmt: skip
def test_a_header_without_what_is_needed_is_one_problem(header: str, problem: str) -> None:
    assert [str(each.problem) for each in rows_of(f"{header}\na;b;c\n").problems] == [problem]
