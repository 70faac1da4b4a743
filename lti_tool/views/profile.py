"""``/xapi/profile``: the xAPI profile, as JSON-LD for programs and as a page of the vocabulary for people."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from xapi import profile

blueprint = Blueprint("profile", __name__)

JSON_LD = "application/ld+json"


@blueprint.get("/xapi/profile")
def show() -> ResponseReturnValue:
    """JSON-LD unless the client would rather have HTML, as a browser would."""
    best = request.accept_mimetypes.best_match(
        [JSON_LD, "application/json", "text/html"], default=JSON_LD
    )
    if best == "text/html":
        page = render_template(
            "profile.html",
            rows=profile.vocabulary_rows(str(get_locale())),
            document=profile.profile_document(),
        )
        response = Response(page, content_type="text/html; charset=utf-8")
    else:
        response = Response(profile.profile_bytes(), content_type=best)
    response.vary.add("Accept")
    response.vary.add("Accept-Language")
    response.headers["Cache-Control"] = "public, max-age=300"
    return response
