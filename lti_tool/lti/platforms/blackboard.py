"""Blackboard Learn: https://docs.anthology.com/docs/blackboard/lti/1.3/core/jwt-contents."""

from __future__ import annotations

from typing import ClassVar

from lti_tool.lti.platforms.base import HostedHosts, Platform


class Blackboard(Platform):
    """One issuer; keys and tokens at developer.blackboard.com, services on each school's own host."""

    family: ClassVar[str | None] = "blackboardlearn"
    name: ClassVar[str | None] = "Blackboard"
    organisations_share_registration: ClassVar[bool] = True
    hosted: ClassVar[HostedHosts | None] = HostedHosts(
        issuers=frozenset({"https://blackboard.com"}),
        hosts=frozenset({"blackboard.com", "developer.blackboard.com"}),
        key_hosts=frozenset({"developer.blackboard.com"}),
    )
