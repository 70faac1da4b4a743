"""The roster, Names and Role Provisioning Services 2.0: https://www.imsglobal.org/spec/lti-nrps/v2p0."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from itsdangerous import BadSignature

from lti_tool.demo.lms.canvas.launches import CONTEXT_ROLES
from lti_tool.demo.lms.canvas.roster import enrolled, matches, page_size
from lti_tool.demo.lms.claims import memberships_url
from lti_tool.demo.lms.course import Link, find_course, find_link
from lti_tool.demo.lms.ids import find_shown_link, shown_context_id, shown_link_id
from lti_tool.demo.lms.people import MEMBERSHIP, ROSTER_ROLES, LmsPerson, everybody, is_enrolled
from lti_tool.demo.lms.platform import LTI, add_query
from lti_tool.demo.lms.refusals import Refusal
from lti_tool.demo.lms.services import answer, page_limit, serve
from lti_tool.demo.lms.tools import ROSTER_READ, Tool
from lti_tool.demo.lms.wiring import current_lms

blueprint = Blueprint("roster", __name__)

MEMBERS = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"


def _member(tool: Tool, person: LmsPerson, link: Link | None) -> dict[str, Any]:
    settings = current_lms().settings
    roles = CONTEXT_ROLES[person.role] if settings.is_canvas else [ROSTER_ROLES[person.role]]
    member: dict[str, Any] = {
        "status": "Active",
        "user_id": str(person.id),
        "roles": roles,
        **person.identity_claims(tool.claims),
    }
    if link is not None:
        member["message"] = [
            {
                LTI + "message_type": "LtiResourceLinkRequest",
                LTI + "resource_link": {"id": shown_link_id(settings, link.id), "title": link.title},
                LTI + "custom": {**tool.custom, **link.custom},
            }
        ]
    return member


def _link_asked_for(tool: Tool, course_id: int) -> Link | None:
    """The activity that ``rlid`` names; another tool's is refused (NRPS 2.4.2)."""
    given = request.args.get("rlid")
    if given is None:
        return None
    if current_lms().settings.is_canvas:
        return _canvas_link(tool, course_id, given)
    if not (given.isascii() and given.isdigit() and len(given) < 16):
        raise Refusal(404, "no_such_activity", "rlid names no activity here.", tool.client_id)
    with current_lms().store.reading() as db:
        link = find_link(db, int(given))
    if link.tool_id != tool.id or link.course_id != course_id:
        raise Refusal(403, "foreign_resource_link", "rlid is not an activity of this tool.", tool.client_id)
    return link


def _canvas_link(tool: Tool, course_id: int, given: str) -> Link | None:
    """The same by Canvas's rules: the course itself is a link, and any other that is not the tool's gets a 400."""
    lms = current_lms()
    if given == shown_context_id(lms.settings, course_id):
        return None
    with lms.store.reading() as db:
        link = find_shown_link(db, lms.settings, given)
    if link is None or link.tool_id != tool.id or link.course_id != course_id:
        raise Refusal(
            400,
            "foreign_resource_link",
            "Tool does not have access to rlid or rlid does not exist.",
            tool.client_id,
        )
    return link


def _start(tool: Tool) -> int:
    """How many members the page mark in ``from`` passes over."""
    mark = request.args.get("from")
    if mark is None:
        return 0
    try:
        return int(current_lms().page_marks().loads(mark))
    except (BadSignature, ValueError, TypeError) as error:
        raise Refusal(400, "bad_page_mark", "This page mark is not one of ours.", tool.client_id) from error


@blueprint.get("/services/<int:course_id>/bindings/<int:tool_id>/memberships")
def members(course_id: int, tool_id: int) -> Response:
    """Whoever is enrolled. Pages only when ``limit`` is given; their marks are opaque and case-sensitive."""
    tool = serve(MEMBERS, ROSTER_READ)
    if tool_id != tool.id:
        raise Refusal(403, "wrong_type_id", "This roster is another tool's.", tool.client_id)
    lms = current_lms()
    is_canvas = lms.settings.is_canvas
    limit = page_size(request.args.get("limit")) if is_canvas else page_limit(tool)
    start = _start(tool)
    with lms.store.reading() as db:
        course = find_course(db, course_id)
        people = [person for person in everybody(db) if is_enrolled(db, person.id, course_id)]
    link = _link_asked_for(tool, course_id)
    role = request.args.get("role")
    if is_canvas:
        people = [person for person in people if enrolled(person.role) and matches(person.role, role)]
    else:
        people = [person for person in people if person.role in ROSTER_ROLES]
        if role is not None:
            short = role.removeprefix(MEMBERSHIP)
            people = [person for person in people if ROSTER_ROLES[person.role] == short]
    end = len(people) if limit is None else start + limit
    here = memberships_url(lms.issuer, course_id, tool)
    next_page = None
    if end < len(people):
        asked = {key: value for key, value in request.args.items() if key in ("role", "rlid")}
        mark = lms.page_marks().dumps(end)
        next_page = add_query(here, {**asked, "limit": str(limit), "from": str(mark)})
    body = {
        "id": here,
        "context": {
            "id": shown_context_id(lms.settings, course.id),
            "label": course.label,
            "title": course.title(lms.settings.default_locale),
        },
        "members": [_member(tool, person, link) for person in people[start:end]],
    }
    return answer(tool, body, MEMBERS, detail=f"{len(body['members'])} members", next_page=next_page)
