"""Replay: what the log alone determines is computed again and compared with, or put in place of, what is stored.

A projection is a table whose rows follow from the events. It is kept up to date by its subscriber in the transaction
of each event; a replay computes the same rows in memory, raises no events, and sends nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import insert_for
from lti_tool.events import log
from lti_tool.events.base import EventUnreadable, LoggedEvent
from lti_tool.events.models import ProjectionState

Key = tuple[Any, ...]
Row = dict[str, Any]
Projections = Mapping[str, "Projection"]


class Projection(ABC):
    """The rows of one table, computed from events."""

    name: ClassVar[str]
    version: ClassVar[int] = 1
    """Raised when the rows are computed differently: they are then computed anew at the next start."""
    table: ClassVar[sa.Table]

    def __init__(self) -> None:
        self.rows: dict[Key, Row] = {}
        """Every row by its primary key."""

    @abstractmethod
    def apply(self, logged: LoggedEvent) -> None:
        """Take one event into account."""

    def put(self, row: Row) -> None:
        """Keep a row, in place of the one with the same primary key."""
        self.rows[tuple(row[column.name] for column in self.table.primary_key)] = row

    def stored(self, db: Session) -> dict[Key, Row]:
        """The rows as the database has them."""
        keys = [column.name for column in self.table.primary_key]
        found = (dict(row) for row in db.execute(sa.select(self.table)).mappings())
        return {tuple(row[key] for key in keys): row for row in found}

    def replace(self, db: Session) -> None:
        """Put the computed rows in place of the stored ones."""
        db.execute(sa.delete(self.table))
        if self.rows:
            db.execute(sa.insert(self.table), list(self.rows.values()))


@dataclass(frozen=True)
class Comparison:
    """How a projection's computed rows differ from the stored ones."""

    name: str
    rows: int
    """How many rows the log makes."""
    differences: tuple[str, ...] = field(default_factory=tuple)
    """One line for each row that differs, is missing, or should not be there."""

    @property
    def identical(self) -> bool:
        """Whether the stored rows are what the log makes."""
        return not self.differences


def replay(db: Session, make: Sequence[Any]) -> list[Projection]:
    """Compute every projection from the whole log; nothing is written.

    ``make``: subscribers (:class:`lti_tool.events.dispatch.Subscriber`) in their declared order. Raises
    :class:`lti_tool.events.base.EventUnreadable`.
    """
    projections: dict[str, Projection] = {}
    for subscriber in make:
        projection = subscriber.projection(db, projections)
        if projection is not None:
            projections[projection.name] = projection
    for logged in log.read(db):
        for projection in projections.values():
            try:
                projection.apply(logged)
            except Exception as error:
                cause = f"it does not follow from the events before it ({type(error).__name__}: {error})"
                event = logged.event
                raise EventUnreadable(logged.id, type(event).__name__, event.version, cause) from error
    return list(projections.values())


def compare(db: Session, projections: Sequence[Projection]) -> list[Comparison]:
    """How each projection's rows differ from what is stored."""
    return [
        Comparison(
            projection.name,
            len(projection.rows),
            tuple(_differences(projection.rows, projection.stored(db))),
        )
        for projection in projections
    ]


def _differences(computed: Mapping[Key, Row], stored: Mapping[Key, Row]) -> Iterator[str]:
    for key in sorted({*computed, *stored}, key=str):
        name = ", ".join(map(str, key))
        if key not in stored:
            yield f"{name}: is not stored"
        elif key not in computed:
            yield f"{name}: is stored, and no event makes it"
        else:
            for column, value in computed[key].items():
                if stored[key][column] != value:
                    yield f"{name}: {column} is {stored[key][column]!r}, and the log makes it {value!r}"


def rebuild(db: Session, projections: Sequence[Projection]) -> None:
    """Put the computed rows in place, and note by which versions they were computed."""
    for projection in projections:
        projection.replace(db)
        insert = insert_for(db, ProjectionState).values(name=projection.name, version=projection.version)
        db.execute(
            insert.on_conflict_do_update(index_elements=["name"], set_={"version": projection.version})
        )


def outdated(db: Session, make: Sequence[Any]) -> list[str]:
    """The names of projections whose stored rows another version computed, or none yet."""
    computed = dict(db.execute(sa.select(ProjectionState.name, ProjectionState.version)).all())
    found: dict[str, Projection] = {}
    for subscriber in make:
        projection = subscriber.projection(db, found)
        if projection is not None:
            found[projection.name] = projection
    return [
        projection.name
        for projection in found.values()
        if computed.get(projection.name) != projection.version
    ]
