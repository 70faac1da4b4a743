"""Canvas by Instructure, hosted or run by a school itself.

https://developerdocs.instructure.com/services/canvas/external-tools/lti/file.lti_launch_overview
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from lti_tool.lti.platforms.base import HostedHosts, Platform

_SSO: Final = frozenset({"sso.canvaslms.com", "sso.beta.canvaslms.com", "sso.test.canvaslms.com"})
_SUBMISSION: Final = "https://canvas.instructure.com/lti/submission"


class Canvas(Platform):
    """Canvas. Tenants of the hosted one are hosts of instructure.com, and its OIDC endpoints and keys are at sso."""

    family: ClassVar[str | None] = "canvas"
    name: ClassVar[str | None] = "Canvas"
    theme: ClassVar[str] = "canvas"
    organisations_share_registration: ClassVar[bool] = True
    hosted: ClassVar[HostedHosts | None] = HostedHosts(
        issuers=frozenset(
            {
                "https://canvas.instructure.com",
                "https://canvas.beta.instructure.com",
                "https://canvas.test.instructure.com",
            }
        ),
        hosts=_SSO,
        domains=("instructure.com",),
        frame_origins=("https://*.instructure.com",),
        key_hosts=_SSO,
        key_domains=("instructure.com",),
        any_registration_endpoint=True,
    )

    def score_extension(self, *, completed: bool) -> dict[str, Any]:
        """Canvas counts every score as a new submission unless it says otherwise."""
        return {_SUBMISSION: {"new_submission": completed}}

    def is_earlier_timestamp_error(self, body: bytes) -> bool:
        """Canvas has no status of its own for it, only words."""
        return b"before" in body and b"last updated timestamp" in body
