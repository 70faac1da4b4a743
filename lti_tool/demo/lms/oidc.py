"""Launches: the login initiation, and the authentication endpoint that answers with an id_token.

LTI Security Framework 5.1.1, https://www.imsglobal.org/spec/security/v1p0/#openid_connect_launch_flow.
The message hint is used up by the first answer, as Moodle's is: a reloaded launch cannot succeed.
"""

from __future__ import annotations

import secrets
import sqlite3
import time

from flask import Blueprint, Response, make_response, redirect, render_template, request
from marshmallow import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.demo.lms.canvas.deep_linking import PICKERS
from lti_tool.demo.lms.canvas.launches import nearest_error
from lti_tool.demo.lms.canvas.platform_storage import STORAGE_TARGET
from lti_tool.demo.lms.claims import launch_content
from lti_tool.demo.lms.course import find_course, find_link, named_line_item
from lti_tool.demo.lms.deep_linking import deep_linking_settings
from lti_tool.demo.lms.people import LmsPerson, find_person, is_of_course
from lti_tool.demo.lms.platform import add_query, login_fields, signed_launch
from lti_tool.demo.lms.refusals import Refusal, first_problem
from lti_tool.demo.lms.schemas import OidcRequestSchema
from lti_tool.demo.lms.tools import Tool, find_active_client, find_tool
from lti_tool.demo.lms.wiring import (
    current_lms,
    current_locale,
    current_person,
    require_person,
    require_teacher,
    viewed_course,
)

blueprint = Blueprint("oidc", __name__)


def _document_target() -> str:
    return "window" if request.args.get("target") == "window" else "iframe"


def _initiate(
    tool: Tool,
    person: LmsPerson,
    target: str,
    link_id: int | None,
    deep_link_id: str | None,
    course_id: int | None = None,
    for_person_id: int | None = None,
    *,
    beside: bool = False,
) -> AnyResponse:
    """Make a hint and send the browser to the tool's login.

    ``beside``: the launch is answered for ``person`` whoever is logged in, in a frame beside other people's.
    """
    lms = current_lms()
    hint = secrets.token_urlsafe(24)
    with lms.store.transaction() as db:
        db.execute("DELETE FROM hints WHERE expires_at < ?", (time.time() - 3600,))
        db.execute(
            "INSERT INTO hints (id, tool_id, person_id, link_id, deep_link_id, course_id, target, locale,"
            " expires_at, for_person_id, beside) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                hint,
                tool.id,
                person.id,
                link_id,
                deep_link_id,
                course_id,
                _document_target(),
                current_locale(),
                time.time() + lms.settings.hint_seconds,
                for_person_id,
                int(beside),
            ),
        )
    fields = login_fields(lms.issuer, lms.key, tool, target, str(person.id), hint)
    if lms.settings.is_canvas:
        fields |= {
            "canvas_region": "not_configured",
            "deployment_id": tool.deployment_id,
            "lti_storage_target": STORAGE_TARGET,
        }
    if lms.settings.login_method == "get":
        return redirect(add_query(tool.initiate_login_uri, fields), 302)
    return make_response(render_template("post_form.html", action=tool.initiate_login_uri, fields=fields))


def _usable(tool: Tool) -> Tool:
    if tool.state != "active":
        raise Refusal(
            409, "tool_not_active", "The administrator has not activated this tool yet.", tool.client_id
        )
    return tool


@blueprint.get("/launch/<int:link_id>")
def launch(link_id: int) -> AnyResponse:
    """Start a launch of an activity, in its frame or (``?target=window``) in a window of its own."""
    person = require_person()
    with current_lms().store.reading() as db:
        link = find_link(db, link_id)
        tool = _usable(find_tool(db, link.tool_id))
    if not link.published and not person.teaches:
        raise Refusal(404, "unpublished", "This activity is not published yet.", tool.client_id)
    return _initiate(tool, person, link.url, link.id, None)


@blueprint.get("/launch/<int:link_id>/beside/<int:person_id>")
def launch_beside(link_id: int, person_id: int) -> AnyResponse:
    """Start a launch of an activity as somebody of its course, beside those of others: nobody is a secret here."""
    with current_lms().store.reading() as db:
        link = find_link(db, link_id)
        tool = _usable(find_tool(db, link.tool_id))
        person = find_person(db, person_id)
        is_theirs = is_of_course(db, person_id, link.course_id)
    if person is None or not is_theirs:
        raise Refusal(404, "no_such_person", "There is no such person in this course.")
    return _initiate(tool, person, link.url, link.id, None, beside=True)


@blueprint.get("/launch/<int:link_id>/review/<int:person_id>")
def review(link_id: int, person_id: int) -> AnyResponse:
    """Start a submission review of a student's work from the gradebook, as Moodle's grade.php does; Canvas has none."""
    teacher = require_teacher()
    lms = current_lms()
    with lms.store.reading() as db:
        link = find_link(db, link_id)
        tool = _usable(find_tool(db, link.tool_id))
    if lms.settings.is_canvas:
        raise Refusal(404, "no_submission_review", "There is no submission review here.", tool.client_id)
    return _initiate(tool, teacher, link.url, link.id, None, for_person_id=person_id)


@blueprint.get("/launch/navigation/<int:tool_id>")
def launch_from_menu(tool_id: int) -> AnyResponse:
    """Start a launch from the course's menu, where the tool has a page without an activity: Canvas's placement."""
    person = require_person()
    with current_lms().store.reading() as db:
        tool = _usable(find_tool(db, tool_id))
        course = viewed_course(db)
    placement = tool.placement("course_navigation")
    if placement is None:
        raise Refusal(404, "no_such_placement", "This tool has no page in the course’s menu.", tool.client_id)
    return _initiate(
        tool, person, placement["target_link_uri"] or tool.target_link_uri, None, None, course.id
    )


@blueprint.get("/deep-link/<int:tool_id>")
def pick_content(tool_id: int) -> AnyResponse:
    """Start a deep-linking request: the tool's content picker, for a tutor."""
    person = require_teacher()
    lms = current_lms()
    deep_link_id = secrets.token_urlsafe(24)
    with lms.store.transaction() as db:
        tool = _usable(find_tool(db, tool_id))
        if tool.deep_link_uri is None:
            raise Refusal(409, "no_content_picker", "This tool has no content picker.", tool.client_id)
        placement = request.args.get("placement", PICKERS[0]) if lms.settings.is_canvas else ""
        if placement and tool.placement(placement) is None:
            raise Refusal(404, "no_such_placement", "This tool has no such placement.", tool.client_id)
        db.execute(
            "INSERT INTO deep_links (id, tool_id, person_id, course_id, expires_at, placement)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (deep_link_id, tool.id, person.id, viewed_course(db).id, time.time() + 3600, placement),
        )
    return _initiate(tool, person, tool.deep_link_uri, None, deep_link_id)


def _single_values() -> dict[str, str]:
    """The request's parameters; one that comes twice is refused (RFC 6749, 3.1)."""
    values = request.values.to_dict(flat=False)
    for name, given in values.items():
        if len(given) > 1:
            raise Refusal(400, f"repeated_{name}"[:60], "A parameter comes more than once.")
    return {name: given[0] for name, given in values.items()}


def _take_hint(db: sqlite3.Connection, hint: str, tool: Tool, person: LmsPerson) -> sqlite3.Row:
    """Use up a hint of this person and tool, or refuse."""
    row: sqlite3.Row | None = db.execute(
        "DELETE FROM hints WHERE id = ? AND person_id = ? AND tool_id = ? RETURNING *",
        (hint, person.id, tool.id),
    ).fetchone()
    if row is None:
        raise Refusal(
            400, "unknown_hint", "The message hint is unknown, used or somebody else’s.", tool.client_id
        )
    if row["expires_at"] < time.time():
        raise Refusal(400, "expired_hint", "The launch took too long.", tool.client_id)
    return row


def _person_of_hint(hint: str) -> LmsPerson | None:
    """For whom a hint is answered whoever is logged in; None for any other hint."""
    with current_lms().store.reading() as db:
        row = db.execute("SELECT person_id FROM hints WHERE id = ? AND beside = 1", (hint,)).fetchone()
        return None if row is None else find_person(db, row["person_id"])


def _known_client(values: dict[str, str]) -> Tool:
    """The tool, once both its client_id and the redirect_uri are right. Nothing is sent anywhere before."""
    if "client_id" not in values:
        raise Refusal(400, "missing_client_id", "client_id is missing.")
    with current_lms().store.reading() as db:
        tool = find_active_client(db, values["client_id"])
    if tool is None:
        raise Refusal(400, "unknown_client_id", "No active tool has this client_id.")
    if "redirect_uri" not in values:
        raise Refusal(400, "missing_redirect_uri", "redirect_uri is missing.", tool.client_id)
    # Canvas compares what is before the query.
    compared = values["redirect_uri"]
    compared = compared.partition("?")[0] if current_lms().settings.is_canvas else compared
    if compared not in tool.redirect_uris:
        raise Refusal(400, "unregistered_redirect_uri", "redirect_uri is not registered.", tool.client_id)
    return tool


def _check_parameters(tool: Tool, values: dict[str, str]) -> dict[str, str]:
    try:
        loaded: dict[str, str] = OidcRequestSchema().load(values)
    except ValidationError as error:
        field, problem = first_problem(error.messages)
        kind = "bad" if values.get(field) else "missing"
        raise Refusal(400, f"{kind}_{field}", f"{field}: {problem}", tool.client_id) from error
    return loaded


def _answer(tool: Tool, values: dict[str, str]) -> dict[str, str]:
    """The fields to post to the tool for a request whose client and redirect_uri are right."""
    lms = current_lms()
    checked = _check_parameters(tool, values)
    person = _person_of_hint(checked["lti_message_hint"]) or current_person()
    if person is None:
        raise Refusal(401, "login_required", "Nobody is logged in here.", tool.client_id)
    if checked["login_hint"] != str(person.id):
        raise Refusal(400, "wrong_login_hint", "login_hint names somebody else.", tool.client_id)
    with lms.store.transaction() as db:
        hint = _take_hint(db, checked["lti_message_hint"], tool, person)
        link = find_link(db, hint["link_id"]) if hint["link_id"] else None
        course = find_course(db, link.course_id) if link else viewed_course(db)
        item = named_line_item(db, link, is_canvas=lms.settings.is_canvas) if link else None
        picker = deep_linking_settings(db, lms, hint["deep_link_id"]) if hint["deep_link_id"] else None
    content = launch_content(
        lms.settings,
        tool,
        person,
        course,
        target=link.url if link else tool.deep_link_uri or tool.target_link_uri,
        locale=hint["locale"],
        document_target=hint["target"],
        link=link,
        item=item,
        deep_linking=picker,
        for_person_id=hint["for_person_id"],
    )
    preflight = {**checked, "client_id": tool.client_id, "redirect_uri": values["redirect_uri"]}
    fields = signed_launch(lms.issuer, lms.key, tool, preflight, content, lms.settings.id_token_seconds)
    return {**fields, "lti_storage_target": STORAGE_TARGET} if lms.settings.is_canvas else fields


OIDC_ERRORS = {
    "bad_scope": "invalid_scope",
    "bad_response_type": "unsupported_response_type",
    "login_required": "login_required",
    "wrong_login_hint": "access_denied",
}
"""Our reasons in OpenID Connect's words; any other is invalid_request."""


@blueprint.route("/oidc/auth", methods=["GET", "POST"])
def authenticate() -> AnyResponse:
    """The authentication endpoint. Refusals go back to the tool as an OIDC error, once its address is sure."""
    lms = current_lms()
    values = _single_values()
    tool = _known_client(values)
    if current_person() is None and "repost" not in values:
        # A request started by the tool's page comes without our SameSite cookie. Posted again from our own
        # page it has it; Moodle does the same.
        fields = {**values, "repost": "1"}
        return make_response(
            render_template("post_form.html", action=f"{lms.issuer}/oidc/auth", fields=fields)
        )
    try:
        fields = _answer(tool, values)
    except Refusal as refusal:
        lms.store.record_call(
            tool.client_id, request.method, request.path, refusal.status, refusal.reason, refusal.detail
        )
        fields = {
            "error": nearest_error(refusal.reason)
            if lms.settings.is_canvas
            else OIDC_ERRORS.get(refusal.reason, "invalid_request"),
            "error_description": f"{refusal.reason}: {refusal.detail}",
        }
        if values.get("state"):
            fields["state"] = values["state"]
        page = render_template("post_form.html", action=values["redirect_uri"], fields=fields)
        # Canvas's page that posts an error is one like any other.
        status = 200 if lms.settings.is_canvas else refusal.status
        return Response(page, status, headers={"Cache-Control": "no-store"})
    lms.store.record_call(
        tool.client_id, request.method, request.path, 200, "launched", f"user {values['login_hint']}"
    )
    page = render_template("post_form.html", action=values["redirect_uri"], fields=fields)
    return Response(page, headers={"Cache-Control": "no-store"})
