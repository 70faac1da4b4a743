"""What each pair has done, counted."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any, ClassVar, Final, cast

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from lti_tool.compiled_statement import CompiledInsert, once_for_each_dialect
from lti_tool.database import connection_of, table_of, upsert_in
from lti_tool.events.base import LoggedEvent
from lti_tool.events.replay import Projection, Projections
from lti_tool.mentoring.completion.queries import PairFacts
from lti_tool.mentoring.overview.counting import Counters as Counted
from lti_tool.mentoring.overview.counting import count
from lti_tool.mentoring.overview.models import PairCounters
from lti_tool.subscribers.concerned import concerned
from lti_tool.subscribers.progress import CompletionProjection

_COUNTED: Final = tuple(each.name for each in dataclasses.fields(Counted))


def _row(facts: PairFacts) -> dict[str, Any]:
    counters = count(facts)
    return {"pair_id": facts.pair_id, **{name: getattr(counters, name) for name in _COUNTED}}


@once_for_each_dialect
def _upsert(dialect: Dialect) -> CompiledInsert:
    table = table_of(PairCounters)
    return CompiledInsert(upsert_in(dialect.name, table), dialect, table.c.keys())


class Counters:
    """Keeps the counters."""

    name = "counters"

    def handle(self, db: Session, events: Sequence[LoggedEvent], now: dt.datetime) -> None:
        """Count anew for each pair that the events name."""
        found = concerned(db, events)
        if not found.named_pairs:
            return
        rows = [_row(pair.facts) for pair in found.pairs.values() if pair.id in found.named_pairs]
        connection = connection_of(db)
        _upsert(connection).execute(connection, rows)

    def projection(self, db: Session, others: Projections) -> Projection:
        """The counters as the log makes them."""
        return CounterProjection(cast(CompletionProjection, others[CompletionProjection.name]))


class CounterProjection(Projection):
    """The counters, from the events alone."""

    name: ClassVar[str] = "counters"
    table: ClassVar[sa.Table] = table_of(PairCounters)

    def __init__(self, completion: CompletionProjection) -> None:
        """``completion``: the projection that applies each event to its facts before this one does."""
        super().__init__()
        self._completion = completion

    def apply(self, logged: LoggedEvent) -> None:
        """Count anew for the event's pair."""
        if logged.scope.pair_id is not None:
            self.put(_row(self._completion.facts.pair(logged.scope.pair_id)))
