"""The drawings of pairs on the tutor's pages: small ones on one time axis in a table, a tall one beside it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lti_tool.mentoring.overview.cohort import CohortOverview, PairLine
from lti_tool.mentoring.overview.queries import Meeting
from lti_tool.mentoring.roles import Role
from lti_tool.web.journey_drawing import facts as drawn
from lti_tool.web.journey_drawing.sparkline import Sparkline, TimeAxis, sparkline
from lti_tool.web.time_zone import own_date, reader_today

_STATES: Final[Mapping[str, drawn.MeetingState]] = {
    "planned": drawn.MeetingState.PLANNED,
    "held": drawn.MeetingState.UNCONFIRMED,
    "confirmed": drawn.MeetingState.CONFIRMED,
    "disputed": drawn.MeetingState.DISPUTED,
}
_WIDTH: Final = 150.0


@dataclass(frozen=True)
class DrawnPairs:
    """The small drawings of a table, and the time that they share."""

    axis: TimeAxis
    today: float
    """Where today stands."""
    by_pair: Mapping[uuid.UUID, Sparkline]


def facts_of(pair: PairLine, meetings: Sequence[Meeting], ends_on: dt.date) -> drawn.JourneyFacts:
    """What a tutor sees drawn of a pair, on the reader's days: its meetings, without what the two write."""
    signed = {Role.MENTOR: pair.mentor_signed_at, Role.MENTEE: pair.mentee_signed_at}
    completed = [line.progress.completed_at for line in pair.both if line.progress.completed_at is not None]
    waiting = sum(meeting.status != "confirmed" for meeting in meetings)
    return drawn.JourneyFacts(
        today=reader_today(),
        ends_on=ends_on,
        signed_on={role: own_date(at) for role, at in signed.items() if at is not None},
        meetings=tuple(
            drawn.Meeting(
                meeting.held_on,
                _STATES[meeting.status],
                Role.MENTOR if meeting.logged_by == pair.mentor.id else Role.MENTEE,
                meeting.minutes,
                meeting.format,
                meeting.mode,
            )
            for meeting in meetings
            if meeting.status in _STATES
        ),
        to_come=max(0, (pair.target or 0) - pair.counted - waiting),
        completed_on=own_date(max(completed)) if pair.is_complete and completed else None,
        paused=pair.status == "paused",
    )


def drawn_pairs(
    overview: CohortOverview,
    pairs: Iterable[PairLine],
    meetings: Mapping[uuid.UUID, Sequence[Meeting]],
) -> DrawnPairs:
    """The drawings of these pairs, on the time of the programme and of what took place outside of it."""
    today = reader_today()
    facts = {pair.id: facts_of(pair, meetings.get(pair.id, ()), overview.ends_on) for pair in pairs}
    first = min([overview.starts_on, *(each.begins_on for each in facts.values())])
    axis = TimeAxis(first, max(overview.ends_on, today), _WIDTH)
    return DrawnPairs(
        axis, axis.x(today), {pair_id: sparkline(each, axis) for pair_id, each in facts.items()}
    )
