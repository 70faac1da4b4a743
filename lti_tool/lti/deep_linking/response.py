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

import jwt
from marshmallow import ValidationError

from lti_tool.lti.ags.line_items import LINE_ITEM_TAG
from lti_tool.lti.errors import Refused
from lti_tool.lti.launch.opened_launch import LaunchRegistration
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
    takes_line_item: bool
    data: Any
    """Opaque text of the platform, to be echoed; None when there is none."""


def read_settings(settings: Mapping[str, Any] | None, registration: LaunchRegistration) -> ContentRequest:
    """Check ``deep_linking_settings`` of a launch. Raises :class:`DeepLinkingRefused`."""
    who = {"issuer": registration.issuer, "client_id": registration.client_id}
    if settings is None:
        raise NotChoosingContent(**who)
    try:
        read = DeepLinkingSettingsSchema().load(dict(settings))
    except ValidationError as error:
        raise DeepLinkingSettingsMalformed(
            "wrong: " + ", ".join(sorted(map(str, error.messages_dict))), **who
        ) from None
    if RESOURCE_LINK not in read["accept_types"]:
        raise ResourceLinksNotAccepted(", ".join(read["accept_types"])[:500], **who)
    return_url = read["deep_link_return_url"]
    if not is_platforms_own(return_url, registration):
        # What follows the path may be the platform's own single-use secret.
        raise ReturnAddressForbidden(without_query(return_url)[:500], **who)
    return ContentRequest(return_url, read["accept_lineitem"] is not False, read["data"])


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
    line_item: bool,
    review: bool = False,
) -> dict[str, Any]:
    """The one content item: the activity, with its own id and, where the platform takes it, its line item.

    ``review``: the platform's gradebook may open a learner's progress here (submission review), by the activity's own
    address and custom parameters.
    """
    item: dict[str, Any] = {
        "type": RESOURCE_LINK,
        "title": title,
        "text": text,
        "url": launch_url,
        "custom": {CONTENT_ID: str(content_id), TEMPLATE: template},
    }
    if line_item:
        item["lineItem"] = {
            "label": title,
            "scoreMaximum": SCORE_MAXIMUM,
            "resourceId": str(content_id),
            "tag": LINE_ITEM_TAG,
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
) -> str:
    """The response as a JWT signed with the tool's key (§4.5). ``iss`` is the client id, ``aud`` the issuer."""
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": registration.client_id,
        "aud": platform_of(registration.issuer, registration.platform_family).deep_linking_audience(
            registration.issuer
        ),
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
        "nonce": secrets.token_urlsafe(24),
        LTI + "deployment_id": deployment_id,
        LTI + "message_type": "LtiDeepLinkingResponse",
        LTI + "version": "1.3.0",
        DEEP_LINKING + "content_items": items,
    }
    if request.data is not None:
        claims[DEEP_LINKING + "data"] = request.data
    wrong = DeepLinkingResponseSchema().validate(claims)
    if wrong:
        raise ValueError(f"the response does not have its own shape: {wrong}")
    return jwt.encode(claims, key.private_pem, algorithm="RS256", headers={"kid": key.kid})
