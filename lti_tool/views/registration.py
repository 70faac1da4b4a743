"""``/lti/register``: dynamic registration, as the platform's administrator sees it inside the platform's page.

LTI Dynamic Registration 1.0: https://www.imsglobal.org/spec/lti-dr/v1p0. A GET reads and shows; only the button
registers, so that a browser or a mail scanner that fetches the address in advance changes nothing. The button's
form is protected from other sites by the browser's own word about where it comes from, and by the single-use
invitation, which another site does not have.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from flask import Blueprint, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from werkzeug.wrappers import Response

from lti_tool.lti.errors import Refused
from lti_tool.lti.invitations import InvitationExpired, InvitationRefused, InvitationUsed, open_invitation
from lti_tool.lti.origins import origin_of
from lti_tool.lti.quirks import family_frame_origins
from lti_tool.lti.registration import (
    ConfigurationAddressForbidden,
    ConfigurationOfAnotherHost,
    PlatformAnswerUnreadable,
    PlatformRefusedTool,
    RegistrationBusy,
    RegistrationFromElsewhere,
    RegistrationNotStored,
    RegistrationRefused,
    RegistrationRequestMalformed,
    connect,
    read_platform,
    read_request,
)
from lti_tool.lti.registrations import AlreadyRegistered
from lti_tool.lti.tool_config import PlatformRegistration
from lti_tool.tool import current_tool
from lti_tool.views.refusals import record, reference
from schemas.web_address import is_web_address

blueprint = Blueprint("registration", __name__)


@blueprint.before_request
def _let_the_platform_frame_this() -> None:
    """The platform opens these pages in a frame before it is known here: its configuration says where it is."""
    address = request.values.get("openid_configuration", "")
    origin = origin_of(address) if is_web_address(address) else None
    if origin is not None:
        g.frame_origins = [origin, *family_frame_origins(origin)]


@blueprint.after_request
def _say_where_the_form_comes_from(response: Response) -> Response:
    """Under ``no-referrer`` a browser sends ``Origin: null`` with its own forms; the token stays on this site."""
    response.headers["Referrer-Policy"] = "same-origin"
    return response


@blueprint.get("/lti/register")
def show() -> ResponseReturnValue:
    """Say which platform is about to be connected, and offer the button. Stores nothing, sends nothing."""
    tool = current_tool()
    asked = read_request(request.args)
    with tool.database.reading() as db:
        open_invitation(db, asked.invite)
    platform = read_platform(tool.guarded, asked)
    return render_template("setup/connect.html", asked=asked, platform=platform)


@blueprint.post("/lti/register")
def register() -> ResponseReturnValue:
    """Connect the platform, and close its window."""
    tool = current_tool()
    _check_own_form(tool.config.base_url)
    asked = read_request(request.form)
    registration = connect(
        tool.database,
        tool.guarded,
        asked,
        base_url=tool.config.base_url,
        language=str(get_locale() or tool.config.default_locale),
    )
    # Its first launch then need not wait for its keys.
    tool.platform_keys.prefetch(PlatformRegistration.from_row(registration))
    return render_template("setup/connected.html", registration=registration)


def _check_own_form(base_url: str) -> None:
    """Refuse a form of another site. A client that sends neither header is no browser, and has no session."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site != "same-origin":
        raise RegistrationFromElsewhere(f"Sec-Fetch-Site: {site[:50]}")
    origin = request.headers.get("Origin")
    if site is None and origin is not None and origin_of(origin) != origin_of(base_url):
        raise RegistrationFromElsewhere(f"Origin: {origin[:200]}")


_WORDS: Mapping[type[Refused], str] = {
    InvitationUsed: "used",
    InvitationExpired: "expired",
    InvitationRefused: "unknown",
    AlreadyRegistered: "already",
    RegistrationRequestMalformed: "malformed",
    RegistrationFromElsewhere: "elsewhere",
    ConfigurationAddressForbidden: "forbidden",
    ConfigurationOfAnotherHost: "other_host",
    PlatformRefusedTool: "platform_said_no",
    PlatformAnswerUnreadable: "half_done",
    RegistrationNotStored: "half_done",
    RegistrationBusy: "busy",
    RegistrationRefused: "configuration",
}
"""Which words of ``setup/refused.html`` a refusal gets: those of its nearest class."""


def refused_page(error: Refused) -> ResponseReturnValue:
    """Record a refusal and tell the administrator what happened and what to do."""
    record(error)
    words = next(_WORDS[kind] for kind in type(error).__mro__ if kind in _WORDS)
    page = render_template(
        "setup/refused.html", words=words, platform=_platform_host(), reference=reference()
    )
    return make_response(page, error.status)


for _kind in (RegistrationRefused, InvitationRefused, AlreadyRegistered):
    blueprint.register_error_handler(_kind, refused_page)


def _platform_host() -> str | None:
    """The platform's host, when the address names one."""
    address = request.values.get("openid_configuration", "")
    return urlsplit(address).netloc if is_web_address(address) else None
