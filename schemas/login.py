"""The parameters of login and launch requests, before any of it is verified.

Third-party initiated login: 1EdTech security framework §5.1.1.1 and LTI 1.3 core §4.1; authentication response:
OpenID Connect core §3.2.2.5 and §3.2.2.6.
"""

from __future__ import annotations

import re
from typing import Any

from marshmallow import (
    EXCLUDE,
    Schema,
    ValidationError,
    fields,
    post_load,
    pre_load,
    validate,
    validates_schema,
)

STATE_LENGTH = 3_000
"""The tool's own states are of some 300 characters, and of 2,300 with the longest deployment id in other letters."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

HINT_LENGTH = 8_000
"""Canvas's message hint is a signed token of some two thousand characters."""


def is_storable(value: str) -> bool:
    """Whether every database keeps this text: none keeps NUL and lone surrogates."""
    return _UNSTORABLE.search(value) is None


def storable(value: str) -> None:
    """Refuse what :func:`is_storable` denies."""
    if not is_storable(value):
        raise ValidationError("holds characters that are none")


def line(maximum: int, *, required: bool = False) -> fields.String:
    """Text that is not empty, of at most ``maximum`` characters."""
    checks: list[Any] = [validate.Length(min=1, max=maximum), storable]
    return (
        fields.String(required=True, validate=checks)
        if required
        else fields.String(load_default=None, validate=checks)
    )


class _RequestSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    @pre_load
    def without_blanks(self, data: dict[str, str], **_: Any) -> dict[str, str]:
        """A parameter without a value is a parameter that is not there."""
        return {name: value for name, value in data.items() if value != ""}


class LoginSchema(_RequestSchema):
    """The parameters of ``/lti/login``, by GET or by POST."""

    iss = line(255, required=True)
    login_hint = line(HINT_LENGTH, required=True)
    target_link_uri = line(2_000, required=True)
    lti_message_hint = line(HINT_LENGTH)
    client_id = line(255)
    lti_deployment_id = line(255)
    deployment_id = line(255)
    """What ``lti_deployment_id`` was called in older documents of Canvas."""
    lti_storage_target = line(255)
    """The frame that offers Platform Storage, https://www.imsglobal.org/spec/lti-cs-pm/v0p1."""

    @post_load
    def by_one_name(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """``opener`` is what some platforms call the frame that every browser calls ``_parent``; one deployment id."""
        older = data.pop("deployment_id")
        data["lti_deployment_id"] = data["lti_deployment_id"] or older
        if data["lti_storage_target"] == "opener":
            data["lti_storage_target"] = "_parent"
        return data


class LaunchFormSchema(_RequestSchema):
    """The form that a platform has the browser post to ``/lti/launch``."""

    state = line(STATE_LENGTH)
    id_token = line(200_000)
    error = line(255)
    error_description = line(2_000)

    @validates_schema
    def token_or_error(self, data: dict[str, Any], **_: Any) -> None:
        """A state and a token, or an error, which some platforms send without the state."""
        for name in ("state", "id_token"):
            if not data.get(name) and not data.get("error"):
                raise ValidationError("is missing", name)
