"""The two strands on the pages of the set-up: how far it is, the rhythm of a template, and what a rule asks for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from lti_tool.mentoring.roles import Role
from lti_tool.translation import gettext as _
from lti_tool.translation import ngettext
from lti_tool.web.journey_drawing.facts import JourneyFacts, Meeting
from lti_tool.web.journey_drawing.sparkline import Sparkline, TimeAxis, all_to_come, in_equal_steps, sparkline

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


RULE_WIDTH = 440.0


@dataclass(frozen=True)
class Caption:
    """What stands under a part of the drawing of a rule, or above it."""

    x: float
    anchor: str
    """``start``, ``middle`` or ``end``, as in SVG."""
    words: str
    is_above: bool = False


@dataclass(frozen=True)
class RuleDrawing:
    """The journey that a rule asks for: nobody is on it."""

    line: Sparkline
    bar: float | None
    """Where the agreement stands; None where the rule does not ask for it."""
    captions: tuple[Caption, ...]


def rule_drawing(meetings: int, groups: Sequence[tuple[int, int]], *, is_signed: bool) -> RuleDrawing:
    """A ring for each meeting that a rule asks for, and one for each group of which only some need be met.

    ``groups``: of each, how many of how many conditions; ``is_signed``: the rule asks for the agreement too.
    """
    beads = min(meetings, MOST_BEADS)
    line = all_to_come(beads + len(groups), width=RULE_WIDTH)
    xs = [bead.x for bead in line.beads]
    captions = [Caption(RULE_WIDTH, "end", _("Completed"))]
    if is_signed:
        captions.append(Caption(0, "start", _("Agreement")))
    if beads:
        words = ngettext("%(num)s meeting", "%(num)s meetings", meetings)
        captions.append(Caption((xs[0] + xs[beads - 1]) / 2, "middle", words))
    for x, (needed, of) in zip(xs[beads:], groups, strict=True):
        words = ngettext("%(num)s of %(of)s conditions", "%(num)s of %(of)s conditions", needed, of=of)
        captions.append(Caption(x, "middle", words, is_above=True))
    return RuleDrawing(line, 12.0 if is_signed else None, tuple(captions))
