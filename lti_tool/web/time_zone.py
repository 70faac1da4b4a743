"""The time zone of whoever reads a page with moments.

A browser says its own (static/js/zone.js). The platform says none at a launch, so that a page whose browser has not
said it shows UTC, and says so.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from babel.dates import get_timezone_location

from lti_tool.translation import current_language

UTC: Final = ZoneInfo("UTC")


def zone_called(name: str | None) -> ZoneInfo | None:
    """The time zone of this name (https://www.iana.org/time-zones); None without one, and for one that is not known."""
    return ZoneInfo(name) if name is not None and name in _names() else None


def zone_name(zone: ZoneInfo) -> str:
    """What a reader knows a zone by: the city that it is named after, in the current language, or UTC."""
    return str(get_timezone_location(zone, locale=current_language(), return_city=True))


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(available_timezones())
