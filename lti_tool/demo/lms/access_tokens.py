"""The token endpoint: Authlib's client-credentials grant with ``private_key_jwt`` assertions, read strictly.

LTI Security Framework 4.1, https://www.imsglobal.org/spec/security/v1p0/#using-json-web-tokens-with-oauth-2-0-client-credentials-grant,
and RFC 7523. Access tokens are opaque; only their digest is kept.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import (
    InvalidClientError,
    InvalidScopeError,
)
from authlib.oauth2.rfc6749.grants import (
    ClientCredentialsGrant,
)
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from flask import Blueprint, Flask, Response, current_app, g, jsonify, request
from joserfc import jwk
from joserfc.errors import JoseError

from lti_tool.demo.lms.canvas.tokens import canvas_refusal
from lti_tool.demo.lms.refusals import Refusal
from lti_tool.demo.lms.tool_keys import KeyNotFound
from lti_tool.demo.lms.tools import Tool, find_active_client, find_tool
from lti_tool.demo.lms.wiring import Lms, current_lms

blueprint = Blueprint("access_tokens", __name__)

AUTHENTICATION_METHOD = "private_key_jwt"
LONGEST_ASSERTION = 3600
"""Seconds; an assertion that is valid longer would have to be stored longer."""


@dataclass(frozen=True)
class _Client:
    """A tool, as Authlib asks about it."""

    tool: Tool

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == AUTHENTICATION_METHOD and endpoint == "token"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "client_credentials"

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """The asked scopes that were granted at registration; None when none is left."""
        asked = (scope or "").split()
        if current_lms().settings.is_canvas and set(asked) - set(self.tool.scopes):
            return None  # canvas/tokens.py: one that was not granted refuses them all
        return " ".join(name for name in self.tool.scopes if name in asked) or None


class _Assertion(JWTBearerClientAssertion):  # type: ignore[misc]  # an untyped base class
    """The client assertion: RS256 and a kid, our token endpoint as audience, each jti once."""

    CLIENT_AUTH_METHOD = AUTHENTICATION_METHOD

    def extract_assertion(self, assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
        try:
            headers, claims = super().extract_assertion(assertion)
        except (ValueError, TypeError, KeyError) as error:
            raise InvalidClientError(description="Invalid JWT assertion.") from error
        if headers.get("alg") != "RS256":
            raise InvalidClientError(description="The assertion must be signed with RS256.")
        if not isinstance(headers.get("kid"), str) or not headers["kid"]:
            raise InvalidClientError(description="The assertion has no kid.")
        g.assertion_kid = headers["kid"]
        return headers, claims

    def get_audiences(self) -> list[str]:
        return [f"{current_lms().issuer}/oauth/token"]

    def resolve_client_public_key(self, client: _Client) -> Any:
        try:
            return jwk.import_key(current_lms().tool_keys.find(client.tool, g.assertion_kid))
        except (KeyNotFound, JoseError, ValueError, TypeError) as error:
            raise InvalidClientError(description=f"No usable key: {error}") from error

    def verify_claims(self, claims: dict[str, Any]) -> None:
        super().verify_claims(claims)
        if isinstance(claims.get("aud"), list) and len(claims["aud"]) != 1:
            raise InvalidClientError(description="The assertion is meant for others too.")
        if claims["exp"] > time.time() + LONGEST_ASSERTION + self.leeway:
            raise InvalidClientError(description="The assertion is valid too long.")
        if not isinstance(claims.get("iat"), int | float):
            raise InvalidClientError(description="Missing claim: 'iat'")

    def validate_jti(self, claims: dict[str, Any], jti: Any) -> bool:
        if not isinstance(jti, str) or not jti or len(jti) > 255:
            raise InvalidClientError(description="Invalid JWT ID.")
        expiry = float(claims["exp"]) + self.leeway
        return current_lms().store.mark_seen(str(claims["sub"]), "jti", jti, expiry)


class _Grant(ClientCredentialsGrant):  # type: ignore[misc]  # an untyped base class
    TOKEN_ENDPOINT_AUTH_METHODS = [AUTHENTICATION_METHOD]  # noqa: RUF012 - Authlib reads it as a class attribute

    def validate_requested_scope(self) -> None:
        """Refuse a request of which nothing was granted; others are narrowed."""
        if self.request.client.get_allowed_scope(self.request.payload.scope) is None:
            raise InvalidScopeError(description="None of these scopes was granted to this tool.")


def _query_client(client_id: str) -> _Client | None:
    with current_lms().store.reading() as db:
        tool = find_active_client(db, client_id)
    return None if tool is None else _Client(tool)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _save_token(token: dict[str, Any], token_request: Any) -> None:
    with current_lms().store.transaction() as db:
        db.execute("DELETE FROM access_tokens WHERE expires_at < ?", (time.time(),))
        db.execute(
            "INSERT INTO access_tokens (digest, tool_id, scopes, expires_at) VALUES (?, ?, ?, ?)",
            (
                _digest(token["access_token"]),
                token_request.client.tool.id,
                token["scope"],
                time.time() + token["expires_in"],
            ),
        )


def token_generator(lifetime: int) -> Callable[..., dict[str, Any]]:
    """What makes a token of ``lifetime`` seconds, as Authlib calls it."""

    def generate(client: _Client, scope: str, **_: Any) -> dict[str, Any]:
        return {
            "access_token": secrets.token_urlsafe(32),
            "token_type": "Bearer",
            "expires_in": lifetime,
            "scope": client.get_allowed_scope(scope),
        }

    return generate


def install(app: Flask, lms: Lms) -> None:
    """Give the app its authorisation server and the token endpoint."""
    server = AuthorizationServer(app, query_client=_query_client, save_token=_save_token)
    server.register_token_generator("default", token_generator(lms.settings.access_token_seconds))
    server.register_client_auth_method(
        AUTHENTICATION_METHOD, _Assertion(leeway=lms.settings.lifetime_leeway_seconds)
    )
    server.register_grant(_Grant)
    app.extensions["lms_token_server"] = server
    app.register_blueprint(blueprint)


@blueprint.post("/oauth/token")
def token() -> Response:
    """Exchange a client assertion for an access token."""
    server = current_app.extensions["lms_token_server"]
    try:
        response: Response = server.create_token_response()
    except (ValueError, TypeError, KeyError) as error:
        # Authlib and joserfc let some malformed tokens through as bare errors.
        raise Refusal(400, "invalid_client", f"Malformed assertion: {type(error).__name__}.") from error
    if current_lms().settings.is_canvas and response.status_code >= 400:
        response = jsonify(canvas_refusal(response.get_json(), request.form.get("scope", "")))
        response.status_code = 400
    answer = response.get_json()
    current_lms().store.record_call(
        str(request.form.get("client_id", "")),
        "POST",
        request.path,
        response.status_code,
        str(answer.get("error", "token")),
        str(answer.get("error_description", answer.get("scope", ""))),
    )
    return response


def bearer(*scopes: str) -> Tool:
    """The tool whose token this request carries, if the token has one of ``scopes``; otherwise a refusal."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not value:
        raise Refusal(401, "missing_token", "This service needs a bearer token.")
    with current_lms().store.reading() as db:
        row = db.execute("SELECT * FROM access_tokens WHERE digest = ?", (_digest(value.strip()),)).fetchone()
        if row is None:
            raise Refusal(401, "unknown_token", "This token is not known here.")
        tool = find_tool(db, row["tool_id"])
    if row["expires_at"] <= time.time():
        raise Refusal(401, "expired_token", "This token has expired.", tool.client_id)
    if not set(scopes) & set(row["scopes"].split()):
        raise Refusal(403, "insufficient_scope", f"This needs the scope {scopes[0]}.", tool.client_id)
    return tool
