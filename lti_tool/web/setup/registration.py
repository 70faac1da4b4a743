"""``/lti/register``: dynamic registration, as the platform's administrator sees it inside the platform's page.

LTI Dynamic Registration 1.0: https://www.imsglobal.org/spec/lti-dr/v1p0. A GET reads and shows; only the button
registers, so that a browser or a mail scanner that fetches the address in advance changes nothing. The button's
form is protected from other sites by the headers in which a browser says where it comes from, and by the single-use
invitation, which another site does not have.

The button asks for a job (:mod:`lti_tool.lti.registration.connect_job`). The answer is its result where the platform
is quick, else a page that says how far it is: at an address of its own, for the browser that has the cookie, or has the
secret in the address where it keeps no cookie.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool.identity.policy import Action
from lti_tool.lti.errors import Refused, TooManyRegistrationRequests, TooManyUnknownPages
from lti_tool.lti.launch.login import BROWSER_COOKIE, BROWSER_COOKIE_SECONDS
from lti_tool.lti.launch.login_states import new_secret
from lti_tool.lti.platforms import names_any_registration_endpoint, platform_of, vendors_frame_origins
from lti_tool.lti.registration.attempts import (
    AttemptProgress,
    earlier_attempt,
    find_attempt,
    progress_of,
)
from lti_tool.lti.registration.connect_job import begin_attempt
from lti_tool.lti.registration.dynamic import (
    ConfigurationAddressForbidden,
    ConfigurationNotHttps,
    ConfigurationOfAnotherHost,
    ConfigurationTooSlow,
    Platform,
    PlatformAnswerUnreadable,
    PlatformRefusedTool,
    RegistrationFromElsewhere,
    RegistrationNotStored,
    RegistrationPageUnknown,
    RegistrationRefused,
    RegistrationRequest,
    RegistrationRequestMalformed,
    RegistrationStopped,
    RegistrationTooLate,
    read_platform,
    read_request,
)
from lti_tool.lti.registration.invitations import (
    InvitationBusy,
    InvitationExpired,
    InvitationRefused,
    InvitationUsed,
    open_invitation,
)
from lti_tool.lti.registration.registrations import AlreadyRegistered, IdentityTaken, find
from lti_tool.outbound.origins import origin_of
from lti_tool.translation import current_language
from lti_tool.web import rate_limits
from lti_tool.web.access import allows
from lti_tool.web.forms.controls import sent_key
from lti_tool.web.launch.pylti_adapters import BrowserCookies
from lti_tool.web.refusal_pages import record, reference
from lti_tool.web.security import cross_site_header
from lti_tool.web.services import current_services, reading, transaction
from schemas.web_address import is_web_address

WAIT_SECONDS: Final = 1.5
"""How long a page waits for a platform at most, so that it answers within two seconds in all."""
LOOK_SECONDS: Final = 0.05
MOST_WAITING: Final = 3
"""How many requests of one process may wait for platforms: the others serve everybody else."""
_waiting = threading.BoundedSemaphore(MOST_WAITING)

blueprint = Blueprint("registration", __name__)


@blueprint.before_request
def _allow_framing() -> None:
    """The platform opens these pages in a frame before it is known here: its configuration says where it is."""
    address = request.values.get("openid_configuration", "")
    origin = origin_of(address) if is_web_address(address) else None
    if origin is not None:
        g.frame_origins = _frame_origins(origin, None)


def _frame_origins(origin: str, known: Iterable[str] | None) -> list[str]:
    """What may frame a page about the platform at ``origin``; ``known``: what its configuration says, once it was read.

    Before that, customers of a hosted product may be on domains of their own, so any site may: whoever has the address
    of these pages has the invitation, and needs no trick with frames.
    """
    if known is None and names_any_registration_endpoint(origin):
        return ["https:"]
    return list(dict.fromkeys([origin, *(known or ()), *vendors_frame_origins(origin)]))


@blueprint.after_request
def _send_origin_with_forms(response: Response) -> Response:
    """Under ``no-referrer`` a browser sends ``Origin: null`` with its own forms; the token stays on this site."""
    response.headers["Referrer-Policy"] = "same-origin"
    return response


@blueprint.get("/lti/register")
@allows(Action.CONNECT_PLATFORM)
def show() -> ResponseReturnValue:
    """Say which platform is about to be connected, and offer the button. Stores nothing, sends nothing.

    Of a platform that does not say within :data:`WAIT_SECONDS` what it is, the page has the address alone.
    """
    rate_limits.limit(TooManyRegistrationRequests)
    registration_request = read_request(request.args)
    with reading() as db:
        open_invitation(db, registration_request.invite)
    platform = _read_quickly(registration_request)
    if platform is not None:
        g.frame_origins = _frame_origins(platform.configuration_origin, platform.frame_origins)
    cookies = BrowserCookies()
    if cookies.get_cookie(BROWSER_COOKIE) is None:
        # By it the browser is known that may see how far its attempt is.
        cookies.set_cookie(BROWSER_COOKIE, new_secret(), BROWSER_COOKIE_SECONDS)
    return render_template(
        "setup/connect.html",
        registration_request=registration_request,
        platform=platform,
        host=_host(registration_request.openid_configuration),
        lms=platform_of(platform.issuer, platform.family) if platform is not None else None,
    )


def _read_quickly(registration_request: RegistrationRequest) -> Platform | None:
    """What the platform's configuration says; None where it is slow, or as many pages wait for platforms as may."""
    with _a_place_to_wait() as may_wait:
        if not may_wait:
            return None
        try:
            return read_platform(current_services().guarded, registration_request, seconds=WAIT_SECONDS)
        except ConfigurationTooSlow:
            return None


@blueprint.post("/lti/register")
@allows(Action.CONNECT_PLATFORM)
def register() -> ResponseReturnValue:
    """Have the platform connected, and close its window; where it is slow, go on to a page that says how far it is.

    The same form sent again leads its browser to the same attempt.
    """
    rate_limits.limit(TooManyRegistrationRequests)
    sender = cross_site_header(current_services().config.base_url)
    if sender is not None:
        raise RegistrationFromElsewhere(sender)
    registration_request = read_request(request.form)
    cookie = BrowserCookies().get_cookie(BROWSER_COOKIE)
    secret = cookie or new_secret()
    attempt_id = _begin_once(registration_request, secret)
    attempt = _wait_for_end(attempt_id)
    g.frame_origins = _frame_origins(attempt.platform_origin, attempt.frame_origins)
    if attempt.has_ended:
        return _ended_page(attempt, attempt.refusal.status if attempt.refusal is not None else 200)
    key = str(attempt_id) if cookie else f"{attempt_id}.{secret}"
    return redirect(url_for("registration.progress", attempt_key=key, lang=request.args.get("lang")), 303)


def _begin_once(registration_request: RegistrationRequest, secret: str) -> uuid.UUID:
    """The attempt that the present form has begun already, or a new one. Raises :class:`InvitationRefused`."""
    services, key, invite = current_services(), sent_key(), registration_request.invite
    with reading() as db:
        earlier = earlier_attempt(db, key, invite, secret)
    if earlier is not None:
        return earlier.id
    try:
        with transaction() as db:
            return begin_attempt(
                db,
                services.vault,
                registration_request,
                form_key=key,
                secret=secret,
                language=current_language(),
                reference=reference(),
            )
    except (InvitationBusy, InvitationUsed):
        # Sent twice at the same moment: the other request was the first.
        with reading() as db:
            earlier = earlier_attempt(db, key, invite, secret)
        if earlier is None:
            raise
        return earlier.id


@contextmanager
def _a_place_to_wait() -> Iterator[bool]:
    """Whether the present request may wait for a platform: only where few do already."""
    may_wait = _waiting.acquire(blocking=False)
    try:
        yield may_wait
    finally:
        if may_wait:
            _waiting.release()


def _wait_for_end(attempt_id: uuid.UUID) -> AttemptProgress:
    """Where the attempt is when it has ended, or after :data:`WAIT_SECONDS`."""
    until = time.monotonic() + WAIT_SECONDS
    with _a_place_to_wait() as may_wait:
        while True:
            with reading() as db:
                attempt = progress_of(db, attempt_id)
            if attempt.has_ended or not may_wait or time.monotonic() >= until:
                return attempt
            time.sleep(LOOK_SECONDS)


@blueprint.get("/lti/register/<attempt_key>")
@allows(Action.CONNECT_PLATFORM)
def progress(attempt_key: str) -> ResponseReturnValue:
    """How far an attempt is, or what became of it."""
    attempt = _attempt_of(attempt_key)
    if attempt.has_ended:
        return _ended_page(attempt, 200)
    return render_template("setup/connecting.html", **_shown(attempt_key, attempt))


@blueprint.get("/lti/register/<attempt_key>/live")
@allows(Action.CONNECT_PLATFORM)
def live(attempt_key: str) -> ResponseReturnValue:
    """The part of the page that changes by itself; 304 when it has not. At the end the page is loaded anew."""
    attempt = _attempt_of(attempt_key)
    if attempt.has_ended:
        return Response(headers={"HX-Refresh": "true"})
    shown = _shown(attempt_key, attempt)
    if request.headers.get("If-None-Match") == shown["etag"]:
        return Response(status=304, headers={"ETag": shown["etag"]})
    return make_response(render_template("setup/_connecting.html", **shown), {"ETag": shown["etag"]})


def _attempt_of(attempt_key: str) -> AttemptProgress:
    """The attempt of an address, for the browser that began it. Raises :class:`RegistrationPageUnknown`."""
    identity, _dot, address_secret = attempt_key.partition(".")
    try:
        attempt_id = uuid.UUID(identity)
    except ValueError:
        raise RegistrationPageUnknown from None
    secret = address_secret or BrowserCookies().get_cookie(BROWSER_COOKIE) or ""
    try:
        with reading() as db:
            attempt = find_attempt(db, attempt_id, secret)
    except RegistrationPageUnknown:
        rate_limits.limit(TooManyUnknownPages)
        raise
    g.frame_origins = _frame_origins(attempt.platform_origin, attempt.frame_origins)
    return attempt


def _shown(attempt_key: str, attempt: AttemptProgress) -> dict[str, Any]:
    return {
        "attempt_key": attempt_key,
        "attempt": attempt,
        "host": _host(attempt.platform_origin),
        "etag": f'"{attempt.status}-{attempt.waits_long}-{current_language()}"',
    }


def _ended_page(attempt: AttemptProgress, status: int) -> ResponseReturnValue:
    """What became of an attempt. The job has recorded a refusal already."""
    if attempt.registration_id is None:
        refusal = attempt.refusal or RegistrationStopped
        return _refusal_page(refusal, status, _host(attempt.platform_origin), attempt.reference)
    with reading() as db:
        registration = find(db, attempt.registration_id)
    page = render_template(
        "setup/connected.html",
        registration=registration,
        lms=platform_of(registration.issuer, registration.platform_family),
    )
    return make_response(page, status)


_WORDS: Mapping[type[Refused], str] = {
    InvitationUsed: "used",
    InvitationBusy: "reserved",
    InvitationExpired: "expired",
    InvitationRefused: "unknown",
    AlreadyRegistered: "already",
    IdentityTaken: "identity_taken",
    RegistrationRequestMalformed: "malformed",
    RegistrationFromElsewhere: "elsewhere",
    ConfigurationNotHttps: "not_https",
    ConfigurationAddressForbidden: "forbidden",
    ConfigurationOfAnotherHost: "other_host",
    PlatformRefusedTool: "platform_said_no",
    PlatformAnswerUnreadable: "half_done",
    RegistrationNotStored: "half_done",
    RegistrationTooLate: "too_late",
    RegistrationStopped: "stopped",
    RegistrationPageUnknown: "no_page",
    RegistrationRefused: "configuration",
}
"""Which words of ``setup/refused.html`` a refusal gets: those of its nearest class."""


def refused_page(error: Refused) -> ResponseReturnValue:
    """Record a refusal, and show the administrator what happened and what to do."""
    record(error)
    address = request.values.get("openid_configuration", "")
    return _refusal_page(type(error), error.status, _host(address), reference())


def _refusal_page(kind: type[Refused], status: int, host: str | None, shown: str) -> ResponseReturnValue:
    words = next(_WORDS[base] for base in kind.__mro__ if base in _WORDS)
    return make_response(
        render_template("setup/refused.html", words=words, platform=host, reference=shown), status
    )


for _kind in (RegistrationRefused, InvitationRefused, AlreadyRegistered, IdentityTaken):
    blueprint.register_error_handler(_kind, refused_page)


def _host(address: str) -> str | None:
    """The host of a platform's address, if it is one."""
    return urlsplit(address).netloc if is_web_address(address) else None
