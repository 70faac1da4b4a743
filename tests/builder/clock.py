"""The moment at which facts are made: the machine's, or one in a simulated past."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import time_machine

from lti_tool.database import utcnow

NOW = dt.datetime(2026, 11, 12, 9, 30, tzinfo=dt.UTC)
"""A moment for tests that give every action its moment."""


class Clock:
    """A clock that a test sets. While it stands in the past, everything in a step of the builder happens then."""

    def __init__(self, moment: dt.datetime | None = None) -> None:
        """``moment``: aware; None for the machine's own."""
        self._moment = moment

    @property
    def now(self) -> dt.datetime:
        """The present moment, aware, in UTC."""
        return self._moment or utcnow()

    def set(self, moment: dt.datetime | None) -> None:
        """Go to a moment; None: back to the machine's."""
        self._moment = moment

    def go_back(self, **ago: float) -> None:
        """Go into the past, and stand still there: ``clock.go_back(weeks=10)``."""
        self._moment = self.now - dt.timedelta(**ago)

    def move(self, **by: float) -> None:
        """Go on: ``clock.move(days=1, hours=3)``. Raises :class:`ValueError` where that would be in the future."""
        moment = self.now + dt.timedelta(**by)
        if moment > utcnow():
            raise ValueError(f"{moment} has not come yet")
        self._moment = moment

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Let the whole process have this clock's moment for a while, where it is not the machine's."""
        if self._moment is None:
            yield
        else:
            with time_machine.travel(self._moment, tick=False):
                yield
