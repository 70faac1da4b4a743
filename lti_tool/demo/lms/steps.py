"""The four steps of the demo, and which of them are done, by what the tool has told the LMS.

A tool reports to the gradebook how far a learner is (LTI-AGS 2.0, activityProgress): joined is Initialized, an
agreement that both signed is Started, a meeting is InProgress, and all of it is Completed.
"""

from __future__ import annotations

import sqlite3

from lti_tool.demo.lms.course import LmsCourse

SIGNED = ("Started", "InProgress", "Submitted", "Completed")


def steps_done(db: sqlite3.Connection, course: LmsCourse) -> list[bool]:
    """Of each step, in their order: a tutor has opened an activity, two have joined, signed, and completed."""
    # The tool reads the roster when a tutor opens an activity.
    opened = db.execute(
        "SELECT 1 FROM calls WHERE path LIKE ? LIMIT 1", (f"/services/{course.id}/bindings/%/memberships",)
    ).fetchone()
    progress = [
        row["activity_progress"]
        for row in db.execute(
            "SELECT scores.activity_progress FROM scores"
            " JOIN line_items ON line_items.id = scores.line_item_id WHERE line_items.course_id = ?",
            (course.id,),
        )
    ]
    signed = sum(state in SIGNED for state in progress)
    completed = sum(state == "Completed" for state in progress)
    return [opened is not None, len(progress) >= 2, signed >= 2, completed >= 2]
