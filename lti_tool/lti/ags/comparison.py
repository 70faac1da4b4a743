"""Comparing what a gradebook shows with what should stand there, and writing what follows from it.

What follows is decided by :func:`lti_tool.lti.ags.reconciliation.decide`; the readings are those of
:mod:`lti_tool.lti.ags.read_results_job`.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import LOCK_ROW, table_of
from lti_tool.identity.models import Person
from lti_tool.lti.ags import unsent_scores
from lti_tool.lti.ags.columns import graded_people
from lti_tool.lti.ags.grade_records import grade_record
from lti_tool.lti.ags.models import GradeStatus, ScoreTrail
from lti_tool.lti.ags.reconciliation import Decision, Unsent, decide
from lti_tool.lti.ags.results import RESULT_SCOPE, Reading
from lti_tool.lti.ags.scores import order_key, send_again
from lti_tool.lti.platforms.base import Platform, ScoreRefusal

AT_ONCE: Final = 500
"""How many grades one transaction compares."""

_TRAILS: Final = table_of(ScoreTrail)
_column = _TRAILS.c


@dataclass
class Comparison:
    """What one reading found."""

    compared: int = 0
    sent_again: int = 0
    removed: int = 0
    """Missing again after they were sent a second time."""
    somebody_elses: int = 0
    readable: bool = True
    """Whether the platform lets results be read."""


@dataclass(frozen=True)
class ReadLineItem:
    link_id: uuid.UUID
    url: str
    address: str
    """Where requests to it go, which may be another host's."""
    registration_id: uuid.UUID
    platform: Platform
    scopes: tuple[str, ...]

    @property
    def may_read(self) -> bool:
        return RESULT_SCOPE in self.scopes


def rows_of(
    db: Session, item: ReadLineItem, person_id: uuid.UUID | None, after: uuid.UUID | None
) -> Sequence[sa.Row[Any]]:
    """Some of the grades of a line item, locked, in the order of their people, with the platform's ids of these."""
    person = table_of(Person).c
    chosen = (
        sa.select(_TRAILS, person.subject)
        .join(Person, person.id == _column.person_id)
        .where(_column.line_item_url == item.url, person.registration_id == item.registration_id)
        .order_by(_column.person_id)
        .limit(AT_ONCE)
        .with_for_update(of=ScoreTrail, **LOCK_ROW)
    )
    if person_id is not None:
        chosen = chosen.where(_column.person_id == person_id)
    if after is not None:
        chosen = chosen.where(_column.person_id > after)
    return db.execute(chosen).all()


def compare(
    db: Session,
    item: ReadLineItem,
    rows: Sequence[sa.Row[Any]],
    reading: Reading | None,
    found: Comparison,
    now: dt.datetime,
    *,
    is_here: bool,
) -> None:
    """Decide on each grade, and write what follows. ``is_here``: these people are in the course at this moment."""
    unsent = unsent_scores.by_order_key(db, [order_key(row.line_item_url, row.person_id) for row in rows])
    # What the platform took shortly before, it may not show yet.
    lag = item.platform.results_lag
    decisions = [
        (row, decision)
        for row in rows
        if (decision := _decision(row, reading, lag, now, _unsent(unsent, _line(row)), is_here=is_here))
        is not None
    ]
    graded = graded_people(db, item.link_id, [row.person_id for row, decision in decisions if decision.send])
    again: list[sa.Row[Any]] = []
    withdrawn: list[str] = []
    updates: list[dict[str, Any]] = []
    for row, decision in decisions:
        found.compared += 1
        if decision.send and row.person_id not in graded:
            # Whoever is no learner of the course has no grade there, and is compared again once they are.
            continue
        found.removed += decision.status in (GradeStatus.REMOVED, GradeStatus.NOT_SHOWN)
        found.somebody_elses += decision.status is GradeStatus.SOMEBODY_ELSES
        if decision.send:
            again.append(row)
        if decision.withdraw:
            withdrawn.append(_line(row))
        updates.append(_update(row, decision, reading, now))
    if withdrawn:
        unsent_scores.supersede_waiting(db, withdrawn)
    unsent_scores.supersede_dead(
        db,
        [
            _line(row)
            for row, decision in decisions
            if row.grade_status == GradeStatus.REFUSED
            and decision.status is not GradeStatus.REFUSED
            and (not decision.send or row.person_id in graded)
        ],
    )
    if updates:
        key = sa.and_(_column.line_item_url == item.url, _column.person_id == sa.bindparam("of_person"))
        db.connection().execute(sa.update(_TRAILS).where(key), updates)
    if again:
        found.sent_again += send_again(db, item.link_id, _as_updated(db, item, again), now)


def note_gone(
    db: Session, item: ReadLineItem, rows: Sequence[sa.Row[Any]], words: str, now: dt.datetime
) -> None:
    """Say of grades that stood in the line item that it is gone; of others, the answer to their score says it."""
    stood = [
        row.person_id
        for row in rows
        if row.grade_status in (GradeStatus.RECORDED, GradeStatus.SOMEBODY_ELSES)
        and (row.result_score is not None or row.accepted_score is not None)
    ]
    if stood:
        db.execute(
            sa.update(_TRAILS)
            .where(_column.line_item_url == item.url, _column.person_id.in_(stood))
            .values(
                grade_status=GradeStatus.REFUSED.value,
                refusal=ScoreRefusal.LINE_ITEM_GONE.value,
                reason=words,
                refused_at=now,
                changed_at=now,
            )
        )


def _line(row: sa.Row[Any]) -> str:
    return order_key(row.line_item_url, row.person_id)


def _decision(
    row: sa.Row[Any],
    reading: Reading | None,
    lag: dt.timedelta,
    now: dt.datetime,
    unsent: Unsent,
    *,
    is_here: bool,
) -> Decision | None:
    """What to do about one grade; None where the reading says nothing about it."""
    record = grade_record(row)
    if reading is None:
        # Nothing is known of what is there: what was refused can be tried again, and that is all.
        if record.status is not GradeStatus.REFUSED:
            return None
        record = replace(record, was_gone=False)
        decision = decide(record, None, read_at=now, unsent=unsent, retry_refused=is_here)
        return decision if decision.send else None
    result = reading.results.get(row.subject)
    if not reading.tells_of(row.subject):
        return None
    read_at = reading.began_at - lag
    decision = decide(
        record,
        result,
        read_at=read_at,
        unsent=unsent,
        retry_refused=is_here,
        is_empty=row.subject in reading.empty,
    )
    return decision if decision.conclusive else None


def _unsent(statuses: Mapping[str, bool], line: str) -> Unsent:
    if line not in statuses:
        return Unsent.NOTHING
    return Unsent.IN_FLIGHT if statuses[line] else Unsent.WAITING


def _update(
    row: sa.Row[Any], decision: Decision, reading: Reading | None, now: dt.datetime
) -> dict[str, Any]:
    result = reading.results.get(row.subject) if reading is not None else None
    values = {
        "of_person": row.person_id,
        "grade_status": decision.status.value,
        "deletions": decision.deletions,
        "result_score": result.score if result else None,
        "result_maximum": result.maximum if result else None,
        "read_at": reading.began_at if reading is not None else row.read_at,
        "shown_at": row.shown_at,
        "refused_at": row.refused_at,
        "reason": row.reason,
        "refusal": row.refusal,
        "changed_at": row.changed_at,
    }
    if decision.status is not GradeStatus.REFUSED and row.grade_status == GradeStatus.REFUSED:
        values |= {"refused_at": None, "reason": None, "refusal": None}
    if decision.status is not GradeStatus.REFUSED:
        values["refusal"] = ScoreRefusal.EMPTIED.value if decision.is_emptied else None
    if result is not None and reading is not None and grade_record(row).sent(result):
        values["shown_at"] = reading.began_at
    shown = ("grade_status", "deletions", "result_score", "result_maximum", "reason", "refusal")
    if any(values[name] != getattr(row, name) for name in shown):
        values["changed_at"] = now
    return values


def _as_updated(db: Session, item: ReadLineItem, rows: Collection[sa.Row[Any]]) -> Sequence[sa.Row[Any]]:
    """The rows as they are after the update."""
    people = [row.person_id for row in rows]
    return db.execute(
        sa.select(_TRAILS).where(_column.line_item_url == item.url, _column.person_id.in_(people))
    ).all()
