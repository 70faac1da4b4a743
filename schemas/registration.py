"""Shapes of registering: what arrives at ``/lti/register``, what the platform answers, what an admin types."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, pre_load, validate

from schemas.choices import ACTOR_ACCOUNTS
from schemas.web_address import origin, web_address

TOOL_CLAIM = "https://purl.imsglobal.org/spec/lti-tool-configuration"

_TOKEN68 = re.compile(r"[A-Za-z0-9._~+/-]+=*", re.ASCII)


def _text(maximum: int = 255, **options: Any) -> fields.String:
    limits = validate.Length(min=1, max=maximum, error="must have 1 to {max} characters")
    return fields.String(required=True, validate=[limits, _printable], **options)


def _printable(value: str) -> None:
    """Ids are compared and stored as they are; no database keeps a NUL."""
    if not value.isprintable():
        raise ValidationError("has characters that cannot be kept")


def _bearer(value: str) -> None:
    """RFC 6750 §2.1: what may follow ``Bearer``; also keeps line ends out of a header."""
    if not _TOKEN68.fullmatch(value) or len(value) > 8000:
        raise ValidationError("is not a bearer token")


class RegistrationRequestSchema(Schema):
    """The registration initiation request (LTI Dynamic Registration §3.3), with our invitation."""

    class Meta:
        unknown = EXCLUDE

    openid_configuration = fields.String(required=True, validate=web_address)
    registration_token = fields.String(load_default=None, validate=_bearer)
    invite = fields.String(required=True, validate=validate.Length(max=100))

    @pre_load
    def without_blanks(self, data: Any, **_: Any) -> dict[str, str]:
        """An empty parameter is one that was not sent."""
        return {name: value for name, value in dict(data).items() if value}


class ToolClaimAnswerSchema(Schema):
    """The tool configuration as the platform stored it; Moodle and others add the deployment."""

    class Meta:
        unknown = EXCLUDE

    deployment_id = fields.String(
        load_default=None, allow_none=True, validate=[validate.Length(min=1, max=255), _printable]
    )


class RegistrationAnswerSchema(Schema):
    """The registration response (LTI Dynamic Registration §3.6), as far as the tool needs it."""

    class Meta:
        unknown = EXCLUDE

    client_id = _text()
    tool = fields.Nested(ToolClaimAnswerSchema, data_key=TOOL_CLAIM)

    @pre_load
    def as_text(self, data: Any, **_: Any) -> Any:
        """Read numeric ids as text: Canvas's client ids are numbers, and some platforms write them so."""
        if not isinstance(data, dict):
            return data
        claim = data.get(TOOL_CLAIM)
        claim = dict(claim) if isinstance(claim, dict) else {}
        for holder, name in ((claim, "deployment_id"), (answer := dict(data), "client_id")):
            if isinstance(holder.get(name), int) and not isinstance(holder[name], bool):
                holder[name] = str(holder[name])
        return {**answer, TOOL_CLAIM: claim}


class ManualRegistrationSchema(Schema):
    """A registration as an administrator types it from the platform's own page."""

    issuer = fields.String(required=True, validate=[web_address, validate.Length(max=255)])
    client_id = _text()
    auth_login_url = fields.String(required=True, validate=web_address)
    auth_token_url = fields.String(required=True, validate=web_address)
    jwks_url = fields.String(required=True, validate=web_address)
    auth_audience = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=2000))
    platform_family = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=50))
    label = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=255))
    deployment_ids = fields.List(
        fields.String(
            validate=[validate.Length(min=1, max=255, error="must have 1 to {max} characters"), _printable]
        ),
        load_default=list,
    )

    @post_load
    def each_deployment_once(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Remove duplicate deployment ids."""
        return {**data, "deployment_ids": list(dict.fromkeys(data["deployment_ids"]))}


class FrameOriginSchema(Schema):
    """An origin that may frame the tool."""

    origin = fields.String(required=True, validate=origin)


class ServiceHostSchema(Schema):
    """A host of a platform's services: a name or an address, and a port where it is not that of HTTPS."""

    host = fields.String(required=True)

    @post_load
    def as_compared(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The host as addresses are compared: in lower case, without the port of HTTPS."""
        address = f"https://{data['host'].strip()}"
        try:
            origin(address)
        except ValidationError:
            raise ValidationError(
                "must be a host such as services.example.org or lms.example.org:8443", "host"
            ) from None
        return {"host": urlsplit(address).netloc.lower().removesuffix(":443")}


class ActorAccountSchema(Schema):
    """Which account stands for people in statements."""

    account = fields.String(
        required=True,
        validate=validate.OneOf(ACTOR_ACCOUNTS, error="must be opaque or lms"),
    )


class InvitationSchema(Schema):
    """A new invitation: for whom, and for how many days."""

    label = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=255, error="at most {max} characters"),
    )
    days = fields.Integer(
        load_default=7, strict=True, validate=validate.Range(min=1, max=365, error="must be from 1 to 365")
    )


class OrganisationSchema(Schema):
    """A new organisation."""

    name = _text()

    @pre_load
    def _trim(self, given: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**given, "name": given["name"].strip()}
