"""The two strands on the pages of the set-up: how far it is, and the rhythm of a template."""

from __future__ import annotations

import datetime as dt

from lti_tool.mentoring.roles import Role
from lti_tool.web.journey_drawing.facts import JourneyFacts, Meeting
from lti_tool.web.journey_drawing.sparkline import Sparkline, TimeAxis, in_equal_steps, sparkline

_DAY = dt.date(2001, 1, 1)
"""Some day: what is drawn here has none."""
MOST_BEADS = 14
"""More than this would touch each other."""


def progress_drawing(done: int, needed: int, *, is_ready: bool) -> Sparkline:
    """The parts that are needed, as the meetings of a journey: those that are done, and those to come."""
    today = _DAY + dt.timedelta(days=needed + 1)
    held = tuple(Meeting(_DAY + dt.timedelta(days=number)) for number in range(1, done + 1))
    return in_equal_steps(
        JourneyFacts(today, meetings=held, to_come=needed - done, completed_on=today if is_ready else None)
    )


def rhythm_drawing(sessions: int, *, is_ready: bool) -> Sparkline:
    """A bead for each meeting that a template advises; dotted where the template has still to be set up."""
    axis = TimeAxis(_DAY, _DAY + dt.timedelta(days=365), width=96.0)
    if not is_ready:
        return sparkline(JourneyFacts(axis.first, ends_on=axis.last), axis)
    beads = min(sessions, MOST_BEADS)
    step = 365 / (beads + 1)
    held = tuple(Meeting(axis.first + dt.timedelta(days=round(step * (each + 1)))) for each in range(beads))
    return sparkline(
        JourneyFacts(axis.last, signed_on={Role.MENTOR: axis.first}, meetings=held, ends_on=axis.last), axis
    )


def rule_drawing(meetings: int, *, is_signed: bool) -> Sparkline:
    """A bead to come for each meeting that a rule asks for; ``is_signed``: it asks for the agreement too."""
    signed = {Role.MENTOR: _DAY, Role.MENTEE: _DAY} if is_signed else {}
    return in_equal_steps(JourneyFacts(_DAY, signed_on=signed, to_come=min(meetings, MOST_BEADS)))
