"""Are two statements the same, though an LRS has touched one of them?

xAPI 1.0.3, Data 2.3.1: an LRS may add ``stored``, ``authority`` and ``version``, wrap a context activity in an
array, and keep its own display of a verb and definition of an activity. None of that makes another statement.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
# What an LRS may add to, or replace in, the object that stands under each property.
_FREE: Final = {
    "statement": ("stored", "authority", "version"),
    "verb": ("display",),
    "object": ("definition",),
}


MOST_LEVELS: Final = 64
"""How deep a statement that can be compared is nested; one of ours has ten levels."""


def is_comparable(value: Any) -> bool:
    """Whether this is JSON as RFC 8259 has it, not nested deeper than :data:`MOST_LEVELS`.

    Python also reads ``NaN`` and numbers beyond any float, which no database stores as JSON.
    """
    level = [value]
    for _ in range(MOST_LEVELS):
        inner: list[Any] = []
        for item in level:
            if isinstance(item, float) and not math.isfinite(item):
                return False
            if isinstance(item, Mapping):
                inner += item.values()
            elif isinstance(item, list):
                inner += item
        if not inner:
            return True
        level = inner
    return False


def same_statement(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    """Whether the LRS holds what we sent; both are statements that :func:`is_comparable` accepts."""
    return bool(_normal("statement", ours) == _normal("statement", theirs))


def _normal(kind: str, value: Any) -> Any:
    """The value with everything removed that an LRS is free to change; ``kind`` is its property."""
    if isinstance(value, Mapping):
        return _normal_object(kind, value)
    if isinstance(value, list):
        return [_normal(kind, item) for item in value]
    if kind in ("timestamp", "duration", "id", "registration") and isinstance(value, str):
        return {"timestamp": _moment, "duration": _length}.get(kind, _identifier)(value)
    # A number compares equal however it is written, but true is not 1.
    return (isinstance(value, bool), value)


def _normal_object(kind: str, value: Mapping[str, Any]) -> dict[str, Any]:
    if kind == "extensions":
        return {key: ("verbatim", _verbatim(item)) for key, item in value.items()}
    dropped = _FREE.get(kind, ())
    kept = {key: item for key, item in value.items() if key not in dropped and item is not None}
    if kind == "contextActivities":
        kept = {key: item if isinstance(item, list) else [item] for key, item in kept.items()}
        return {
            key: [
                {"id": activity.get("id")} if isinstance(activity, Mapping) else activity
                for activity in activities
            ]
            for key, activities in kept.items()
            if activities
        }
    if kind in ("actor", "instructor", "team", "object"):
        kept.setdefault("objectType", "Activity" if kind == "object" else "Agent")
    if kept.get("member") == []:
        del kept["member"]
    return {key: _normal(key, item) for key, item in kept.items()}


def _verbatim(value: Any) -> Any:
    """Extensions belong to whoever wrote them, so only the spelling of numbers is forgiven."""
    if isinstance(value, Mapping):
        return {key: _verbatim(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_verbatim(item) for item in value]
    return (isinstance(value, bool), value)


def _identifier(value: str) -> str:
    """UUIDs have no case; an IRI does."""
    return value.lower() if re.fullmatch(r"[0-9A-Fa-f-]{36}", value) else value


def _moment(value: str) -> Any:
    """Milliseconds are all that an LRS must keep (Data 4.1.11)."""
    try:
        moment = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return value
    return moment - timedelta(microseconds=moment.microsecond % 1000)


def _length(value: str) -> Any:
    """A hundredth of a second is all that is compared (Data 4.1.12)."""
    match = _DURATION.fullmatch(value)
    if match is None:
        return value
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return int(round(total, 6) * 100) if math.isfinite(total * 100) else value
