"""D2L Brightspace.

https://community.d2l.com/brightspace/kb/articles/23730-about-lti-1-3-launch-and-authentication
"""

from __future__ import annotations

from typing import ClassVar

from lti_tool.lti.platforms.base import HostedHosts, Platform


class Brightspace(Platform):
    """Each school has its own issuer and keys; tokens are at auth.brightspace.com, services where the school chose."""

    family: ClassVar[str | None] = "desire2learn"
    name: ClassVar[str | None] = "Brightspace"
    hosted: ClassVar[HostedHosts | None] = HostedHosts(key_domains=("brightspace.com",))
