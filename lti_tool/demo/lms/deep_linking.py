"""Deep linking: what the content picker gets, and how strictly its answer is read.

https://www.imsglobal.org/spec/lti-dl/v2p0. The return address works without a cookie, since the answer is
posted from the tool's page; the single-use ``data`` ties it to the tutor and course it was started for.
"""

from __future__ import annotations

import time
from typing import Any

import jwt
from flask import Blueprint, make_response, render_template, request
from marshmallow import ValidationError
from werkzeug.wrappers import Response

from lti_tool.demo.lms.course import Link, add_link
from lti_tool.demo.lms.refusals import Refusal, first_problem
from lti_tool.demo.lms.schemas import LTI_CLAIM, DeepLinkingResponseSchema, first_foreign_address
from lti_tool.demo.lms.tool_keys import KeyNotFound
from lti_tool.demo.lms.tools import Tool, find_active_client
from lti_tool.demo.lms.wiring import current_lms

blueprint = Blueprint("deep_linking", __name__)


def deep_linking_settings(issuer: str, deep_link_id: str) -> dict[str, Any]:
    """The deep_linking_settings claim: resource links only, several, with line items, as Moodle."""
    return {
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["iframe", "window"],
        "accept_copy_advice": False,
        "accept_multiple": True,
        "accept_unsigned": False,
        "accept_lineitem": True,
        "auto_create": False,
        "can_confirm": False,
        "data": deep_link_id,
        "deep_link_return_url": f"{issuer}/deep-link/return",
    }


def _tool_and_claims(token: str) -> tuple[Tool, dict[str, Any]]:
    """Who signed the answer, and what it says, once its signature, parties and times are right."""
    lms = current_lms()
    try:
        header = jwt.get_unverified_header(token)
        unverified = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError as error:
        raise Refusal(400, "malformed_jwt", "The answer is not a JWT.") from error
    issuer = unverified.get("iss")
    with lms.store.reading() as db:
        tool = find_active_client(db, issuer) if isinstance(issuer, str) else None
    if tool is None:
        raise Refusal(400, "unknown_issuer", "iss must be the client_id of an active tool.")
    if header.get("alg") != "RS256":
        raise Refusal(400, "wrong_algorithm", "The answer must be signed with RS256.", tool.client_id)
    if not isinstance(header.get("kid"), str) or not header["kid"]:
        raise Refusal(400, "missing_kid", "The answer has no kid.", tool.client_id)
    try:
        key = jwt.PyJWK(lms.tool_keys.find(tool, header["kid"]), algorithm="RS256")
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            audience=lms.issuer,
            issuer=tool.client_id,
            leeway=lms.settings.lifetime_leeway_seconds,
            options={"require": ["iss", "aud", "exp", "iat", "nonce"]},
        )
    except KeyNotFound as error:
        raise Refusal(400, "unknown_key", str(error), tool.client_id) from error
    except jwt.ExpiredSignatureError as error:
        raise Refusal(400, "expired", "The answer has expired.", tool.client_id) from error
    except jwt.InvalidAudienceError as error:
        raise Refusal(
            400, "wrong_audience", "The answer is meant for another platform.", tool.client_id
        ) from error
    except jwt.MissingRequiredClaimError as error:
        raise Refusal(400, f"missing_{error.claim}", f"{error.claim} is missing.", tool.client_id) from error
    except jwt.InvalidSignatureError as error:
        raise Refusal(400, "bad_signature", "The signature is not the tool's.", tool.client_id) from error
    except jwt.PyJWTError as error:
        raise Refusal(400, "malformed_jwt", f"The answer is malformed: {error}.", tool.client_id) from error
    azp = claims.get("azp")
    if azp is not None and azp != lms.issuer:
        raise Refusal(400, "wrong_audience", "azp is another platform.", tool.client_id)
    return tool, claims


def _checked(tool: Tool, claims: dict[str, Any]) -> dict[str, Any]:
    """The answer's own claims, loaded; every item must point at the tool."""
    try:
        loaded: dict[str, Any] = DeepLinkingResponseSchema().load(claims)
    except ValidationError as error:
        field, problem = first_problem(error.messages)
        short = field.removeprefix("https://purl.imsglobal.org/spec/lti-dl/claim/").removeprefix(LTI_CLAIM)
        raise Refusal(400, f"bad_{short}", f"{short}: {problem}", tool.client_id) from error
    if loaded["deployment_id"] != tool.deployment_id:
        raise Refusal(400, "wrong_deployment", "deployment_id is not the tool's.", tool.client_id)
    if first_foreign_address(loaded["content_items"], tool.domain) is not None:
        raise Refusal(400, "foreign_address", "A content item points away from the tool.", tool.client_id)
    return loaded


def _accept(tool: Tool, claims: dict[str, Any]) -> list[Link]:
    """Make the links and their coupled line items, once."""
    loaded = _checked(tool, claims)
    lms = current_lms()
    nonce = claims["nonce"]
    if not isinstance(nonce, str) or not nonce or len(nonce) > 512:
        raise Refusal(400, "bad_nonce", "nonce must be text.", tool.client_id)
    with lms.store.transaction() as db:
        request_row = db.execute(
            "DELETE FROM deep_links WHERE id = ? AND tool_id = ? RETURNING *", (loaded["data"], tool.id)
        ).fetchone()
        if request_row is None:
            raise Refusal(
                400, "unknown_data", "data was not echoed, or has been answered before.", tool.client_id
            )
        if request_row["expires_at"] < time.time():
            raise Refusal(400, "expired_data", "The content picker was open for too long.", tool.client_id)
        if not db.execute(
            "INSERT OR IGNORE INTO seen_jwts (client_id, kind, value, expires_at) VALUES (?, 'nonce', ?, ?)",
            (tool.client_id, nonce, float(claims["exp"]) + lms.settings.lifetime_leeway_seconds),
        ).rowcount:
            raise Refusal(400, "repeated_nonce", "This nonce was used before.", tool.client_id)
        return [
            add_link(
                db,
                request_row["course_id"],
                tool,
                item["title"] or tool.name,
                url=item.get("url", ""),
                description=item["text"],
                custom=item["custom"],
                line_item=item.get("lineItem"),
            )
            for item in loaded["content_items"]
        ]


@blueprint.post("/deep-link/return")
def take_content() -> Response:
    """Where the tool posts its answer, as the form field ``JWT``."""
    token = request.form.get("JWT")
    if not token:
        raise Refusal(400, "missing_jwt", "The form has no JWT.")
    tool, claims = _tool_and_claims(token)
    links = _accept(tool, claims)
    detail = ", ".join(f"{link.id}: {link.title}" for link in links) or "nothing chosen"
    current_lms().store.record_call(tool.client_id, "POST", request.path, 200, "content_added", detail)
    return make_response(render_template("leave_frame.html", target="/", links=links))
