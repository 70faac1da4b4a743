"""The claims of a launch that the tool reads, with the types and lengths that LTI 1.3 core gives them.

https://www.imsglobal.org/spec/lti/v1p3#required-message-claims, deep linking
(https://www.imsglobal.org/spec/lti-dl/v2p0#deep-linking-request-message), AGS and NRPS claims. Claims that are not
listed pass unread. A claim that is null is a claim that is not there: several platforms write it so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from marshmallow import INCLUDE, Schema, ValidationError, fields

from schemas.request_schema import RequestSchema, ShownText, StorableText, StorableTexts, WebAddress
from schemas.web_address import long_web_address

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/"

MISSING = "is missing"
"""The message of a claim that must be there and is not."""

ID_LENGTH = 255
_REQUIRED: dict[str, Any] = {"required": True, "error_messages": {"required": MISSING, "null": MISSING}}
_OPTIONAL: dict[str, Any] = {"load_default": None, "allow_none": True}
_SECONDS_BEFORE: Final = 2**53
"""Seconds that a float holds exactly."""


class NumericDate(fields.Field[float]):
    """Seconds since 1970 (RFC 7519 §2): a finite number, and no text or boolean that looks like one."""

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **options: Any) -> Any:
        """The seconds."""
        if type(value) is int and 0 <= value < _SECONDS_BEFORE:
            return float(value)
        return super().deserialize(value, attr, data, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValidationError("is not a number of seconds")
        try:
            seconds = float(value)
        except OverflowError:
            raise ValidationError("is not a number of seconds") from None
        if not math.isfinite(seconds):
            raise ValidationError("is not a number of seconds")
        return seconds


def _id(**options: Any) -> StorableText:
    return StorableText(min=1, max=ID_LENGTH, **options)


class DeepLinkingClaim(Schema):
    """Deep-linking settings; whatever else the platform put there is kept, to be echoed."""

    class Meta:
        unknown = INCLUDE

    deep_link_return_url = fields.String(validate=long_web_address, **_REQUIRED)
    """Canvas's has a signed token in its query."""
    accept_types = StorableTexts(**_REQUIRED)
    accept_presentation_document_targets = StorableTexts(**_REQUIRED)


_OBJECTS: Final = {
    f"{LTI}context": "context",
    f"{LTI}resource_link": "resource_link",
    f"{LTI}tool_platform": "tool_platform",
    f"{LTI}launch_presentation": "launch_presentation",
    f"{AGS}endpoint": "grades",
    f"{NRPS}namesroleservice": "roster",
}
"""The claims that are objects, each with the name under which its members are read: ``context.id``."""
_IDENTIFIED: Final = ("context", "resource_link")
"""Those that must have an ``id``."""
_SERVICES: Final = ("grades", "roster")
"""Those with addresses of services; an empty text is none."""


class ClaimsSchema(RequestSchema):
    """The claims of an id_token. ``version`` and ``message_type`` have refusals of their own.

    Objects are taken apart before their members are read, since a schema within a schema costs a launch more than all
    that is in it. A launch has a context, or a resource link, if it has ``context_id``, or ``resource_link_id``.
    """

    exp = NumericDate(**_REQUIRED)
    iat = NumericDate(**_REQUIRED)
    nbf = NumericDate(**_OPTIONAL)
    sub = _id(**_OPTIONAL)
    name = ShownText(255)
    given_name = ShownText(255)
    family_name = ShownText(255)
    email = ShownText(320)
    user_name = ShownText(255, data_key="ext.user_username")
    """With which the person signs in to Moodle, which sends it where it sends the name."""
    locale = ShownText(35)
    version = fields.Raw(**_OPTIONAL, data_key=f"{LTI}version")
    message_type = fields.Raw(**_OPTIONAL, data_key=f"{LTI}message_type")
    deployment_id = _id(**_REQUIRED, data_key=f"{LTI}deployment_id")
    target_link_uri = StorableText(**_REQUIRED, data_key=f"{LTI}target_link_uri")
    roles = StorableTexts(**_REQUIRED, data_key=f"{LTI}roles")
    context_id = _id(**_OPTIONAL, data_key="context.id")
    context_title = ShownText(1_000, data_key="context.title")
    resource_link_id = _id(**_OPTIONAL, data_key="resource_link.id")
    resource_link_title = ShownText(1_000, data_key="resource_link.title")
    product_family_code = ShownText(50, data_key="tool_platform.product_family_code")
    presentation_locale = ShownText(35, data_key="launch_presentation.locale")
    return_url = StorableText(**_OPTIONAL, data_key="launch_presentation.return_url")
    grades_scope = StorableTexts(**_OPTIONAL, data_key="grades.scope")
    """Assignment and Grade Services: https://www.imsglobal.org/spec/lti-ags/v2p0#assignment-and-grade-service-claim."""
    line_item_url = WebAddress(**_OPTIONAL, data_key="grades.lineitem")
    line_items_url = WebAddress(**_OPTIONAL, data_key="grades.lineitems")
    roster_url = WebAddress(**_OPTIONAL, data_key="roster.context_memberships_url")
    """Names and Role Provisioning Services: https://www.imsglobal.org/spec/lti-nrps/v2p0#lti-1-3-integration."""
    document_target = fields.Raw(**_OPTIONAL, data_key="launch_presentation.document_target")
    for_user = fields.Raw(**_OPTIONAL, data_key=f"{LTI}for_user")
    """Whom a submission review is about; read in one alone."""
    role_scope_mentor = fields.Raw(**_OPTIONAL, data_key=f"{LTI}role_scope_mentor")
    """Whom an observer may see; where it is malformed, that is nobody, and the launch goes on."""
    custom = fields.Dict(**_OPTIONAL, data_key=f"{LTI}custom")
    deep_linking = fields.Nested(
        DeepLinkingClaim, **_OPTIONAL, data_key=f"{DEEP_LINKING}deep_linking_settings"
    )

    def prepare(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """The claims with the members of the objects beside them: ``context.id``, ``grades.lineitem``."""
        # A claim that has such a name itself is no member of anything.
        flat = dict(data)
        for claim in _MEMBERS & data.keys():
            del flat[claim]
        for claim, name in _OBJECTS.items():
            members = flat.pop(claim, None)
            if members is None:
                continue
            if not isinstance(members, dict):
                raise ValidationError("is not an object", name)
            if name in _IDENTIFIED and members.get("id") is None:
                raise ValidationError(MISSING, f"{name}.id")
            for member, key in _READ_MEMBERS[name]:
                if member in members:
                    value = members[member]
                    # Moodle has an empty address of a line item where a teacher no longer lets the tool add grades.
                    if value != "" or name not in _SERVICES:
                        flat[key] = value
        # Moodle's own claim; what is wrong in it refuses no launch.
        extras = data.get(f"{LTI}ext")
        if isinstance(extras, dict) and isinstance(extras.get("user_username"), str):
            flat["ext.user_username"] = extras["user_username"]
        return flat


_MEMBERS: Final = frozenset(
    key
    for field in ClaimsSchema().fields.values()
    if (key := field.data_key) and key.partition(".")[0] in (*_OBJECTS.values(), "ext")
)
"""The names under which members are read."""
_READ_MEMBERS: Final = {
    name: [(key.partition(".")[2], key) for key in sorted(_MEMBERS) if key.startswith(f"{name}.")]
    for name in _OBJECTS.values()
}
"""Of each object, the members that are read, and under which names."""


def first_problem(error: ValidationError) -> tuple[str, str]:
    """The path of one wrong claim (``context.id``, without the specification's prefix) and what is wrong with it."""
    path: list[str] = []
    at: Any = error.normalized_messages()  # type: ignore[no-untyped-call]  # marshmallow left it bare
    while isinstance(at, dict):
        key, at = next(iter(at.items()))
        path.append(str(key).rsplit("/", 1)[-1])
    return ".".join(path), str(at[0] if isinstance(at, list) else at)
