"""A pair's timeline: what happened in it, in dates, lengths, formats and states."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from lti_tool.compiled_statement import CompiledInsert, once_for_each_dialect
from lti_tool.database import connection_of, table_of
from lti_tool.events.base import LoggedEvent
from lti_tool.events.replay import Projection, Projections
from lti_tool.mentoring.enrolment.events import EnrolmentsUnited
from lti_tool.mentoring.feedback.events import FeedbackEvent
from lti_tool.mentoring.objectives.events import ObjectiveRefusalRead
from lti_tool.mentoring.pairs.events import PairMovedOut
from lti_tool.mentoring.pairs.models import TimelineEntry
from lti_tool.mentoring.reflections.events import ReflectionEvent
from lti_tool.mentoring.sessions.events import SessionCorrected, SessionLogged


def _entry(logged: LoggedEvent) -> dict[str, Any] | None:
    """The entry that an event makes; None for one of no pair, and for what its two people alone may know of."""
    if logged.scope.pair_id is None or isinstance(logged.event, ReflectionEvent | FeedbackEvent):
        return None
    # That they came to the other cohort says that they left; that an answer was read is nothing that happened.
    if isinstance(logged.event, PairMovedOut | ObjectiveRefusalRead):
        return None
    meeting = logged.event if isinstance(logged.event, SessionLogged | SessionCorrected) else None
    return {
        "event_id": logged.id,
        "pair_id": logged.scope.pair_id,
        "at": logged.at,
        "kind": type(logged.event).__name__,
        "participant_id": logged.scope.participant_id,
        "held_on": meeting.held_on if meeting else None,
        "minutes": meeting.minutes if meeting else None,
        "format": meeting.format if meeting else None,
        "mode": meeting.mode if meeting else None,
    }


@once_for_each_dialect
def _insert(dialect: Dialect) -> CompiledInsert:
    table = table_of(TimelineEntry)
    return CompiledInsert(sa.insert(table), dialect, table.c.keys())


class Timeline:
    """Keeps the timelines."""

    name = "timeline"

    def handle(self, db: Session, events: Sequence[LoggedEvent], now: dt.datetime) -> None:
        """Write an entry for each event of a pair."""
        for logged in events:
            if isinstance(logged.event, EnrolmentsUnited):
                table = table_of(TimelineEntry)
                db.execute(
                    sa.update(table)
                    .where(table.c.participant_id == logged.event.former_id)
                    .values(participant_id=logged.scope.participant_id)
                )
        entries = [entry for logged in events if (entry := _entry(logged)) is not None]
        if entries:
            connection = connection_of(db)
            _insert(connection).execute(connection, entries)

    def projection(self, db: Session, others: Projections) -> Projection:
        """The timelines as the log makes them."""
        return TimelineProjection()


class TimelineProjection(Projection):
    """The timelines, from the events alone."""

    name: ClassVar[str] = "timeline"
    table: ClassVar[sa.Table] = table_of(TimelineEntry)

    def apply(self, logged: LoggedEvent) -> None:
        """Add the event's entry."""
        if isinstance(logged.event, EnrolmentsUnited):
            for row in self.rows.values():
                if row["participant_id"] == logged.event.former_id:
                    row["participant_id"] = logged.scope.participant_id
        entry = _entry(logged)
        if entry is not None:
            self.put(entry)
