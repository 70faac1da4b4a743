"""The facts of a drawing, from what the queries of the domain return."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping

from lti_tool.mentoring.journey.views import CriterionLine, ObjectiveLine, PairView, PersonCard, Progress
from lti_tool.mentoring.pairs.models import ENDED_STATUSES
from lti_tool.mentoring.roles import Role
from lti_tool.web.journey_drawing.facts import (
    DrawnObjective,
    JourneyFacts,
    Meeting,
    MeetingState,
    ObjectiveState,
)
from lti_tool.web.journey_drawing.labels import Faces

_STATES: Mapping[str, MeetingState] = {
    "planned": MeetingState.PLANNED,
    "held": MeetingState.UNCONFIRMED,
    "confirmed": MeetingState.CONFIRMED,
    "disputed": MeetingState.DISPUTED,
}
"""By :class:`lti_tool.mentoring.sessions.models.SessionStatus`; the others are not drawn."""


def faces_of(pair: PairView, me: PersonCard) -> Faces:
    """The two people of a pair."""
    return Faces(me, pair.partner) if me.role == Role.MENTOR else Faces(pair.partner, me)


def facts_for_learner(
    pair: PairView,
    me: PersonCard,
    progress: Progress,
    *,
    today: dt.date,
    ends_on: dt.date | None = None,
    objective_days: Mapping[uuid.UUID, dt.date] | None = None,
    zone: dt.tzinfo = dt.UTC,
) -> JourneyFacts:
    """What one of a pair sees drawn.

    ``objective_days``: when each objective got to where it is, by its id; today for those that it does not hold.
    ``zone``: whose days the moments are drawn on.
    """
    mine = Role(me.role)
    signed = {mine: pair.signed_by_me_at, mine.other: pair.signed_by_partner_at}
    days = objective_days or {}
    meetings = tuple(
        Meeting(
            line.held_on,
            _STATES[line.status],
            mine if line.mine else mine.other,
            line.minutes,
            line.format,
            line.mode,
            line.id,
            line.proposed_minutes if line.status == "disputed" else None,
        )
        for line in pair.sessions
        if line.status in _STATES
    )
    is_over = pair.status in ENDED_STATUSES
    completed_on = (
        day_in(progress.completed_at, zone) if progress.completed and progress.completed_at else None
    )
    has_left = pair.partner.has_left and not is_over
    ended_on = None
    if completed_on is None:
        ended_on = day_in(pair.ended_at, zone) if is_over and pair.ended_at else today if has_left else None
    return JourneyFacts(
        today=min(today, ended_on or today),
        ends_on=None if is_over or has_left else ends_on,
        signed_on={role: day_in(at, zone) for role, at in signed.items() if at is not None},
        meetings=meetings,
        objectives=tuple(
            DrawnObjective(
                Role(line.direction),
                days.get(line.id, today),
                _objective_state(line.status),
                line.title,
                waits=line.status == "claimed",
            )
            for line in pair.objectives
            if _is_drawn(line)
        ),
        to_come=0 if is_over or has_left else meetings_to_come(progress.meetings, meetings),
        not_counted=_not_counted(progress.meetings, meetings),
        completed_on=completed_on,
        ended_on=ended_on,
        end_is_dated=not has_left,
        paused=is_over or pair.status == "paused" or has_left,
        paused_on=day_in(pair.paused_at, zone) if pair.status == "paused" and pair.paused_at else None,
    )


def day_in(moment: dt.datetime, zone: dt.tzinfo) -> dt.date:
    """The day that a moment is on in a time zone."""
    return moment.astimezone(zone).date()


def meetings_to_come(criterion: CriterionLine | None, meetings: Iterable[Meeting]) -> int:
    """How many more meetings the rule asks for, besides those that count, wait for an answer or are planned.

    One that the other disputes waits for an answer too, whatever they say of it.
    """
    if criterion is None or criterion.satisfied:
        return 0
    meetings = [each for each in meetings if _has_number(each, criterion)]
    open_ones = sum(each.state is not MeetingState.CONFIRMED for each in meetings)
    counted = criterion.value
    if criterion.params.get("status") == "held":
        # The unconfirmed ones are among those that count.
        open_ones = sum(each.state in (MeetingState.DISPUTED, MeetingState.PLANNED) for each in meetings)
    return max(criterion.target - counted - open_ones, 0)


def _not_counted(criterion: CriterionLine | None, meetings: Iterable[Meeting]) -> int:
    """How many of the meetings held the rule leaves out."""
    return sum(each.state.held and not _has_number(each, criterion) for each in meetings)


def _has_number(meeting: Meeting, criterion: CriterionLine | None) -> bool:
    """Whether it is one of those that the programme asks for, once it is confirmed."""
    return criterion is None or criterion.leaves_out(meeting.minutes, meeting.format) is None


def _is_drawn(line: ObjectiveLine) -> bool:
    return line.status not in ("withdrawn", "proposed")


def _objective_state(status: str) -> ObjectiveState:
    match status:
        case "reached":
            return ObjectiveState.REACHED
        case "in_progress" | "claimed":
            return ObjectiveState.UNDER_WAY
        case _agreed:
            return ObjectiveState.AGREED
