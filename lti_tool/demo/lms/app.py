"""``create_lms(settings)``: the LMS as a Flask application. Nothing connects anywhere at import."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, jsonify, make_response, redirect, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.demo.lms import (
    access_tokens,
    admin_pages,
    copy_pages,
    deep_linking,
    grades,
    line_items,
    oidc,
    pages,
    registration,
    roster,
    side_by_side,
    statements,
    teaching_pages,
)
from lti_tool.demo.lms.canvas import platform_storage
from lti_tool.demo.lms.canvas.services import refused_service
from lti_tool.demo.lms.course import all_courses
from lti_tool.demo.lms.people import people_to_pick
from lti_tool.demo.lms.refusals import Refusal
from lti_tool.demo.lms.running_programme import programme_of
from lti_tool.demo.lms.second_course import LABEL
from lti_tool.demo.lms.settings import LmsSettings
from lti_tool.demo.lms.steps import steps_done
from lti_tool.demo.lms.texts import date_and_time, number, text, translated
from lti_tool.demo.lms.tools import all_tools
from lti_tool.demo.lms.wiring import Lms, current_lms, current_locale, current_person, viewed_course

LARGEST_REQUEST = 1024 * 1024
SERVICES = ("/services/", "/oauth/")
FOR_TOOLS = ("/services/", "/oauth/", "/oidc/", "/deep-link/return")
"""Paths that other sites post to by design."""

CONTENT_SECURITY = (
    "default-src 'self'; img-src 'self' data: http: https:; frame-src http: https:; object-src 'none';"
    " base-uri 'none'; frame-ancestors 'self'"
)


def create_lms(settings: LmsSettings) -> Flask:
    """The LMS for these settings; its folder is made, filled and kept between starts."""
    app = Flask("lti_tool.demo.lms")
    app.config.update(MAX_CONTENT_LENGTH=LARGEST_REQUEST, JSON_SORT_KEYS=False)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    lms = Lms.open(settings)
    app.extensions["lms"] = lms
    access_tokens.install(app, lms)
    for module in (
        oidc,
        registration,
        line_items,
        grades,
        roster,
        deep_linking,
        pages,
        admin_pages,
        side_by_side,
        statements,
        copy_pages,
        teaching_pages,
        platform_storage,
    ):
        app.register_blueprint(module.blueprint)
    app.before_request(_check_host_and_origin)
    app.after_request(_headers)
    app.context_processor(_page_context)
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OverflowError, _too_large)
    app.register_error_handler(UnicodeEncodeError, _lone_surrogate)
    return app


def _check_host_and_origin() -> AnyResponse | None:
    """One host name, and forms from our own pages only (SameSite cookies do the rest)."""
    lms = current_lms()
    wanted = urlsplit(lms.issuer).netloc
    if request.method == "GET" and request.host.startswith("127.0.0.1") and request.host != wanted:
        return redirect(lms.issuer + request.full_path.rstrip("?"), 302)
    if request.method == "POST" and not request.path.startswith(FOR_TOOLS):
        origin = request.headers.get("Origin")
        if origin is not None and origin != lms.issuer:
            raise Refusal(403, "foreign_form", "This form was sent from another site.")
    return None


def _headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if response.mimetype == "text/html":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _page_context() -> dict[str, object]:
    lms = current_lms()
    locale = current_locale()
    with lms.store.reading() as db:
        course = viewed_course(db)
        people, courses = people_to_pick(db, course.id), all_courses(db)
        done = steps_done(db, course)
        menu_tools = [tool for tool in all_tools(db) if tool.in_menu]
    second = next((each for each in courses if each.label == LABEL), None)
    programme = None
    # The first course says how long the other one has run; its own people say in words of their own what they do.
    if second is not None and (course.id == second.id or request.path in ("/", "/course")):
        programme = programme_of(second)
    return {
        "second_course": second,
        "programme": programme,
        "menu_tools": menu_tools,
        "settings": lms.settings,
        "locale": locale,
        "me": current_person(),
        "people_to_be": people,
        "courses": courses,
        "steps_done": done,
        "viewed_course": course,
        "t": lambda key, **values: text(locale, key, **values),
        "translated": lambda given: translated(locale, given),
        "number": lambda value: number(locale, value),
        "moment": lambda value: date_and_time(locale, value),
    }


REASON_HEADER = "X-Refused-Reason"
"""Has this LMS's own name of a refusal where the body is written as Canvas writes it."""


def _answer_for(status: int, reason: str, detail: str) -> AnyResponse:
    if request.path.startswith(SERVICES) and current_lms().settings.is_canvas:
        refused = make_response(jsonify(refused_service(status, detail)), status)
        refused.headers[REASON_HEADER] = reason
        return refused
    if request.path.startswith(SERVICES) or request.path.endswith(".json") or admin_pages.wants_json():
        response = make_response(jsonify({"error": reason, "error_description": detail}), status)
        if status == 401:
            response.headers["WWW-Authenticate"] = f'Bearer error="{reason}"'
        return response
    page = render_template("refusal.html", reason=reason, detail=detail, missing=status == 404)
    return make_response(page, status)


def _refused(refusal: Refusal) -> AnyResponse:
    """Note a refusal in the activity log and answer in the caller's form."""
    current_lms().store.record_call(
        refusal.tool,
        request.method,
        request.path,
        refusal.status,
        refusal.reason,
        f"{refusal.detail} {refusal.note}".strip(),
    )
    return _answer_for(refusal.status, refusal.reason, refusal.detail)


def _too_large(_error: OverflowError) -> AnyResponse:
    """A number in an address that SQLite cannot hold names nothing here."""
    return _refused(Refusal(404, "not_found", "There is nothing of this number here."))


def _lone_surrogate(_error: UnicodeEncodeError) -> AnyResponse:
    """JSON can carry half a surrogate pair, which is no text."""
    return _refused(Refusal(400, "malformed_text", "Some text holds half a character."))


def _http_error(error: HTTPException) -> AnyResponse:
    response = _answer_for(error.code or 500, error.name.lower().replace(" ", "_"), error.description or "")
    for name, value in error.get_headers():
        if name.lower() == "allow":
            response.headers[name] = value
    return response
