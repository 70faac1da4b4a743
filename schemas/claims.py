"""The claims of a launch that the tool reads, with the types and lengths that LTI 1.3 core gives them.

https://www.imsglobal.org/spec/lti/v1p3#required-message-claims, deep linking
(https://www.imsglobal.org/spec/lti-dl/v2p0#deep-linking-request-message), AGS and NRPS claims. Claims that are not
listed pass unread. A claim that is null is a claim that is not there: several platforms write it so.
"""

from __future__ import annotations

import math
from typing import Any

from marshmallow import EXCLUDE, INCLUDE, Schema, ValidationError, fields, validate

from schemas.login import storable
from schemas.web_address import web_address

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/"

MISSING = "is missing"
"""The message of a claim that must be there and is not."""

ID_LENGTH = 255
_ID = (validate.Length(min=1, max=ID_LENGTH), storable)
_REQUIRED: dict[str, Any] = {"required": MISSING, "null": MISSING}


class ShownText(fields.Field[str | None]):
    """Text to show a person: kept up to ``length`` characters; None when it is null or blank."""

    def __init__(self, length: int, **options: Any) -> None:
        super().__init__(load_default=None, allow_none=True, **options)
        self.length = length

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> str | None:
        if not isinstance(value, str):
            raise ValidationError("is not text")
        storable(value)
        return value.strip()[: self.length] or None


class NumericDate(fields.Field[float]):
    """Seconds since 1970 (RFC 7519 §2): a finite number, and no text or boolean that looks like one."""

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


def _required_id(**options: Any) -> fields.String:
    return fields.String(required=True, validate=_ID, error_messages=_REQUIRED, **options)


def _address(**options: Any) -> fields.String:
    return fields.String(validate=(validate.Length(max=2_000), web_address), **options)


def _optional_address(**options: Any) -> fields.String:
    return _address(load_default=None, allow_none=True, **options)


def _texts(**options: Any) -> fields.List[str]:
    return fields.List(fields.String(validate=storable), validate=validate.Length(max=500), **options)


def _optional_texts(**options: Any) -> fields.List[str]:
    return _texts(load_default=None, allow_none=True, **options)


def _optional(schema: type[Schema], **options: Any) -> fields.Nested:
    return fields.Nested(schema, load_default=None, allow_none=True, **options)


class _Claim(Schema):
    class Meta:
        unknown = EXCLUDE


class ContextClaim(_Claim):
    """The course."""

    id = _required_id()
    title = ShownText(1_000)
    label = ShownText(255)
    type = _optional_texts()


class ResourceLinkClaim(_Claim):
    """The placement of the tool in the course."""

    id = _required_id()
    title = ShownText(1_000)
    description = ShownText(1_000)


class PlatformClaim(_Claim):
    """What the platform says of itself."""

    product_family_code = ShownText(50)


class PresentationClaim(_Claim):
    """How the platform shows the tool."""

    locale = ShownText(35)
    document_target = ShownText(20)
    return_url = fields.String(load_default=None, allow_none=True, validate=storable)


class GradesClaim(_Claim):
    """Assignment and Grade Services: https://www.imsglobal.org/spec/lti-ags/v2p0#assignment-and-grade-service-claim."""

    scope = _optional_texts()
    lineitem = _optional_address()
    lineitems = _optional_address()


class RosterClaim(_Claim):
    """Names and Role Provisioning Services: https://www.imsglobal.org/spec/lti-nrps/v2p0#lti-1-3-integration."""

    context_memberships_url = _optional_address()


class DeepLinkingClaim(Schema):
    """Deep-linking settings; whatever else the platform put there is kept, to be echoed."""

    class Meta:
        unknown = INCLUDE

    deep_link_return_url = _address(required=True, error_messages=_REQUIRED)
    accept_types = _texts(required=True, error_messages=_REQUIRED)
    accept_presentation_document_targets = _texts(required=True, error_messages=_REQUIRED)


class ClaimsSchema(_Claim):
    """The claims of an id_token. ``version`` and ``message_type`` have refusals of their own."""

    exp = NumericDate(required=True, error_messages=_REQUIRED)
    iat = NumericDate(required=True, error_messages=_REQUIRED)
    nbf = NumericDate(load_default=None, allow_none=True)
    sub = fields.String(load_default=None, allow_none=True, validate=_ID)
    name = ShownText(255)
    given_name = ShownText(255)
    family_name = ShownText(255)
    email = ShownText(320)
    locale = ShownText(35)
    version = fields.Raw(load_default=None, allow_none=True, data_key=f"{LTI}version")
    message_type = fields.Raw(load_default=None, allow_none=True, data_key=f"{LTI}message_type")
    deployment_id = _required_id(data_key=f"{LTI}deployment_id")
    target_link_uri = fields.String(
        required=True, validate=storable, error_messages=_REQUIRED, data_key=f"{LTI}target_link_uri"
    )
    roles = _texts(required=True, error_messages=_REQUIRED, data_key=f"{LTI}roles")
    role_scope_mentor = _optional_texts(data_key=f"{LTI}role_scope_mentor")
    context = _optional(ContextClaim, data_key=f"{LTI}context")
    resource_link = _optional(ResourceLinkClaim, data_key=f"{LTI}resource_link")
    custom = fields.Dict(load_default=None, allow_none=True, keys=fields.String(), data_key=f"{LTI}custom")
    lis = fields.Dict(load_default=None, allow_none=True, data_key=f"{LTI}lis")
    tool_platform = _optional(PlatformClaim, data_key=f"{LTI}tool_platform")
    launch_presentation = _optional(PresentationClaim, data_key=f"{LTI}launch_presentation")
    grades = _optional(GradesClaim, data_key=f"{AGS}endpoint")
    roster = _optional(RosterClaim, data_key=f"{NRPS}namesroleservice")
    deep_linking = _optional(DeepLinkingClaim, data_key=f"{DEEP_LINKING}deep_linking_settings")


def first_problem(error: ValidationError) -> tuple[str, str]:
    """The path of one wrong claim (``context.id``, without the specification's prefix) and what is wrong with it."""
    path: list[str] = []
    at: Any = error.normalized_messages()  # type: ignore[no-untyped-call]  # marshmallow left it bare
    while isinstance(at, dict):
        key, at = next(iter(at.items()))
        path.append(str(key).rsplit("/", 1)[-1])
    return ".".join(path), str(at[0] if isinstance(at, list) else at)
