"""What happens to grades besides a tool's scores: enrolment, a teacher's own, locks, resets, the end of a course."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import replace
from typing import Literal

from lti_tool.demo.lms.gradebook import scores_of, stored_grade, write_grade
from lti_tool.demo.lms.score_rules import StoredGrade


def set_enrolled(
    db: sqlite3.Connection,
    person_id: int,
    *,
    enrolled: bool,
    rules: Literal["moodle", "canvas"] = "moodle",
) -> None:
    """Take somebody out of the course, which deletes their grades in Moodle and not in Canvas, or back into it."""
    db.execute("UPDATE people SET enrolled = ? WHERE id = ?", (int(enrolled), person_id))
    if not enrolled and rules == "moodle":
        db.execute("DELETE FROM scores WHERE person_id = ?", (person_id,))


def enter_grade(
    db: sqlite3.Connection,
    rules: Literal["moodle", "canvas"],
    line_item_id: int,
    person_id: int,
    points: float | None,
) -> None:
    """Enter a teacher's own grade, or take a grade away (None).

    Moodle shows it over the tool's and keeps it whatever the tool sends, in the line item of an activity; elsewhere
    (``is_overridable_item`` in lib/grade/grade_item.php), and in Canvas, it takes the place of the tool's.
    """
    row = scores_of(db, line_item_id).get(person_id)
    held = StoredGrade(None, None, 0.0) if row is None else stored_grade(row)
    if points is None:
        new = replace(held, grade=None, override=None, result=None, cleared=False)
    elif rules == "moodle":
        coupled = db.execute("SELECT coupled FROM line_items WHERE id = ?", (line_item_id,)).fetchone()[0]
        entered = replace(held, override=points) if coupled else replace(held, grade=points)
        new = replace(entered, cleared=False)
    else:
        # update_line_item_result in app/models/submission.rb: only where there is a result, after a tool's first score.
        has_result = row is not None and row["accepted_count"]
        new = replace(held, grade=points, result=points if has_result else None)
    # Moodle compares the time of a score with that of any change, Canvas with that of the latest score.
    moment = time.time() if rules == "moodle" else held.sent_at
    write_grade(db, line_item_id, person_id, replace(new, sent_at=moment))


def clear_grade(db: sqlite3.Connection, line_item_id: int, person_id: int, *, cleared: bool = True) -> None:
    """Empty a grade by hand as in Moodle's grader report, where it then is overridden; or undo that."""
    held = stored_grade(scores_of(db, line_item_id)[person_id])
    write_grade(db, line_item_id, person_id, replace(held, cleared=cleared, sent_at=time.time()))


def reset_course(db: sqlite3.Connection, course_id: int) -> None:
    """Delete every grade of a course. No tool is notified."""
    db.execute(
        "DELETE FROM scores WHERE line_item_id IN (SELECT id FROM line_items WHERE course_id = ?)",
        (course_id,),
    )


def set_locked(db: sqlite3.Connection, line_item_id: int, *, locked: bool) -> None:
    """Lock a column of the gradebook, or open it again."""
    db.execute("UPDATE line_items SET locked = ? WHERE id = ?", (int(locked), line_item_id))


def set_concluded(db: sqlite3.Connection, course_id: int, *, concluded: bool) -> None:
    """End a course, or open it again."""
    db.execute("UPDATE courses SET concluded = ? WHERE id = ?", (int(concluded), course_id))
