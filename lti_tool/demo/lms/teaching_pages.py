"""What a teacher does in the gradebook besides looking: a form on its page, for people and scripts."""

from __future__ import annotations

import sqlite3
from typing import Any

from flask import Blueprint, make_response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.demo.lms import teaching
from lti_tool.demo.lms.course import line_items_of
from lti_tool.demo.lms.pages import loaded_form
from lti_tool.demo.lms.people import find_person
from lti_tool.demo.lms.refusals import Refusal
from lti_tool.demo.lms.schemas import GradebookFormSchema
from lti_tool.demo.lms.wiring import current_lms, require_teacher, viewed_course

blueprint = Blueprint("teaching_pages", __name__)


@blueprint.post("/gradebook")
def change_gradebook() -> AnyResponse:
    """``act``: enter (``points``), delete, unenrol, enrol (each of ``person_id``), lock, unlock, reset.

    ``line_item_id`` names the column, the first one by default.
    """
    require_teacher()
    form = loaded_form(GradebookFormSchema())
    with current_lms().store.transaction() as db:
        _change(db, form)
    if request.accept_mimetypes.best == "application/json":
        return make_response("", 204)
    return redirect("/gradebook", 303)


def _change(db: sqlite3.Connection, form: dict[str, Any]) -> None:
    course = viewed_course(db)
    if form["act"] == "reset":
        teaching.reset_course(db, course.id)
        return
    if form["act"] in ("enrol", "unenrol"):
        rules, enrolled = current_lms().settings.grade_rules, form["act"] == "enrol"
        teaching.set_enrolled(db, _person_id(db, form), enrolled=enrolled, rules=rules)
        return
    items = [item.id for item in line_items_of(db, course.id)]
    item_id = form["line_item_id"] if form["line_item_id"] is not None else next(iter(items), None)
    if item_id not in items:
        raise Refusal(404, "no_such_line_item", "The gradebook has no such column.")
    if form["act"] in ("lock", "unlock"):
        teaching.set_locked(db, item_id, locked=form["act"] == "lock")
        return
    if form["act"] == "enter" and form["points"] is None:
        raise Refusal(400, "bad_points", "Which grade is to be entered?")
    points = form["points"] if form["act"] == "enter" else None
    rules = current_lms().settings.grade_rules
    teaching.enter_grade(db, rules, item_id, _person_id(db, form), points)


def _person_id(db: sqlite3.Connection, form: dict[str, Any]) -> int:
    person = find_person(db, form["person_id"]) if form["person_id"] is not None else None
    if person is None or person.role != "student":
        raise Refusal(400, "bad_person_id", "person_id names no student.")
    return person.id
