"""The pages of the course: who one is, the activities, the gradebook; each with a JSON view for scripts."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request
from marshmallow import Schema, ValidationError
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.demo.lms.canvas.deep_linking import PICKERS
from lti_tool.demo.lms.course import (
    add_link,
    change_link,
    coupled_line_item,
    delete_link,
    find_course,
    find_link,
    line_items_of,
    publish_link,
)
from lti_tool.demo.lms.gradebook import Rules, course_for, gradebook
from lti_tool.demo.lms.people import find_person, is_enrolled, is_of_course, people_of_course
from lti_tool.demo.lms.refusals import Refusal, first_problem
from lti_tool.demo.lms.schemas import ActivityFormSchema
from lti_tool.demo.lms.steps import steps_done
from lti_tool.demo.lms.tools import all_tools, find_tool, show_in_menu
from lti_tool.demo.lms.wiring import (
    COURSE_COOKIE,
    LANGUAGE_COOKIE,
    USER_COOKIE,
    current_lms,
    current_person,
    require_person,
    require_teacher,
    viewed_course,
)

blueprint = Blueprint("pages", __name__)


def loaded_form(schema: Schema) -> dict[str, object]:
    """The posted form (or JSON object), checked."""
    given = request.get_json(silent=True) if request.is_json else request.form.to_dict()
    try:
        loaded: dict[str, object] = schema.load(given or {})
    except ValidationError as error:
        field, problem = first_problem(error.messages)
        raise Refusal(400, f"bad_{field}", f"{field}: {problem}") from error
    return loaded


def local_path(target: str | None) -> str:
    """A path on this server to go back to; anything else leads home."""
    if target and target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable():
        return target
    return "/"


def _rules() -> Rules:
    return current_lms().settings.grade_rules


@blueprint.get("/")
@blueprint.get("/course")
def course_page() -> str:
    """The course: its activities, with one's own completion and grade."""
    person = current_person()
    with current_lms().store.reading() as db:
        course = viewed_course(db)
        seen = course_for(db, person, course, rules=_rules())
        tools = all_tools(db)
    return render_template("course.html", course=course, seen=seen, tools=tools)


@blueprint.get("/course.json")
def course_json() -> AnyResponse:
    """The course as whoever is logged in sees it; see ``gradebook.course_for`` for its shape."""
    with current_lms().store.reading() as db:
        course = viewed_course(db)
        shown = course_for(db, current_person(), course, rules=_rules()) | {"steps": steps_done(db, course)}
    response = jsonify(shown)
    response.add_etag()
    response.headers["Cache-Control"] = "private, no-cache"
    return response.make_conditional(request)


@blueprint.post("/login")
def login() -> AnyResponse:
    """Log in: ``person_id``, and ``next``, the path to redirect to."""
    lms = current_lms()
    with lms.store.reading() as db:
        person = find_person(db, request.form.get("person_id", ""))
    if person is None:
        raise Refusal(400, "unknown_person", "There is no such person here.")
    response = redirect(local_path(request.form.get("next")), 303)
    value = lms.user_cookies().dumps(person.id)
    response.set_cookie(USER_COOKIE, str(value), httponly=True, samesite="Lax", path="/")
    return response


@blueprint.get("/courses/<int:course_id>")
def open_course(course_id: int) -> AnyResponse:
    """Open a course. Whoever is not in it is asked who they are there."""
    person = current_person()
    with current_lms().store.reading() as db:
        find_course(db, course_id)
        is_theirs = person is None or is_of_course(db, person.id, course_id)
    response = redirect("/", 303)
    response.set_cookie(COURSE_COOKIE, str(course_id), samesite="Lax", path="/")
    if not is_theirs:
        response.delete_cookie(USER_COOKIE, path="/")
    return response


@blueprint.post("/logout")
def logout() -> AnyResponse:
    """Log out."""
    response = redirect("/", 303)
    response.delete_cookie(USER_COOKIE, path="/")
    return response


@blueprint.post("/language")
def language() -> AnyResponse:
    """Change the language: ``lang`` is fr or en."""
    response = redirect(local_path(request.form.get("next")), 303)
    if request.form.get("lang") in ("fr", "en"):
        response.set_cookie(LANGUAGE_COOKIE, request.form["lang"], samesite="Lax", path="/", max_age=31536000)
    return response


@blueprint.get("/activities/<int:link_id>")
def activity_page(link_id: int) -> str:
    """An activity in its frame, with its completion beside it."""
    person = require_person()
    with current_lms().store.reading() as db:
        link = find_link(db, link_id)
        tool = find_tool(db, link.tool_id)
        seen = course_for(db, person, find_course(db, link.course_id), rules=_rules())
    mine = next(activity for activity in seen["activities"] if activity["id"] == str(link_id))
    return render_template("activity.html", link=link, tool=tool, activity=mine)


@blueprint.get("/mod/lti/view.php")
def moodle_activity_page() -> AnyResponse:
    """An activity by the address that it has in Moodle, ``?l=`` and its number."""
    return redirect(f"/activities/{request.args.get('l', 0, type=int)}")


@blueprint.get("/activities/new")
def new_activity_page() -> str:
    """Choose a tool: its content picker in a frame (``?tool=ID``), or a form to fill in by hand."""
    require_teacher()
    with current_lms().store.reading() as db:
        tools = [tool for tool in all_tools(db) if tool.state == "active"]
    chosen = next((tool for tool in tools if str(tool.id) == request.args.get("tool")), None)
    placement = request.args.get("placement")
    if chosen is not None and placement and chosen.placement(placement) is None:
        raise Refusal(404, "no_such_placement", "This tool has no such placement.", chosen.client_id)
    return render_template(
        "new_activity.html", tools=tools, chosen=chosen, placement=placement, pickers=PICKERS
    )


@blueprint.post("/activities")
def create_activity() -> AnyResponse:
    """Add an activity by hand: ``tool_id``, ``title``, ``accept_grades`` (unticked by default, as in Moodle)."""
    require_teacher()
    form = loaded_form(ActivityFormSchema())
    tool_id = request.form.get("tool_id", "") or str((request.get_json(silent=True) or {}).get("tool_id", ""))
    if not (tool_id.isascii() and tool_id.isdigit()):
        raise Refusal(400, "bad_tool_id", "tool_id names no tool.")
    with current_lms().store.transaction() as db:
        tool = find_tool(db, int(tool_id))
        link = add_link(db, viewed_course(db).id, tool, str(form["title"]))
        change_link(db, link, form)
    if request.accept_mimetypes.best == "application/json":
        return make_response(jsonify({"id": str(link.id)}), 201)
    return redirect(f"/activities/{link.id}/edit", 303)


@blueprint.get("/activities/<int:link_id>/edit")
def edit_activity_page(link_id: int) -> str:
    """The settings of an activity."""
    require_teacher()
    with current_lms().store.reading() as db:
        link = find_link(db, link_id)
        item = coupled_line_item(db, link_id)
    return render_template("edit_activity.html", link=link, item=item)


@blueprint.post("/activities/<int:link_id>/edit")
def change_activity(link_id: int) -> AnyResponse:
    """Change an activity: ``title``, ``accept_grades``, ``completion_rule``, ``pass_grade``."""
    require_teacher()
    form = loaded_form(ActivityFormSchema())
    with current_lms().store.transaction() as db:
        change_link(db, find_link(db, link_id), form)
    return redirect("/", 303)


@blueprint.post("/activities/<int:link_id>/publish")
def publish_activity(link_id: int) -> AnyResponse:
    """Let learners see an activity, and launch it."""
    require_teacher()
    with current_lms().store.transaction() as db:
        publish_link(db, link_id)
    return redirect("/", 303)


@blueprint.get("/courses/navigation/<int:tool_id>")
def navigation_page(tool_id: int) -> str:
    """A tool's page in the course's menu, in its frame."""
    require_person()
    with current_lms().store.reading() as db:
        tool = find_tool(db, tool_id)
    if tool.placement("course_navigation") is None:
        raise Refusal(404, "no_such_placement", "This tool has no page in the course’s menu.", tool.client_id)
    return render_template("navigation.html", tool=tool)


@blueprint.post("/courses/navigation/<int:tool_id>")
def change_navigation(tool_id: int) -> AnyResponse:
    """Show a tool in the course's menu, or hide it: ``shown`` is true or false."""
    require_teacher()
    with current_lms().store.transaction() as db:
        show_in_menu(db, find_tool(db, tool_id), shown=request.form.get("shown") == "true")
    return redirect("/", 303)


@blueprint.post("/activities/<int:link_id>/delete")
def remove_activity(link_id: int) -> AnyResponse:
    """Remove an activity with its grades."""
    require_teacher()
    with current_lms().store.transaction() as db:
        delete_link(db, link_id)
    return redirect("/", 303)


@blueprint.get("/gradebook")
def gradebook_page() -> str:
    """Every student, every activity: grades and completion."""
    require_teacher()
    with current_lms().store.reading() as db:
        course = viewed_course(db)
        book = gradebook(db, course, rules=_rules())
        locked = [item.id for item in line_items_of(db, course.id) if item.locked]
        away = [
            person
            for person in people_of_course(db, course.id)
            if person.role == "student" and not is_enrolled(db, person.id, course.id)
        ]
    is_canvas = current_lms().settings.is_canvas
    return render_template(
        "gradebook.html", book=book, course=course, locked=locked, away=away, is_canvas=is_canvas
    )


@blueprint.get("/gradebook.json")
def gradebook_json() -> Response:
    """The gradebook for scripts; see ``gradebook.gradebook`` for its shape."""
    require_teacher()
    with current_lms().store.reading() as db:
        return jsonify(gradebook(db, viewed_course(db), rules=_rules()))


@blueprint.get("/return")
def leave_tool() -> str:
    """Where a tool sends people back to (launch_presentation.return_url): out of the frame, to the course.

    What the tool says to them (LTI 1.3 core §5.4.4) goes with them.
    """
    said = {name: request.args[name] for name in ("lti_msg", "lti_errormsg") if name in request.args}
    return render_template("leave_frame.html", target=f"/?{urlencode(said)}" if said else "/", links=[])
