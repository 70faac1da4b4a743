"""Where a teacher copies a course, or an activity within it: forms of the course's pages, for people and scripts."""

from __future__ import annotations

from flask import Blueprint, jsonify, make_response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.demo.lms.copies import copy_course, duplicate_link
from lti_tool.demo.lms.wiring import COURSE_COOKIE, current_lms, current_locale, require_teacher

blueprint = Blueprint("copy_pages", __name__)


@blueprint.post("/courses/<int:course_id>/copy")
def copy(course_id: int) -> AnyResponse:
    """Copy a course and open the copy; ``with_people``: true for its learners and their grades, too."""
    require_teacher()
    lms = current_lms()
    with lms.store.transaction() as db:
        made = copy_course(db, lms.settings, course_id, with_people=request.form.get("with_people") == "true")
    response = _made(str(made.id), "/")
    response.set_cookie(COURSE_COOKIE, str(made.id), samesite="Lax", path="/")
    return response


@blueprint.post("/activities/<int:link_id>/duplicate")
def duplicate(link_id: int) -> AnyResponse:
    """Copy an activity within its course."""
    require_teacher()
    lms = current_lms()
    with lms.store.transaction() as db:
        made = duplicate_link(db, link_id, current_locale(), lms.settings.grade_rules)
    return _made(str(made.id), "/")


def _made(made_id: str, page: str) -> AnyResponse:
    if request.accept_mimetypes.best == "application/json":
        return make_response(jsonify({"id": made_id}), 201)
    return redirect(page, 303)
