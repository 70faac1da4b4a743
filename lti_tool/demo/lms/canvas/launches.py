"""What a launch by Canvas says: ids, roles, and what Canvas leaves in its claims.

Read from instructure/canvas-lms: ``lib/lti/messages/jwt_message.rb`` (028493c),
``lib/lti/messages/resource_link_request.rb`` (00b222d) and ``lib/lti/substitutions_helper.rb`` (00b222d).
"""

from __future__ import annotations

import hashlib
import re
import uuid
from typing import Any, Final

LIS: Final = "http://purl.imsglobal.org/vocab/lis/v2/"
TEST_USER: Final = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
NOBODY: Final = f"{LIS}system/person#None"
_USER: Final = f"{LIS}system/person#User"

CONTEXT_ROLES: Final = {
    "student": [f"{LIS}membership#Learner"],
    "teacher": [f"{LIS}membership#Instructor"],
    "assistant": [f"{LIS}membership/Instructor#TeachingAssistant", f"{LIS}membership#Instructor"],
    "observer": [f"{LIS}membership#Mentor"],
    "test_student": [f"{LIS}membership#Learner", TEST_USER],
    "admin": [],
}
"""Roles in the course. An administrator of the account is not enrolled in it."""
_INSTITUTION_ROLES: Final = {
    "student": [f"{LIS}institution/person#Student"],
    "teacher": [f"{LIS}institution/person#Instructor"],
    "assistant": [f"{LIS}institution/person#Instructor"],
    "admin": [f"{LIS}institution/person#Administrator"],
}
_OBJECTS: Final = (
    "https://purl.imsglobal.org/spec/lti/claim/context",
    "https://purl.imsglobal.org/spec/lti/claim/resource_link",
    "https://purl.imsglobal.org/spec/lti/claim/tool_platform",
    "https://purl.imsglobal.org/spec/lti/claim/launch_presentation",
    "https://purl.imsglobal.org/spec/lti/claim/lis",
    "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint",
    "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice",
)
_VARIABLE: Final = re.compile(r"\$\{([A-Za-z0-9._]+)\}")


def roles(role: str) -> list[str]:
    """All roles that a launch names: those in the course and in the institution, each once, sorted."""
    return sorted({*CONTEXT_ROLES[role], *_INSTITUTION_ROLES.get(role, []), _USER})


def context_id(course_id: int) -> str:
    """The opaque id of a course: 40 hexadecimal digits."""
    return hashlib.sha1(f"course {course_id}".encode(), usedforsecurity=False).hexdigest()


def link_id(number: int) -> str:
    """The id of a resource link, a UUID."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"https://canvas.example/resource_links/{number}"))


def with_leavings(claims: dict[str, Any]) -> dict[str, Any]:
    """The claims with what Canvas leaves in those that it makes of objects."""
    leavings: dict[str, Any] = {"validation_context": None, "errors": {"errors": {}}}
    return {name: {**value, **leavings} if name in _OBJECTS else value for name, value in claims.items()}


def expand(value: str, variables: dict[str, str]) -> str:
    """A custom parameter: the whole of it a variable, or ``${…}`` inside text; unknown ones stay as written."""
    if value.startswith("$") and not value.startswith("${"):
        return variables.get(value[1:], value)
    return _VARIABLE.sub(lambda found: variables.get(found.group(1), found.group(0)), value)


def nearest_error(reason: str) -> str:
    """The code that Canvas posts to the tool for one of our reasons: ``authentication_controller.rb`` (9407e78)."""
    if reason in ("login_required", "wrong_login_hint"):
        return "login_required"
    if reason in ("unknown_hint", "expired_hint"):
        return "launch_no_longer_valid"
    if reason in ("no_such_activity", "unpublished"):
        return "unauthorized_client"
    return "invalid_request_object"
