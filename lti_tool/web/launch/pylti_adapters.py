"""PyLTI1p3's request, cookies and redirect in Flask's terms: the only place where the two meet."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from flask import Response, after_this_request
from pylti1p3.cookie import CookieService
from pylti1p3.redirect import Redirect
from pylti1p3.request import Request
from werkzeug.http import dump_cookie
from werkzeug.wrappers import Response as WerkzeugResponse

from lti_tool.lti.errors import TooManyLaunches, TooManyLogins
from lti_tool.lti.launch.login import Login
from lti_tool.lti.launch.message_launch import Launch
from lti_tool.lti.launch.tool_config import PlatformRegistration
from lti_tool.web import rate_limits
from lti_tool.web.launch.platform_storage import StoreProofPage
from lti_tool.web.redirect import ShortRedirect
from lti_tool.web.services import current_request, current_services

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


class LoadedRequest(Request):
    """The present request's parameters, after their schema."""

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        self._parameters = parameters

    @property
    def session(self) -> Any:
        """Nothing is kept in Flask's session: it would travel in a cookie that frames may not keep."""
        raise NotImplementedError

    def is_secure(self) -> bool:
        """Whether the browser came over HTTPS."""
        return current_request().is_secure

    def get_param(self, key: str) -> str:
        """One parameter, or nothing."""
        return self._parameters.get(key) or ""


class BrowserCookies(CookieService):
    """Cookies as a frame inside another site keeps them, where it keeps any.

    Over HTTPS their names begin with ``__Host-``: a browser then takes them from this very host alone, so that no
    neighbouring host can slip in a secret that it knows. Browsers refuse that prefix over plain HTTP, which only a
    tool on loopback uses.
    (https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes)
    """

    def get_cookie(self, name: str) -> str | None:
        """The secret that the browser brought, unless it cannot be one of ours."""
        cookies, own_name = current_request().cookies, _cookie_name(name)
        if own_name not in cookies:  # Werkzeug's ``get`` makes an error page of that, and throws it away
            return None
        value = cookies[own_name]
        return value if _SECRET.fullmatch(value) else None

    def set_cookie(self, name: str, value: str | int, exp: int | None = 3600) -> None:
        """Give the browser a cookie with the present response.

        ``Partitioned`` is what survives the blocking of third-party cookies
        (https://developer.mozilla.org/docs/Web/Privacy/Guides/Privacy_sandbox/Partitioned_cookies).
        """

        if not _SECRET.fullmatch(str(value)):
            raise ValueError("only a secret is kept in a cookie")
        header = f"{_cookie_name(name)}={value}; {_cookie_attributes(exp)}"

        @after_this_request
        def add(response: Response) -> Response:
            response.headers.add("Set-Cookie", header)
            return response


@functools.lru_cache(maxsize=16)
def _cookie_attributes(max_age: int | None) -> str:
    """What follows the value in a ``Set-Cookie`` header; a secret needs no quoting."""
    cookie = dump_cookie(
        "name",
        "value",
        max_age=max_age,
        sync_expires=False,  # every browser with SameSite=None reads Max-Age
        path="/",
        secure=True,
        httponly=True,
        samesite="None",
        partitioned=True,
    )
    return cookie.partition("; ")[2]


def _cookie_name(name: str) -> str:
    return f"__Host-{name}" if current_services().config.secure else name


class FlaskRedirect(Redirect[WerkzeugResponse]):
    """A redirect by status; the script that PyLTI1p3 would write instead has no place under our content policy."""

    def __init__(self, location: str) -> None:
        self._location = location

    def do_redirect(self) -> WerkzeugResponse:
        """302 to the location."""
        return ShortRedirect(self._location, 302)

    def do_js_redirect(self) -> WerkzeugResponse:
        """The same: a redirect needs no script."""
        return self.do_redirect()

    def set_redirect_url(self, location: str) -> None:
        """Change where it leads."""
        self._location = location

    def get_redirect_url(self) -> str:
        """Where it leads."""
        return self._location


class FlaskLogin(Login[WerkzeugResponse]):
    """A login that answers with Flask's redirect, or with a page that tries the platform's storage first."""

    def get_redirect(self, url: str) -> Redirect[WerkzeugResponse]:
        """What leads to ``url``."""
        offer = self.storage_offer
        return FlaskRedirect(url) if offer is None else StoreProofPage(offer, url)

    def validate_oidc_login(self) -> PlatformRegistration:
        """The registration that this login belongs to; it is counted, with that registration where there is one.

        Raises :class:`~lti_tool.lti.errors.TooManyLogins` too.
        """
        registration = None
        try:
            registration = super().validate_oidc_login()
        finally:
            rate_limits.limit(TooManyLogins, registration)
        return registration


class FlaskLaunch(Launch):
    """A launch whose client is the browser of the present request."""

    def validate_state(self) -> FlaskLaunch:
        """Read what the login handed over; the launch is counted before anything that costs more.

        Raises :class:`~lti_tool.lti.errors.TooManyLaunches` too.
        """
        try:
            super().validate_state()
        finally:
            rate_limits.limit(TooManyLaunches, self._registration)
        return self
