"""What a score does to a grade in the demo LMS with Canvas's rules, as its source says."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from lti_tool.demo.lms.score_rules import CANVAS_SUBMISSION, StoredGrade, canvas_score

FINAL = {"gradingProgress": "FullyGraded", "scoreGiven": 100, "scoreMaximum": 100}
STATE = {"gradingProgress": "Pending"}


@pytest.mark.parametrize(
    ("held", "score", "extension", "shown"),
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
    held: float | None, score: dict[str, Any], extension: dict[str, bool], shown: float | None
) -> None:
    """``score_submission`` in app/controllers/lti/ims/scores_controller.rb."""
    before = None if held is None else StoredGrade(held, None, 0.0)
    sent = {**score, "timestamp": dt.datetime.now(dt.UTC), CANVAS_SUBMISSION: extension}
    assert canvas_score(before, sent, "student", 100).shown == shown
