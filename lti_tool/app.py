"""The web application: everything is wired here, and nothing connects at import.

Besides the pages it sets what every answer carries: a request reference, the security headers, and the one
place that says who may frame the tool.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog
from flask import Flask, Request, Response, g, request
from flask.sessions import SessionInterface

from lti_tool.config import Config
from lti_tool.tool import Tool, make_tool
from lti_tool.views import (
    agreement,
    cohort,
    deep_linking,
    errors,
    health,
    home,
    i18n,
    jwks,
    launch,
    launch_sessions,
    objectives,
    profile,
    public,
    registration,
    sessions,
    setup,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MAX_REQUEST_BYTES = 512 * 1024
"""Beyond any honest token or form; a larger body is refused with 413 before it is read."""


def create_app(config: Config, tool: Tool | None = None) -> Flask:
    """Make the WSGI application for ``config``; ``tool`` when its parts are wired already."""
    app = Flask("lti_tool", static_url_path="/static")
    app.config.update(
        SECRET_KEY=config.secret_key,
        MAX_CONTENT_LENGTH=MAX_REQUEST_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_REQUEST_BYTES,
        SEND_FILE_MAX_AGE_DEFAULT=86400,
    )
    app.session_interface = NoSession()
    app.extensions["tandem"] = tool or make_tool(config)
    # Flask documents this as the way to put something around an application.
    app.wsgi_app = _at(config.base_url, app.wsgi_app)  # type: ignore[method-assign, assignment]
    app.before_request(_begin_request)
    i18n.init_app(app)
    errors.init_app(app)
    launch_sessions.init_app(app)
    for module in (
        public,
        health,
        jwks,
        launch,
        setup,
        registration,
        profile,
        deep_linking,
        home,
        agreement,
        sessions,
        objectives,
        cohort,
    ):
        app.register_blueprint(module.blueprint)
    app.after_request(_security_headers)
    return app


class NoSession(SessionInterface):
    """Flask's own cookie session is not used: frames may not keep it (:mod:`lti_tool.views.launch_sessions` is)."""

    def open_session(self, app: Flask, request: Request) -> None:
        """None: Flask then makes an empty one that nothing can be put into."""


def _at(base_url: str, answer: WSGIApplication) -> WSGIApplication:
    """Tell the application the address that it is configured with, whatever a request says of it.

    TLS ends at a proxy in front, which may or may not say how the client came; and a ``Host`` that anybody may
    write must not decide where a redirect leads, since the address of a page can be a secret.
    """
    own = urlsplit(base_url)

    def answer_there(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ |= {"wsgi.url_scheme": own.scheme, "HTTP_HOST": own.netloc}
        return answer(environ, start_response)

    return answer_there


def _begin_request() -> None:
    """Give the request the reference that its log lines and any error page share."""
    g.reference = uuid.uuid4().hex[:12]
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(
        reference=g.reference, method=request.method, endpoint=request.endpoint
    )


def _security_headers(response: Response) -> Response:
    """Headers for every answer: a strict content policy, and frames only from the LMS that launched."""
    ancestors = " ".join(["'self'", *launch_sessions.frame_ancestors(), *g.get("frame_origins", [])])
    form_targets = " ".join(["'self'", *g.get("form_origins", [])])
    response.headers.setdefault(
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        f"connect-src 'self'; form-action {form_targets}; base-uri 'none'; frame-ancestors {ancestors}",
    )
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    # Platforms show the tool's icon on their own pages.
    shared = "cross-origin" if request.endpoint == "static" else "same-origin"
    response.headers.setdefault("Cross-Origin-Resource-Policy", shared)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response
