"""Appending to the log and reading it back as typed values."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from lti_tool.compiled_statement import CompiledInsert, once_for_each_dialect
from lti_tool.database import connection_of, table_of
from lti_tool.events.base import ActedBy, Event, LoggedEvent, Scope, from_details, to_details
from lti_tool.events.models import EventRow
from lti_tool.identity.principal import Principal, PrincipalKind

_PENDING = "pending_events"
_PRINCIPAL = "acting_principal"
"""Keys in ``Session.info``: events that no subscriber has handled yet, and who acts in this transaction."""
_ROWS_AT_ONCE = 1000


def set_principal(db: Session, principal: Principal) -> None:
    """Say who acts in this transaction, before anything is appended in it."""
    db.info[_PRINCIPAL] = principal


def acting_principal(db: Session) -> Principal:
    """Who acts in this transaction. Raises :class:`LookupError` where none was set."""
    principal: Principal | None = db.info.get(_PRINCIPAL)
    if principal is None:
        raise LookupError("an event must say who acted: begin with composition.transaction or set_principal")
    return principal


def append(db: Session, event: Event, scope: Scope, *, at: dt.datetime) -> LoggedEvent:
    """Write an event into the present transaction; subscribers handle it before the commit. ``at`` is aware."""
    return append_all(db, [(event, scope)], at=at)[0]


def append_all(db: Session, events: Sequence[tuple[Event, Scope]], *, at: dt.datetime) -> list[LoggedEvent]:
    """The same of several events, in this order, in one statement for a thousand of them."""
    kind, identifier = acting_principal(db).acted_by
    acted_by = ActedBy(kind, identifier)
    logged = [LoggedEvent(uuid.uuid4(), at, scope, acted_by, event) for event, scope in events]
    if not logged:
        return logged
    # Written at once, so that the order of the log is the order of the calls: both databases number the rows of one
    # INSERT in their order.
    connection = connection_of(db)
    _insert(connection).execute(connection, [_row(each) for each in logged])
    db.info.setdefault(_PENDING, []).extend(logged)
    return logged


def lock_log(db: Session) -> None:
    """Let nobody append until this transaction ends; those who append now are waited for.

    Belongs at the beginning of a transaction, before anything is read. PostgreSQL's INSERT takes ROW EXCLUSIVE on the
    table, which this lock excludes, as it does itself; reading goes on. SQLite has one writer at a time anyway.
    """
    if db.get_bind().dialect.name == "postgresql":
        db.execute(sa.text(f"LOCK TABLE {EventRow.__tablename__} IN SHARE ROW EXCLUSIVE MODE"))


def take_pending(db: Session) -> list[LoggedEvent]:
    """The events appended since the last call, in order."""
    pending: list[LoggedEvent] = db.info.pop(_PENDING, [])
    return pending


def _row(logged: LoggedEvent) -> dict[str, Any]:
    scope, event = logged.scope, logged.event
    return {
        "id": logged.id,
        "kind": type(event).__name__,
        "version": event.version,
        "at": logged.at,
        "organisation_id": scope.organisation_id,
        "programme_id": scope.programme_id,
        "cohort_id": scope.cohort_id,
        "placement_id": scope.placement_id,
        "pair_id": scope.pair_id,
        "participant_id": scope.participant_id,
        "acted_by_kind": str(logged.acted_by.kind),
        "acted_by_id": logged.acted_by.id,
        "details": to_details(event),
    }


@once_for_each_dialect
def _insert(dialect: Dialect) -> CompiledInsert:
    table = table_of(EventRow)
    columns = [column.name for column in table.c if column is not table.c.sequence]
    return CompiledInsert(sa.insert(table), dialect, columns)


def read(db: Session) -> Iterator[LoggedEvent]:
    """The whole log, oldest first, a thousand rows in memory at a time.

    Raises :class:`lti_tool.events.base.EventUnreadable` at the first row that cannot be read.
    """
    rows = db.scalars(
        sa.select(EventRow).order_by(EventRow.sequence).execution_options(yield_per=_ROWS_AT_ONCE)
    )
    # PostgreSQL keeps a cursor open for them, also where one of them cannot be read.
    with closing(rows):
        for row in rows:
            yield from_row(row)
            db.expunge(row)


def of_pair(db: Session, pair_id: uuid.UUID) -> list[LoggedEvent]:
    """A pair's events, oldest first. Raises :class:`lti_tool.events.base.EventUnreadable`."""
    rows = db.scalars(sa.select(EventRow).where(EventRow.pair_id == pair_id).order_by(EventRow.sequence))
    return [from_row(row) for row in rows]


def from_row(row: EventRow) -> LoggedEvent:
    """The event that a row holds. Raises :class:`lti_tool.events.base.EventUnreadable`."""
    return LoggedEvent(
        id=row.id,
        at=row.at,
        scope=Scope(
            organisation_id=row.organisation_id,
            programme_id=row.programme_id,
            cohort_id=row.cohort_id,
            placement_id=row.placement_id,
            pair_id=row.pair_id,
            participant_id=row.participant_id,
        ),
        acted_by=ActedBy(PrincipalKind(row.acted_by_kind), row.acted_by_id),
        event=from_details(row.id, row.kind, row.version, row.details),
    )


def state_columns(
    cohort_id: sa.BindParameter[uuid.UUID],
) -> tuple[sa.Select[int], sa.Select[int | None]]:
    """The number of a cohort's events and the highest place of one in the log, as queries to be columns of another.

    Both change with every event. Numbers are given when a row is written and seen when it commits, so the highest
    alone could stay the same.
    """
    of_cohort = EventRow.cohort_id == cohort_id
    return (
        sa.select(sa.func.count()).select_from(EventRow).where(of_cohort),
        sa.select(sa.func.max(EventRow.sequence)).where(of_cohort),
    )


@dataclass(frozen=True, slots=True)
class PairsState:
    """The same of the events about a participant and about their pairs; those of other pairs change nothing."""

    count: int
    highest: int
    latest: dt.datetime | None
    """When the latest of them was recorded; None where there is none."""
    by_kind: tuple[tuple[int, int], ...]
    """Of each kind that was asked for: how many events the participant caused, and how many their partners did."""
    told_at: dt.datetime | None = None
    """When the participant was last told something in a pair."""
    did_at: dt.datetime | None = None
    """When they last did something there."""


def state_of_pairs(
    db: Session,
    participant_id: uuid.UUID,
    pair_ids: Collection[uuid.UUID],
    kinds: Sequence[type[Event]] = (),
    told: type[Event] | None = None,
) -> PairsState:
    """The state of a participant's own events and those of these pairs.

    ``kinds``: which to count besides. ``told``: the kind of event that is a message of somebody else to them.
    """
    is_own = EventRow.participant_id == participant_id
    numbers = [
        sa.func.coalesce(
            sa.func.sum(sa.case((sa.and_(EventRow.kind == kind.__name__, whose), 1), else_=0)), 0
        )
        for kind in kinds
        for whose in (is_own, sa.not_(is_own))
    ]
    tells, in_pair = (
        EventRow.kind == (told.__name__ if told is not None else ""),
        EventRow.pair_id.in_(pair_ids),
    )
    told_at, did_at = (
        sa.func.max(sa.case((sa.and_(is_own, in_pair, whether), EventRow.at)))
        for whether in (tells, sa.not_(tells))
    )
    columns = sa.func.count(), sa.func.max(EventRow.sequence), sa.func.max(EventRow.at), told_at, did_at
    which = sa.or_(is_own, in_pair)
    count, highest, latest, was_told, did, *rest = db.execute(
        sa.select(*columns, *numbers).where(which)
    ).one()
    pairs = zip(rest[::2], rest[1::2], strict=True)
    return PairsState(
        count,
        highest or 0,
        latest,
        tuple((int(own), int(others)) for own, others in pairs),
        was_told,
        did,
    )
