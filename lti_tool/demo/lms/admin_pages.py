"""The administrator's pages: people, tools, and the log of every service call."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.demo.lms.pages import loaded_form
from lti_tool.demo.lms.people import LmsPerson, add_person, delete_person, everybody, people_of_course
from lti_tool.demo.lms.registration import start_registration
from lti_tool.demo.lms.schemas import PersonFormSchema, RegistrationUrlFormSchema
from lti_tool.demo.lms.tools import activate_tool, all_tools, delete_tool
from lti_tool.demo.lms.wiring import current_lms, require_admin, require_teacher, viewed_course

blueprint = Blueprint("admin_pages", __name__)

LATEST_CALLS = 200
MOST_CALLS = 10_000


def _person_json(person: LmsPerson) -> dict[str, str]:
    return {
        "id": str(person.id),
        "username": person.username,
        "name": person.name,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "email": person.email,
        "role": person.role,
        "job": person.job_fr,
    }


def wants_json() -> bool:
    """Whether a script is asking."""
    return request.accept_mimetypes.best == "application/json"


@blueprint.get("/people")
def people_page() -> str:
    """Everybody, and a form to add somebody."""
    require_teacher()
    with current_lms().store.reading() as db:
        people = people_of_course(db, viewed_course(db).id)
    return render_template("people.html", people=people)


@blueprint.get("/people.json")
def people_json() -> Response:
    """[{"id", "username", "name", "given_name", "family_name", "email", "role", "job"}], for everybody:
    the login form shows the same names."""
    with current_lms().store.reading() as db:
        return jsonify([_person_json(person) for person in everybody(db)])


@blueprint.post("/people")
def create_person() -> AnyResponse:
    """Add and enrol somebody: ``given_name``, ``family_name``, ``role`` (student, teacher, admin), ``job``."""
    require_admin()
    form = loaded_form(PersonFormSchema())
    with current_lms().store.transaction() as db:
        person = add_person(db, form, viewed_course(db).id)
    if wants_json():
        return make_response(jsonify(_person_json(person)), 201)
    return redirect("/people", 303)


@blueprint.post("/people/<int:person_id>/delete")
def remove_person(person_id: int) -> AnyResponse:
    """Delete an account with its grades. The first people stay, and so does whoever is looking."""
    me = require_admin()
    with current_lms().store.transaction() as db:
        delete_person(db, person_id, by=me.id)
    return redirect("/people", 303)


@blueprint.get("/admin/tools")
def tools_page() -> str:
    """The tools, and the form to add one."""
    require_admin()
    with current_lms().store.reading() as db:
        tools = all_tools(db)
    return render_template("tools.html", tools=tools)


@blueprint.get("/admin/tools.json")
def tools_json() -> Response:
    """[{"id", "client_id", "deployment_id", "name", "state", "scopes", "claims", "has_picker"}]."""
    require_admin()
    with current_lms().store.reading() as db:
        tools = all_tools(db)
    return jsonify(
        [
            {
                "id": str(tool.id),
                "client_id": tool.client_id,
                "deployment_id": tool.deployment_id,
                "name": tool.name,
                "state": tool.state,
                "scopes": tool.scopes,
                "claims": tool.claims,
                "has_picker": tool.deep_link_uri is not None,
            }
            for tool in tools
        ]
    )


@blueprint.post("/admin/registrations")
def add_tool() -> AnyResponse:
    """Open a tool's registration page in a frame: ``registration_url``."""
    require_admin()
    form = loaded_form(RegistrationUrlFormSchema())
    started = start_registration(current_lms(), str(form["registration_url"]))
    if wants_json():
        return make_response(jsonify(started), 201)
    return make_response(render_template("register_tool.html", started=started))


@blueprint.post("/admin/tools/<int:tool_id>/activate")
def activate(tool_id: int) -> AnyResponse:
    """Let a registered tool be used."""
    require_admin()
    with current_lms().store.transaction() as db:
        activate_tool(db, tool_id)
    return redirect("/admin/tools", 303)


@blueprint.post("/admin/tools/<int:tool_id>/delete")
def delete(tool_id: int) -> AnyResponse:
    """Remove a tool with its activities and grades."""
    require_admin()
    with current_lms().store.transaction() as db:
        delete_tool(db, tool_id)
    return redirect("/admin/tools", 303)


def _calls() -> list[dict[str, object]]:
    given = request.args.get("limit", "")
    limit = (
        min(int(given), MOST_CALLS)
        if given.isascii() and given.isdigit() and len(given) < 9
        else LATEST_CALLS
    )
    with current_lms().store.reading() as db:
        rows = db.execute("SELECT * FROM calls ORDER BY id DESC LIMIT ?", (limit,)).fetchall()
    return [
        {**dict(row), "at": datetime.fromtimestamp(row["at"], UTC).isoformat(timespec="seconds")}
        for row in rows
    ]


@blueprint.get("/activity")
def activity_log_page() -> str:
    """Every launch and service call, accepted or refused, the latest first."""
    require_admin()
    return render_template("activity_log.html", calls=_calls())


@blueprint.get("/activity.json")
def activity_log_json() -> Response:
    """[{"id", "at", "tool", "method", "path", "status", "reason", "detail"}], the latest first;
    ``?limit=`` up to 10000, 200 otherwise."""
    require_admin()
    return jsonify(_calls())
