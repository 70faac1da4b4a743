"""``/.well-known/jwks.json``: the public halves of the tool's keys, for platforms (RFC 7517 §5)."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from lti_tool.tool import current_tool

blueprint = Blueprint("jwks", __name__)


@blueprint.get("/.well-known/jwks.json")
def jwks() -> ResponseReturnValue:
    """The key set; platforms may keep it for five minutes, which is how soon a new key is seen everywhere."""
    response = jsonify(current_tool().keys.published_jwks())
    response.headers["Cache-Control"] = "public, max-age=300"
    return response
