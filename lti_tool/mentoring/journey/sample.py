"""An invented journey, for a tutor who wants to see what a mentee or a mentor sees. It touches no data."""

from __future__ import annotations

import datetime as dt
import uuid

from lti_tool.mentoring.completion.queries import CompletionRule, example_progress
from lti_tool.mentoring.journey.queries import progress_from
from lti_tool.mentoring.journey.views import (
    CriterionLine,
    Journey,
    ObjectiveLine,
    PairView,
    PersonCard,
    Progress,
    SessionLine,
)
from lti_tool.mentoring.roles import Role

_NOBODY = uuid.UUID(int=0)


def journey_for(
    role: str, *, learns: str, teaches_back: str, today: dt.date, rule: CompletionRule | None = None
) -> Journey:
    """The journey of somebody half-way, in ``role``; its last meeting waits for their yes.

    ``rule``: the one by which the example is judged; else the usual one. ``learns`` and ``teaches_back`` are the titles
    of two objectives, in the language of whoever looks.
    """
    people = {
        Role.MENTEE: PersonCard(_NOBODY, Role.MENTEE, "Claude Martin", "Claude"),
        Role.MENTOR: PersonCard(_NOBODY, Role.MENTOR, "Sacha Delorme", "Sacha"),
    }
    me, partner = people[Role(role)], people[Role.MENTOR if role == Role.MENTEE else Role.MENTEE]
    signed = dt.datetime.combine(today - dt.timedelta(days=60), dt.time(12), dt.UTC)
    sessions = tuple(
        SessionLine(
            id=uuid.UUID(int=number + 1),
            held_on=today - dt.timedelta(days=2 + 14 * number),
            minutes=minutes,
            format=form,
            status="held" if number == 0 else "confirmed",
            mine=number % 2 == 1,
            mode=mode,
        )
        for number, (minutes, form, mode) in enumerate(
            ((45, "coaching", "video"), (60, "professional-training", "in-person"), (45, "coaching", "phone"))
        )
    )
    objectives = (
        _objective(1, learns, Role.MENTEE, "reached", role),
        _objective(2, teaches_back, Role.MENTOR, "agreed", role),
    )
    pair = PairView(_NOBODY, "active", partner, "1", signed, signed, signed, signed, sessions, objectives)
    meetings = [(line.held_on, line.minutes, line.format, line.status) for line in sessions]
    progress = _USUAL if rule is None else progress_from(example_progress(rule, role, meetings))
    return Journey(me, "active", _NOBODY, progress, (pair,))


_USUAL = Progress(
    score=46,
    status="under_way",
    criteria=(
        CriterionLine("agreement", 1, 1, True, {"by": "both"}),
        CriterionLine("sessions", 2, 6, False, {"status": "confirmed", "min_minutes_each": 30}),
    ),
)
"""How far the example is by the usual rule, where no programme is known."""


def _objective(number: int, title: str, direction: Role, status: str, role: str) -> ObjectiveLine:
    return ObjectiveLine(uuid.UUID(int=number), title, direction, "skills", True, status, direction == role)
