"""An invented pair and its journey, for the page that says what this is."""

from __future__ import annotations

import datetime as dt
import functools
import uuid
from dataclasses import dataclass

from lti_tool.mentoring.journey.views import PersonCard
from lti_tool.mentoring.roles import Role
from lti_tool.translation import gettext as _
from lti_tool.web import wording
from lti_tool.web.journey_drawing.facts import (
    DrawnObjective,
    JourneyFacts,
    Meeting,
    MeetingState,
    ObjectiveState,
)
from lti_tool.web.journey_drawing.labels import Faces
from lti_tool.web.journey_drawing.sparkline import Sparkline, TimeAxis, sparkline
from lti_tool.web.journey_drawing.steps import JourneyStep, every_step, journey_steps
from lti_tool.web.journey_drawing.timeline import TimelineDrawing, timeline

_NOBODY = uuid.UUID(int=0)
_BEGINS, _ENDS = dt.date(2026, 9, 7), dt.date(2027, 1, 15)
_TODAY = dt.date(2026, 11, 27)
_BOTH = {Role.MENTOR: _BEGINS, Role.MENTEE: _BEGINS}
_DAYS = (
    dt.date(2026, 9, 15),
    dt.date(2026, 10, 8),
    dt.date(2026, 11, 3),
    dt.date(2026, 11, 26),
    dt.date(2026, 12, 10),
    dt.date(2026, 12, 22),
)
_COMPLETED = dt.date(2027, 1, 8)
_CONFIRMED = _DAYS[:3]
_NOTED = Meeting(_DAYS[3], MeetingState.UNCONFIRMED, Role.MENTOR, 45, mode="video")
"""What the picture beside the heading shows of the two: so many meetings, and the fourth, which waits for an answer."""


@dataclass(frozen=True)
class ExampleRow:
    """A pair in a tutor's table."""

    mentee: PersonCard
    mentor: PersonCard
    state: str
    waits: bool
    drawing: Sparkline


def faces() -> Faces:
    """The two people of the example."""
    return Faces(_person(Role.MENTOR, "Lina Haddad"), _person(Role.MENTEE, "Kwame Mensah"))


def _person(role: Role, name: str) -> PersonCard:
    return PersonCard(_NOBODY, role, name, name.split()[0])


def _met(days: tuple[dt.date, ...]) -> tuple[Meeting, ...]:
    minutes = (45, 60, 45, 45, 45, 45)
    modes = ("in-person", "video", "phone", "video", "video", "in-person")
    return tuple(
        Meeting(day, minutes=length, mode=mode)
        for day, length, mode in zip(days, minutes, modes, strict=False)
    )


def journey() -> TimelineDrawing:
    """The large drawing: six meetings, what each of the two learned, and the end."""
    objectives = (
        DrawnObjective(
            Role.MENTEE,
            dt.date(2026, 10, 27),
            ObjectiveState.REACHED,
            _("A first draft with AI"),
        ),
        DrawnObjective(
            Role.MENTOR, dt.date(2026, 11, 9), ObjectiveState.REACHED, _("Speaking to a committee")
        ),
    )
    return timeline(
        JourneyFacts(
            today=_ENDS,
            signed_on=_BOTH,
            meetings=_met(_DAYS),
            objectives=objectives,
            completed_on=_COMPLETED,
        )
    )


@functools.cache
def tiles() -> tuple[JourneyStep, ...]:
    """The same for a phone, shortened: the beginning, three meetings, and the end."""
    facts = JourneyFacts(today=_ENDS, signed_on=_BOTH, meetings=_met(_DAYS[:3]), completed_on=_COMPLETED)
    return tuple(every_step(journey_steps(facts)))


def statements() -> tuple[tuple[Role, str, str, str], ...]:
    """Statements as an analyst reads them: whose strand it is, the actor, the verb and what it is about."""
    return (
        (Role.MENTEE, "9c07…", _("took part"), _("meeting, 45 min")),
        (Role.MENTOR, "a1f3…", _("has confirmed"), _("meeting")),
        (Role.MENTEE, "9c07…", _("has completed"), _("objective")),
        (Role.MENTEE, "9c07…", _("has completed"), _("programme")),
    )


def rows() -> tuple[ExampleRow, ...]:
    """Three pairs as a tutor sees them."""
    axis = TimeAxis(_BEGINS, _ENDS)
    return (
        ExampleRow(
            _person(Role.MENTEE, "Dieter Schönberg"),
            _person(Role.MENTOR, "Fatou Diallo"),
            _("Dieter to sign"),
            True,
            sparkline(
                JourneyFacts(
                    today=_BEGINS + dt.timedelta(days=30),
                    ends_on=_ENDS,
                    signed_on={Role.MENTOR: _BEGINS},
                    to_come=6,
                ),
                axis,
            ),
        ),
        ExampleRow(
            _person(Role.MENTEE, "Kwame Mensah"),
            _person(Role.MENTOR, "Lina Haddad"),
            wording.meetings_done(len(_CONFIRMED), len(_DAYS)),
            False,
            sparkline(
                JourneyFacts(
                    today=_TODAY,
                    ends_on=_ENDS,
                    signed_on=_BOTH,
                    meetings=(*_met(_CONFIRMED), _NOTED),
                    to_come=len(_DAYS) - len(_CONFIRMED) - 1,
                ),
                axis,
            ),
        ),
        ExampleRow(
            _person(Role.MENTEE, "Paul Clément"),
            _person(Role.MENTOR, "Laure Lopez"),
            _("Complete"),
            False,
            sparkline(
                JourneyFacts(
                    today=_ENDS,
                    signed_on=_BOTH,
                    meetings=_met(tuple(_BEGINS + dt.timedelta(days=8 + 15 * number) for number in range(6))),
                    completed_on=_ENDS,
                ),
                axis,
            ),
        ),
    )
