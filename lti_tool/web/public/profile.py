"""``/xapi/profile``: the xAPI profile, as JSON-LD for programs and as a page of the vocabulary for people."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from lti_tool.identity.policy import Action
from lti_tool.translation import current_language
from lti_tool.web.access import allows
from xapi import profile

blueprint = Blueprint("profile", __name__)

JSON_LD = "application/ld+json"


@blueprint.get("/xapi/profile")
@allows(Action.READ_PUBLIC_PAGES)
def show() -> ResponseReturnValue:
    """JSON-LD unless the client prefers HTML, as a browser does; ``?format=json-ld`` is always JSON-LD."""
    best = request.accept_mimetypes.best_match([JSON_LD, "application/json", "text/html"], default=JSON_LD)
    if best == "text/html" and request.args.get("format") != "json-ld":
        page = render_template(
            "public/profile.html",
            rows=profile.vocabulary_rows(current_language()),
            document=profile.profile_document(),
        )
        response = Response(page, content_type="text/html; charset=utf-8")
    else:
        content_type = "application/json" if best == "application/json" else JSON_LD
        response = Response(profile.profile_bytes(), content_type=content_type)
    response.vary.add("Accept")
    response.vary.add("Accept-Language")
    response.headers["Cache-Control"] = "public, max-age=300"
    return response
