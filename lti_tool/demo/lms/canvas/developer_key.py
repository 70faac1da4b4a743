"""What Canvas accepts as the JSON configuration of a developer key.

Read from instructure/canvas-lms: ``lib/schemas/lti_configuration.rb`` (9576628) and
``lib/schemas/internal_lti_configuration.rb`` (03520ab).
"""

from __future__ import annotations

from typing import Any

from marshmallow import INCLUDE, Schema, ValidationError, fields, validate, validates_schema

from lti_tool.demo.lms.canvas.registration import PLACEMENTS, PRIVACY_LEVELS
from lti_tool.demo.lms.tools import SUPPORTED_SCOPES

DISPLAY_TYPES = ("default", "full_width", "full_width_in_context", "in_nav_context", "borderless")


class _Number(fields.Field[float]):
    """A JSON number: text that looks like one is refused."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValidationError("Not a number.")
        return float(value)


class _SettingsSchema(Schema):
    """What settings and placements have in common. Further names are let through."""

    class Meta:
        unknown = INCLUDE

    message_type = fields.String(validate=validate.OneOf(list(PLACEMENTS)))
    text = fields.String()
    labels = fields.Dict()
    custom_fields = fields.Dict()
    selection_height = _Number()
    selection_width = _Number()
    launch_height = _Number()
    launch_width = _Number()
    icon_url = fields.String()
    windowTarget = fields.String(validate=validate.Equal("_blank"))  # noqa: N815 - Canvas's name
    display_type = fields.String(validate=validate.OneOf(DISPLAY_TYPES))
    target_link_uri = fields.String()
    visibility = fields.String(validate=validate.OneOf(["admins", "members", "public"]))
    default = fields.String(validate=validate.OneOf(["disabled", "enabled"]))


class _PlacementSchema(_SettingsSchema):
    placement = fields.String(
        required=True,
        validate=validate.OneOf(sorted({name for names in PLACEMENTS.values() for name in names})),
    )
    enabled = fields.Boolean(truthy={True}, falsy={False})


class _PlacedSettingsSchema(_SettingsSchema):
    placements = fields.List(fields.Nested(_PlacementSchema), required=True)


class _ExtensionSchema(Schema):
    class Meta:
        unknown = INCLUDE

    platform = fields.String(required=True)
    domain = fields.String()
    tool_id = fields.String()
    privacy_level = fields.String(validate=validate.OneOf(PRIVACY_LEVELS))
    settings = fields.Nested(_PlacedSettingsSchema, required=True)


class DeveloperKeySchema(Schema):
    """The configuration; one of ``public_jwk`` and ``public_jwk_url`` must be there."""

    class Meta:
        unknown = INCLUDE

    title = fields.String(required=True)
    description = fields.String(required=True)
    target_link_uri = fields.String(required=True)
    oidc_initiation_url = fields.String(required=True)
    custom_fields = fields.Dict()
    public_jwk_url = fields.String()
    public_jwk = fields.Dict()
    scopes = fields.List(fields.String(validate=validate.OneOf(SUPPORTED_SCOPES)))
    extensions = fields.List(fields.Nested(_ExtensionSchema))

    @validates_schema
    def has_a_key(self, data: dict[str, Any], **_: Any) -> None:
        """A tool without a key can sign nothing."""
        if not (data.get("public_jwk") or data.get("public_jwk_url")):
            raise ValidationError("A public key, or the address of one, is missing.", "public_jwk_url")
