"""Scores, results and completion under Moodle's rules, and under Canvas's."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from pytest_httpserver import HTTPServer

from lti_tool.demo.lms.course import Link
from lti_tool.demo.lms.score_rules import completion
from lti_tool.demo.lms.server import RunningLms
from tests.demo.lms.conftest import make_activity, make_tool
from tests.demo.lms.tool import ALL_SCOPES, Browser, TestTool, reason_of

Post = Callable[..., requests.Response]
STUDENT = "2"
TEACHER = "1"


def score(second: int = 0, /, **changes: Any) -> dict[str, Any]:
    """A right score of the given second; None removes a member."""
    body = {
        "userId": STUDENT,
        "timestamp": f"2026-03-01T10:00:{second:02}.000Z",
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        "scoreGiven": 8,
        "scoreMaximum": 10,
        "comment": "Well met",
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


State = Callable[[], dict[str, Any]]


def test_the_first_mentor_is_the_student_of_these_tests(browser: Browser) -> None:
    assert browser.log_in_as("lina.haddad") == STUDENT


def test_a_full_score_sets_a_grade_scaled_to_the_line_item(post: Post, student_state: State) -> None:
    assert post(score()).status_code == 200
    assert student_state()["cell"]["grade"] == 80


def test_a_grade_completes_the_activity(post: Post, student_state: State) -> None:
    before = student_state()["completion"]
    post(score())
    assert (before, student_state()["completion"]) == ("incomplete", "complete")


def test_a_score_above_the_maximum_is_held_at_the_maximum(post: Post, student_state: State) -> None:
    post(score(scoreGiven=12))
    assert student_state()["cell"]["grade"] == 100


def test_zero_is_a_grade(post: Post, student_state: State) -> None:
    post(score(scoreGiven=0))
    assert (student_state()["cell"]["grade"], student_state()["completion"]) == (0, "complete")


@pytest.mark.parametrize("progress", ["NotReady", "Pending", "PendingManual", "Failed"])
def test_only_fully_graded_sets_a_grade(post: Post, student_state: State, progress: str) -> None:
    assert post(score(gradingProgress=progress)).status_code == 200
    assert student_state()["cell"]["grade"] is None


@pytest.mark.parametrize("progress", ["NotReady", "Pending", "PendingManual", "Failed"])
def test_a_later_score_that_is_not_fully_graded_wipes_grade_and_completion(
    post: Post, student_state: State, progress: str
) -> None:
    post(score())
    post(score(1, gradingProgress=progress, scoreGiven=None, scoreMaximum=None))
    state = student_state()
    assert (state["cell"]["grade"], state["completion"]) == (None, "incomplete")


def test_a_score_without_a_comment_clears_the_earlier_one(post: Post, student_state: State) -> None:
    post(score())
    post(score(1, comment=None))
    assert student_state()["cell"]["comment"] is None


@pytest.mark.parametrize("second", [5, 4])
def test_a_timestamp_that_is_not_later_conflicts(post: Post, second: int) -> None:
    post(score(5))
    answer = post(score(second))
    assert (answer.status_code, reason_of(answer)) == (409, "stale_timestamp")


def test_a_timestamp_later_in_the_same_second_conflicts(post: Post) -> None:
    post(score(5))
    answer = post(score(timestamp="2026-03-01T10:00:05.900Z"))
    assert (answer.status_code, reason_of(answer)) == (409, "stale_timestamp")


def test_the_next_second_passes_even_when_less_than_a_second_later(post: Post) -> None:
    post(score(timestamp="2026-03-01T10:00:05.900Z"))
    assert post(score(timestamp="2026-03-01T10:00:06.000Z")).status_code == 200


def test_timestamps_are_compared_across_time_zones(post: Post) -> None:
    post(score(5))
    answer = post(score(timestamp="2026-03-01T11:00:04+01:00"))
    assert (answer.status_code, reason_of(answer)) == (409, "stale_timestamp")


def test_a_stale_score_changes_nothing(post: Post, student_state: State) -> None:
    post(score(5))
    post(score(4, scoreGiven=1))
    assert student_state()["cell"]["grade"] == 80


def test_accepted_scores_are_counted(post: Post, student_state: State) -> None:
    post(score(1))
    post(score(1))
    post(score(2))
    assert student_state()["cell"]["accepted_count"] == 2


@pytest.mark.parametrize("user", [TEACHER, "999", "lina.haddad", "-1", "9" * 40])
def test_a_user_without_a_place_in_the_gradebook_is_refused(post: Post, user: str) -> None:
    answer = post(score(userId=user))
    assert (answer.status_code, reason_of(answer)) == (400, "not_gradable")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"userId": None}, "malformed_userId"),
        ({"userId": 2}, "malformed_userId"),
        ({"timestamp": None}, "malformed_timestamp"),
        ({"timestamp": "2026-03-01T10:00:00"}, "malformed_timestamp"),
        ({"timestamp": "01/03/2026 10:00 GMT"}, "malformed_timestamp"),
        ({"timestamp": 1772359200}, "malformed_timestamp"),
        ({"activityProgress": None}, "malformed_activityProgress"),
        ({"activityProgress": "Done"}, "malformed_activityProgress"),
        ({"gradingProgress": None}, "malformed_gradingProgress"),
        ({"gradingProgress": "fullygraded"}, "malformed_gradingProgress"),
        ({"scoreMaximum": None}, "malformed_scoreMaximum"),
        ({"scoreMaximum": 0}, "malformed_scoreMaximum"),
        ({"scoreMaximum": "10"}, "malformed_scoreMaximum"),
        ({"scoreGiven": -1}, "malformed_scoreGiven"),
        ({"scoreGiven": True}, "malformed_scoreGiven"),
        ({"scoreGiven": float("nan")}, "malformed_scoreGiven"),
        ({"comment": 3}, "malformed_comment"),
    ],
)
def test_a_malformed_score_is_refused(post: Post, changes: dict[str, Any], reason: str) -> None:
    answer = post(score(**changes))
    assert (answer.status_code, reason_of(answer)) == (400, reason)


@pytest.mark.parametrize("body", ["", "[]", "7", "{", '"x"'])
def test_a_body_that_is_no_object_is_refused(tool: TestTool, item: str, body: str) -> None:
    url = item.replace("/lineitem?", "/lineitem/scores?")
    headers = {"Content-Type": "application/vnd.ims.lis.v1.score+json"}
    answer = tool.call("POST", url, headers=headers, data=body)
    assert (answer.status_code, reason_of(answer)) == (400, "malformed_json")


def test_a_lone_surrogate_is_refused(post: Post) -> None:
    answer = post(score(comment="\ud800"))
    assert (answer.status_code, reason_of(answer)) == (400, "malformed_text")


def test_a_line_item_id_beyond_sqlite_integers_is_not_found(tool: TestTool, item: str) -> None:
    answer = tool.post_score(item.replace("/1/lineitem", f"/{10**30}/lineitem"), tool.token(), score())
    assert (answer.status_code, reason_of(answer)) == (404, "not_found")


def test_another_content_type_is_refused(post: Post) -> None:
    answer = post(score(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, reason_of(answer)) == (415, "wrong_content_type")


def test_a_score_needs_the_score_scope(tool: TestTool, item: str) -> None:
    token = tool.token(*(scope for scope in ALL_SCOPES if not scope.endswith("/score")))
    answer = tool.post_score(item, token, score())
    assert (answer.status_code, reason_of(answer)) == (403, "insufficient_scope")


def test_a_score_for_an_unknown_line_item_is_refused(tool: TestTool, item: str) -> None:
    answer = tool.post_score(item.replace("/1/lineitem", "/9/lineitem"), tool.token(), score())
    assert (answer.status_code, reason_of(answer)) == (404, "no_such_line_item")


def test_an_extension_in_a_score_is_accepted(post: Post) -> None:
    assert post({**score(), "https://example.org/extra": {"a": 1}}).status_code == 200


def test_an_uncoupled_line_item_shows_and_completes_nothing(
    tool: TestTool, lms: RunningLms, activity: Link, student_state: State
) -> None:
    token = tool.token()
    made = tool.call(
        "POST",
        f"{lms.base_url}/services/1/lineitems?type_id=1",
        token,
        headers={"Content-Type": "application/vnd.ims.lis.v2.lineitem+json"},
        data=json.dumps({"label": "Extra", "scoreMaximum": 10, "resourceLinkId": str(activity.id)}),
    )
    assert tool.post_score(made.json()["id"], token, score()).status_code == 200
    assert student_state()["completion"] == "incomplete"


@pytest.mark.parametrize(("given", "state"), [(6, "complete_pass"), (5, "complete_fail")])
def test_a_passing_grade_passes_and_a_lower_one_fails(
    lms: RunningLms, tool: TestTool, student_state: State, given: int, state: str
) -> None:
    make_activity(lms, tool, "passgrade", 60)
    item = f"{lms.base_url}/services/1/lineitems/1/lineitem?type_id=1"
    tool.post_score(item, tool.token(), score(scoreGiven=given))
    assert student_state()["completion"] == state


@pytest.mark.parametrize(
    ("rule", "grade", "state"),
    [
        ("none", 100, "incomplete"),
        ("grade", None, "incomplete"),
        ("grade", 0, "complete"),
        ("passgrade", None, "incomplete"),
        ("passgrade", 50, "complete_pass"),
        ("passgrade", 49.9, "complete_fail"),
    ],
)
def test_completion_follows_rule_and_grade(rule: str, grade: float | None, state: str) -> None:
    assert completion(rule, grade, 50) == state


def results_url(item: str) -> str:
    return item.replace("/lineitem?", "/lineitem/results?")


def test_results_give_back_what_is_held(tool: TestTool, post: Post, item: str) -> None:
    post(score())
    result = tool.call("GET", results_url(item)).json()[0]
    assert {
        name: result[name] for name in ("userId", "resultScore", "resultMaximum", "comment", "scoreOf")
    } == {
        "userId": STUDENT,
        "resultScore": 80,
        "resultMaximum": 100,
        "comment": "Well met",
        "scoreOf": item,
    }


def test_results_can_be_asked_for_one_user(tool: TestTool, post: Post, item: str) -> None:
    post(score())
    post(score(userId="3", scoreGiven=1))
    results = tool.call("GET", results_url(item) + "&user_id=3").json()
    assert [result["userId"] for result in results] == ["3"]


def test_a_wiped_grade_is_listed_without_a_number(tool: TestTool, post: Post, item: str) -> None:
    post(score())
    post(score(1, gradingProgress="Pending"))
    [result] = tool.call("GET", results_url(item)).json()
    assert (result["userId"], "resultScore" in result) == ("2", False)


def test_results_with_a_limit_are_a_fatal_error_in_moodle(tool: TestTool, post: Post, item: str) -> None:
    url = results_url(item) + "&limit=2"
    assert tool.call("GET", url).json() == []
    post(score())
    answer = tool.call("GET", url)
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")


def test_results_need_their_scope(tool: TestTool, item: str) -> None:
    token = tool.token(*(scope for scope in ALL_SCOPES if "result" not in scope))
    answer = tool.call("GET", results_url(item), token)
    assert (answer.status_code, reason_of(answer)) == (403, "insufficient_scope")


def test_a_refused_score_is_in_the_activity_log(post: Post, browser: Browser) -> None:
    post(score(userId="999"))
    browser.log_in_as("amelie.roux")
    newest = browser.get("/activity.json").json()[0]
    assert (newest["tool"], newest["status"], newest["reason"]) == ("client-1", 400, "not_gradable")


def test_an_accepted_score_is_in_the_activity_log(post: Post, browser: Browser) -> None:
    post(score())
    browser.log_in_as("amelie.roux")
    newest = browser.get("/activity.json").json()[0]
    assert (newest["status"], newest["reason"], '"scoreGiven": "8.0"' in newest["detail"]) == (
        200,
        "score",
        True,
    )


def test_a_student_sees_their_own_grade_on_the_course_page(post: Post, browser: Browser) -> None:
    post(score())
    browser.log_in_as("lina.haddad")
    mine = browser.get("/course.json").json()["activities"][0]
    assert (mine["grade"], mine["completion"]) == (80, "complete")


def test_another_student_does_not_see_it(post: Post, browser: Browser) -> None:
    post(score())
    browser.log_in_as("tomas.ferreira")
    mine = browser.get("/course.json").json()["activities"][0]
    assert (mine["grade"], mine["completion"]) == (None, "incomplete")


@pytest.fixture
def canvas_post(canvas: RunningLms, httpserver: HTTPServer, tool_key: rsa.RSAPrivateKey) -> Post:
    tool = make_tool(canvas, httpserver, tool_key)
    make_activity(canvas, tool)
    token = tool.token()
    item = f"{canvas.base_url}/services/1/lineitems/1/lineitem?type_id=1"

    def send(body: dict[str, Any]) -> requests.Response:
        return tool.post_score(item, token, body)

    return send


def canvas_grade(canvas: RunningLms) -> float | None:
    with canvas.lms.store.reading() as db:
        row = db.execute("SELECT grade FROM scores WHERE person_id = ?", (STUDENT,)).fetchone()
    grade: float | None = row["grade"]
    return grade


def test_canvas_takes_a_score_and_names_its_result(canvas_post: Post) -> None:
    assert canvas_post(score()).json()["resultUrl"].endswith("/results/2?type_id=1")


def test_canvas_refuses_an_older_timestamp_with_400(canvas_post: Post) -> None:
    canvas_post(score(5))
    answer = canvas_post(score(4))
    assert answer.status_code == 400
    assert "before last updated timestamp" in answer.json()["errors"]["message"]


def test_canvas_takes_the_same_timestamp_again(canvas_post: Post) -> None:
    canvas_post(score(5))
    assert canvas_post(score(5)).status_code == 200


@pytest.mark.parametrize("progress", ["NotReady", "Failed", "Pending"])
def test_canvas_nulls_the_score(canvas: RunningLms, canvas_post: Post, progress: str) -> None:
    canvas_post(score())
    canvas_post(score(1, gradingProgress=progress))
    assert canvas_grade(canvas) is None


def test_canvas_keeps_a_score_that_awaits_a_person(canvas: RunningLms, canvas_post: Post) -> None:
    canvas_post(score(gradingProgress="PendingManual"))
    assert canvas_grade(canvas) == 80


@pytest.mark.parametrize("user", [TEACHER, "999"])
def test_canvas_refuses_whoever_is_no_student_with_422(canvas_post: Post, user: str) -> None:
    answer = canvas_post(score(userId=user))
    message = "User not found in course or is not a student"
    assert (answer.status_code, answer.json()) == (
        422,
        {"errors": {"type": "unprocessable_entity", "message": message}},
    )


@pytest.mark.parametrize(
    ("link", "user", "status", "message"),
    [
        ("another", TEACHER, 412, "The specified LTI link ID is not associated with the line item."),
        (None, TEACHER, 422, "User not found in course or is not a student"),
        (None, STUDENT, 400, "param is missing or the value is empty: activityProgress"),
    ],
)
def test_canvas_looks_at_the_line_item_then_at_the_user_and_then_at_the_score(
    canvas_post: Post, link: str | None, user: str, status: int, message: str
) -> None:
    answer = canvas_post(score(userId=user, resourceLinkId=link, activityProgress=None, scoreMaximum=None))
    assert (answer.status_code, answer.json()["errors"]["message"]) == (status, message)


def test_canvas_takes_its_submission_extension(canvas_post: Post) -> None:
    extension = {"https://canvas.instructure.com/lti/submission": {"new_submission": False}}
    assert canvas_post({**score(), **extension}).status_code == 200


def test_a_timestamp_of_now_is_accepted(post: Post) -> None:
    now = datetime.fromtimestamp(time.time(), UTC).isoformat()
    assert post(score(timestamp=now)).status_code == 200
