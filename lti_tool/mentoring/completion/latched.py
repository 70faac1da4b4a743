"""What is latched of a completion, and what of two enrolments of one person holds once they are one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from lti_tool.mentoring.completion.rule import Completion


@dataclass(frozen=True)
class Latched:
    """What events alone set of somebody's completion, whatever they are judged to have done since."""

    completion: Completion = Completion.OPEN
    completed_at: dt.datetime | None = None
    """When it was first completed."""
    milestone: int = 0
    """The highest that was passed."""


def united(one: Latched, other: Latched) -> Latched:
    """Whoever has completed stays so; else whose completion a tutor has reopened is one whose completion was."""
    held = {one.completion, other.completion}
    completion = next(
        (each for each in (Completion.COMPLETED, Completion.REOPENED) if each in held), Completion.OPEN
    )
    moments = [at for at in (one.completed_at, other.completed_at) if at is not None]
    return Latched(completion, min(moments, default=None), max(one.milestone, other.milestone))
