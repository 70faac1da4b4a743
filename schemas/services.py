"""Shapes of what a platform's OAuth 2 token endpoint answers (1EdTech security framework §4.1, RFC 6749 §5.1)."""

from __future__ import annotations

import re

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

_TOKEN = re.compile(r"[\x21-\x7e]+")


def _header_safe(value: str) -> None:
    """The token goes into a header: visible ASCII alone (RFC 6749, appendix A.12)."""
    if not _TOKEN.fullmatch(value) or len(value) > 16_000:
        raise ValidationError("is not a bearer token")


class AccessTokenSchema(Schema):
    """A successful answer of a token endpoint."""

    class Meta:
        unknown = EXCLUDE

    access_token = fields.String(required=True, validate=_header_safe)
    expires_in = fields.Integer(load_default=300, validate=validate.Range(min=0, max=10_000_000))
    """Seconds. The specification only recommends it; a token without one is used for five minutes."""


class TokenErrorSchema(Schema):
    """A refusal of a token endpoint (RFC 6749 §5.2)."""

    class Meta:
        unknown = EXCLUDE

    error = fields.String(required=True, validate=validate.Length(max=200))
    error_description = fields.String(load_default="", validate=validate.Length(max=2_000))
