"""How long to wait before a delivery is sent again, or a receiver is asked again."""

from __future__ import annotations

import datetime as dt
import random
from typing import Final

from urllib3 import Retry as RetryPolicy
from urllib3.exceptions import InvalidHeader

FIRST_DELAY: Final = dt.timedelta(seconds=2)
LONGEST_DELAY: Final = dt.timedelta(hours=1)


def next_attempt(
    attempts: int,
    after_seconds: float | None = None,
    rng: random.Random | None = None,
    *,
    longest: dt.timedelta = LONGEST_DELAY,
) -> dt.timedelta:
    """How long to wait before sending again, after ``attempts`` (1 or more) failures in a row.

    It doubles from :data:`FIRST_DELAY` to ``longest``, and lies at random in the upper half of that, so that many
    deliveries do not come back together. It is never less than ``after_seconds``, what the receiver asked for.
    """
    # The exponent is bounded because doubling for ever overflows a timedelta after some hundred tries.
    doublings = min(max(attempts, 1) - 1, 30)
    full = min(FIRST_DELAY * 2.0**doublings, longest)
    delay = full * (rng or random).uniform(0.5, 1.0)
    return max(delay, dt.timedelta(seconds=after_seconds or 0))


def retry_after(value: str) -> float | None:
    """Seconds to wait, from a ``Retry-After`` of a number or of an HTTP date (RFC 9110 §10.2.3); None otherwise.

    Never more than :data:`LONGEST_DELAY`: no receiver may stop deliveries for years.
    """
    try:
        seconds = RetryPolicy().parse_retry_after(value)
    except (InvalidHeader, OverflowError, ValueError):
        return None
    return float(min(seconds, LONGEST_DELAY.total_seconds()))
