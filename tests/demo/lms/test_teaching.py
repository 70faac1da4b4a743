"""What teachers do to grades in the LMS, and what a tool's scores and readings find afterwards."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from lti_tool.demo.lms.course import Link
from lti_tool.demo.lms.server import RunningLms
from lti_tool.demo.lms.store import ADDED_COLUMNS, Store
from tests.demo.lms.test_grades import STUDENT, Post, State, score
from tests.demo.lms.tool import Browser, reason_of


@pytest.fixture
def teach(browser: Browser) -> Callable[..., requests.Response]:
    """Sends the form of the gradebook as a teacher."""
    browser.log_in_as("claire.dubreuil")
    return lambda act, **form: browser.post("/gradebook", data={"act": act, "person_id": STUDENT, **form})


def test_a_teachers_grade_is_shown_and_stays_whatever_a_tool_sends(
    teach,
    post: Post,
    student_state: State,
) -> None:
    teach("enter", points="55")
    assert student_state()["cell"]["grade"] == 55
    assert post(score(timestamp="2099-01-01T00:00:00Z")).status_code == 200
    assert student_state()["cell"]["grade"] == 55


def test_a_score_of_before_a_teachers_grade_conflicts(teach, post: Post) -> None:
    teach("enter", points="55")
    assert (post(score()).status_code, reason_of(post(score()))) == (409, "stale_timestamp")


def test_a_deleted_grade_is_gone_and_the_activity_incomplete(
    teach,
    post: Post,
    student_state: State,
) -> None:
    post(score())
    teach("delete")
    state = student_state()
    assert (state["cell"]["grade"], state["completion"]) == (None, "incomplete")


def test_a_reset_deletes_everything(teach, post: Post, student_state: State) -> None:
    post(score())
    teach("reset")
    assert student_state()["cell"]["grade"] is None


def test_somebody_who_leaves_loses_their_grade_and_can_get_none_until_they_are_back(
    teach,
    post: Post,
    student_state: State,
) -> None:
    post(score())
    teach("unenrol")
    answer = post(score(1))
    assert (answer.status_code, reason_of(answer)) == (400, "not_gradable")
    teach("enrol")
    assert student_state()["cell"]["grade"] is None
    assert post(score(2)).status_code == 200


def test_a_locked_column_answers_500_until_it_is_open_again(teach, post: Post) -> None:
    teach("lock")
    assert post(score()).status_code == 500
    teach("unlock")
    assert post(score()).status_code == 200


@pytest.mark.parametrize(
    "form",
    [
        {"act": "enter"},
        {"act": "enter", "points": "-1"},
        {"act": "enter", "points": "5", "person_id": "1"},
        {"act": "enter", "points": "5", "line_item_id": "99"},
        {"act": "burn"},
    ],
)
def test_a_wrong_form_is_refused(teach, activity: Link, form: dict[str, str]) -> None:
    assert teach(form.pop("act"), **form).status_code in (400, 404)


def test_students_do_not_teach(browser: Browser, activity: Link) -> None:
    browser.log_in_as("lina.haddad")
    assert reason_of(browser.post("/gradebook", data={"act": "reset"})) == "tutors_only"


def test_a_file_of_an_earlier_version_gets_its_new_columns(tmp_path: Path, lms: RunningLms) -> None:
    old = tmp_path / "old.sqlite3"
    with sqlite3.connect(lms.lms.store.path) as now, sqlite3.connect(old) as copy:
        now.backup(copy)
        for table, column, _definition in ADDED_COLUMNS:
            copy.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    with Store(old).reading() as db:
        assert db.execute("SELECT count(*) FROM people WHERE enrolled = 1").fetchone()[0] == 6
