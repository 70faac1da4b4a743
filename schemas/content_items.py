"""Shapes of deep linking: what a platform asks for, what a tutor types, and what the tool answers.

LTI Deep Linking 2.0: https://www.imsglobal.org/spec/lti-dl/v2p0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import (
    EXCLUDE,
    Schema,
    ValidationError,
    fields,
    post_load,
    validate,
    validates_schema,
)

from schemas.fields import Choice, Code, Identifier, Text
from schemas.mentoring_forms import FormSchema
from schemas.problem import N_, Problem

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/"
RESOURCE_LINK = "ltiResourceLink"
ROLE_VIEWS = ("both", "mentee", "mentor")


class DeepLinkingSettingsSchema(Schema):
    """``deep_linking_settings`` of a deep-linking request (§4.4.1), as far as the tool needs it.

    The return address is only text here: whether it may be used depends on the registration.
    """

    class Meta:
        unknown = EXCLUDE

    deep_link_return_url = fields.String(required=True, validate=validate.Length(min=1, max=8_000))
    accept_types = fields.List(fields.String(), required=True)
    accept_lineitem = fields.Boolean(load_default=None, allow_none=True)
    data = fields.Raw(load_default=None, allow_none=True)
    """Opaque; it goes back unchanged. The specification says text, and platforms send what they like."""


class ActivityChoiceForm(FormSchema):
    """The tutor's choice: the activity's title in the course, the programme it begins with, its group and its role.

    ``group`` is the id of a cohort to share, or None (left blank) for a new one; ``role_view`` says who takes part
    through this activity.
    """

    title = Text(required=True, min_length=1, max_length=255, metadata={"label": N_("Title in the course")})
    template = Code(
        r"[a-z0-9_-]+", max_length=60, load_default=None, metadata={"label": N_("Which programme?")}
    )
    group = Identifier(
        load_default=None,
        metadata={
            "label": N_("Which group of people?"),
            "hint": N_(
                "Two activities with the same group show the same pairs. The programme is then that of the group."
            ),
        },
    )
    role_view = Choice(
        ROLE_VIEWS,
        load_default="both",
        metadata={
            "label": N_("Who takes part through this activity?"),
            "hint": N_("Their grades go to this activity, and to no other."),
            "words": {
                "both": N_("Everybody"),
                "mentee": N_("Only those who learn"),
                "mentor": N_("Only those who teach"),
            },
        },
    )

    def __init__(self, templates: Sequence[str]) -> None:
        """``templates``: the codes to choose from; the first is what no answer means."""
        super().__init__()
        self.templates = tuple(templates)

    @validates_schema(skip_on_field_errors=False)
    def _is_offered(self, loaded: Mapping[str, Any], **_: Any) -> None:
        if loaded.get("template") not in (None, *self.templates):
            raise ValidationError([Problem("not_a_choice")], "template")

    @post_load
    def _default(self, loaded: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**loaded, "template": loaded["template"] or self.templates[0]}


class SubmissionReviewSchema(Schema):
    """``submissionReview`` of a line item: with which progress a gradebook may open a learner's work in the tool."""

    reviewableStatus = fields.List(fields.String(), required=True)  # noqa: N815 - the specification's name


class LineItemSchema(Schema):
    """``lineItem`` of a resource link (§3.1.1)."""

    label = fields.String(required=True, validate=validate.Length(min=1, max=255))
    scoreMaximum = fields.Float(  # noqa: N815 - the specification's name
        required=True, validate=validate.Range(min=0, min_inclusive=False)
    )
    resourceId = fields.String(required=True, validate=validate.Length(max=255))  # noqa: N815 - as above
    tag = fields.String(required=True, validate=validate.Length(max=255))
    submissionReview = fields.Nested(SubmissionReviewSchema)  # noqa: N815 - as above


class ResourceLinkItemSchema(Schema):
    """An ``ltiResourceLink`` content item (§3.1), as the tool makes it."""

    type = fields.String(required=True, validate=validate.Equal(RESOURCE_LINK))
    title = fields.String(required=True, validate=validate.Length(min=1, max=255))
    text = fields.String(required=True)
    url = fields.String(required=True)
    custom = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    lineItem = fields.Nested(LineItemSchema)  # noqa: N815 - the specification's name


class DeepLinkingResponseSchema(Schema):
    """The claims of a deep-linking response (§4.5); what the tool sends passes through it."""

    iss = fields.String(required=True)
    aud = fields.String(required=True)
    iat = fields.Integer(required=True)
    exp = fields.Integer(required=True)
    nonce = fields.String(required=True, validate=validate.Length(min=16))
    deployment_id = fields.String(required=True, data_key=LTI + "deployment_id")
    message_type = fields.String(
        required=True, data_key=LTI + "message_type", validate=validate.Equal("LtiDeepLinkingResponse")
    )
    version = fields.String(required=True, data_key=LTI + "version", validate=validate.Equal("1.3.0"))
    content_items = fields.List(
        fields.Nested(ResourceLinkItemSchema), required=True, data_key=DEEP_LINKING + "content_items"
    )
    data = fields.Raw(data_key=DEEP_LINKING + "data")

    @validates_schema
    def in_order(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse ``exp`` that is not after ``iat``."""
        if data["exp"] <= data["iat"]:
            raise ValidationError("exp must be after iat", "exp")
