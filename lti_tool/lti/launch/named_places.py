"""Where a platform's services and pages are, as far as a launch is the first to say it.

Only a launch that a hosted family signed says it: there the vendor runs each customer's part on another host, and knows
which. Any other platform could name somebody else's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lti_tool.lti.launch.tool_config import PlatformRegistration
from lti_tool.lti.platforms import signed_by_vendor
from lti_tool.outbound.origins import host_of, is_among, origin_of

MOST_FRAME_ORIGINS: Final = 100
"""How many origins of a registration are learnt: a page's headers name them all. An operator can add further ones."""


def new_service_hosts(claims: Mapping[str, Any], registration: PlatformRegistration) -> tuple[str, ...]:
    """Hosts of the services named in a launch, where a hosted family signed it and they are not known yet."""
    if not signed_by_vendor(registration.get_key_set_url() or ""):
        return ()
    named = (claims["line_item_url"], claims["line_items_url"], claims["roster_url"])
    hosts = {host for address in named if address and (host := host_of(address))}
    return tuple(sorted(hosts - registration.hosts))


def new_frame_origins(claims: Mapping[str, Any], registration: PlatformRegistration) -> tuple[str, ...]:
    """Origins of the pages and services named in a launch, where a hosted family signed it and they are not known yet.

    Its customers have pages on domains of their own, which frame the tool and take the content picker's answer.
    """
    is_full = len(registration.frame_origins) >= MOST_FRAME_ORIGINS
    if is_full or not signed_by_vendor(registration.get_key_set_url() or ""):
        return ()
    settings = claims["deep_linking"] or {}
    named = (claims["return_url"], claims["line_items_url"], settings.get("deep_link_return_url"))
    origins = {origin for address in named if address and (origin := origin_of(address))}
    return tuple(
        sorted(
            origin
            for origin in origins
            if origin.startswith("https://") and not is_among(origin, registration.frame_origins)
        )
    )
