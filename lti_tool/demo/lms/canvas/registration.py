"""How Canvas registers a tool: its configuration, what it refuses, and the placements that result.

Read from instructure/canvas-lms: ``lib/schemas/lti/ims/oidc_registration.rb`` (1cc4c72),
``lib/schemas/lti/ims/lti_tool_configuration.rb`` (0191c9c), ``app/models/lti/ims/registration.rb`` (0e63cfc),
``app/models/lti/resource_placement.rb`` (0e63cfc) and
``app/controllers/lti/ims/dynamic_registration_controller.rb`` (f84104e).
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from lti_tool.demo.lms.schemas import TOOL_CONFIGURATION, web_address

EXTENSION: Final = "https://canvas.instructure.com/lti/"
PRIVACY_LEVELS: Final = ("anonymous", "name_only", "email_only", "public")
DEEP_LINKING_PLACEMENTS: Final = (
    "assignment_selection",
    "collaboration",
    "conference_selection",
    "course_assignments_menu",
    "editor_button",
    "homework_submission",
    "link_selection",
    "migration_selection",
    "module_index_menu_modal",
    "module_menu_modal",
    "resource_selection",
    "submission_type_selection",
)
RESOURCE_LINK_PLACEMENTS: Final = (
    "account_navigation",
    "assignment_edit",
    "assignment_group_menu",
    "assignment_index_menu",
    "assignment_menu",
    "assignment_selection",
    "assignment_view",
    "collaboration",
    "conference_selection",
    "course_assignments_menu",
    "course_home_sub_navigation",
    "course_navigation",
    "course_settings_sub_navigation",
    "discussion_topic_index_menu",
    "discussion_topic_menu",
    "file_index_menu",
    "file_menu",
    "global_navigation",
    "homework_submission",
    "link_selection",
    "migration_selection",
    "module_group_menu",
    "module_index_menu",
    "module_index_menu_modal",
    "module_menu",
    "module_menu_modal",
    "post_grades",
    "quiz_index_menu",
    "quiz_menu",
    "resource_selection",
    "similarity_detection",
    "student_context_card",
    "submission_type_selection",
    "tool_configuration",
    "user_navigation",
    "wiki_index_menu",
    "wiki_page_menu",
)
PLACEMENTS: Final = {
    "LtiResourceLinkRequest": RESOURCE_LINK_PLACEMENTS,
    "LtiDeepLinkingRequest": DEEP_LINKING_PLACEMENTS,
}
"""By the message that a placement sends."""
_ALIASES: Final = {"ContentArea": "link_selection", "RichTextEditor": "editor_button"}
_NAMES: Final = tuple(
    name
    for known in sorted({*RESOURCE_LINK_PLACEMENTS, *DEEP_LINKING_PLACEMENTS})
    for name in (known, EXTENSION + known)
) + tuple(_ALIASES)
_DOMAIN: Final = re.compile(
    r"(([a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9])\.)*([a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9])(:[0-9]{1,5})?",
    re.IGNORECASE | re.ASCII,
)


def _optional_text() -> fields.String:
    return fields.String(load_default=None, allow_none=True)


def _optional_address(**options: Any) -> fields.String:
    return fields.String(load_default=None, allow_none=True, validate=web_address, **options)


def _texts(**options: Any) -> fields.List[str]:
    return fields.List(fields.String(), **options)


class _WholeNumber(fields.Field[int | None]):
    """A number, text or null, as ``launch_width`` and ``launch_height`` may be; text counts up to its first letter."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> int | None:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValidationError("Not a number or text.")
        found = re.match(r"\s*[0-9]+", str(value))
        return int(found.group()) if found else 0


class _MessageSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    type = fields.String(required=True, validate=validate.OneOf(list(PLACEMENTS)))
    target_link_uri = _optional_address()
    label = _optional_text()
    icon_uri = _optional_address()
    custom_parameters = fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)
    roles = _texts(load_default=list)
    placements = fields.List(fields.String(validate=validate.OneOf(_NAMES)), load_default=list)
    default_enabled = fields.Boolean(
        load_default=None,
        truthy={True},
        falsy={False},
        data_key=EXTENSION + "course_navigation/default_enabled",
    )
    visibility = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(["admins", "members", "public"]),
        data_key=EXTENSION + "visibility",
    )
    display_type = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(
            ["default", "full_width", "full_width_in_context", "in_nav_context", "borderless", "new_window"]
        ),
        data_key=EXTENSION + "display_type",
    )
    width = _WholeNumber(load_default=None, allow_none=True, data_key=EXTENSION + "launch_width")
    height = _WholeNumber(load_default=None, allow_none=True, data_key=EXTENSION + "launch_height")


def _domain(value: str) -> None:
    if not _DOMAIN.fullmatch(value):
        raise ValidationError("A host, with its port if it has one, and no scheme.")


class _ConfigurationSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    domain = fields.String(required=True, validate=_domain)
    messages = fields.List(fields.Nested(_MessageSchema), required=True)
    claims = _texts(required=True)
    target_link_uri = _optional_text()
    description = _optional_text()
    custom_parameters = fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)
    privacy_level = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(PRIVACY_LEVELS),
        data_key=EXTENSION + "privacy_level",
    )
    tool_id = fields.String(load_default=None, allow_none=True, data_key=EXTENSION + "tool_id")


def _contains(*wanted: str) -> Any:
    def check(values: list[str]) -> None:
        missing = [value for value in wanted if value not in values]
        if missing:
            raise ValidationError(f"Must include {', '.join(missing)}.")

    return check


class RegistrationSchema(Schema):
    """A registration request, as Canvas reads it. ``openid`` is dropped from the scopes."""

    class Meta:
        unknown = EXCLUDE

    application_type = fields.String(required=True, validate=validate.Equal("web"))
    grant_types = _texts(required=True, validate=_contains("client_credentials", "implicit"))
    response_types = _texts(required=True, validate=_contains("id_token"))
    redirect_uris = fields.List(
        fields.String(validate=web_address), required=True, validate=validate.Length(min=1)
    )
    initiate_login_uri = fields.String(required=True, validate=web_address)
    client_name = fields.String(required=True, validate=validate.Length(min=1))
    jwks_uri = fields.String(required=True, validate=web_address)
    token_endpoint_auth_method = fields.String(required=True, validate=validate.Equal("private_key_jwt"))
    scope = fields.String(load_default="", allow_none=True)
    client_uri = _optional_address()
    logo_uri = _optional_address()
    tos_uri = _optional_address()
    policy_uri = _optional_address()
    tool_configuration = fields.Nested(_ConfigurationSchema, required=True, data_key=TOOL_CONFIGURATION)


def scopes_of(scope: str | None, known: tuple[str, ...]) -> list[str]:
    """The scopes asked for, without ``openid``. Raises :class:`marshmallow.ValidationError` for one that is unknown."""
    asked = [name for name in (scope or "").split() if name != "openid"]
    unknown = [name for name in asked if name not in known]
    if unknown:
        raise ValidationError(f"Invalid scopes: {', '.join(unknown)}", "scope")
    return asked


def privacy_level(configuration: dict[str, Any]) -> str:
    """What launches and rosters say of people: as asked for, or as the claims let Canvas infer."""
    if configuration["privacy_level"]:
        return str(configuration["privacy_level"])
    claims = set(configuration["claims"])
    has_name = bool(claims & {"name", "given_name", "family_name"})
    if "picture" in claims or (has_name and "email" in claims):
        return "public"
    if has_name:
        return "name_only"
    return "email_only" if "email" in claims else "anonymous"


def placements(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What Canvas makes of the messages: each placement once, by the first message that names it.

    A message without placements means ``link_selection``.
    """
    found: dict[str, dict[str, Any]] = {}
    for message in messages:
        for name in message["placements"] or ["link_selection"]:
            placement = _ALIASES.get(name, name.removeprefix(EXTENSION))
            hidden = placement == "course_navigation" and message["default_enabled"] is False
            found.setdefault(
                placement,
                {
                    "placement": placement,
                    "message_type": message["type"],
                    "target_link_uri": message["target_link_uri"],
                    "text": message["label"],
                    "icon_url": message["icon_uri"],
                    "custom_fields": message["custom_parameters"],
                    "default": "disabled" if hidden else None,
                    "visibility": message["visibility"],
                },
            )
    return list(found.values())


def sends(placement: dict[str, Any]) -> bool:
    """Whether Canvas launches this placement with its message: some placements have one of the two alone."""
    return placement["placement"] in PLACEMENTS[placement["message_type"]]


def deployment_id(tool_id: int, context: str) -> str:
    """A deployment id in Canvas's form: the tool's own id, and 40 hexadecimal digits of what it is installed in."""
    return f"{tool_id}:{hashlib.sha1(context.encode(), usedforsecurity=False).hexdigest()}"


def messages_supported() -> list[dict[str, Any]]:
    """What a configuration says of messages: their placements, those beyond the specification with Canvas's prefix."""
    return [
        {"type": message, "placements": [EXTENSION + name for name in names]}
        for message, names in PLACEMENTS.items()
    ]


def claims_of(level: str) -> list[str]:
    """The claims about a person that a privacy level lets through: ``lib/lti/messages/jwt_message.rb`` (028493c)."""
    names = ["name", "given_name", "family_name"] if level in ("name_only", "public") else []
    return ["sub", "iss", *names, *(["email"] if level in ("email_only", "public") else [])]
