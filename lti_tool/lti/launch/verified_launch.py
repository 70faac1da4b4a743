"""What a checked launch says, as the values that are kept of it: from its claims to a :class:`VerifiedLaunch`."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any, Final

from lti_tool.identity.models import CourseRole, full_name
from lti_tool.lti.deep_linking.response import CONTENT_ID, ROLE, TEMPLATE
from lti_tool.lti.launch.named_places import new_frame_origins, new_service_hosts
from lti_tool.lti.launch.persist import RESOURCE_LINK_REQUEST, SUBMISSION_REVIEW_REQUEST, VerifiedLaunch
from lti_tool.lti.launch.tool_config import PlatformRegistration
from lti_tool.lti.platforms import platform_of
from lti_tool.lti.roles import resolve
from schemas.choices import ROLES
from schemas.claims import ID_LENGTH
from schemas.request_schema import is_storable
from schemas.web_address import is_web_address

CONTEXT_HISTORY = "context_id_history"
"""The custom parameter for which the tool's registration asks ``$Context.id.history`` (LTI 1.3 core, appendix C.3)."""
USER_NAME: Final = "user_username"
"""The custom parameter in which an administrator may have ``$User.username`` sent (appendix C.1): Canvas has no claim
for it."""
_DOCUMENT_TARGETS: Final = ("iframe", "frame", "window")
"""LTI 1.3 core §5.4.4; anything else says nothing."""
MOST_OBSERVED: Final = 500
"""How many people a launch lets an observer see."""
LONGEST_HISTORY = 4_000
"""Characters of it that are kept: a hundred courses of Canvas, which gives a thousand."""
_CODE = re.compile(r"[a-z0-9_-]{1,60}", re.ASCII)


def verified_launch(
    claims: Mapping[str, Any], registration: PlatformRegistration, deployment: uuid.UUID
) -> VerifiedLaunch:
    """The launch's values, from its checked claims."""
    family = claims["product_family_code"]
    platform = platform_of(registration.issuer, family or registration.platform_family)
    held = resolve(claims["roles"], names_enrolments=platform.names_enrolments)
    custom = claims["custom"] or {}
    is_resource_link = claims["message_type"] == RESOURCE_LINK_REQUEST
    is_review = claims["message_type"] == SUBMISSION_REVIEW_REQUEST
    target = claims["document_target"]
    shown: tuple[str, ...] = ()
    if is_review:
        shown = (str(reviewed_person(claims["for_user"])),)
    elif held.role == CourseRole.OBSERVER:
        shown = _observed(claims["role_scope_mentor"])
    # Of a platform's test student nothing is kept: they are nobody, as whoever has no ``sub`` is.
    person = {} if held.is_test_user else _person(claims, custom)
    return VerifiedLaunch(
        registration_id=registration.id,
        deployment_id=deployment,
        message_type=claims["message_type"],
        role=held.role,
        is_admin=held.is_admin,
        is_test_user=held.is_test_user,
        is_enrolled=held.is_enrolled,
        has_unique_context=platform.has_unique_contexts,
        **person,
        locale=claims["presentation_locale"] or claims["locale"],
        context_id=claims["context_id"],
        context_title=claims["context_title"],
        context_history=_history(custom.get(CONTEXT_HISTORY)),
        resource_link_id=claims["resource_link_id"] if is_resource_link else None,
        resource_link_title=claims["resource_link_title"],
        content_id=_uuid(custom.get(CONTENT_ID)),
        template=_code(custom.get(TEMPLATE)),
        only_role=_role(custom.get(ROLE)),
        line_item_url=claims["line_item_url"],
        line_items_url=claims["line_items_url"],
        scopes=tuple(sorted(claims["grades_scope"] or ())),
        roster_url=claims["roster_url"],
        service_hosts=new_service_hosts(claims, registration),
        frame_origins=new_frame_origins(claims, registration),
        platform_family=family if family != registration.platform_family else None,
        return_url=return_url_of(claims),
        document_target=target if target in _DOCUMENT_TARGETS else None,
        shown_subjects=shown,
        reviewed_link_id=claims["resource_link_id"] if is_review else None,
        deep_linking=claims["deep_linking"],
    )


def return_url_of(claims: Mapping[str, Any]) -> str | None:
    """It becomes a link on our pages, so never ``javascript:``."""
    told = claims["return_url"] or ""
    return told if is_web_address(told) else None


def _person(claims: Mapping[str, Any], custom: Mapping[str, Any]) -> dict[str, Any]:
    """Who launches, as far as the platform shares it."""
    user_name = claims["user_name"] or _custom_text(custom.get(USER_NAME), ID_LENGTH)
    return {
        "subject": claims["sub"],
        "name": full_name(claims["name"], claims["given_name"], claims["family_name"]),
        "given_name": claims["given_name"],
        "family_name": claims["family_name"],
        "email": claims["email"],
        "user_name": user_name.lower() if user_name else None,
    }


def _custom_text(value: Any, length: int) -> str | None:
    """What the platform put in place of a variable; None where it knows no such variable, or where it is no text."""
    if not isinstance(value, str) or value.startswith("$") or not is_storable(value):
        return None
    return value.strip()[:length] or None


def reviewed_person(for_user: Any) -> str | None:
    """The id of the person whom ``for_user`` names; None where it is malformed."""
    return _subject(for_user.get("user_id")) if isinstance(for_user, dict) else None


def _observed(role_scope_mentor: Any) -> tuple[str, ...]:
    """The ids of the people whom an observer may see (LTI 1.3 core §5.4.9); nobody where the claim is malformed."""
    if not isinstance(role_scope_mentor, list):
        return ()
    found = [_subject(each) for each in role_scope_mentor[:MOST_OBSERVED]]
    return tuple(dict.fromkeys(each for each in found if each)) if all(found) else ()


def _subject(value: Any) -> str | None:
    is_id = isinstance(value, str) and 0 < len(value) <= ID_LENGTH and is_storable(value)
    return value if is_id else None


def _code(value: Any) -> str | None:
    """A template's code, or None; whether there is such a template is not for this side to know."""
    return value if isinstance(value, str) and _CODE.fullmatch(value) else None


def _role(value: Any) -> str | None:
    """One of the two roles, or None: other tools' links may carry anything under that name."""
    return value if value in ROLES else None


def _history(value: Any) -> str | None:
    """What the platform put in place of ``$Context.id.history``; None where it knows no such variable.

    It is nearest first, and of a course with a very long history the oldest are left out.
    """
    if not isinstance(value, str) or value.startswith("$") or not is_storable(value):
        return None
    told = [part.strip() for part in value[:LONGEST_HISTORY].split(",")]
    if len(value) > LONGEST_HISTORY:
        told.pop()  # which may be half of an id
    return ",".join(filter(None, told)) or None


def _uuid(value: Any) -> uuid.UUID | None:
    """A content id of ours, or None: other tools' links may carry anything under that name."""
    try:
        return uuid.UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
