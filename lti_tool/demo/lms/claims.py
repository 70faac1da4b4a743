"""What a launch says, in Moodle 4.5's way: context, presentation, custom parameters, service addresses.

Variables of custom parameters follow LTI 1.3 core, appendix C
(https://www.imsglobal.org/spec/lti/v1p3/#customproperty); the ones this LMS does not know arrive as written.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from lti_tool.demo.lms.canvas import launches as canvas
from lti_tool.demo.lms.course import LineItem, Link, LmsCourse
from lti_tool.demo.lms.ids import shown_context_id, shown_link_id
from lti_tool.demo.lms.people import LAUNCH_ROLES, LmsPerson
from lti_tool.demo.lms.platform import LTI, LaunchContent
from lti_tool.demo.lms.settings import LmsSettings
from lti_tool.demo.lms.texts import translated
from lti_tool.demo.lms.tools import AGS, ROSTER_READ, Tool

AGS_CLAIM = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
COURSE_SECTION = "http://purl.imsglobal.org/vocab/lis/v2/course#CourseSection"


def line_items_url(issuer: str, course_id: int, tool: Tool) -> str:
    """The container of the tool's line items; like Moodle's it carries a query, which tools must keep."""
    return f"{issuer}/services/{course_id}/lineitems?type_id={tool.id}"


def line_item_url(issuer: str, item: LineItem) -> str:
    """The address of one line item."""
    return f"{issuer}/services/{item.course_id}/lineitems/{item.id}/lineitem?type_id={item.tool_id}"


def memberships_url(issuer: str, course_id: int, tool: Tool) -> str:
    """The address of the course's roster for this tool."""
    return f"{issuer}/services/{course_id}/bindings/{tool.id}/memberships"


def substitute(value: str, variables: dict[str, str]) -> str:
    """A custom parameter's value: replaced when the whole of it is a known variable, else as written."""
    return variables.get(value[1:], value) if value.startswith("$") else value


def _roles(settings: LmsSettings, person: LmsPerson) -> list[str]:
    return canvas.roles(person.role) if settings.is_canvas else list(LAUNCH_ROLES[person.role])


def _variables(
    settings: LmsSettings, tool: Tool, person: LmsPerson, course: LmsCourse, title: str, link: Link | None
) -> dict[str, str]:
    variables = {
        "User.id": str(person.id),
        "User.username": person.username,
        "Context.id": shown_context_id(settings, course.id),
        "Context.title": title,
        "Context.label": course.label,
        "Context.id.history": course.history,
        "CourseSection.title": title,
        "CourseSection.label": course.label,
        "Membership.role": ",".join(_roles(settings, person)),
        "Moodle.Person.userGroupIds": "",
    }
    if link is not None:
        variables["ResourceLink.id"] = shown_link_id(settings, link.id)
        variables["ResourceLink.title"] = link.title
        variables["ResourceLink.description"] = link.description
    identity = person.identity_claims(tool.claims)
    for variable, claim in (
        ("Person.name.full", "name"),
        ("Person.name.given", "given_name"),
        ("Person.name.family", "family_name"),
        ("Person.email.primary", "email"),
    ):
        if claim in identity:
            variables[variable] = identity[claim]
    return variables


def launch_content(
    settings: LmsSettings,
    tool: Tool,
    person: LmsPerson,
    course: LmsCourse,
    *,
    target: str,
    locale: str,
    document_target: str,
    link: Link | None = None,
    item: LineItem | None = None,
    deep_linking: dict[str, Any] | None = None,
    for_person_id: int | None = None,
) -> LaunchContent:
    """Everything one launch says. ``link`` for a resource link, ``deep_linking`` settings for a content picker.

    ``for_person_id``: whose work is to be reviewed; as in Moodle, the message is otherwise that of the resource link.
    """
    title = course.title(locale)
    variables = _variables(settings, tool, person, course, title, link)
    moodle = settings.product_family_code == "moodle"
    custom = {**tool.custom, **(link.custom if link else {})}
    claims: dict[str, Any] = {
        LTI + "tool_platform": {
            "guid": hashlib.sha256(settings.issuer.encode()).hexdigest()[:32],
            "name": settings.platform_name,
            "description": settings.platform_name,
            "product_family_code": settings.product_family_code,
            "version": settings.platform_version,
        },
        LTI + "launch_presentation": {
            "locale": locale,
            "document_target": document_target,
            "return_url": f"{settings.issuer}/return",
        },
        LTI + "lis": {"person_sourcedid": "", "course_section_sourcedid": ""},
        LTI + "ext": {"user_username": person.username, "lms": f"{settings.product_family_code}-2"},
    }
    if for_person_id is not None:
        claims[LTI + "message_type"] = "LtiSubmissionReviewRequest"
        claims[LTI + "for_user"] = {"user_id": str(for_person_id)}
    granted = [scope for scope in tool.scopes if scope.startswith(AGS)]
    if granted:
        endpoint: dict[str, Any] = {
            "scope": granted,
            "lineitems": line_items_url(settings.issuer, course.id, tool),
        }
        if item is not None:
            endpoint["lineitem"] = line_item_url(settings.issuer, item)
        claims[AGS_CLAIM] = endpoint
    resource_link = None
    if link is not None:
        resource_link = {"id": shown_link_id(settings, link.id), "title": translated(locale, link.title)}
        if link.description:
            resource_link["description"] = translated(locale, link.description)
    elif deep_linking is None:
        # From the course's navigation: resource_link_request.rb, launch_resource_link_id.
        resource_link = {"id": shown_context_id(settings, course.id), "title": title}
    expand = canvas.expand if settings.is_canvas else substitute
    content = LaunchContent(
        target=target,
        person_id=str(person.id),
        roles=_roles(settings, person),
        identity=person.identity_claims(tool.claims),
        context={
            "id": shown_context_id(settings, course.id),
            "label": course.label,
            "title": title,
            # Moodle sends the short name, where the specification wants the address.
            "type": ["CourseSection" if moodle else COURSE_SECTION],
        },
        claims=claims,
        custom={key: expand(value, variables) for key, value in custom.items()},
        resource_link=resource_link,
        memberships_url=memberships_url(settings.issuer, course.id, tool)
        if ROSTER_READ in tool.scopes
        else None,
        deep_linking=deep_linking,
    )
    if not settings.is_canvas:
        return content
    return replace(
        content,
        claims=canvas.with_leavings(content.claims),
        context={**content.context, "validation_context": None, "errors": {"errors": {}}},
    )
