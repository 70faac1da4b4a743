"""How a launch session travels between a browser and the tool: this module's secret.

Every page after a launch lives under ``/l/<launch_key>/``, so that it has an address of its own, survives a reload
and stands beside other launches (people, courses, tabs) of the same browser. The key is

- the session's id, where the browser keeps our cookie: the cookie holds the secret that must come with it;
- ``<id>.<secret>`` where it refuses every cookie: then the address is the secret, so it is sent to nobody
  (``Referrer-Policy: no-referrer``), kept by no cache, and written to no log.

Views never see the key: it is taken out of their arguments, they find the session at ``g.launch``, and
:func:`here` puts the key into their links.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import uuid
from collections.abc import Callable
from typing import Any, ParamSpec

import sqlalchemy as sa
from flask import Flask, g, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from lti_tool import recording
from lti_tool.database import utcnow
from lti_tool.lti.arrivals import DEEP_LINKING_REQUEST, VerifiedLaunch, arrive
from lti_tool.lti.errors import (
    CsrfTokenWrong,
    PersonNeeded,
    SessionExpired,
    SessionOfAnotherBrowser,
    SessionRefused,
    SessionUnknown,
    TutorNeeded,
)
from lti_tool.lti.login_states import new_secret, secret_hash
from lti_tool.lti.models import LaunchSession
from lti_tool.lti.oidc_login import BROWSER_COOKIE
from lti_tool.people import CourseRole
from lti_tool.tool import current_tool
from lti_tool.views import refusals
from lti_tool.views.pylti_adapters import BrowserCookies

CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_Arguments = ParamSpec("_Arguments")
_View = Callable[_Arguments, ResponseReturnValue]

_FIND = (
    sa.select(LaunchSession)
    .where(LaunchSession.id == sa.bindparam("id"))
    .options(
        joinedload(LaunchSession.person),
        joinedload(LaunchSession.course),
        joinedload(LaunchSession.resource_link),
        joinedload(LaunchSession.registration, innerjoin=True),
        joinedload(LaunchSession.deployment, innerjoin=True),
    )
)


def init_app(app: Flask) -> None:
    """Load the launch session of every request under ``/l/<launch_key>/``, and answer what is refused."""
    app.url_value_preprocessor(_take_key)
    app.before_request(_load)
    app.jinja_env.globals.update(here=here, csrf_token=csrf_token)
    refusals.init_app(app)


def open_session(launch: VerifiedLaunch) -> str:
    """Let a verified launch in: write its rows, and return the address of its first page.

    The session goes by cookie where this browser brought one, else by its address.
    """
    cookie = BrowserCookies().get_cookie(BROWSER_COOKIE)
    secret = cookie or new_secret()
    with recording.transaction(current_tool()) as db:
        arrival = arrive(db, launch, secret_hash=secret_hash(secret))
        if arrival.line_item_is_news and arrival.course_id is not None:
            recording.catch_up(db, arrival.course_id)
    key = str(arrival.session_id) if cookie else f"{arrival.session_id}.{secret}"
    first_page = "deep_linking.choose" if launch.message_type == DEEP_LINKING_REQUEST else "home.home"
    return url_for(first_page, launch_key=key)


def here(endpoint: str, **values: Any) -> str:
    """The address of ``endpoint`` within the present launch."""
    return url_for(endpoint, launch_key=g.launch_key, **values)


def csrf_token() -> str:
    """The value of the hidden field ``csrf_token`` that every form under ``/l/…`` must carry."""
    return _csrf_token(g.launch)


def frame_ancestors() -> list[str]:
    """The origins that may frame the present page: those of the platform that launched it; else none."""
    launch: LaunchSession | None = g.get("launch")
    return list(launch.registration.frame_origins) if launch is not None else []


def require_person(view: _View[_Arguments]) -> _View[_Arguments]:
    """A view for people whom the platform named. Raises :class:`PersonNeeded` for an anonymous launch."""

    @functools.wraps(view)
    def guarded(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> ResponseReturnValue:
        if g.launch.person_id is None:
            raise PersonNeeded
        return view(*args, **kwargs)

    return guarded


def require_tutor(view: _View[_Arguments]) -> _View[_Arguments]:
    """A view for the course's tutors. Raises :class:`TutorNeeded`, or :class:`PersonNeeded` for a nameless one."""

    @functools.wraps(view)
    def guarded(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> ResponseReturnValue:
        if g.launch.role != CourseRole.TUTOR:
            raise TutorNeeded
        if g.launch.person_id is None:
            raise PersonNeeded
        return view(*args, **kwargs)

    return guarded


def _take_key(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    if values and "launch_key" in values:
        g.launch_key = values.pop("launch_key")


def _load() -> None:
    """Find the session of the present address and see that this browser may use it.

    Raises :class:`SessionUnknown`, :class:`SessionOfAnotherBrowser`, :class:`SessionExpired` or, for a form that
    was not ours, :class:`CsrfTokenWrong`.
    """
    key: str | None = g.get("launch_key")
    if key is None:
        return
    session_id, _dot, address_secret = key.partition(".")
    try:
        wanted = uuid.UUID(session_id)
    except ValueError:
        raise SessionUnknown from None
    with current_tool().database.reading() as db:
        launch = db.scalar(_FIND, {"id": wanted})
    if launch is None:
        raise SessionUnknown
    try:
        _check(launch, address_secret)
    except SessionRefused:
        g.frame_origins = (
            launch.registration.frame_origins
        )  # the refusal shows where the page would have been
        raise
    g.launch = launch


def _check(launch: LaunchSession, address_secret: str) -> None:
    secret = address_secret or BrowserCookies().get_cookie(BROWSER_COOKIE) or ""
    if not hmac.compare_digest(secret_hash(secret), launch.secret_hash):
        raise SessionOfAnotherBrowser(
            issuer=launch.registration.issuer, client_id=launch.registration.client_id
        )
    if launch.expires_at <= utcnow():
        raise SessionExpired
    if request.method not in SAFE_METHODS:
        given = request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD, "")
        if not hmac.compare_digest(given.encode(), _csrf_token(launch).encode()):
            raise CsrfTokenWrong


def _csrf_token(launch: LaunchSession) -> str:
    return hmac.new(launch.csrf_key.encode(), launch.id.bytes, hashlib.sha256).hexdigest()
