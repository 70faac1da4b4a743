"""How far somebody is, made from what is stored only where more than the status of it is asked for."""

from __future__ import annotations

import datetime as dt
from functools import cached_property

from lti_tool.mentoring.completion.queries import StoredProgress
from lti_tool.mentoring.journey.queries import progress_from
from lti_tool.mentoring.journey.views import CriterionLine, Progress


class LazyProgress:
    """A :class:`Progress` that is made once more than the status of it is asked for: of most people it never is."""

    def __init__(self, stored: StoredProgress) -> None:
        self._stored = stored

    @property
    def status(self) -> str:
        """As :attr:`Progress.status`."""
        return self._stored.status

    @property
    def completed(self) -> bool:
        """As :attr:`Progress.completed`."""
        return self._stored.status == "satisfied"

    @property
    def completed_at(self) -> dt.datetime | None:
        """As :attr:`Progress.completed_at`."""
        return self._stored.completed_at

    @property
    def score(self) -> int:
        """As :attr:`Progress.score`."""
        return self._stored.score

    @property
    def criteria(self) -> tuple[CriterionLine, ...]:
        """As :attr:`Progress.criteria`."""
        return self._whole.criteria

    @property
    def meetings(self) -> CriterionLine | None:
        """As :attr:`Progress.meetings`."""
        return self._whole.meetings

    @cached_property
    def _whole(self) -> Progress:
        return progress_from(self._stored.record)
