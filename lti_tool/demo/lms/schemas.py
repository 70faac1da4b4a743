"""Shapes of everything that reaches the demo's small LMS from outside.

Claims and bodies follow LTI 1.3 (https://www.imsglobal.org/spec/lti/v1p3/), Assignment and Grade Services
2.0 (https://www.imsglobal.org/spec/lti-ags/v2p0/), Deep Linking 2.0 (https://www.imsglobal.org/spec/lti-dl/v2p0/)
and LTI Dynamic Registration 1.0 (https://www.imsglobal.org/spec/lti-dr/v1p0/), read strictly.
"""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import urlsplit

from marshmallow import (
    EXCLUDE,
    INCLUDE,
    Schema,
    ValidationError,
    fields,
    pre_load,
    validate,
    validates_schema,
)

LTI_CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
DEEP_LINKING_CLAIM = "https://purl.imsglobal.org/spec/lti-dl/claim/"
TOOL_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"

ACTIVITY_PROGRESS = ("Initialized", "Started", "InProgress", "Submitted", "Completed")
GRADING_PROGRESS = ("FullyGraded", "Pending", "PendingManual", "Failed", "NotReady")
ROLES = ("student", "teacher", "admin")
COMPLETION_RULES = ("none", "grade", "passgrade")


class JsonNumber(fields.Field[float]):
    """A finite JSON number; strings and booleans are refused, as the media types demand."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ValidationError("Not a number.")
        return float(value)


def web_address(value: str) -> None:
    """Refuse what is not an absolute http(s) address with a host and without user information."""
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as error:
        raise ValidationError("Not a web address.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or port == 0:
        raise ValidationError("Not a web address.")
    if "\\" in value or any(character.isspace() for character in value):
        raise ValidationError("Not a web address.")


def _required_text(maximum: int = 255) -> fields.String:
    return fields.String(required=True, validate=validate.Length(min=1, max=maximum))


def _optional_text(maximum: int = 2000) -> fields.String:
    return fields.String(load_default="", validate=validate.Length(max=maximum))


class OidcRequestSchema(Schema):
    """The authentication request, LTI Security Framework 5.1.1.2; every parameter has one right value."""

    class Meta:
        unknown = EXCLUDE

    scope = fields.String(required=True, validate=validate.Equal("openid"))
    response_type = fields.String(required=True, validate=validate.Equal("id_token"))
    response_mode = fields.String(required=True, validate=validate.Equal("form_post"))
    prompt = fields.String(required=True, validate=validate.Equal("none"))
    nonce = _required_text(512)
    state = _required_text(4096)
    login_hint = _required_text()
    lti_message_hint = _required_text()


class ScoreSchema(Schema):
    """A score as AGS 3.4 defines it. Extensions are kept; a timestamp without a zone is refused."""

    class Meta:
        unknown = INCLUDE

    userId = _required_text()  # noqa: N815 - the specification's name
    timestamp = fields.AwareDateTime(required=True, format="iso")
    activityProgress = fields.String(  # noqa: N815 - the specification's name
        required=True, validate=validate.OneOf(ACTIVITY_PROGRESS)
    )
    gradingProgress = fields.String(  # noqa: N815 - the specification's name
        required=True, validate=validate.OneOf(GRADING_PROGRESS)
    )
    scoreGiven = JsonNumber(validate=validate.Range(min=0))  # noqa: N815 - the specification's name
    scoreMaximum = JsonNumber(  # noqa: N815 - the specification's name
        validate=validate.Range(min=0, min_inclusive=False)
    )
    comment = fields.String(allow_none=True)

    @validates_schema(skip_on_field_errors=False)
    def maximum_with_given(self, data: dict[str, Any], **kwargs: Any) -> None:
        """A score means nothing without its maximum."""
        if "scoreGiven" in data and "scoreMaximum" not in data:
            raise ValidationError("scoreGiven needs scoreMaximum.", "scoreMaximum")


class DeepLinkLineItemSchema(Schema):
    """The line item inside a content item, Deep Linking 2.0 appendix A."""

    class Meta:
        unknown = EXCLUDE

    scoreMaximum = JsonNumber(  # noqa: N815 - the specification's name
        required=True, validate=validate.Range(min=0, min_inclusive=False)
    )
    label = _optional_text(255)
    resourceId = _optional_text(255)  # noqa: N815 - the specification's name
    tag = _optional_text(255)


class LineItemSchema(DeepLinkLineItemSchema):
    """A line item as AGS 3.2 defines it, for creating and for replacing."""

    label = _required_text()
    resourceLinkId = fields.String(validate=validate.Length(min=1, max=255))  # noqa: N815 - specification's name
    startDateTime = fields.AwareDateTime(format="iso", allow_none=True)  # noqa: N815 - specification's name
    endDateTime = fields.AwareDateTime(format="iso", allow_none=True)  # noqa: N815 - specification's name


class ContentItemSchema(Schema):
    """One ltiResourceLink: the only type this LMS takes, like Moodle."""

    class Meta:
        unknown = EXCLUDE

    type = fields.String(required=True, validate=validate.Equal("ltiResourceLink"))
    title = _optional_text(255)
    text = _optional_text()
    url = fields.String(validate=[validate.Length(max=2000), web_address])
    custom = fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)
    lineItem = fields.Nested(DeepLinkLineItemSchema)  # noqa: N815 - the specification's name


class DeepLinkingResponseSchema(Schema):
    """The claims of a deep-linking response; who signed it and for whom is checked before."""

    class Meta:
        unknown = EXCLUDE

    message_type = fields.String(
        required=True, data_key=LTI_CLAIM + "message_type", validate=validate.Equal("LtiDeepLinkingResponse")
    )
    version = fields.String(required=True, data_key=LTI_CLAIM + "version", validate=validate.Equal("1.3.0"))
    deployment_id = fields.String(required=True, data_key=LTI_CLAIM + "deployment_id")
    data = fields.String(required=True, data_key=DEEP_LINKING_CLAIM + "data")
    content_items = fields.List(
        fields.Nested(ContentItemSchema), load_default=list, data_key=DEEP_LINKING_CLAIM + "content_items"
    )
    message = fields.String(load_default="", data_key=DEEP_LINKING_CLAIM + "msg")
    error_message = fields.String(load_default="", data_key=DEEP_LINKING_CLAIM + "errormsg")


class ToolMessageSchema(Schema):
    """A message the tool says it supports."""

    class Meta:
        unknown = EXCLUDE

    type = _required_text()
    target_link_uri = fields.String(validate=web_address)
    custom_parameters = fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)


class ToolConfigurationSchema(Schema):
    """LTI Dynamic Registration 3.5.2. ``domain`` must be the host, port included, of target_link_uri."""

    class Meta:
        unknown = EXCLUDE

    domain = _required_text()
    target_link_uri = fields.String(required=True, validate=web_address)
    description = _optional_text()
    custom_parameters = fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)
    messages = fields.List(fields.Nested(ToolMessageSchema), load_default=list)
    claims = fields.List(fields.String(), required=True)

    @validates_schema
    def domain_is_the_target(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Moodle compares the two with the port, so a tool that leaves it out cannot register."""
        if data["domain"] != urlsplit(data["target_link_uri"]).netloc:
            raise ValidationError("domain must be target_link_uri's host, with its port.", "domain")


class ClientRegistrationSchema(Schema):
    """The registration request of OpenID Connect Dynamic Registration as LTI narrows it."""

    class Meta:
        unknown = EXCLUDE

    application_type = fields.String(load_default="web", validate=validate.Equal("web"))
    grant_types = fields.List(fields.String(), load_default=list)
    response_types = fields.List(fields.String(), required=True, validate=validate.ContainsOnly(["id_token"]))
    redirect_uris = fields.List(
        fields.String(validate=web_address), required=True, validate=validate.Length(min=1, max=20)
    )
    initiate_login_uri = fields.String(required=True, validate=web_address)
    client_name = _required_text()
    jwks_uri = fields.String(required=True, validate=web_address)
    token_endpoint_auth_method = fields.String(required=True, validate=validate.Equal("private_key_jwt"))
    logo_uri = fields.String(validate=web_address, load_default="")
    scope = fields.String(load_default="")
    tool_configuration = fields.Nested(ToolConfigurationSchema, required=True, data_key=TOOL_CONFIGURATION)

    @validates_schema(skip_on_field_errors=True)
    def response_types_are_there(self, data: dict[str, Any], **kwargs: Any) -> None:
        """ContainsOnly accepts an empty list."""
        if not data["response_types"]:
            raise ValidationError("response_types must name id_token.", "response_types")


class PersonFormSchema(Schema):
    """A person whom the administrator adds; ``username`` and ``email`` are made up when left out."""

    class Meta:
        unknown = EXCLUDE

    given_name = _required_text(80)
    family_name = _required_text(80)
    role = fields.String(load_default="student", validate=validate.OneOf(ROLES))
    job = _optional_text(120)
    username = fields.String(load_default="", validate=validate.Length(max=80))
    email = fields.String(load_default="", validate=validate.Length(max=200))


class ActivityFormSchema(Schema):
    """The settings of an activity, as a tutor edits them. ``pass_grade`` is in points of the line item."""

    class Meta:
        unknown = EXCLUDE

    title = _required_text()
    accept_grades = fields.Boolean(load_default=False)
    completion_rule = fields.String(load_default="grade", validate=validate.OneOf(COMPLETION_RULES))
    pass_grade = fields.Float(load_default=0.0, allow_nan=False, validate=validate.Range(min=0))


class GradebookFormSchema(Schema):
    """What a teacher does in the gradebook; ``points`` are those of the column."""

    class Meta:
        unknown = EXCLUDE

    act = fields.String(
        required=True,
        validate=validate.OneOf(["enter", "delete", "unenrol", "enrol", "lock", "unlock", "reset"]),
    )
    person_id = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1, 2**53))
    line_item_id = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1, 2**53))
    points = fields.Float(
        load_default=None, allow_none=True, allow_nan=False, validate=validate.Range(0, 1_000_000)
    )

    @pre_load
    def without_empty(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """A field that was left empty was not given."""
        return {name: value for name, value in data.items() if value != ""}


class RegistrationUrlFormSchema(Schema):
    """The address that an administrator pastes to add a tool."""

    class Meta:
        unknown = EXCLUDE

    registration_url = fields.String(required=True, validate=[validate.Length(max=2000), web_address])


def first_foreign_address(content_items: list[dict[str, Any]], domain: str) -> str | None:
    """The first ``url`` of loaded content items that is not on ``domain`` (host:port); None when all are."""
    for item in content_items:
        if "url" in item and urlsplit(item["url"]).netloc != domain:
            return str(item["url"])
    return None
