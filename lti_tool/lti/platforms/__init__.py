"""Every difference between learning platforms, one class for each product, behind one interface.

Nothing else asks which platform it is: it asks a :class:`~lti_tool.lti.platforms.base.Platform` what to do.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Final

from lti_tool.lti.platforms.base import HostedHosts, Platform
from lti_tool.lti.platforms.blackboard import Blackboard
from lti_tool.lti.platforms.brightspace import Brightspace
from lti_tool.lti.platforms.canvas import Canvas
from lti_tool.lti.platforms.moodle import Moodle
from lti_tool.lti.platforms.openedx import OpenEdx
from lti_tool.lti.platforms.sakai import Sakai

PLATFORMS: Final[tuple[Platform, ...]] = (
    Moodle(),
    Canvas(),
    OpenEdx(),
    Blackboard(),
    Brightspace(),
    Sakai(),
)
_OTHER: Final = Platform()
UNBINDING_FAMILIES: Final = tuple(
    platform.family
    for platform in PLATFORMS
    if platform.made_line_items_were_bound and platform.unbinds_line_items and platform.family
)
"""Where what an earlier version made for a link hides the activity's own line item, and can be let go of it."""


def platform_of_family(family: str | None) -> Platform:
    """The platform that calls itself this (``product_family_code``); one of which nothing is known otherwise."""
    wanted = (family or "").lower()
    return next((platform for platform in PLATFORMS if platform.family == wanted), _OTHER)


def platform_of(issuer: str, family: str | None) -> Platform:
    """The platform of a registration: by its issuer where that proves one, else by what it calls itself."""
    by_issuer = next(
        (platform for platform in PLATFORMS if platform.hosted and issuer in platform.hosted.issuers), None
    )
    return by_issuer or platform_of_family(family)


def _hosted() -> Iterator[HostedHosts]:
    return (platform.hosted for platform in PLATFORMS if platform.hosted is not None)


def family_of_issuer(issuer: str) -> str | None:
    """The family of the hosted product that has this issuer, or None for a platform on a host of its own."""
    return platform_of(issuer, None).family


def belongs_to_issuers_vendor(issuer: str, address: str) -> bool:
    """Whether ``address`` is on a host of the hosted product that has this issuer."""
    hosted = platform_of(issuer, None).hosted
    return hosted is not None and hosted.has(address)


@functools.lru_cache(maxsize=1_000)
def signed_by_vendor(jwks_url: str) -> bool:
    """Whether keys from this address sign for a hosted product, so that a launch names its own services."""
    return any(hosted.signs(jwks_url) for hosted in _hosted())


def names_any_registration_endpoint(source: str) -> bool:
    """Whether a configuration from ``source`` may name a registration endpoint on any public host."""
    return any(hosted.any_registration_endpoint and hosted.has(source) for hosted in _hosted())


def vendors_frame_origins(origin: str) -> tuple[str, ...]:
    """Where the pages of a hosted product are, when ``origin`` is one of its own; before its issuer is known."""
    return next((hosted.frame_origins for hosted in _hosted() if hosted.has(origin)), ())


def is_earlier_timestamp_error(body: bytes) -> bool:
    """Whether an answer 400 to a score means that its timestamp is not later, in the words of any known platform."""
    return any(platform.is_earlier_timestamp_error(body) for platform in PLATFORMS)
