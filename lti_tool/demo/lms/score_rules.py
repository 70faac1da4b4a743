"""What a score does to a grade, as Moodle 4.5 and Canvas decide it. Pure functions.

Assignment and Grade Services 3.4, https://www.imsglobal.org/spec/lti-ags/v2p0/#score-publish-service.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lti_tool.demo.lms.refusals import Refusal

CANVAS_GRADING = ("FullyGraded", "PendingManual")
"""Canvas keeps a score only in these states."""


@dataclass(frozen=True)
class StoredGrade:
    """What the gradebook holds for one person and line item."""

    grade: float | None
    "In points of the line item; None when there is no grade."
    comment: str | None
    sent_at: float
    "The timestamp of the last accepted score, in seconds since 1970."


def _points(score: dict[str, Any], maximum: float) -> float | None:
    given = score.get("scoreGiven")
    return None if given is None else float(given) / float(score["scoreMaximum"]) * maximum


def moodle_score(
    held: StoredGrade | None, score: dict[str, Any], role: str | None, maximum: float
) -> StoredGrade:
    """The new state under Moodle's rules; ``score`` is a loaded ScoreSchema, ``role`` None outside the course.

    Only FullyGraded sets a grade; any other state wipes it. A missing comment clears the earlier one. The
    timestamp must be later than the last by a whole second. Raises Refusal: 400, 409.
    """
    if role != "student":
        raise Refusal(400, "not_gradable", "This user has no place in the gradebook.")
    sent: datetime = score["timestamp"]
    if held is not None and math.floor(sent.timestamp()) <= math.floor(held.sent_at):
        raise Refusal(409, "stale_timestamp", "A score of the same second or a later one is held already.")
    grade = _points(score, maximum) if score["gradingProgress"] == "FullyGraded" else None
    if grade is not None:
        grade = min(grade, maximum)
    return StoredGrade(grade, score.get("comment"), sent.timestamp())


def canvas_score(
    held: StoredGrade | None, score: dict[str, Any], role: str | None, maximum: float
) -> StoredGrade:
    """The new state under Canvas's rules.

    An older timestamp is a 400, the same one passes. NotReady, Failed and Pending null the score; a comment
    adds to what is there, so a missing one changes nothing. Raises Refusal: 400, 422.
    """
    if role != "student":
        raise Refusal(422, "not_gradable", "User not found in course or is not a student.")
    sent: datetime = score["timestamp"]
    if held is not None and sent.timestamp() < held.sent_at:
        raise Refusal(400, "stale_timestamp", "Provided timestamp is before the last updated timestamp.")
    grade = _points(score, maximum) if score["gradingProgress"] in CANVAS_GRADING else None
    comment = score.get("comment") or (held.comment if held else None)
    return StoredGrade(grade, comment, sent.timestamp())


RULES = {"moodle": moodle_score, "canvas": canvas_score}


def completion(rule: str, grade: float | None, pass_grade: float) -> str:
    """incomplete, complete, complete_pass or complete_fail, from the coupled line item's grade."""
    if rule == "none" or grade is None:
        return "incomplete"
    if rule == "grade":
        return "complete"
    return "complete_pass" if grade >= pass_grade else "complete_fail"
