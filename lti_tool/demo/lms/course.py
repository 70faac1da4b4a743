"""The course, its activities (resource links) and their line items, read and written."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lti_tool.demo.lms.refusals import Refusal
from lti_tool.demo.lms.tools import Tool


@dataclass(frozen=True)
class LmsCourse:
    """The LTI context."""

    id: int
    label: str
    title_fr: str
    title_en: str
    history: str
    "Ids of the courses this one was copied from, newest first, comma-separated."
    concluded: int = 0
    "Whether it is over: Canvas then takes no score any more."

    def title(self, locale: str) -> str:
        """The title in the language of the page."""
        return self.title_en if locale == "en" else self.title_fr


@dataclass(frozen=True)
class Link:
    """An activity: a resource link in the course."""

    id: int
    course_id: int
    tool_id: int
    title: str
    description: str
    url: str
    custom: dict[str, str]
    completion_rule: str
    "none, grade (any grade completes) or passgrade (reaching pass_grade completes)."
    pass_grade: float
    published: bool = True
    "Learners see it, and can launch it."


@dataclass(frozen=True)
class LineItem:
    """A column of the gradebook. A coupled one belongs to its activity and drives its completion."""

    id: int
    course_id: int
    tool_id: int
    link_id: int | None
    coupled: bool
    label: str
    score_maximum: float
    resource_id: str
    tag: str
    start_at: str | None
    end_at: str | None
    locked: int = 0
    "Whether nobody may change its grades; Moodle then answers 500 to a score."
    allowed_attempts: int | None = None
    "How many submissions Canvas takes of a person; None for any number."


def find_course(db: sqlite3.Connection, course_id: int) -> LmsCourse:
    """The course of that id, or a 404."""
    row = db.execute("SELECT * FROM courses WHERE id = ?", (course_id,)).fetchone()
    if row is None:
        raise Refusal(404, "no_such_course", "There is no such course here.")
    return LmsCourse(**dict(row))


def the_course(db: sqlite3.Connection) -> LmsCourse:
    """The demo's first course."""
    return LmsCourse(**dict(db.execute("SELECT * FROM courses ORDER BY id LIMIT 1").fetchone()))


def all_courses(db: sqlite3.Connection) -> list[LmsCourse]:
    """Every course, the oldest first."""
    return [LmsCourse(**dict(row)) for row in db.execute("SELECT * FROM courses ORDER BY id")]


def _link(row: sqlite3.Row) -> Link:
    return Link(**{**dict(row), "custom": json.loads(row["custom"]), "published": bool(row["published"])})


def find_link(db: sqlite3.Connection, link_id: int) -> Link:
    """The activity of that id, or a 404."""
    row = db.execute("SELECT * FROM links WHERE id = ?", (link_id,)).fetchone()
    if row is None:
        raise Refusal(404, "no_such_activity", "There is no such activity here.")
    return _link(row)


def links_of(db: sqlite3.Connection, course_id: int) -> list[Link]:
    """The course's activities, in the order they were added."""
    return [
        _link(row) for row in db.execute("SELECT * FROM links WHERE course_id = ? ORDER BY id", (course_id,))
    ]


def add_link(
    db: sqlite3.Connection,
    course_id: int,
    tool: Tool,
    title: str,
    *,
    url: str = "",
    description: str = "",
    custom: dict[str, str] | None = None,
    completion_rule: str = "grade",
    pass_grade: float = 0.0,
    line_item: dict[str, Any] | None = None,
    published: bool = True,
) -> Link:
    """Add an activity. ``line_item`` (a loaded DeepLinkLineItemSchema) couples a line item to it."""
    added = db.execute(
        "INSERT INTO links (course_id, tool_id, title, description, url, custom, completion_rule, pass_grade,"
        " published) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            course_id,
            tool.id,
            title,
            description,
            url or tool.target_link_uri,
            json.dumps(custom or {}),
            completion_rule,
            pass_grade,
            published,
        ),
    )
    link = find_link(db, added.lastrowid or 0)
    if line_item is not None:
        couple_line_item(db, link, line_item)
    return link


def couple_line_item(db: sqlite3.Connection, link: Link, values: dict[str, Any]) -> LineItem:
    """Accept grades for an activity: its own line item, the one that fires completion."""
    coupled = coupled_line_item(db, link.id)
    if coupled is not None:
        return coupled
    return add_line_item(
        db,
        course_id=link.course_id,
        tool_id=link.tool_id,
        values={**values, "label": values.get("label") or link.title},
        link_id=link.id,
        coupled=True,
    )


def change_link(db: sqlite3.Connection, link: Link, values: dict[str, Any]) -> None:
    """Change an activity's settings from a loaded ActivityFormSchema."""
    db.execute(
        "UPDATE links SET title = ?, completion_rule = ?, pass_grade = ? WHERE id = ?",
        (values["title"], values["completion_rule"], values["pass_grade"], link.id),
    )
    if values["accept_grades"]:
        couple_line_item(db, link, {"scoreMaximum": 100.0})
    else:
        db.execute("DELETE FROM line_items WHERE link_id = ? AND coupled = 1", (link.id,))


def publish_link(db: sqlite3.Connection, link_id: int) -> None:
    """Let learners see an activity, and launch it."""
    find_link(db, link_id)
    db.execute("UPDATE links SET published = 1 WHERE id = ?", (link_id,))


def delete_link(db: sqlite3.Connection, link_id: int) -> None:
    """Remove an activity with its line items and grades."""
    find_link(db, link_id)
    db.execute("DELETE FROM links WHERE id = ?", (link_id,))


def _line_item(row: sqlite3.Row) -> LineItem:
    return LineItem(**{**dict(row), "coupled": bool(row["coupled"])})


def coupled_line_item(db: sqlite3.Connection, link_id: int) -> LineItem | None:
    """The activity's own line item; None when it accepts no grades."""
    row = db.execute("SELECT * FROM line_items WHERE link_id = ? AND coupled = 1", (link_id,)).fetchone()
    return None if row is None else _line_item(row)


def named_line_item(db: sqlite3.Connection, link: Link, *, is_canvas: bool) -> LineItem | None:
    """The line item that launches of an activity name.

    Of an activity with further ones, Moodle names none (get_launch_parameters in
    mod/lti/service/gradebookservices/classes/local/service/gradebookservices.php, 0497556), and Canvas the first.
    """
    attached = [item for item in line_items_of(db, link.course_id, link.tool_id) if item.link_id == link.id]
    return coupled_line_item(db, link.id) if is_canvas or len(attached) == 1 else None


def line_items_of(db: sqlite3.Connection, course_id: int, tool_id: int | None = None) -> list[LineItem]:
    """The course's line items, of one tool or of all."""
    rows = db.execute(
        "SELECT * FROM line_items WHERE course_id = ? AND (? IS NULL OR tool_id = ?) ORDER BY id",
        (course_id, tool_id, tool_id),
    )
    return [_line_item(row) for row in rows]


def find_line_item(db: sqlite3.Connection, course_id: int, line_item_id: int, tool: Tool) -> LineItem:
    """A line item of this tool in this course, or a 404: other tools' items do not exist for it."""
    row = db.execute(
        "SELECT * FROM line_items WHERE id = ? AND course_id = ? AND tool_id = ?",
        (line_item_id, course_id, tool.id),
    ).fetchone()
    if row is None:
        raise Refusal(404, "no_such_line_item", "This tool has no such line item here.", tool.client_id)
    return _line_item(row)


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def add_line_item(
    db: sqlite3.Connection,
    *,
    course_id: int,
    tool_id: int,
    values: dict[str, Any],
    link_id: int | None,
    coupled: bool = False,
) -> LineItem:
    """Add a line item from a loaded LineItemSchema or DeepLinkLineItemSchema."""
    added = db.execute(
        "INSERT INTO line_items (course_id, tool_id, link_id, coupled, label, score_maximum, resource_id, tag,"
        " start_at, end_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            course_id,
            tool_id,
            link_id,
            int(coupled),
            values["label"],
            values["scoreMaximum"],
            values.get("resourceId", ""),
            values.get("tag", ""),
            _written(values.get("startDateTime")),
            _written(values.get("endDateTime")),
        ),
    )
    return _line_item(db.execute("SELECT * FROM line_items WHERE id = ?", (added.lastrowid,)).fetchone())


def change_line_item(
    db: sqlite3.Connection, item: LineItem, values: dict[str, Any], link_id: int | None
) -> None:
    """Replace a line item. Grades keep their share of the new maximum, as Moodle rescales them."""
    db.execute(
        "UPDATE line_items SET label = ?, score_maximum = ?, resource_id = ?, tag = ?, start_at = ?, end_at = ?,"
        " link_id = ? WHERE id = ?",
        (
            values["label"],
            values["scoreMaximum"],
            values["resourceId"],
            values["tag"],
            _written(values.get("startDateTime")),
            _written(values.get("endDateTime")),
            link_id,
            item.id,
        ),
    )
    db.execute(
        "UPDATE scores SET grade = grade * ? / ? WHERE line_item_id = ?",
        (values["scoreMaximum"], item.score_maximum, item.id),
    )
