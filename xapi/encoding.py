"""How our statements write time, duration and JSON: one spelling for each value.

xAPI 1.0.3, Data 4.1.11 (ISO 8601 timestamps), 4.1.12 (durations): https://github.com/adlnet/xAPI-Spec
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

# Events recorded in the same millisecond are put one millisecond apart (see ``strictly_after``),
# so the last of them may stand this far ahead of the clock. It is past by the time anything is sent.
CLOCK_TOLERANCE = timedelta(seconds=1)

_MILLISECOND = timedelta(milliseconds=1)
_CENTISECOND = timedelta(milliseconds=10)


def timestamp(moment: datetime) -> str:
    """Write an aware moment as UTC with three decimals and Z, rounded down so that it is never later.

    >>> timestamp(datetime(2026, 11, 22, 9, 30, 0, 123999, tzinfo=UTC))
    '2026-11-22T09:30:00.123Z'

    Raises ValueError for a moment without a time zone: nobody could say when it was.
    """
    utc = _utc(moment)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def day_or_timestamp(start: date | datetime) -> str:
    """Write a day as ``2026-11-12``, and a moment as ``timestamp`` does: no more precisely than it is known."""
    return timestamp(start) if isinstance(start, datetime) else start.isoformat()


def strictly_after(previous: datetime | None, moment: datetime) -> datetime:
    """The first whole millisecond that is at or after ``moment`` (rounded down) and later than ``previous``, in UTC.

    The profile's patterns are read in timestamp order, so two statements of one xAPI registration must not
    share a timestamp. Raises ValueError for a moment without a time zone.
    """
    floor = _whole_millisecond(moment)
    if previous is None:
        return floor
    return max(floor, _whole_millisecond(previous) + _MILLISECOND)


def _whole_millisecond(moment: datetime) -> datetime:
    # In UTC, because Python counts in the moment's own zone, where an hour may come twice.
    utc = _utc(moment)
    return utc - timedelta(microseconds=utc.microsecond % 1000)


def _utc(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError(f"a moment without a time zone cannot be written: {moment.isoformat()}")
    return moment.astimezone(UTC)


def duration(length: timedelta) -> str:
    """Write a length as an ISO 8601 duration in hours, minutes and seconds, to a hundredth of a second.

    Days are written as hours and months never appear, so that every reader computes the same length.

    >>> duration(timedelta(minutes=45))
    'PT45M'
    >>> duration(timedelta(days=1, seconds=1.5))
    'PT24H1.5S'

    Raises ValueError for a negative length.
    """
    if length < timedelta(0):
        raise ValueError(f"a duration cannot be negative: {length}")
    minutes, hundredths = divmod(length // _CENTISECOND, 6000)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}H" if hours else ""
    text += f"{minutes}M" if minutes else ""
    if hundredths:
        seconds, rest = divmod(hundredths, 100)
        text += f"{seconds}.{rest:02d}".rstrip("0") + "S" if rest else f"{seconds}S"
    return f"PT{text or '0S'}"


def to_bytes(document: Mapping[str, Any]) -> bytes:
    """Canonical JSON: sorted keys, no spaces, UTF-8. Two equal documents always give the same bytes."""
    return to_text(document).encode()


_encoder = json.JSONEncoder(sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def to_text(value: Any) -> str:
    """The same of any JSON value, as text."""
    return _encoder.encode(value)


def object_text(members: Mapping[str, str]) -> str:
    """The canonical JSON of an object whose members are canonical JSON already. The names need no escapes.

    >>> object_text({"verb": '{"id":1}', "actor": "2"})
    '{"actor":2,"verb":{"id":1}}'
    """
    return "{" + ",".join([f'"{name}":{members[name]}' for name in sorted(members)]) + "}"
