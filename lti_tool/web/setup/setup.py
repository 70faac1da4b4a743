"""``/setup?invite=…``: everything that the administrator of an LMS needs to connect it, on one page."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import structlog
from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool.composition.services import Services
from lti_tool.health_checks import Verdict
from lti_tool.health_checks.environment import address, is_loopback
from lti_tool.health_checks.findings import Check
from lti_tool.health_checks.stored import database, signing_key
from lti_tool.identity.policy import Action
from lti_tool.lti.errors import TooManyRegistrationRequests
from lti_tool.lti.launch.verified_launch import CONTEXT_HISTORY
from lti_tool.lti.platforms.canvas import Canvas
from lti_tool.lti.platforms.canvas_labels import LABELS
from lti_tool.lti.platforms.moodle import Moodle
from lti_tool.lti.registration.invitations import InvitationRefused, InvitationUnknown, open_invitation
from lti_tool.translation import current_language
from lti_tool.translation import gettext as _
from lti_tool.web import rate_limits
from lti_tool.web.access import allows
from lti_tool.web.services import current_services, reading
from lti_tool.web.setup.registration import refused_page

blueprint = Blueprint("setup", __name__)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ReadyLine:
    """One thing that must be right before an LMS is connected, in the reader's language."""

    name: str
    good: bool
    advice: str
    """What to do when it is not."""
    not_yet: str = ""
    """The sentence for that; where there is none the page says it after the name."""
    for_operator: str = ""
    """What whoever runs the tool does about it, in the tool's own terms."""
    is_inner: bool = False
    """Whether it is about the inside of the tool, and says nothing to others as long as it is good."""


@blueprint.get("/setup")
@allows(Action.CONNECT_PLATFORM)
def show() -> ResponseReturnValue:
    """The installation page of one invitation; 410 when it cannot be used."""
    rate_limits.limit(TooManyRegistrationRequests)
    services = current_services()
    invite = request.args.get("invite", "")
    if not invite or len(invite) > 100:
        raise InvitationUnknown("no invitation in the address")
    with reading() as db:
        invitation = open_invitation(db, invite)
    base = services.config.base_url
    return render_template(
        "setup/setup.html",
        invitation=invitation,
        registration_url=f"{base}{url_for('registration.show')}?{urlencode({'invite': invite})}",
        login_url=f"{base}/lti/login",
        launch_url=f"{base}/lti/launch",
        jwks_url=f"{base}/.well-known/jwks.json",
        icon_url=f"{base}/static/icon.svg",
        custom_parameter=f"{CONTEXT_HISTORY}=$Context.id.history",
        labels=Moodle.labels,
        manage_tools=" → ".join(Moodle.labels[name].text for name in _MANAGE_TOOLS),
        canvas_url=f"{base}{url_for('canvas_configuration.configuration', lang=_chosen_language(services))}",
        canvas=LABELS,
        canvas_name=shlex.quote(invitation.label or "Our Canvas"),
        canvas_steps=Canvas.after_registration,
        checks=_readiness(services),
        has_trial_address=_has_trial_address(services),
    )


def _chosen_language(services: Services) -> str | None:
    """``lang`` of an address that Canvas fetches, which has no language of its own; none for the tool's default."""
    language = current_language()
    return None if language == services.config.default_locale else language


blueprint.register_error_handler(InvitationRefused, refused_page)


_MANAGE_TOOLS: Final = ("site_administration", "plugins", "activity_modules", "external_tool", "manage_tools")
"""The way through Moodle's menus to its page of tools."""


def _readiness(services: Services) -> list[ReadyLine]:
    """What the doctor finds of the three things without which nothing can be connected."""
    return [
        ReadyLine(
            _("Your platform and its people can reach the address"),
            False,
            _(
                "The tool still has a trial address. Ask the person who runs it for a public one, then come back."
            ),
            not_yet=_("Your platform cannot reach this tool yet"),
            for_operator=_("Set TANDEM_BASE_URL to a public https:// address, and start the tool again."),
        )
        if _has_trial_address(services)
        else ReadyLine(
            _("The address is secure (HTTPS)"),
            _passes(Check("address", address), services),
            _(
                "Without HTTPS, nobody stays signed in inside your platform. Tell the person who runs this tool."
            ),
            for_operator=_("Set TANDEM_BASE_URL to the https:// address of the tool, and start it again."),
        ),
        ReadyLine(
            _("The database answers"),
            _passes(Check("database", database), services),
            _("Tell the person who runs this tool."),
            for_operator=_("Run: tandem migrate"),
            is_inner=True,
        ),
        ReadyLine(
            _("The signing key can be read"),
            _passes(Check("signing key", signing_key), services),
            _("Tell the person who runs this tool."),
            for_operator=_(
                "TANDEM_SECRET_KEY is not the one that the keys were encrypted with. Put the former one back."
            ),
            is_inner=True,
        ),
    ]


def _has_trial_address(services: Services) -> bool:
    """Whether only programs on the same computer can reach the tool."""
    return is_loopback(services.config.base_url) and not services.config.secure


def _passes(check: Check, services: Services) -> bool:
    errors = [finding for finding in check.run(services) if finding.verdict is Verdict.ERROR]
    for finding in errors:
        log.error("setup.check_failed", about=finding.about, message=finding.message)
    return not errors
