"""The way back to the platform: ``return_url`` of the launch, with a message for the platform to show.

LTI 1.3 core §5.4.4 (https://www.imsglobal.org/spec/lti/v1p3#launch-presentation-claim): whoever sends a person back may
add ``lti_msg`` or ``lti_errormsg``, which are shown to them, and ``lti_log`` or ``lti_errorlog``, which are not.
"""

from __future__ import annotations

from typing import Final, NamedTuple, Self
from urllib.parse import urlencode, urlsplit, urlunsplit

from flask import Flask, g

from lti_tool.lti.deep_linking.response import is_platforms_own
from lti_tool.lti.launch.opened_launch import LaunchRegistration, OpenedLaunch
from lti_tool.lti.launch.tool_config import PlatformRegistration

LONGEST_MESSAGE: Final = 300
"""Characters of one message: platforms take addresses of about two thousand."""


class WayBack(NamedTuple):
    """Where a platform wants people back."""

    address: str | None
    registration: LaunchRegistration

    @classmethod
    def of_refused(cls, address: str | None, registration: PlatformRegistration) -> Self:
        """The same of a launch that was refused before it had a session."""
        return cls(
            address,
            LaunchRegistration(
                id=registration.id,
                issuer=registration.issuer,
                client_id=registration.client_id,
                auth_login_url=registration.get_auth_login_url() or "",
                jwks_url=registration.get_key_set_url() or "",
                frame_origins=registration.frame_origins,
                platform_family=registration.platform_family,
            ),
        )


def init_app(app: Flask) -> None:
    """Give templates the way back."""
    app.jinja_env.globals.update(way_back_url=way_back_url, is_own_window=is_own_window)


def way_back_url(*, message: str = "", error: str = "", log: str = "") -> str | None:
    """Where the person came from: of the present launch, or of one that goes no further (``g.way_back``).

    ``message`` and ``error``: sentences for the person; ``log``: for the platform's log, of an error where one is
    given. None without an address, or where it is not on one of the platform's own hosts.
    """
    launch: OpenedLaunch | None = g.get("launch")
    back: WayBack | None = (
        WayBack(launch.return_url, launch.registration) if launch is not None else g.get("way_back")
    )
    if back is None or back.address is None or not is_platforms_own(back.address, back.registration):
        return None
    said = {
        "lti_msg": message,
        "lti_errormsg": error,
        "lti_errorlog" if error else "lti_log": log,
    }
    added = urlencode({name: text[:LONGEST_MESSAGE] for name, text in said.items() if text})
    parts = urlsplit(back.address)
    # What the platform's address asks for already stays as it is written.
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, added)))))


def is_own_window() -> bool:
    """Whether the platform opened the present launch in a window of its own, which has no page of a course around."""
    launch: OpenedLaunch | None = g.get("launch")
    return launch is not None and launch.document_target == "window"
