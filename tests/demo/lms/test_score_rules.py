"""What a score does in the demo LMS with Canvas's rules, as its source says: refusals in order, and completion."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from lti_tool.demo.lms.canvas.scores import SUBMISSION, Assignment, canvas_completion, canvas_score
from lti_tool.demo.lms.refusals import Refusal
from lti_tool.demo.lms.score_rules import StoredGrade

NOW = dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)
ASSIGNMENT = Assignment(100.0)
FINAL = {"gradingProgress": "FullyGraded", "scoreGiven": 100, "scoreMaximum": 100}
STATE = {"gradingProgress": "Pending"}


def posted(score: dict[str, Any], **extension: Any) -> dict[str, Any]:
    sent = {"userId": "2", "activityProgress": "Completed", "timestamp": NOW.isoformat()}
    return {**sent, **score, SUBMISSION: extension}


def held(points: float | None, attempts: int = 0) -> StoredGrade:
    return StoredGrade(points, None, 0.0, attempts=attempts)


@pytest.mark.parametrize(
    ("before", "score", "extension", "shown"),
    [
        (None, FINAL, {}, 100),
        (None, FINAL, {"preserve_score": True}, None),
        (55, FINAL, {"preserve_score": True}, 55),
        (55, FINAL, {}, 100),
        (55, FINAL, {"prioritize_non_tool_grade": True}, 55),
        (None, FINAL, {"prioritize_non_tool_grade": True}, 100),
        (55, STATE, {}, None),
        (55, STATE, {"preserve_score": True}, 55),
        (55, STATE, {"prioritize_non_tool_grade": True}, None),
    ],
)
def test_canvas_sets_no_score_where_it_is_to_be_preserved(
    before: float | None, score: dict[str, Any], extension: dict[str, bool], shown: float | None
) -> None:
    """``score_submission`` in app/controllers/lti/ims/scores_controller.rb."""
    stored = None if before is None else held(before)
    assert canvas_score(stored, posted(score, **extension), "student", ASSIGNMENT).shown == shown


WRONG = [
    ("role", "teacher", "not_gradable", 422),
    ("activityProgress", "", "missing_activityProgress", 400),
    ("timestamp", "yesterday", "malformed_timestamp", 400),
    ("timestamp", (NOW - dt.timedelta(hours=2)).isoformat(), "stale_timestamp", 400),
    ("scoreMaximum", -1, "negative_scoreMaximum", 422),
    ("scoreGiven", -1, "negative_scoreGiven", 422),
    ("submittedAt", (NOW + dt.timedelta(hours=1)).isoformat(), "future_submitted_at", 400),
    ("submission_type", "online_upload", "no_content_items", 422),
    ("allowed_attempts", 0, "no_attempt_left", 422),
    ("gradingProgress", None, "malformed_activityProgress", 422),
    ("is_published", False, "unpublished_assignment", 422),
]
"""What is wrong, by the order in which Canvas finds it: where, the value, and the refusal."""


@pytest.mark.parametrize("first", range(len(WRONG)))
def test_canvas_answers_what_is_wrong_first(first: int) -> None:
    """Everything from there on is wrong, too, as far as one score can be."""
    body: dict[str, Any] = posted(FINAL)
    role, assignment = "student", replace(ASSIGNMENT, allowed_attempts=5)
    for where, value, _, _ in reversed(WRONG[first:]):
        if where == "role":
            role = value
        elif where in ("allowed_attempts", "is_published"):
            assignment = replace(assignment, **{where: value})
        elif where == "submission_type":
            body[SUBMISSION] = {where: value}
        elif where == "gradingProgress":
            body["activityProgress"] = "Done"
        else:
            body[where] = value
    stored = replace(held(None), sent_at=(NOW - dt.timedelta(hours=1)).timestamp())
    with pytest.raises(Refusal) as refused:
        canvas_score(stored, body, role, assignment, NOW)
    assert (refused.value.reason, refused.value.status) == WRONG[first][2:]


@pytest.mark.parametrize(
    ("score", "reason"),
    [
        ({"scoreMaximum": 0}, "zero_scoreMaximum"),
        ({"scoreMaximum": "ten"}, "zero_scoreMaximum"),
        ({"gradingProgress": "Done"}, "malformed_gradingProgress"),
    ],
)
def test_canvas_refuses(score: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refusal) as refused:
        canvas_score(None, posted({**FINAL, **score}), "student", ASSIGNMENT)
    assert refused.value.reason == reason


def test_a_score_without_its_maximum_is_refused_and_a_state_needs_none() -> None:
    without = {name: value for name, value in FINAL.items() if name != "scoreMaximum"}
    with pytest.raises(Refusal, match="ScoreMaximum not supplied"):
        canvas_score(None, posted(without), "student", ASSIGNMENT)
    assert canvas_score(None, posted({**without, **STATE}), "student", ASSIGNMENT).shown is None


@pytest.mark.parametrize(
    ("rule", "stored", "state"),
    [
        ("none", held(100, attempts=1), "incomplete"),
        ("grade", None, "incomplete"),
        # A grade without an attempt is a teacher's own, or one that made no submission.
        ("grade", held(100), "incomplete"),
        ("grade", held(None, attempts=1), "complete"),
        ("passgrade", held(60), "complete"),
        ("passgrade", held(59), "incomplete"),
    ],
)
def test_what_completes_an_item_of_a_module(rule: str, stored: StoredGrade | None, state: str) -> None:
    assert canvas_completion(rule, stored, 60) == state


def test_only_the_first_line_item_of_an_assignment_moves_the_gradebook() -> None:
    further = replace(ASSIGNMENT, is_first_line_item=False)
    new = canvas_score(None, posted(FINAL), "student", further)
    assert (new.shown, new.attempts, new.result) == (None, 0, 100)
