"""Copies of courses and of activities, as Moodle and Canvas make them: what keeps its id, and what gets a new one.

In both a copied course is another context, whose ``Context.id.history`` begins with the id of its original; each
activity is another resource link with the address and the custom parameters of its original, and its line item another
one with the same ``resourceId`` and ``tag``. Seen in Moodle 4.5 (backup and restore, and "Copy course"), and read from
instructure/canvas-lms: ``app/models/importers/lti_resource_link_importer.rb``, and ``assignment_importer.rb`` (03520ab)
beside it, which copies further line items of an assignment, too, and one that is an assignment of its own. No tool is
notified.

Moodle can take the people along, with their grades; Canvas copies content alone.
"""

from __future__ import annotations

import sqlite3

from lti_tool.demo.lms.course import (
    LineItem,
    Link,
    LmsCourse,
    all_courses,
    find_course,
    find_link,
    line_items_of,
    links_of,
)
from lti_tool.demo.lms.ids import shown_context_id
from lti_tool.demo.lms.people import people_of_course
from lti_tool.demo.lms.refusals import Refusal
from lti_tool.demo.lms.settings import LmsSettings
from lti_tool.demo.lms.texts import duplicate_title, translated

TITLES = ("Copie de {title}", "Copy of {title}")
"""French and English."""


def copy_course(
    db: sqlite3.Connection, settings: LmsSettings, course_id: int, *, with_people: bool = False
) -> LmsCourse:
    """Copy a course with its activities; return the copy.

    ``with_people``: its learners are in the copy, too, with their grades. Raises :class:`Refusal`: 400 where Canvas is
    asked for that.
    """
    if with_people and settings.is_canvas:
        raise Refusal(400, "content_alone", "Canvas copies the content of a course, and nobody in it.")
    course = find_course(db, course_id)
    added = db.execute(
        "INSERT INTO courses (label, title_fr, title_en, history) VALUES (?, ?, ?, ?)",
        (
            f"{course.label} ({len(all_courses(db)) + 1})",
            TITLES[0].format(title=course.title_fr),
            TITLES[1].format(title=course.title_en),
            ",".join(filter(None, (shown_context_id(settings, course.id), course.history))),
        ),
    )
    copy = find_course(db, added.lastrowid or 0)
    links = {link.id: _copy_link(db, link, copy.id) for link in links_of(db, course.id)}
    for item in line_items_of(db, course.id):
        copied = _copy_line_item(db, item, copy.id, None if item.link_id is None else links[item.link_id])
        if with_people:
            _copy_grades(db, item.id, copied)
    if with_people:
        db.executemany(
            "INSERT OR IGNORE INTO enrolments (course_id, person_id) VALUES (?, ?)",
            [
                (copy.id, person.id)
                for person in people_of_course(db, course.id)
                if person.course_id is not None
            ],
        )
    return copy


def duplicate_link(db: sqlite3.Connection, link_id: int, locale: str, rules: str) -> Link:
    """Copy one activity within its course, with a line item if it has one, as both products' "Duplicate" does.

    The copy and its column are named as copies, too (``duplicate_module`` in Moodle, ``get_copy_title`` in Canvas).
    ``locale``: "fr" or "en"; ``rules``: "moodle" or "canvas".
    """
    link = find_link(db, link_id)
    copied = _copy_link(db, link, link.course_id)
    copied_items = [
        _copy_line_item(db, item, link.course_id, copied)
        for item in line_items_of(db, link.course_id, link.tool_id)
        if item.coupled and item.link_id == link.id
    ]
    title = duplicate_title(locale, translated(locale, link.title), rules)
    db.execute("UPDATE links SET title = ? WHERE id = ?", (title, copied))
    for item_id in copied_items:
        db.execute("UPDATE line_items SET label = ? WHERE id = ?", (title, item_id))
    return find_link(db, copied)


_LINK_COLUMNS = "tool_id, title, description, url, custom, completion_rule, pass_grade, published"
_LINE_ITEM_COLUMNS = (
    "tool_id, coupled, label, score_maximum, resource_id, tag, start_at, end_at, locked, allowed_attempts"
)
_GRADE_COLUMNS = (
    "person_id, grade, comment, sent_at, activity_progress, grading_progress, accepted_at, accepted_count, override,"
    " attempts, result, cleared"
)


def _copy_link(db: sqlite3.Connection, link: Link, course_id: int) -> int:
    return _copy_row(db, "links", _LINK_COLUMNS, "id", link.id, {"course_id": course_id})


def _copy_line_item(db: sqlite3.Connection, item: LineItem, course_id: int, link_id: int | None) -> int:
    changed = {"course_id": course_id, "link_id": link_id}
    return _copy_row(db, "line_items", _LINE_ITEM_COLUMNS, "id", item.id, changed)


def _copy_grades(db: sqlite3.Connection, line_item_id: int, copied_id: int) -> None:
    _copy_row(db, "scores", _GRADE_COLUMNS, "line_item_id", line_item_id, {"line_item_id": copied_id})


def _copy_row(
    db: sqlite3.Connection, table: str, kept: str, key: str, wanted: int, changed: dict[str, int | None]
) -> int:
    """Copy the rows of a table whose ``key`` is the one wanted; return the id of the last copy."""
    names, marks = ", ".join(changed), ", ".join("?" for _ in changed)
    statement = f"INSERT INTO {table} ({names}, {kept}) SELECT {marks}, {kept} FROM {table} WHERE {key} = ?"  # noqa: S608 - our own names
    return db.execute(statement, (*changed.values(), wanted)).lastrowid or 0
