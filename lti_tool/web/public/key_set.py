"""``/.well-known/jwks.json``: the public halves of the tool's keys, for platforms (RFC 7517 §5)."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from lti_tool.identity.policy import Action
from lti_tool.web.access import allows
from lti_tool.web.services import current_services

blueprint = Blueprint("key_set", __name__)


@blueprint.get("/.well-known/jwks.json")
@allows(Action.READ_PUBLIC_PAGES)
def jwks() -> ResponseReturnValue:
    """The key set; platforms may keep it for five minutes, which is how soon a new key is seen everywhere."""
    response = jsonify(current_services().keys.published_jwks())
    response.headers["Cache-Control"] = "public, max-age=300"
    return response
