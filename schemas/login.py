"""The parameters of login and launch requests, before any of it is verified.

Third-party initiated login: 1EdTech security framework §5.1.1.1 and LTI 1.3 core §4.1; authentication response:
OpenID Connect core §3.2.2.5 and §3.2.2.6.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError

from schemas.request_schema import RequestSchema, StorableText

STATE_LENGTH = 3_000
"""The tool's own states are of some 300 characters, and of 2,300 with the longest deployment id in other letters."""

HINT_LENGTH = 8_000
"""Canvas's message hint is a signed token of some two thousand characters."""


_FRAME_NAME = re.compile(r"[\w.:-]{1,100}", re.ASCII)
"""What platforms call a frame; the state, which carries it, is to stay short."""


def line(maximum: int) -> StorableText:
    """Text that is not empty, of at most ``maximum`` characters; None when it is not there."""
    return StorableText(min=1, max=maximum, load_default=None)


def required_line(maximum: int) -> StorableText:
    """The same, where it must be there."""
    return StorableText(min=1, max=maximum, required=True)


class _ParametersSchema(RequestSchema):
    """Parameters of a request: one without a value is a parameter that is not there."""

    def prepare(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """The parameters that have a value."""
        return {name: value for name, value in data.items() if value != ""} if "" in data.values() else data


class LoginSchema(_ParametersSchema):
    """The parameters of ``/lti/login``, by GET or by POST."""

    iss = required_line(255)
    login_hint = required_line(HINT_LENGTH)
    target_link_uri = required_line(2_000)
    lti_message_hint = line(HINT_LENGTH)
    client_id = line(255)
    lti_deployment_id = line(255)
    deployment_id = line(255)
    """What ``lti_deployment_id`` was called in older documents of Canvas."""
    lti_storage_target = line(255)
    """The frame that offers Platform Storage, https://www.imsglobal.org/spec/lti-cs-pm/v0p1."""

    def finish(self, loaded: dict[str, Any]) -> dict[str, Any]:
        """``opener`` is what some platforms call the frame that every browser calls ``_parent``; one deployment id.

        A target that can be the name of no frame is none: the launch goes on without the platform's storage.
        """
        older = loaded.pop("deployment_id")
        loaded["lti_deployment_id"] = loaded["lti_deployment_id"] or older
        target = loaded["lti_storage_target"]
        if target == "opener":
            loaded["lti_storage_target"] = "_parent"
        elif target is not None and not _FRAME_NAME.fullmatch(target):
            loaded["lti_storage_target"] = None
        return loaded


class LaunchFormSchema(_ParametersSchema):
    """The form that a platform has the browser post to ``/lti/launch``."""

    state = line(STATE_LENGTH)
    id_token = line(200_000)
    error = line(255)
    error_description = line(2_000)

    def check(self, loaded: dict[str, Any]) -> None:
        """A state and a token, or an error, which some platforms send without the state."""
        for name in ("state", "id_token"):
            if not loaded.get(name) and not loaded.get("error"):
                raise ValidationError("is missing", name)


class StoredProofSchema(_ParametersSchema):
    """The form by which a page of the tool brings what the platform kept for this browser, if it kept anything."""

    proof = line(100)
