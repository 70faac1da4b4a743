"""Journeys to draw, at the edges of what a pair can do."""

from __future__ import annotations

import datetime as dt

from lti_tool.mentoring.roles import Role
from lti_tool.web.journey_drawing.facts import (
    DrawnObjective,
    JourneyFacts,
    Meeting,
    MeetingState,
    ObjectiveState,
)

TODAY = dt.date(2026, 11, 26)
SIGNED = {Role.MENTOR: dt.date(2026, 9, 8), Role.MENTEE: dt.date(2026, 9, 7)}
ENDS_ON = dt.date(2027, 1, 29)


def day(number: int) -> dt.date:
    """So many days after both have signed."""
    return SIGNED[Role.MENTOR] + dt.timedelta(days=number)


def met(*days: int) -> tuple[Meeting, ...]:
    """Confirmed meetings, so many days after both have signed."""
    return tuple(Meeting(day(number), minutes=45, format="video") for number in days)


def journey(*meetings: Meeting, to_come: int = 0, **values: object) -> JourneyFacts:
    """A journey that both have signed, and that goes on."""
    known: dict[str, object] = {"today": TODAY, "ends_on": ENDS_ON, "signed_on": SIGNED}
    return JourneyFacts(**(known | {"meetings": meetings, "to_come": to_come} | values))  # type: ignore[arg-type]


def objective(owner: Role, number: int, state: ObjectiveState = ObjectiveState.REACHED) -> DrawnObjective:
    """An objective that got to where it is so many days after both have signed."""
    return DrawnObjective(owner, day(number), state, "Present a project to a committee")


OBJECTIVES = tuple(
    objective(role, number, state)
    for role in Role
    for number, state in (
        (0, ObjectiveState.REACHED),
        (30, ObjectiveState.REACHED),
        (30, ObjectiveState.UNDER_WAY),
        (31, ObjectiveState.UNDER_WAY),
        (79, ObjectiveState.AGREED),
        (79, ObjectiveState.AGREED),
    )
)

JOURNEYS = {
    "nothing yet": JourneyFacts(today=TODAY),
    "no meeting asked for": journey(),
    "one has signed": JourneyFacts(today=TODAY, ends_on=ENDS_ON, signed_on={Role.MENTEE: TODAY}, to_come=6),
    "no meeting": journey(to_come=6),
    "one meeting": journey(*met(7), to_come=5, objectives=OBJECTIVES),
    "two on one day": journey(*met(10, 10), to_come=4, objectives=OBJECTIVES),
    "two today": journey(*met(79, 79), to_come=1),
    "twelve": journey(*met(*range(0, 72, 6)), to_come=2, objectives=OBJECTIVES),
    "forty": journey(*met(*range(40)), objectives=OBJECTIVES),
    "forty to come": journey(to_come=40, objectives=OBJECTIVES),
    "a long silence": journey(*met(1, 4, 79), to_come=1, objectives=OBJECTIVES),
    "before the agreement": journey(*met(-30, -2, 20), to_come=3, objectives=OBJECTIVES),
    "dated tomorrow": journey(*met(80), to_come=2),
    "unconfirmed": journey(*met(7, 20), Meeting(day(60), MeetingState.UNCONFIRMED, Role.MENTEE), to_come=3),
    "disputed first": journey(Meeting(day(60), MeetingState.DISPUTED, Role.MENTOR), to_come=3),
    "planned": journey(*met(7), Meeting(TODAY, MeetingState.PLANNED), to_come=4),
    "paused": journey(*met(7, 20), to_come=4, paused=True),
    "past its end": journey(*met(7, 20), to_come=4, ends_on=dt.date(2026, 10, 1), objectives=OBJECTIVES),
    "complete": journey(*met(7, 23, 43, 70), completed_on=day(70), objectives=OBJECTIVES),
    "met after completion": journey(*met(7, 23, 79), completed_on=day(25), objectives=OBJECTIVES),
    "complete without a meeting": journey(completed_on=day(3), objectives=OBJECTIVES),
    "complete at once": journey(*met(0), completed_on=day(0)),
    "complete after forty": journey(*met(*range(40)), completed_on=day(70)),
}
