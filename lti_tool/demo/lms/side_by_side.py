"""A mentee, the tutor and a mentor side by side, each in a frame of their own, and the statements as they arrive.

What one of them does is seen by the others within seconds, without changing person: it is what the tool is for.
"""

from __future__ import annotations

import sqlite3

from flask import Blueprint, Response, jsonify, render_template, request

from lti_tool.demo.lms.course import Link, LmsCourse, links_of
from lti_tool.demo.lms.people import LmsPerson, people_of_course
from lti_tool.demo.lms.statements import latest_lines
from lti_tool.demo.lms.tools import find_tool
from lti_tool.demo.lms.wiring import current_lms, viewed_course

blueprint = Blueprint("side_by_side", __name__)

SHOWN_LINES = 30
FIRST_PAIR = ("helene.marchand", "lina.haddad")
"""Who is shown in the first course: a mentee and a mentor, by what they do."""


def _shown_activity(db: sqlite3.Connection, course: LmsCourse) -> Link | None:
    """The first activity of the course."""
    return next((link for link in links_of(db, course.id) if link.published), None)


def _shown_people(students: list[LmsPerson]) -> tuple[LmsPerson, LmsPerson]:
    """The two learners that the address names, or those who are shown at first."""
    by_id = {str(person.id): person for person in students}
    proposed = [person for person in students if person.username in FIRST_PAIR]
    proposed.sort(key=lambda person: FIRST_PAIR.index(person.username))
    first, second = proposed if len(proposed) == 2 else (students[1], students[0])
    first = by_id.get(request.args.get("first", ""), first)
    second = by_id.get(request.args.get("second", ""), second)
    return first, second


@blueprint.get("/side-by-side")
def page() -> str:
    """The three frames. ``first`` and ``second`` choose the two learners, by id."""
    with current_lms().store.reading() as db:
        course = viewed_course(db)
        link = _shown_activity(db, course)
        people = people_of_course(db, course.id)
        tool = find_tool(db, link.tool_id) if link is not None else None
    students = [person for person in people if person.role == "student"]
    tutor = next((person for person in people if person.role == "teacher"), None)
    if link is None or tool is None or tool.state != "active" or tutor is None or len(students) < 2:
        return render_template("side_by_side.html", link=None)
    first, second = _shown_people(students)
    return render_template(
        "side_by_side.html", link=link, shown=(first, tutor, second), students=students, lines=_lines()
    )


def _lines() -> list[dict[str, str]]:
    return latest_lines(SHOWN_LINES) if current_lms().settings.lrs is not None else []


@blueprint.get("/side-by-side/statements.json")
def lines_json() -> Response:
    """[{"id", "timestamp", "actor", "role", "verb", "object"}] of the newest statements, the latest first."""
    shown = ("id", "timestamp", "actor", "role", "verb", "object")
    return jsonify([{name: line[name] for name in shown} for line in _lines()])
