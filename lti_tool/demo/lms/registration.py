"""Dynamic registration: the LMS's configuration, its one-hour token, and the tool's request read strictly.

https://www.imsglobal.org/spec/lti-dr/v1p0. Refusals follow Moodle 4.5.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, request
from marshmallow import Schema, ValidationError

from lti_tool.demo.lms.canvas import registration as canvas
from lti_tool.demo.lms.platform import add_query
from lti_tool.demo.lms.refusals import Refusal, first_problem
from lti_tool.demo.lms.schemas import TOOL_CONFIGURATION, ClientRegistrationSchema
from lti_tool.demo.lms.tools import (
    SUPPORTED_CLAIMS,
    SUPPORTED_SCOPES,
    Tool,
    new_client_id,
    register_tool,
)
from lti_tool.demo.lms.wiring import Lms, current_lms

blueprint = Blueprint("registration", __name__)

PLATFORM_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-platform-configuration"
VARIABLES = [
    "User.id",
    "User.username",
    "Person.name.full",
    "Person.name.given",
    "Person.name.family",
    "Person.email.primary",
    "Context.id",
    "Context.title",
    "Context.label",
    "Context.id.history",
    "CourseSection.title",
    "CourseSection.label",
    "ResourceLink.id",
    "ResourceLink.title",
    "ResourceLink.description",
    "Membership.role",
    "Moodle.Person.userGroupIds",
]


def start_registration(lms: Lms, registration_url: str) -> dict[str, str]:
    """A new one-hour token, and the tool's address to open: {"url", "openid_configuration", "registration_token"}."""
    token = secrets.token_urlsafe(32)
    configuration = f"{lms.issuer}/.well-known/openid-configuration"
    if lms.settings.is_canvas:
        # In the query of this address, too: oidc_configuration_url of dynamic_registration_controller.rb (f84104e).
        configuration = add_query(configuration, {"registration_token": token})
    with lms.store.transaction() as db:
        db.execute(
            "INSERT INTO registration_tokens (digest, expires_at) VALUES (?, ?)",
            (_digest(token), time.time() + lms.settings.registration_seconds),
        )
    fields = {"openid_configuration": configuration, "registration_token": token}
    return {"url": add_query(registration_url, fields), **fields}


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@blueprint.get("/.well-known/openid-configuration")
def configuration() -> Response:
    """The platform's configuration. Public, but under Canvas's rules, whose address has the token in its query."""
    lms = current_lms()
    platform: dict[str, Any] = {
        "product_family_code": lms.settings.product_family_code,
        "version": lms.settings.platform_version,
        "messages_supported": [
            {"type": "LtiResourceLinkRequest"},
            {"type": "LtiDeepLinkingRequest", "placements": ["ContentArea"]},
        ],
        "variables": VARIABLES,
    }
    further: dict[str, Any] = {}
    if lms.settings.is_canvas:
        _check_configuration_token(lms)
        platform |= {
            "version": "vCloud",
            "messages_supported": canvas.messages_supported(),
            f"{canvas.EXTENSION}account_name": lms.settings.platform_name,
        }
        further["authorization_server"] = urlsplit(lms.issuer).hostname
    return jsonify(
        {
            **further,
            "issuer": lms.issuer,
            "token_endpoint": f"{lms.issuer}/oauth/token",
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
            "jwks_uri": f"{lms.issuer}/oauth/jwks",
            "authorization_endpoint": f"{lms.issuer}/oidc/auth",
            "registration_endpoint": f"{lms.issuer}/oauth/register",
            "scopes_supported": ["openid", *SUPPORTED_SCOPES],
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public", "pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "claims_supported": list(SUPPORTED_CLAIMS),
            PLATFORM_CONFIGURATION: platform,
        }
    )


def _check_configuration_token(lms: Lms) -> None:
    digest = _digest(request.args.get("registration_token", ""))
    with lms.store.reading() as db:
        known = db.execute("SELECT 1 FROM registration_tokens WHERE digest = ?", (digest,)).fetchone()
    if known is None:
        raise Refusal(401, "unknown_registration_token", "The address has lost its registration_token.")


@blueprint.get("/oauth/jwks")
def key_set() -> Response:
    """The keys that id_tokens are signed with."""
    return jsonify(current_lms().key.key_set())


def _bearer_digest() -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind != "Bearer" or not token.strip():
        raise Refusal(401, "missing_registration_token", "Registration needs its bearer token.")
    return _digest(token.strip())


def _requested() -> dict[str, Any]:
    if request.mimetype != "application/json":
        raise Refusal(400, "wrong_content_type", "The body must be application/json.")
    try:
        body = json.loads(request.get_data())
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "malformed_json", "The body is not JSON.") from error
    if not isinstance(body, dict):
        raise Refusal(400, "malformed_json", "The body is not a JSON object.")
    try:
        schema: Schema = (
            canvas.RegistrationSchema() if current_lms().settings.is_canvas else ClientRegistrationSchema()
        )
        loaded: dict[str, Any] = schema.load(body)
        if current_lms().settings.is_canvas:
            loaded["scopes"] = canvas.scopes_of(loaded["scope"], SUPPORTED_SCOPES)
    except ValidationError as error:
        field, problem = first_problem(error.messages)
        short = field.replace(TOOL_CONFIGURATION, "tool_configuration")
        raise Refusal(
            422 if current_lms().settings.is_canvas else 400, f"bad_{short}", f"{short}: {problem}"
        ) from error
    return loaded


def _as_canvas_tool(asked: dict[str, Any], lms: Lms) -> Tool:
    """What Canvas stores: a developer key with a number for its id, and the placements that the messages name."""
    settings = asked["tool_configuration"]
    placements = canvas.placements(settings["messages"])
    picker = next((one for one in placements if one["message_type"] == "LtiDeepLinkingRequest"), None)
    target = settings["target_link_uri"] or asked["redirect_uris"][0]
    number = 10_000_000_000_000 + secrets.randbelow(1_000_000)
    return Tool(
        client_id=str(number),
        name=asked["client_name"],
        initiate_login_uri=asked["initiate_login_uri"],
        redirect_uris=asked["redirect_uris"],
        jwks_uri=asked["jwks_uri"],
        target_link_uri=target,
        deep_link_uri=(picker["target_link_uri"] or target) if picker else None,
        scopes=asked["scopes"],
        claims=canvas.claims_of(canvas.privacy_level(settings)),
        custom=settings["custom_parameters"],
        description=settings["description"] or "",
        logo_uri=asked["logo_uri"] or "",
        state="pending",
        canvas={
            "placements": placements,
            "privacy_level": canvas.privacy_level(settings),
            "deployment_id": canvas.deployment_id(number % 100_000, lms.issuer),
        },
    )


def _as_tool(asked: dict[str, Any]) -> Tool:
    """What the tool asked for, narrowed to what this LMS grants."""
    settings = asked["tool_configuration"]
    pickers = [message for message in settings["messages"] if message["type"] == "LtiDeepLinkingRequest"]
    picker = pickers[0].get("target_link_uri", settings["target_link_uri"]) if pickers else None
    scopes = asked["scope"].split()
    return Tool(
        client_id=new_client_id(),
        name=asked["client_name"],
        initiate_login_uri=asked["initiate_login_uri"],
        redirect_uris=asked["redirect_uris"],
        jwks_uri=asked["jwks_uri"],
        target_link_uri=settings["target_link_uri"],
        deep_link_uri=picker,
        scopes=[scope for scope in SUPPORTED_SCOPES if scope in scopes],
        claims=[claim for claim in SUPPORTED_CLAIMS if claim in settings["claims"]],
        custom=settings["custom_parameters"],
        description=settings["description"],
        logo_uri=asked["logo_uri"],
        state="pending",
    )


def _registered(tool: Tool) -> dict[str, Any]:
    """The answer to a registration. The deployment id comes with the tool configuration, as Moodle's does."""
    messages: list[dict[str, Any]] = [
        {"type": "LtiResourceLinkRequest", "target_link_uri": tool.target_link_uri}
    ]
    if tool.deep_link_uri:
        messages.append({"type": "LtiDeepLinkingRequest", "target_link_uri": tool.deep_link_uri})
    return {
        "client_id": tool.client_id,
        "application_type": "web",
        "grant_types": ["client_credentials", "implicit"],
        "response_types": ["id_token"],
        "redirect_uris": tool.redirect_uris,
        "initiate_login_uri": tool.initiate_login_uri,
        "client_name": tool.name,
        "logo_uri": tool.logo_uri,
        "jwks_uri": tool.jwks_uri,
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(tool.scopes),
        TOOL_CONFIGURATION: {
            "version": "1.3.0",
            "deployment_id": tool.deployment_id,
            "domain": tool.domain,
            "target_link_uri": tool.target_link_uri,
            "description": tool.description,
            "custom_parameters": tool.custom,
            "messages": messages,
            "claims": tool.claims,
        },
    }


@blueprint.post("/oauth/register")
def register() -> tuple[Response, int]:
    """Register a tool, pending an administrator's activation. The token is used up by a success alone."""
    lms = current_lms()
    digest = _bearer_digest()
    with lms.store.transaction() as db:
        row = db.execute("SELECT * FROM registration_tokens WHERE digest = ?", (digest,)).fetchone()
        if row is None:
            raise Refusal(401, "unknown_registration_token", "This registration token is not known here.")
        if row["used"]:
            raise Refusal(401, "used_registration_token", "This registration token was used before.")
        if row["expires_at"] < time.time():
            raise Refusal(401, "expired_registration_token", "This registration token has expired.")
        asked = _requested()
        tool = register_tool(db, _as_canvas_tool(asked, lms) if lms.settings.is_canvas else _as_tool(asked))
        db.execute("UPDATE registration_tokens SET used = 1 WHERE digest = ?", (digest,))
    lms.store.record_call(tool.client_id, "POST", request.path, 200, "registered", tool.name)
    # The specification says 201; Moodle says 200, and tools have to take both.
    registered = _registered(tool)
    if lms.settings.is_canvas and not lms.settings.names_deployment:
        del registered[TOOL_CONFIGURATION]["deployment_id"]
    return jsonify(registered), 200 if lms.settings.product_family_code == "moodle" else 201
