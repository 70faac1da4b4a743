"""Counting what a pair did: a pure function of its facts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from lti_tool.mentoring.completion.queries import PairFacts


@dataclass(frozen=True, slots=True)
class Counters:
    """The columns of :class:`lti_tool.mentoring.overview.models.PairCounters`, but for the pair's id."""

    confirmed: int = 0
    held: int = 0
    disputed: int = 0
    confirmed_minutes: int = 0
    last_held_on: dt.date | None = None
    objectives: int = 0
    objectives_reached: int = 0


def count(pair: PairFacts) -> Counters:
    """Count a pair's sessions and objectives."""

    def number(status: str) -> int:
        return sum(session.status == status for session in pair.sessions)

    standing = [
        objective for objective in pair.objectives if objective.agreed and objective.status != "withdrawn"
    ]
    return Counters(
        confirmed=number("confirmed"),
        held=number("held"),
        disputed=number("disputed"),
        confirmed_minutes=sum(session.minutes for session in pair.sessions if session.status == "confirmed"),
        last_held_on=max(
            (session.held_on for session in pair.sessions if session.status in ("held", "confirmed")),
            default=None,
        ),
        objectives=len(standing),
        objectives_reached=sum(objective.status == "reached" for objective in standing),
    )
