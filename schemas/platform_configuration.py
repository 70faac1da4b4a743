"""What a platform publishes about itself for dynamic registration.

LTI Dynamic Registration 1.0 §2.1: https://www.imsglobal.org/spec/lti-dr/v1p0. Moodle writes ``messages_supported``
as plain names where the specification has objects, so nothing is expected of that list.
"""

from __future__ import annotations

from typing import Any

from marshmallow import EXCLUDE, Schema, fields, pre_load, validate

from schemas.web_address import web_address

PLATFORM_CLAIM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
CANVAS_ACCOUNT = "https://canvas.instructure.com/lti/account_name"


def _address(**options: Any) -> fields.String:
    return fields.String(validate=web_address, **options)


class PlatformClaimSchema(Schema):
    """The part of the configuration that is LTI's own."""

    class Meta:
        unknown = EXCLUDE

    product_family_code = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=50))
    version = fields.String(load_default=None, allow_none=True)
    account_name = fields.String(load_default=None, allow_none=True, data_key=CANVAS_ACCOUNT)
    variables = fields.List(fields.String(), load_default=list)


class PlatformConfigurationSchema(Schema):
    """The OpenID configuration, as far as the tool needs it."""

    class Meta:
        unknown = EXCLUDE

    issuer = fields.String(required=True, validate=[web_address, validate.Length(max=255)])
    authorization_endpoint = _address(required=True)
    token_endpoint = _address(required=True)
    jwks_uri = _address(required=True)
    registration_endpoint = _address(required=True)
    authorization_server = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(max=2000)
    )
    """The audience of client assertions, where it is not the token endpoint."""
    platform = fields.Nested(PlatformClaimSchema, data_key=PLATFORM_CLAIM)

    @pre_load
    def without_the_claim(self, data: Any, **_: Any) -> Any:
        """A plain OpenID provider has no platform claim: read it as an empty one."""
        return {PLATFORM_CLAIM: {}, **data} if isinstance(data, dict) else data
