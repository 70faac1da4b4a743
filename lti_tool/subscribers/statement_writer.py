"""Writing statements that were built: once each, in the order of their moments, to the record stores they belong to."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from lti_tool.events.base import Scope
from lti_tool.messaging import outbox, record_stores
from lti_tool.messaging.record_stores import Destination
from lti_tool.messaging.statement_log import (
    NewStatement,
    keep_new,
    latest_moment,
    take_moments,
    take_single_moments,
)
from lti_tool.subscribers.concerned_values import CohortValues
from lti_tool.subscribers.statement_context import course_in
from xapi.context import Statement
from xapi.encoding import strictly_after

_FEW_REGISTRATIONS: Final = 2
"""What one act concerns: a statement for each of the two of a pair."""

Build = Callable[..., Statement]
"""Builds one statement, given ``recorded_at`` and ``now``."""


@dataclass(slots=True)
class _Built:
    """A statement, and what builds it again where its moment must move: its id stays."""

    build: Build
    statement: Statement
    scope: Scope
    """That of its event."""


class StatementWriter:
    """Collects the statements of one transaction, and writes them together."""

    def __init__(self, db: Session, now: dt.datetime) -> None:
        """``now``: the aware moment of the transaction."""
        self._db = db
        self._now = now
        self._built: list[_Built] = []
        """Statements that are not written yet."""
        self._destinations: dict[uuid.UUID, Destination] = {}
        self.written = 0
        """How many were."""

    def add(self, build: Build, scope: Scope, moment: dt.datetime) -> None:
        """Build a statement of an event that was recorded at a moment, to be written."""
        statement = build(recorded_at=moment, now=max(moment, self._now))
        self._built.append(_Built(build, statement, scope))

    def write(self, cohorts: Mapping[uuid.UUID, CohortValues]) -> None:
        """Write what was added, but for statements that were written before, by this installation's first address too.

        ``cohorts``: those to which they belong.
        """
        built, self._built = {each.statement.id: each for each in self._built}, []
        if not built:
            return
        new = keep_new(self._db, [_as_new(each.statement) for each in built.values()])
        to_write = [each for identifier, each in built.items() if identifier in new]
        lines: dict[uuid.UUID, list[_Built]] = {}
        for each in to_write:
            lines.setdefault(each.statement.xapi_registration, []).append(each)
        single = {registration: line[0] for registration, line in lines.items() if len(line) == 1}
        taken: set[uuid.UUID] = set()
        if len(single) > _FEW_REGISTRATIONS:
            wanted = {registration: each.statement.timestamp for registration, each in single.items()}
            taken = take_single_moments(self._db, wanted)
        for registration, line in lines.items():
            if registration not in taken:
                self._set_moments(registration, line)
        outbox.enqueue_all(
            self._db,
            [
                delivery
                for each in to_write
                for delivery in record_stores.deliveries(
                    self._destination(each.scope, cohorts),
                    key=each.statement.id,
                    order_key=str(each.statement.xapi_registration),
                    body=each.statement.body,
                )
            ],
        )
        self.written += len(new)

    def _destination(self, scope: Scope, cohorts: Mapping[uuid.UUID, CohortValues]) -> Destination:
        """The same for all statements of a cohort, so that those about one pair are found in one record store."""
        cohort_id = given(scope.cohort_id)
        if cohort_id not in self._destinations:
            cohort = cohorts[cohort_id]
            oldest = course_in(cohort, None)
            self._destinations[cohort_id] = record_stores.destination(
                cohort.record_stores,
                scope.organisation_id,
                oldest.registration_id if oldest is not None else None,
            )
        return self._destinations[cohort_id]

    def _set_moments(self, registration: uuid.UUID, line: Sequence[_Built]) -> None:
        """Give each statement of a registration a moment of its own, later than every one before it."""
        if not take_moments(self._db, registration, *_put_apart(line, None, self._now)):
            # A clock that was set back must not stop anybody: order matters more than the moment.
            latest = latest_moment(self._db, registration)
            take_moments(self._db, registration, *_put_apart(line, latest, self._now))


def _put_apart(
    line: Sequence[_Built], previous: dt.datetime | None, now: dt.datetime
) -> tuple[dt.datetime, dt.datetime]:
    """Put statements of one registration apart, each later than ``previous``; return the first and the last moment."""
    moments = []
    for each in line:
        previous = strictly_after(previous, each.statement.timestamp)
        moments.append(previous)
        if previous != each.statement.timestamp:
            each.statement = each.build(recorded_at=previous, now=max(previous, now))
    return moments[0], moments[-1]


def _as_new(statement: Statement) -> NewStatement:
    return NewStatement(
        statement_id=statement.id,
        xapi_registration=statement.xapi_registration,
        subject_id=statement.subject_id,
        verb=statement.verb,
        revision=statement.revision,
        actor=statement.actor,
    )


def given(identifier: uuid.UUID | None) -> uuid.UUID:
    """The id that events of this kind always carry."""
    if identifier is None:
        raise ValueError("the event does not say what it is about")
    return identifier
