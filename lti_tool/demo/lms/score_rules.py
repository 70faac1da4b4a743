"""What a gradebook holds, and what a score does to it as Moodle 4.5 decides. Pure functions.

Canvas's rules are in :mod:`lti_tool.demo.lms.canvas.scores`. Assignment and Grade Services 3.4,
https://www.imsglobal.org/spec/lti-ags/v2p0/#score-publish-service.

Read from moodle/moodle: ``mod/lti/service/gradebookservices/classes/local/resources/scores.php`` (98645b5) with
``save_grade_item`` in ``classes/local/service/gradebookservices.php`` (0497556).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lti_tool.demo.lms.refusals import Refusal


@dataclass(frozen=True)
class StoredGrade:
    """What the gradebook holds for one person and line item."""

    grade: float | None
    "In points of the line item; None when there is no grade."
    comment: str | None
    sent_at: float
    "The timestamp of the last accepted score or change, in seconds since 1970."
    override: float | None = None
    "What a teacher entered, in points. Moodle keeps the tool's grade beneath it; in Canvas it takes its place."
    attempts: int = 0
    "How many submissions Canvas has counted."
    result: float | None = None
    "Canvas's result, in points: what a tool posted last, or what a teacher entered since (Lti::Result)."

    cleared: bool = False
    "Whether a teacher emptied it by hand: Moodle then keeps it empty, and the tool's grade beneath (overridden)."

    @property
    def shown(self) -> float | None:
        """The grade that people and the results service see."""
        if self.cleared:
            return None
        return self.grade if self.override is None else self.override


def _points(score: dict[str, Any], maximum: float) -> float | None:
    given = score.get("scoreGiven")
    return None if given is None else float(given) * maximum / float(score["scoreMaximum"])


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
    return StoredGrade(
        grade,
        score.get("comment"),
        sent.timestamp(),
        override=held.override if held else None,
        cleared=held.cleared if held else False,
    )


def completion(rule: str, grade: float | None, pass_grade: float) -> str:
    """incomplete, complete, complete_pass or complete_fail, from the coupled line item's grade."""
    if rule == "none" or grade is None:
        return "incomplete"
    if rule == "grade":
        return "complete"
    return "complete_pass" if grade >= pass_grade else "complete_fail"
