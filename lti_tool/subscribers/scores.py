"""What should stand in the gradebook of each activity, and the scores that bring it there.

Each activity has the people of its own role view, and its own line item. What should stand is kept in
:class:`~lti_tool.lti.ags.models.ScoreState`, line item or not; a score is enqueued where there is one.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Sequence
from typing import Any, ClassVar, cast

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from lti_tool.compiled_statement import CompiledInsert, once_for_each_dialect
from lti_tool.database import connection_of, table_of, upsert_in
from lti_tool.events.base import LoggedEvent
from lti_tool.events.replay import Projection, Projections
from lti_tool.identity.models import Person
from lti_tool.lti.ags.comments import comment_for
from lti_tool.lti.ags.earlier_addresses import return_to_earlier
from lti_tool.lti.ags.models import ScoreState
from lti_tool.lti.ags.reports import Report, report_of
from lti_tool.lti.ags.scores import ReachedScore, record_scores
from lti_tool.lti.registration.events import ServiceHostAllowed
from lti_tool.mentoring.completion.models import CompletionRecord
from lti_tool.mentoring.completion.queries import rule_of
from lti_tool.mentoring.completion.rule import Reporting
from lti_tool.mentoring.enrolment.events import EnrolmentsUnited
from lti_tool.mentoring.enrolment.queries import (
    lock_participants,
    participants,
    participants_of_cohort,
)
from lti_tool.mentoring.pairs.events import PairMovedOut
from lti_tool.mentoring.programmes.events import PlacementOpened
from lti_tool.mentoring.programmes.models import Placement, RoleView
from lti_tool.mentoring.programmes.queries import placement_of_link
from lti_tool.subscribers.concerned import concerned, everybody_in
from lti_tool.subscribers.concerned_values import ConcernedParticipant, ScoreValues
from lti_tool.subscribers.progress import CompletionProjection

_TABLE = table_of(ScoreState)


def _state(
    placement_id: uuid.UUID, participant_id: uuid.UUID, status: str, score: int, reporting: Reporting
) -> dict[str, Any]:
    """What should stand for one participant in one activity."""
    return {
        "placement_id": placement_id,
        "participant_id": participant_id,
        "status": status,
        "score": score,
        "report": reporting.report,
    }


class Scores:
    """Keeps the score states, and enqueues scores."""

    name = "scores"

    def handle(self, db: Session, events: Sequence[LoggedEvent], now: dt.datetime) -> None:
        """Bring what should stand up to date for everybody whom the events concern."""
        found = concerned(db, events)
        self._update(db, found.people.values(), None, now)
        for logged in events:
            scope = logged.scope
            if isinstance(logged.event, PairMovedOut) and scope.pair_id is not None:
                # Nothing should stand in the gradebooks of the cohort that they left; what these show stays.
                pair = found.pairs[scope.pair_id]
                _forget(db, scope.cohort_id, (pair.mentor_id, pair.mentee_id))
            if isinstance(logged.event, EnrolmentsUnited):
                db.execute(sa.delete(_TABLE).where(_TABLE.c.participant_id == logged.event.former_id))
            if isinstance(logged.event, PlacementOpened) and scope.cohort_id is not None:
                # Somebody may be completing at this moment, who does not see the new activity yet.
                lock_participants(db, [found.id for found in participants_of_cohort(db, scope.cohort_id)])
                people = everybody_in(db, scope.cohort_id)
                self._update(db, people.values(), scope.placement_id, now)
            if isinstance(logged.event, ServiceHostAllowed):
                for link_id in return_to_earlier(db, logged.event.registration_id):
                    backfill_scores(db, link_id, now)

    def projection(self, db: Session, others: Projections) -> Projection:
        """What should stand, as the log makes it."""
        return ScoreProjection(cast(CompletionProjection, others[CompletionProjection.name]))

    def _update(
        self,
        db: Session,
        people: Iterable[ConcernedParticipant],
        only: uuid.UUID | None,
        now: dt.datetime,
    ) -> None:
        """``only``: one activity alone, or every one of their cohorts."""
        changed: list[dict[str, Any]] = []
        reached: list[ReachedScore] = []
        over: list[tuple[uuid.UUID, uuid.UUID]] = []
        for participant in people:
            if participant.progress is None:
                continue
            reporting = rule_of(participant.cohort.rule).reporting
            status, score = participant.progress.status, participant.progress.score
            for placement in participant.cohort.placements.values():
                if only not in (None, placement.id):
                    continue
                before = participant.scores.get(placement.id)
                if not (placement.role_view.covers(participant.role) and reporting.covers(participant.role)):
                    # After a change of role nothing should stand here any more; what the LMS shows stays.
                    if before is not None:
                        over.append((placement.id, participant.id))
                    continue
                now_stands = ScoreValues(status, score, reporting.report)
                if before == now_stands:
                    continue
                changed.append(_state(placement.id, participant.id, status, score, reporting))
                if before is not None and _reported(before) == _reported(now_stands):
                    continue
                reached.append(
                    ReachedScore(
                        placement.resource_link_id,
                        participant.person_id,
                        status,
                        score,
                        reporting.report,
                        comment_for(
                            status,
                            score,
                            reporting.report,
                            participant.locale,
                            # The completion itself is the event of the next round.
                            participant.progress.completed_at or now,
                        ),
                    )
                )
        _store(db, changed, over)
        record_scores(db, reached, now)


def _reported(stands: ScoreValues) -> Report | None:
    """What of it is sent: a score that is not final has no number where only the end is reported."""
    return report_of(stands.status, stands.score, stands.report)


@once_for_each_dialect
def _upsert(dialect: Dialect) -> CompiledInsert:
    return CompiledInsert(upsert_in(dialect.name, _TABLE), dialect, _TABLE.c.keys())


def _store(
    db: Session, changed: Sequence[dict[str, Any]], over: Sequence[tuple[uuid.UUID, uuid.UUID]]
) -> None:
    """Write what should stand, and delete what should not any more (activity and participant)."""
    key = (_TABLE.c.placement_id, _TABLE.c.participant_id)
    if changed:
        connection = connection_of(db)
        _upsert(connection).execute(connection, changed)
    if over:
        db.execute(sa.delete(_TABLE).where(sa.tuple_(*key).in_(over)))


def _forget(db: Session, cohort_id: uuid.UUID | None, participant_ids: Collection[uuid.UUID]) -> None:
    """Delete what should stand for these participants in the activities of a cohort."""
    activities = sa.select(Placement.id).where(Placement.cohort_id == cohort_id)
    db.execute(
        sa.delete(_TABLE).where(
            _TABLE.c.participant_id.in_(participant_ids), _TABLE.c.placement_id.in_(activities)
        )
    )


def backfill_scores(
    db: Session, resource_link_id: uuid.UUID, now: dt.datetime, *, person_id: uuid.UUID | None = None
) -> int:
    """Enqueue the scores that the line item of an activity does not have yet; return how many were enqueued.

    For a launch that brought a line item or new rights to one, and for somebody who launches in its course for the
    first time (``person_id``). What was enqueued before for the same person and line item is not enqueued again.
    """
    placement = placement_of_link(db, resource_link_id)
    if placement is None:
        return 0
    states = {
        row.participant_id: row
        for row in db.execute(
            sa.select(_TABLE, CompletionRecord.completed_at)
            .outerjoin(CompletionRecord, CompletionRecord.participant_id == _TABLE.c.participant_id)
            .where(_TABLE.c.placement_id == placement.id)
        )
    }
    people = sorted(participants(db, list(states)).values(), key=lambda found: found.id)
    people = [participant for participant in people if person_id in (None, participant.person_id)]
    locales = _locales(db, [participant.person_id for participant in people])
    reached = []
    for participant in people:
        state = states[participant.id]
        locale = locales.get(participant.person_id)
        comment = comment_for(state.status, state.score, state.report, locale, state.completed_at)
        reached.append(
            ReachedScore(
                resource_link_id, participant.person_id, state.status, state.score, state.report, comment
            )
        )
    return record_scores(db, reached, now)


def _locales(db: Session, person_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, str | None]:
    """The languages of these people."""
    rows = db.execute(sa.select(Person.id, Person.locale).where(Person.id.in_(person_ids)))
    return {row.id: row.locale for row in rows}


class ScoreProjection(Projection):
    """What should stand in each gradebook, from the events alone."""

    name: ClassVar[str] = "scores"
    table: ClassVar[sa.Table] = _TABLE

    def __init__(self, completion: CompletionProjection) -> None:
        """``completion``: the projection that applies each event before this one does."""
        super().__init__()
        self._completion = completion
        self._placements: dict[uuid.UUID, dict[uuid.UUID, RoleView]] = {}

    def apply(self, logged: LoggedEvent) -> None:
        """Bring what should stand up to date for everybody whom the event concerns."""
        facts, scope = self._completion.facts, logged.scope
        if isinstance(logged.event, EnrolmentsUnited):
            for key in [key for key in self.rows if key[1] == logged.event.former_id]:
                del self.rows[key]
        for participant_id in facts.concerned(logged):
            self._update(participant_id, None)
        if isinstance(logged.event, PairMovedOut) and scope.cohort_id and scope.pair_id:
            for placement_id in self._placements.get(scope.cohort_id, {}):
                for participant_id in facts.members(scope.pair_id):
                    self.rows.pop((placement_id, participant_id), None)
        if isinstance(logged.event, PlacementOpened) and scope.cohort_id and scope.placement_id:
            role_view = RoleView(logged.event.role_view)
            for placements in self._placements.values():
                placements.pop(
                    scope.placement_id, None
                )  # it opened another cohort before, in which nobody was
            self._placements.setdefault(scope.cohort_id, {})[scope.placement_id] = role_view
            for participant_id in facts.participants_of(scope.cohort_id):
                self._update(participant_id, scope.placement_id)

    def _update(self, participant_id: uuid.UUID, only: uuid.UUID | None) -> None:
        progress = self._completion.rows.get((participant_id,))
        if progress is None:
            return
        facts = self._completion.facts
        cohort_id, role = facts.cohort_of(participant_id), facts.role_of(participant_id)
        reporting = self._completion.rule_of(cohort_id).reporting
        for placement_id, role_view in self._placements.get(cohort_id, {}).items():
            if only not in (None, placement_id):
                continue
            if role_view.covers(role) and reporting.covers(role):
                self.put(
                    _state(placement_id, participant_id, progress["status"], progress["score"], reporting)
                )
            else:
                self.rows.pop((placement_id, participant_id), None)
