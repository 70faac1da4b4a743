"""What is written on the drawings and said of them, in the language of the present request."""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import dataclass

from flask import Flask

from lti_tool.mentoring.journey.views import PersonCard
from lti_tool.mentoring.roles import Role
from lti_tool.translation import gettext as _
from lti_tool.translation import ngettext
from lti_tool.translation.dates import short_date
from lti_tool.web import wording
from lti_tool.web.journey_drawing.facts import JourneyFacts, Meeting, MeetingState, ObjectiveState
from lti_tool.web.journey_drawing.leaves import TEXT_SIZE
from lti_tool.web.journey_drawing.text import lines_within
from lti_tool.web.journey_drawing.timeline import EndMark, Stop, TimelineDrawing
from lti_tool.web.language import day, day_in_year


def init_app(app: Flask) -> None:
    """Give the templates of ``app`` these functions, as ``journey_labels``."""
    app.jinja_env.globals["journey_labels"] = sys.modules[__name__]


@dataclass(frozen=True)
class Faces:
    """The two people of a drawing."""

    mentor: PersonCard
    mentee: PersonCard

    def of(self, role: Role) -> PersonCard:
        """The one in a role."""
        return self.mentor if role is Role.MENTOR else self.mentee


def short_day(value: dt.date) -> str:
    """A day without its year, such as ``12 Nov``."""
    return short_date(value, year=False)


def day_of_year(value: dt.date) -> str:
    """A day in words, such as ``12 November``; with its year where that is not the present one."""
    return day_in_year(value)


def sentence(facts: JourneyFacts, faces: Faces) -> str:
    """What a drawing shows, for whoever does not see it."""
    held, ahead = len(facts.held), len(facts.ahead)
    waiting = sum(each.state is not MeetingState.CONFIRMED for each in facts.held)
    reached = sum(each.state is ObjectiveState.REACHED for each in facts.objectives)
    said = [ngettext("%(num)s meeting", "%(num)s meetings", held)]
    if waiting:
        said.append(ngettext("%(num)s of them not confirmed", "%(num)s of them not confirmed", waiting))
    if ahead:
        said.append(ngettext("%(num)s to come", "%(num)s to come", ahead))
    if facts.objectives:
        said.append(
            _("objectives reached: %(reached)s of %(all)s", reached=reached, all=len(facts.objectives))
        )
    if facts.ended_on is not None:
        said.append(_("ended on %(day)s", day=day(facts.ended_on)) if facts.end_is_dated else _("ended"))
    elif facts.paused:
        said.append(_("on hold"))
    if facts.completed_on is not None:
        said.append(_("completed on %(day)s", day=day(facts.completed_on)))
    return _(
        "The journey of %(mentor)s and %(mentee)s: %(facts)s.",
        mentor=wording.first_name(faces.mentor),
        mentee=wording.first_name(faces.mentee),
        facts=", ".join(said),
    )


def stop_date(stop: Stop) -> str:
    """The first line below a meeting: its day, or which one it is; empty where it has no room."""
    if not stop.label_width:
        return ""
    if stop.meeting.state is MeetingState.EXPECTED and not stop.number:
        if stop.stands_for:
            return ngettext("%(num)s more meeting", "%(num)s more meetings", stop.stands_for)
        return _("Next meeting") if stop.is_next else ""
    if stop.meeting.state is MeetingState.EXPECTED:
        return _("Meeting %(number)s", number=stop.number) if stop.has_name else str(stop.number)
    return short_day(stop.meeting.on)


def stop_lines(stop: Stop) -> list[str]:
    """What stands below the date of a meeting: how long it was and how the two met, or what is waited for."""
    if not stop.label_width:
        return []
    match stop.meeting.state:
        case MeetingState.EXPECTED:
            return []
        case MeetingState.PLANNED if not stop.number:
            return []
        case MeetingState.PLANNED:
            return lines_within(_("Meeting %(number)s", number=stop.number), stop.label_width)
        case MeetingState.UNCONFIRMED:
            last = _("to confirm")
        case MeetingState.DISPUTED if stop.meeting.proposed_minutes:
            both = _(
                "%(logged)s, or %(proposed)s?",
                logged=wording.duration(stop.meeting.minutes),
                proposed=wording.duration(stop.meeting.proposed_minutes),
            )
            return lines_within(both, stop.label_width, lines=2, size=TEXT_SIZE)
        case MeetingState.DISPUTED:
            last = _("to correct")
        case MeetingState.CONFIRMED:
            last = _how(stop.meeting)
    length = [wording.duration(stop.meeting.minutes)] if stop.meeting.minutes else []
    return [*length, *lines_within(last, stop.label_width, lines=2, size=TEXT_SIZE)]


def _how(meeting: Meeting) -> str:
    """How the two met, where that is known; else what it was; empty where neither is."""
    if meeting.mode is not None:
        return wording.word(wording.MODES, meeting.mode)
    return wording.format_name(meeting.format) if meeting.format else ""


def end_lines(drawing: TimelineDrawing) -> list[str]:
    """What stands below the end: when, and what it is."""
    facts = drawing.facts
    if drawing.end is EndMark.COMPLETE:
        day_of_end = [] if facts.completed_on is None else [short_day(facts.completed_on)]
        return [*day_of_end, *lines_within(_("Complete"), drawing.end_label_width, size=TEXT_SIZE)]
    if facts.ended_on is not None:
        return [short_day(facts.ended_on), _("End")] if facts.end_is_dated else [_("End")]
    if facts.ends_on is None or facts.ends_on < facts.today:
        return [_("Closing")]
    return [short_day(facts.ends_on), _("Closing")]
