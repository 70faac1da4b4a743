"""What keeps pages from other sites: headers, who may frame the tool, where a form may come from, and its token."""

from __future__ import annotations

import functools
import hashlib
import hmac
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from lti_tool.lti.launch.models import LaunchSession
from lti_tool.lti.launch.opened_launch import OpenedLaunch
from lti_tool.outbound.origins import origin_of
from lti_tool.web.redirect import ShortRedirect
from lti_tool.web.services import current_request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CSRF_FIELD: Final = "csrf_token"
_FIELDS_BESIDE: Final = 64 * 1024
"""Bytes of the fields that are sent with a file."""
CSRF_HEADER: Final = "X-CSRF-Token"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class FixedOriginMiddleware:
    """Gives the application the address that it is configured with, whatever a request says of it.

    TLS ends at a proxy in front, which may or may not say how the client came; and a ``Host`` that anybody may write
    must not decide where a redirect leads, since the address of a page can be a secret.
    """

    def __init__(self, application: WSGIApplication, base_url: str) -> None:
        self._application = application
        self._origin = urlsplit(base_url)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        environ |= {"wsgi.url_scheme": self._origin.scheme, "HTTP_HOST": self._origin.netloc}
        return self._application(environ, start_response)


def init_app(app: Flask) -> None:
    """Give every answer of ``app`` its headers, and templates the token of their forms."""
    app.after_request(_add_headers)
    app.jinja_env.globals.update(csrf_token=lambda: csrf_token(g.launch))


def _add_headers(response: Response) -> Response:
    """A strict content policy, and frames only from the LMS that launched. What a view has set itself stays."""
    held, asked = g.get, current_request()
    launch: OpenedLaunch | None = held("launch")
    own_frames = launch.registration.frame_origins if launch is not None else ()
    wanted = _headers(
        frame_ancestors=(*own_frames, *held("frame_origins", ())),
        form_targets=tuple(held("form_origins", ())),
        is_static=asked.endpoint == "static" and response.status_code < 400,
        is_secure=asked.is_secure,
    )
    if isinstance(response, ShortRedirect):
        response.further_headers = wanted
        return response
    headers = response.headers
    present = {name.lower() for name, _value in headers}
    for name, value in wanted:
        if name.lower() not in present:
            headers.add(name, value)
    return response


@functools.lru_cache(maxsize=1024)
def _headers(
    *, frame_ancestors: tuple[str, ...], form_targets: tuple[str, ...], is_static: bool, is_secure: bool
) -> tuple[tuple[str, str], ...]:
    """The headers of an answer.

    ``frame_ancestors``: which origins may frame it besides its own. Kept, because they are the same for all pages of a
    platform.
    """
    ancestors, targets = (" ".join(("'self'", *origins)) for origins in (frame_ancestors, form_targets))
    wanted = {
        "X-Content-Type-Options": "nosniff",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
            f"connect-src 'self'; form-action {targets}; base-uri 'none'; "
            f"frame-ancestors {ancestors}"
        ),
        "Referrer-Policy": "no-referrer",
        # Platforms show the tool's icon on their own pages.
        "Cross-Origin-Resource-Policy": "cross-origin" if is_static else "same-origin",
    }
    if not is_static:
        wanted["Cache-Control"] = "no-store"
    if is_secure:
        wanted["Strict-Transport-Security"] = "max-age=31536000"
    return tuple(wanted.items())


def csrf_token(launch: OpenedLaunch | LaunchSession) -> str:
    """The value of the hidden field ``csrf_token`` that every form under ``/l/…`` must carry."""
    return hmac.new(launch.csrf_key.encode(), launch.id.bytes, hashlib.sha256).hexdigest()


View = TypeVar("View", bound=Callable[..., Any])


def takes_file(most_bytes: int) -> Callable[[View], View]:
    """Mark a view that takes a file of at most so many bytes, besides the fields of its form."""

    def mark(view: View) -> View:
        vars(view)["most_bytes"] = most_bytes + _FIELDS_BESIDE
        return view

    return mark


def has_csrf_token(launch: OpenedLaunch) -> bool:
    """Whether the present request carries the token of its launch, or needs none."""
    if request.method in SAFE_METHODS:
        return True
    given = request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD, "")
    return hmac.compare_digest(given.encode(), csrf_token(launch).encode())


def cross_site_header(base_url: str) -> str | None:
    """What says that a page of another site sent the present form; None where nothing does.

    For a form that no launch protects. A client that sends neither header is no browser, and has no session to abuse.
    https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return None if site == "same-origin" else f"Sec-Fetch-Site: {site[:50]}"
    origin = request.headers.get("Origin")
    if origin is not None and origin_of(origin) != origin_of(base_url):
        return f"Origin: {origin[:200]}"
    return None
