"""Grades as the LMS holds them, and the completion that follows from them."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import replace
from typing import Any, Literal

from lti_tool.demo.lms.canvas.scores import Assignment, canvas_completion, canvas_score
from lti_tool.demo.lms.course import (
    LineItem,
    Link,
    LmsCourse,
    coupled_line_item,
    find_course,
    find_link,
    line_items_of,
    links_of,
    the_course,
)
from lti_tool.demo.lms.people import LmsPerson, everybody, find_person, is_enrolled
from lti_tool.demo.lms.refusals import Refusal
from lti_tool.demo.lms.score_rules import StoredGrade, completion, moodle_score

Rules = Literal["moodle", "canvas"]


def take_score(db: sqlite3.Connection, rules: Rules, item: LineItem, score: dict[str, Any]) -> StoredGrade:
    """Apply a score, or raise the rules' Refusal.

    ``score``: as it was posted under Canvas's rules, which read it in their own order; else a loaded ScoreSchema.
    """
    person = find_person(db, _user_id(score))
    row = None if person is None else scores_of(db, item.id).get(person.id)
    held = None if row is None else stored_grade(row)
    role = person.role if person is not None and is_enrolled(db, person.id, item.course_id) else None
    if rules == "canvas":
        new = canvas_score(held, score, role, _assignment(db, item))
    elif item.locked:
        raise Refusal(500, "locked", "This grade item is locked.")
    else:
        new = moodle_score(held, score, role, item.score_maximum)
    progress = score["activityProgress"], score["gradingProgress"]
    write_grade(db, item.id, person.id if person else None, new, progress, accepted=1)
    return new


def count_attempts(db: sqlite3.Connection, item: LineItem, score: dict[str, Any], attempts: int) -> None:
    """Store how many submissions Canvas has counted of the person of a score that it refused."""
    person = find_person(db, _user_id(score))
    if person is None:
        return
    row = scores_of(db, item.id).get(person.id)
    held = StoredGrade(None, None, 0.0) if row is None else stored_grade(row)
    write_grade(db, item.id, person.id, replace(held, attempts=attempts))


def _user_id(score: dict[str, Any]) -> str:
    """Whom a score is for; Canvas takes a number, too."""
    given = score.get("userId")
    return str(given) if isinstance(given, str | int) and not isinstance(given, bool) else ""


def _assignment(db: sqlite3.Connection, item: LineItem) -> Assignment:
    """What of Canvas's assignment decides over a score. A line item without an activity is an assignment of its own."""
    return Assignment(
        item.score_maximum,
        item.allowed_attempts,
        is_first_line_item=is_first_line_item(item),
        is_published=item.link_id is None or find_link(db, item.link_id).published,
    )


def is_first_line_item(item: LineItem) -> bool:
    """Whether it is the first of its assignment in Canvas, the one that is a column of the gradebook."""
    return item.coupled or item.link_id is None


def refuse_if_concluded(db: sqlite3.Connection, course_id: int) -> None:
    """Canvas answers no request about the grades of a course that has ended."""
    if find_course(db, course_id).concluded:
        raise Refusal(
            422,
            "course_concluded",
            "This course has concluded. AGS requests will no longer be accepted for this course.",
        )


def stored_grade(row: sqlite3.Row) -> StoredGrade:
    """The grade of a row of ``scores``."""
    return StoredGrade(
        row["grade"],
        row["comment"],
        row["sent_at"],
        row["override"],
        row["attempts"],
        row["result"],
        bool(row["cleared"]),
    )


def write_grade(
    db: sqlite3.Connection,
    line_item_id: int,
    person_id: int | None,
    new: StoredGrade,
    progress: tuple[str, str] | None = None,
    *,
    accepted: int = 0,
) -> None:
    """Store what somebody's cell holds now. ``progress``: what a tool's score said; ``accepted``: 1 for one."""
    db.execute(
        "INSERT INTO scores (line_item_id, person_id, grade, comment, sent_at, override, attempts, result, cleared,"
        " activity_progress, grading_progress, accepted_at, accepted_count)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (line_item_id, person_id) DO UPDATE SET grade = excluded.grade,"
        " comment = excluded.comment, sent_at = excluded.sent_at, override = excluded.override,"
        " attempts = excluded.attempts, result = excluded.result, cleared = excluded.cleared,"
        " accepted_at = excluded.accepted_at,"
        " accepted_count = accepted_count + excluded.accepted_count",
        (
            line_item_id,
            person_id,
            new.grade,
            new.comment,
            new.sent_at,
            new.override,
            new.attempts,
            new.result,
            int(new.cleared),
            *(progress or ("Initialized", "NotReady")),
            time.time(),
            accepted,
        ),
    )
    if progress is not None:
        db.execute(
            "UPDATE scores SET activity_progress = ?, grading_progress = ? WHERE line_item_id = ? AND person_id = ?",
            (*progress, line_item_id, person_id),
        )


def scores_of(db: sqlite3.Connection, line_item_id: int) -> dict[int, sqlite3.Row]:
    """Score rows of a line item by person id."""
    rows = db.execute("SELECT * FROM scores WHERE line_item_id = ? ORDER BY person_id", (line_item_id,))
    return {row["person_id"]: row for row in rows}


def _cell(row: sqlite3.Row | None, maximum: float) -> dict[str, Any]:
    if row is None:
        return {"grade": None, "maximum": maximum, "comment": None, "activity_progress": None}
    return {
        "grade": stored_grade(row).shown,
        "maximum": maximum,
        "comment": row["comment"],
        "activity_progress": row["activity_progress"],
        "grading_progress": row["grading_progress"],
        "accepted_count": row["accepted_count"],
        "attempts": row["attempts"],
    }


def _completion(rules: Rules, link: Link, row: sqlite3.Row | None) -> str:
    """The state of an activity, or of a module's item in Canvas, by the row of its own line item."""
    held = None if row is None else stored_grade(row)
    if rules == "canvas":
        return canvas_completion(link.completion_rule, held, link.pass_grade)
    return completion(link.completion_rule, held.shown if held else None, link.pass_grade)


def gradebook(
    db: sqlite3.Connection, course: LmsCourse | None = None, *, rules: Rules = "moodle"
) -> dict[str, Any]:
    """The whole gradebook of a course, of the first one by default.

    {"course": {...}, "columns": [{"line_item_id", "link_id", "label", "coupled", "maximum"}],
    "activities": [{"id", "title", "completion_rule", "accepts_grades"}],
    "students": [{"id", "name", "username", "grades": {line item id: cell}, "completion": {activity id: state}}]}
    where a cell is {"grade", "maximum", "comment", "activity_progress", "grading_progress", "accepted_count",
    "attempts"}. In Canvas only the first line item of an assignment is a column.
    """
    course = course or the_course(db)
    items = [item for item in line_items_of(db, course.id) if rules == "moodle" or is_first_line_item(item)]
    links = links_of(db, course.id)
    coupled = {item.link_id: item for item in items if item.coupled}
    scores = {item.id: scores_of(db, item.id) for item in items}
    students = []
    for person in everybody(db):
        if person.role != "student" or not is_enrolled(db, person.id, course.id):
            continue
        states = {}
        for link in links:
            item = coupled.get(link.id)
            row = scores[item.id].get(person.id) if item else None
            states[str(link.id)] = _completion(rules, link, row)
        students.append(
            {
                "id": str(person.id),
                "name": person.name,
                "username": person.username,
                "grades": {
                    str(item.id): _cell(scores[item.id].get(person.id), item.score_maximum) for item in items
                },
                "completion": states,
            }
        )
    return {
        "course": {"id": str(course.id), "label": course.label, "title": course.title_fr},
        "columns": [
            {
                "line_item_id": str(item.id),
                "link_id": str(item.link_id) if item.link_id else None,
                "label": item.label,
                "coupled": item.coupled,
                "maximum": item.score_maximum,
                "resource_id": item.resource_id,
                "tag": item.tag,
            }
            for item in items
        ],
        "activities": [
            {
                "id": str(link.id),
                "title": link.title,
                "completion_rule": link.completion_rule,
                "accepts_grades": link.id in coupled,
            }
            for link in links
        ],
        "students": students,
    }


def course_for(
    db: sqlite3.Connection, person: LmsPerson | None, course: LmsCourse, *, rules: Rules = "moodle"
) -> dict[str, Any]:
    """A course as one person sees it: each activity with their own completion and grade.

    {"course": {...}, "person": {...} | None, "activities": [{"id", "title", "description", "completion",
    "grade", "maximum", "comment", "accepts_grades", "launch_url"}]}. Completion and grade are None for
    whoever is not graded.
    """
    graded = person is not None and person.role == "student"
    activities = []
    for link in links_of(db, course.id):
        if not link.published and not (person is not None and person.teaches):
            continue
        item = coupled_line_item(db, link.id)
        row = scores_of(db, item.id).get(person.id) if item and person and graded else None
        shown = stored_grade(row).shown if row else None
        activities.append(
            {
                "id": str(link.id),
                "title": link.title,
                "description": link.description,
                "accepts_grades": item is not None,
                "completion_rule": link.completion_rule,
                "completion": _completion(rules, link, row) if graded else None,
                "grade": shown,
                "maximum": item.score_maximum if item else None,
                "comment": row["comment"] if row else None,
                "launch_url": f"/launch/{link.id}",
                "published": link.published,
            }
        )
    return {
        "course": {"id": str(course.id), "label": course.label, "title": course.title_fr},
        "person": None
        if person is None
        else {
            "id": str(person.id),
            "username": person.username,
            "name": person.name,
            "role": person.role,
            "email": person.email,
        },
        "activities": activities,
    }
