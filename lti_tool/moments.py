"""Whether a stored moment has come, by a clock that may once have been wrong.

A process whose clock is far ahead stores moments that no other one reaches for as long. So a moment that lies further
ahead than the longest interval that anybody stores there has come: it was written by such a clock.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

import sqlalchemy as sa

CLOCKS_DIFFER: Final = dt.timedelta(minutes=5)
"""How much the clocks of machines may differ that share a database."""


def has_come(moment: dt.datetime, now: dt.datetime, longest: dt.timedelta) -> bool:
    """Whether ``moment`` is over, or further ahead than ``longest``."""
    return not now < moment <= now + longest + CLOCKS_DIFFER


def is_ahead(
    moment: sa.SQLColumnExpression[dt.datetime], now: dt.datetime, longest: dt.timedelta
) -> sa.ColumnElement[bool]:
    """The opposite of :func:`has_come`, for a column."""
    return sa.and_(moment > now, moment <= now + longest + CLOCKS_DIFFER)
