"""Who did what, and when: one entry for each event, but for those that another event's entry stands for."""

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
from lti_tool.events.models import AuditEntry
from lti_tool.events.replay import Projection, Projections


def _entry(logged: LoggedEvent) -> dict[str, Any]:
    return {
        "event_id": logged.id,
        "at": logged.at,
        "kind": type(logged.event).__name__,
        "organisation_id": logged.scope.organisation_id,
        "programme_id": logged.scope.programme_id,
        "cohort_id": logged.scope.cohort_id,
        "pair_id": logged.scope.pair_id,
        "participant_id": logged.scope.participant_id,
        "acted_by_kind": str(logged.acted_by.kind),
        "acted_by_id": logged.acted_by.id,
    }


@once_for_each_dialect
def _insert(dialect: Dialect) -> CompiledInsert:
    table = table_of(AuditEntry)
    return CompiledInsert(sa.insert(table), dialect, table.c.keys())


class Audit:
    """Keeps the audit."""

    name = "audit"

    def handle(self, db: Session, events: Sequence[LoggedEvent], now: dt.datetime) -> None:
        """Write an entry for each event that has one."""
        found = [_entry(logged) for logged in events if logged.event.has_audit_entry]
        if found:
            connection = connection_of(db)
            _insert(connection).execute(connection, found)

    def projection(self, db: Session, others: Projections) -> Projection:
        """The entries as the log makes them."""
        return AuditProjection()


class AuditProjection(Projection):
    """The audit, from the events alone."""

    name: ClassVar[str] = "audit"
    table: ClassVar[sa.Table] = table_of(AuditEntry)

    def apply(self, logged: LoggedEvent) -> None:
        """Add the event's entry, if it has one."""
        if logged.event.has_audit_entry:
            self.put(_entry(logged))
