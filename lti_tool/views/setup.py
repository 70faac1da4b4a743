"""``/setup?invite=…``: everything that the administrator of an LMS needs to connect it, on one page."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import sqlalchemy as sa
import structlog
from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lti_tool.lti.crypto import SecretKeyChanged
from lti_tool.lti.invitations import InvitationRefused, InvitationUnknown, open_invitation
from lti_tool.migrations import is_current
from lti_tool.tool import Tool, current_tool
from lti_tool.views.registration import refused_page

blueprint = Blueprint("setup", __name__)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Check:
    """One thing that must be right before an LMS is connected."""

    name: str
    good: bool
    advice: str
    """What to do when it is not."""


@blueprint.get("/setup")
def show() -> ResponseReturnValue:
    """The installation page of one invitation; 410 when it cannot be used."""
    tool = current_tool()
    invite = request.args.get("invite", "")
    if not invite or len(invite) > 100:
        raise InvitationUnknown("no invitation in the address")
    with tool.database.reading() as db:
        invitation = open_invitation(db, invite)
    base = tool.config.base_url
    return render_template(
        "setup/setup.html",
        invitation=invitation,
        registration_url=f"{base}{url_for('registration.show')}?{urlencode({'invite': invite})}",
        login_url=f"{base}/lti/login",
        launch_url=f"{base}/lti/launch",
        jwks_url=f"{base}/.well-known/jwks.json",
        icon_url=f"{base}/static/icon.svg",
        checks=_checks(tool),
    )


blueprint.register_error_handler(InvitationRefused, refused_page)


def _checks(tool: Tool) -> list[Check]:
    return [
        Check(
            _("The address is secure (HTTPS)"),
            tool.config.secure or _is_loopback(tool.config.base_url),
            _(
                "Browsers keep no session for a page without HTTPS inside an LMS. Set TANDEM_BASE_URL to the "
                "https:// address of this tool."
            ),
        ),
        Check(_("The database answers"), _database_answers(tool), _("Run: tandem migrate")),
        Check(
            _("The signing key can be read"),
            _key_signs(tool),
            _("TANDEM_SECRET_KEY is not the one that the keys were encrypted with. Put the former one back."),
        ),
    ]


def _is_loopback(base_url: str) -> bool:
    """Browsers trust this machine's own addresses without HTTPS."""
    host = urlsplit(base_url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _database_answers(tool: Tool) -> bool:
    try:
        return is_current(tool.database)
    except sa.exc.SQLAlchemyError:
        log.exception("setup.database_check_failed")
        return False


def _key_signs(tool: Tool) -> bool:
    try:
        return bool(tool.keys.signing_key().kid)
    except (SecretKeyChanged, sa.exc.SQLAlchemyError):
        log.exception("setup.key_check_failed")
        return False
