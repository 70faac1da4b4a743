"""``/lti/register``: dynamic registration, as the platform's administrator sees it inside the platform's page.

LTI Dynamic Registration 1.0: https://www.imsglobal.org/spec/lti-dr/v1p0. A GET reads and shows; only the button
registers, so that a browser or a mail scanner that fetches the address in advance changes nothing. The button's
form is protected from other sites by the headers in which a browser says where it comes from, and by the single-use
invitation, which another site does not have.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from flask import Blueprint, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from lti_tool.identity.policy import Action
from lti_tool.lti.errors import Refused, TooManyRegistrationRequests
from lti_tool.lti.launch.tool_config import PlatformRegistration
from lti_tool.lti.platforms import platform_of, vendors_frame_origins
from lti_tool.lti.registration.dynamic import (
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
from lti_tool.lti.registration.invitations import (
    InvitationBusy,
    InvitationExpired,
    InvitationRefused,
    InvitationUsed,
    open_invitation,
)
from lti_tool.lti.registration.registrations import AlreadyRegistered
from lti_tool.outbound.origins import origin_of
from lti_tool.translation import current_language
from lti_tool.web import rate_limits
from lti_tool.web.access import allows
from lti_tool.web.refusal_pages import record, reference
from lti_tool.web.security import cross_site_header
from lti_tool.web.services import current_services, reading, transaction
from schemas.web_address import is_web_address

blueprint = Blueprint("registration", __name__)


@blueprint.before_request
def _allow_framing() -> None:
    """The platform opens these pages in a frame before it is known here: its configuration says where it is."""
    address = request.values.get("openid_configuration", "")
    origin = origin_of(address) if is_web_address(address) else None
    if origin is not None:
        g.frame_origins = [origin, *vendors_frame_origins(origin)]


@blueprint.after_request
def _send_origin_with_forms(response: Response) -> Response:
    """Under ``no-referrer`` a browser sends ``Origin: null`` with its own forms; the token stays on this site."""
    response.headers["Referrer-Policy"] = "same-origin"
    return response


@blueprint.get("/lti/register")
@allows(Action.CONNECT_PLATFORM)
def show() -> ResponseReturnValue:
    """Say which platform is about to be connected, and offer the button. Stores nothing, sends nothing."""
    rate_limits.limit(TooManyRegistrationRequests)
    registration_request = read_request(request.args)
    with reading() as db:
        open_invitation(db, registration_request.invite)
    platform = read_platform(current_services().guarded, registration_request)
    return render_template(
        "setup/connect.html",
        registration_request=registration_request,
        platform=platform,
        lms=platform_of(platform.issuer, platform.family),
    )


@blueprint.post("/lti/register")
@allows(Action.CONNECT_PLATFORM)
def register() -> ResponseReturnValue:
    """Connect the platform, and close its window."""
    rate_limits.limit(TooManyRegistrationRequests)
    services = current_services()
    sender = cross_site_header(services.config.base_url)
    if sender is not None:
        raise RegistrationFromElsewhere(sender)
    registration = connect(
        services.database,
        services.guarded,
        read_request(request.form),
        begin=transaction,
        base_url=services.config.base_url,
        language=current_language(),
    )
    # Its first launch then need not wait for its keys.
    services.platform_keys.prefetch(PlatformRegistration.from_row(registration))
    return render_template(
        "setup/connected.html",
        registration=registration,
        lms=platform_of(registration.issuer, registration.platform_family),
    )


_WORDS: Mapping[type[Refused], str] = {
    InvitationUsed: "used",
    InvitationBusy: "reserved",
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
    """Record a refusal, and show the administrator what happened and what to do."""
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
