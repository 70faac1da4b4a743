"""Deep linking: the answer to a tutor's choice in the platform's content picker.

LTI Deep Linking 2.0: https://www.imsglobal.org/spec/lti-dl/v2p0. The link carries a content id of ours in its
custom parameters, which survives the copy of a course, and a line item: Moodle completes an activity only by the
grades of the line item that came with its link.
"""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError

from lti_tool.lti.ags.line_items import line_item_tag
from lti_tool.lti.errors import Refused
from lti_tool.lti.launch.opened_launch import LaunchRegistration
from lti_tool.lti.platform_service import ISSUED_BEFORE
from lti_tool.lti.platforms import platform_of
from lti_tool.lti.tool_keys import SigningKey
from lti_tool.outbound.guard import without_query
from lti_tool.outbound.origins import is_among, origin_of
from schemas.content_items import (
    DEEP_LINKING,
    LTI,
    RESOURCE_LINK,
    DeepLinkingResponseSchema,
    DeepLinkingSettingsSchema,
)

LIFETIME_SECONDS = 300
"""The response is posted by the next page at once; five minutes forgive a slow clock or person."""
SCORE_MAXIMUM = 100
REVIEWABLE = ("Started", "InProgress", "Submitted", "Completed")
"""The values of ``activityProgress`` (AGS 2.0 §3.4.7) with which there is something to see."""
CONTENT_ID = "content_id"
"""The custom parameter that carries our id of the content."""
TEMPLATE = "template"
"""The custom parameter that carries the code of the programme template the tutor chose."""
ROLE = "role"
"""The custom parameter that carries the only role in which people take part through the activity, if it has one."""


class DeepLinkingRefused(Refused):
    """The choice could not be sent to the platform."""

    step = "deep_linking"


class NotChoosingContent(DeepLinkingRefused):
    """The launch was not made to choose content."""


class DeepLinkingSettingsMalformed(DeepLinkingRefused):
    """The platform did not say, in the specification's form, where and what to answer."""


class ResourceLinksNotAccepted(DeepLinkingRefused):
    """The place in the platform takes no activities, only other kinds of content."""


class ReturnAddressForbidden(DeepLinkingRefused):
    """The answer would go to an address that is not the platform's own."""


@dataclass(frozen=True)
class ContentRequest:
    """What the platform asks for, checked."""

    return_url: str
    takes_several: bool
    """Whether more than one activity can be added at once."""
    takes_line_item: bool
    data: Any
    """Opaque text of the platform, to be echoed; None when there is none."""


def read_settings(settings: Mapping[str, Any] | None, registration: LaunchRegistration) -> ContentRequest:
    """Check ``deep_linking_settings`` of a launch. Raises :class:`DeepLinkingRefused`."""
    read = _read(settings, registration)
    if RESOURCE_LINK not in read["accept_types"]:
        raise ResourceLinksNotAccepted(", ".join(read["accept_types"])[:500], **_who(registration))
    return _checked(read, registration)


def return_to(settings: Mapping[str, Any] | None, registration: LaunchRegistration) -> ContentRequest:
    """Where an answer without content can go, be it that no activity is taken there.

    Raises :class:`DeepLinkingRefused`.
    """
    return _checked(_read(settings, registration), registration)


def _who(registration: LaunchRegistration) -> dict[str, str]:
    return {"issuer": registration.issuer, "client_id": registration.client_id}


def _read(settings: Mapping[str, Any] | None, registration: LaunchRegistration) -> dict[str, Any]:
    if settings is None:
        raise NotChoosingContent(**_who(registration))
    try:
        return dict(DeepLinkingSettingsSchema().load(dict(settings)))
    except ValidationError as error:
        wrong = "wrong: " + ", ".join(sorted(map(str, error.messages_dict)))
        raise DeepLinkingSettingsMalformed(wrong, **_who(registration)) from None


def _checked(read: Mapping[str, Any], registration: LaunchRegistration) -> ContentRequest:
    return_url = read["deep_link_return_url"]
    if not is_platforms_own(return_url, registration):
        # What follows the path may be the platform's own single-use secret.
        raise ReturnAddressForbidden(without_query(return_url)[:500], **_who(registration))
    return ContentRequest(
        return_url,
        takes_several=read["accept_multiple"] is True,
        takes_line_item=read["accept_lineitem"] is not False,
        data=read["data"],
    )


def is_platforms_own(url: str, registration: LaunchRegistration) -> bool:
    """Whether ``url`` is on a host that the registration is known to use.

    The signed answer and the tutor's browser go there, so it must be an address of the platform (and no
    ``javascript:``).
    """
    origin = origin_of(url)
    if origin is None:
        return False
    own = {
        origin_of(address)
        for address in (registration.issuer, registration.auth_login_url, registration.jwks_url)
    }
    return origin in own or is_among(origin, registration.frame_origins)


def resource_link(
    *,
    title: str,
    text: str,
    launch_url: str,
    content_id: uuid.UUID,
    template: str,
    role: str | None,
    line_item: bool,
    review: bool = False,
) -> dict[str, Any]:
    """A content item: an activity, with its content's id and, where it has one, its line item.

    ``role``: the only one in which people take part through it; None where they choose. Activities for two roles that
    are added together have one content id. ``review``: the platform's gradebook may open a learner's progress here
    (submission review), by the activity's own address and custom parameters.
    """
    item: dict[str, Any] = {
        "type": RESOURCE_LINK,
        "title": title,
        "text": text,
        "url": launch_url,
        "custom": {CONTENT_ID: str(content_id), TEMPLATE: template},
    }
    if role is not None:
        item["custom"][ROLE] = role
    if line_item:
        item["lineItem"] = {
            "label": title,
            "scoreMaximum": SCORE_MAXIMUM,
            "resourceId": str(content_id),
            "tag": line_item_tag(role),
        }
        if review:
            item["lineItem"]["submissionReview"] = {"reviewableStatus": list(REVIEWABLE)}
    return item


def signed_response(
    *,
    registration: LaunchRegistration,
    deployment_id: str,
    request: ContentRequest,
    items: list[dict[str, Any]],
    key: SigningKey,
    message: str | None = None,
    error_message: str | None = None,
) -> str:
    """The response as a JWT signed with the tool's key (§4.5). ``iss`` is the client id, ``aud`` the issuer.

    ``message`` and ``error_message`` are for the platform to show to the tutor.
    """
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": registration.client_id,
        "aud": platform_of(registration.issuer, registration.platform_family).deep_linking_audience(
            registration.issuer
        ),
        "iat": now - ISSUED_BEFORE,
        "exp": now + LIFETIME_SECONDS,
        "nonce": secrets.token_urlsafe(24),
        LTI + "deployment_id": deployment_id,
        LTI + "message_type": "LtiDeepLinkingResponse",
        LTI + "version": "1.3.0",
        DEEP_LINKING + "content_items": items,
    }
    for name, value in (("data", request.data), ("msg", message), ("errormsg", error_message)):
        if value is not None:
            claims[DEEP_LINKING + name] = value
    wrong = DeepLinkingResponseSchema().validate(claims)
    if wrong:
        raise ValueError(f"the response does not have its own shape: {wrong}")
    return key.sign(claims)
