"""Deep linking: what the content picker gets, and how strictly its answer is read.

https://www.imsglobal.org/spec/lti-dl/v2p0. The return address works without a cookie, since the answer is
posted from the tool's page; the single-use ``data`` ties it to the tutor and course it was started for.
"""

from __future__ import annotations

import sqlite3
import time
from typing import Any

import jwt
from flask import Blueprint, make_response, render_template, request
from itsdangerous import BadSignature
from marshmallow import Schema, ValidationError
from werkzeug.wrappers import Response

from lti_tool.demo.lms.canvas import deep_linking as canvas
from lti_tool.demo.lms.course import Link, add_link
from lti_tool.demo.lms.platform import add_query
from lti_tool.demo.lms.refusals import Refusal, first_problem
from lti_tool.demo.lms.schemas import LTI_CLAIM, DeepLinkingResponseSchema, first_foreign_address
from lti_tool.demo.lms.tool_keys import KeyNotFound
from lti_tool.demo.lms.tools import Tool, find_active_client
from lti_tool.demo.lms.wiring import Lms, current_lms

blueprint = Blueprint("deep_linking", __name__)


def deep_linking_settings(db: sqlite3.Connection, lms: Lms, deep_link_id: str) -> dict[str, Any]:
    """The deep_linking_settings claim: resource links only, several, with line items, as Moodle; or as Canvas."""
    issuer = lms.issuer
    if lms.settings.is_canvas:
        row = db.execute("SELECT placement FROM deep_links WHERE id = ?", (deep_link_id,)).fetchone()
        placement = row["placement"] if row is not None else canvas.PICKERS[0]
        data = str(lms.page_marks().dumps(["deep link", deep_link_id]))
        address = add_query(f"{issuer}/deep-link/return", {"data": data, "placement": placement})
        return canvas.settings(address, placement)
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
        schema: Schema = (
            canvas.ResponseSchema() if current_lms().settings.is_canvas else DeepLinkingResponseSchema()
        )
        loaded: dict[str, Any] = schema.load(claims)
    except ValidationError as error:
        field, problem = first_problem(error.messages)
        short = field.removeprefix("https://purl.imsglobal.org/spec/lti-dl/claim/").removeprefix(LTI_CLAIM)
        raise Refusal(400, f"bad_{short}", f"{short}: {problem}", tool.client_id) from error
    if loaded["deployment_id"] != tool.deployment_id:
        raise Refusal(400, "wrong_deployment", "deployment_id is not the tool's.", tool.client_id)
    if first_foreign_address(loaded["content_items"], tool.domain) is not None:
        raise Refusal(400, "foreign_address", "A content item points away from the tool.", tool.client_id)
    return loaded


def _request_id(tool: Tool, loaded: dict[str, Any]) -> str:
    """Which request this answers: by the ``data`` echoed, or under Canvas's rules by that of the address alone."""
    lms = current_lms()
    if not lms.settings.is_canvas:
        return str(loaded["data"])
    try:
        _kind, deep_link_id = lms.page_marks().loads(request.args.get("data", ""))
    except (BadSignature, ValueError, TypeError) as error:
        raise Refusal(
            400, "changed_address", "Do not modify the deep_link_return_url in any way.", tool.client_id
        ) from error
    return str(deep_link_id)


def _accept(tool: Tool, claims: dict[str, Any], loaded: dict[str, Any]) -> list[Link]:
    """Make the links and their coupled line items, once."""
    lms = current_lms()
    if lms.settings.is_canvas and not canvas.times_are_right(claims):
        raise Refusal(400, "wrong_iat", "iat must be within the last five minutes.", tool.client_id)
    nonce = claims["nonce"]
    if not isinstance(nonce, str) or not nonce or len(nonce) > 512:
        raise Refusal(400, "bad_nonce", "nonce must be text.", tool.client_id)
    with lms.store.transaction() as db:
        request_row = db.execute(
            "DELETE FROM deep_links WHERE id = ? AND tool_id = ? RETURNING *",
            (_request_id(tool, loaded), tool.id),
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
        if lms.settings.is_canvas:
            return _made_by_canvas(db, tool, request_row, loaded["content_items"])
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


def _made_by_canvas(
    db: sqlite3.Connection, tool: Tool, asked: sqlite3.Row, items: list[dict[str, Any]]
) -> list[Link]:
    """What Canvas makes, all of it unpublished; an item with an error is left out, and the others are made."""
    links = []
    for item in items:
        if canvas.error_of(item, asked["placement"]) is not None:
            continue
        line_item = canvas.line_item_of(item, asked["placement"])
        links.append(
            add_link(
                db,
                asked["course_id"],
                tool,
                (line_item or {}).get("label") or item["title"] or tool.name,
                url=item.get("url", ""),
                description=item["text"],
                custom=canvas.custom_of(item),
                line_item=line_item,
                published=False,
            )
        )
    return links


@blueprint.post("/deep-link/return")
def take_content() -> Response:
    """Where the tool posts its answer, as the form field ``JWT``."""
    token = request.form.get("JWT")
    if not token:
        raise Refusal(400, "missing_jwt", "The form has no JWT.")
    tool, claims = _tool_and_claims(token)
    loaded = _checked(tool, claims)
    links = _accept(tool, claims, loaded)
    detail = ", ".join(f"{link.id}: {link.title}" for link in links) or "nothing chosen"
    current_lms().store.record_call(tool.client_id, "POST", request.path, 200, "content_added", detail)
    message = _message(loaded, has_links=bool(links))
    return make_response(render_template("leave_frame.html", target="/", links=links, message=message))


def _message(loaded: dict[str, Any], *, has_links: bool) -> str:
    """What the tool has to say to the teacher.

    Moodle shows the error, and the message only where something was added (``mod/lti/contentitem_return.php``,
    27cbb59); Canvas shows both (``app/controllers/lti/ims/deep_linking_controller.rb``, 018d0a3).
    """
    is_canvas = current_lms().settings.is_canvas
    shown = [loaded["error_message"], loaded["message"] if is_canvas or has_links else ""]
    return " ".join(str(text) for text in shown if text)
