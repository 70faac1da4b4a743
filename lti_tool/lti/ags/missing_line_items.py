"""Line items that their platform says are not there, or are not the tool's: how often it said so, and which rest.

One that rests gets no score and no reading of the tool's own accord. A launch from it, or somebody who asks for it,
ends the rest (:func:`lti_tool.lti.ags.resending.revive`).
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import insert_for, table_of
from lti_tool.identity.models import Person
from lti_tool.lti.ags import unsent_scores
from lti_tool.lti.ags.models import GradeStatus, MissingLineItem, ScoreTrail
from lti_tool.lti.ags.reconciliation import MissingAnswers, may_rest
from lti_tool.lti.ags.scores import part
from lti_tool.lti.platforms.base import ScoreRefusal
from lti_tool.messaging.models import Delivery, DeliveryKind

_ROWS: Final = table_of(MissingLineItem)
_column = _ROWS.c
_TRAILS: Final = table_of(ScoreTrail)
_trail = _TRAILS.c
_delivery: Final = table_of(Delivery).c


FORGOTTEN_AFTER: Final = dt.timedelta(days=2)
"""After so long without an answer of the kind, the next one is the first of its series: one that waits is asked each
hour at least, and read each day."""


def _is_forgotten(now: dt.datetime) -> sa.ColumnElement[bool]:
    """Whether what was counted is of another series. What rests is not asked, and stays."""
    return sa.and_(_column.rests_since.is_(None), _column.counted_at < now - FORGOTTEN_AFTER)


def answers_of(
    db: Session, registration_id: uuid.UUID, line_item_urls: Collection[str], now: dt.datetime
) -> dict[str, MissingAnswers]:
    """What is known of those of these line items that are missing."""
    rows = db.execute(
        sa.select(_column.line_item_url, _column.answers, _column.began_at).where(
            _column.registration_id == registration_id,
            _column.line_item_url.in_(line_item_urls),
            ~_is_forgotten(now),
        )
    )
    return {row.line_item_url: MissingAnswers(row.answers, row.began_at) for row in rows}


def note_answers(
    db: Session,
    registration_id: uuid.UUID,
    reasons: Mapping[str, str],
    there: Collection[str],
    now: dt.datetime,
) -> tuple[set[str], set[str]]:
    """Count one more answer for each line item that is missing, and begin to count anew for those that are there.

    ``reasons``: the platform's words by line item that is missing. Returns those that are to rest from now on, and
    those that rested and are there (again).
    """
    # Nearly always none of them is counted.
    known = _column.registration_id == registration_id, _column.line_item_url.in_(there)
    counted = set(db.scalars(sa.select(_column.line_item_url).where(*known))) if there else set()
    resting: set[str] = set()
    awake: set[str] = set()
    # In the order of their addresses, as whoever else changes several of them does.
    for url in sorted(reasons.keys() | counted):
        if url in counted:
            awake |= _forget(db, registration_id, _column.line_item_url == url)
        elif count(db, registration_id, url, reasons[url], now):
            resting.add(url)
    return resting, awake


def count(db: Session, registration_id: uuid.UUID, url: str, reason: str, now: dt.datetime) -> bool:
    """Count one more answer for a line item, in the platform's words; whether it is to rest from now on.

    ``now``: when it said so, by which an answer is counted once where what became of a claim has to be written one
    delivery at a time.
    """
    identity = {"registration_id": registration_id, "line_item_url": url}
    insert = insert_for(db, _ROWS).values(**identity, answers=1, began_at=now, counted_at=now, reason=reason)
    is_first = _is_forgotten(now)
    row = db.execute(
        insert.on_conflict_do_update(
            index_elements=list(identity),
            set_={
                "answers": sa.case(
                    (is_first, 1), (_column.counted_at == now, _column.answers), else_=_column.answers + 1
                ),
                "began_at": sa.case((is_first, insert.excluded["began_at"]), else_=_column.began_at),
                "counted_at": now,
                "reason": reason,
            },
        ).returning(_column.answers, _column.began_at, _column.rests_since)
    ).one()
    return row.rests_since is None and may_rest(MissingAnswers(row.answers, row.began_at), now)


def rest(db: Session, registration_id: uuid.UUID, url: str, refusal: ScoreRefusal, now: dt.datetime) -> None:
    """Let a line item rest: nothing waits for it any more. Its grades are locked by whoever calls this."""
    row = sa.and_(_column.registration_id == registration_id, _column.line_item_url == url)
    reason = db.scalar(sa.update(_ROWS).where(row).values(rests_since=now).returning(_column.reason))
    unsent_scores.supersede_part(db, str(registration_id), part(url))
    mine = sa.and_(_trail.line_item_url == url, _trail.person_id.in_(_people(registration_id)))
    unsettled = [GradeStatus.ON_ITS_WAY.value, GradeStatus.WAITING.value]
    db.execute(
        sa.update(_TRAILS)
        .where(mine, _trail.grade_status.in_(unsettled))
        .values(grade_status=GradeStatus.REFUSED.value, reason=reason, refusal=refusal.value, refused_at=now)
    )
    db.execute(
        sa.update(_TRAILS).where(mine, _trail.grade_status == GradeStatus.REFUSED).values(changed_at=now)
    )


def note_readable(db: Session, registration_id: uuid.UUID, url: str) -> bool:
    """Its results were read, so that it is there: begin to count anew; whether it rested.

    As long as a score waits for it, what its scores are answered is counted on: a platform may show results, and know
    of no such line item where a score is posted.
    """
    waits = sa.exists().where(
        _delivery.kind == DeliveryKind.SCORE.value,
        _delivery.receiver == str(registration_id),
        _delivery.part == part(url),
        _delivery.done_at.is_(None),
    )
    is_counted_on = sa.and_(_column.rests_since.is_(None), waits)
    return bool(_forget(db, registration_id, _column.line_item_url == url, ~is_counted_on))


def _forget(db: Session, registration_id: uuid.UUID, *which: sa.ColumnElement[bool]) -> set[str]:
    """Begin to count anew; those that rested."""
    rows = db.execute(
        sa.delete(_ROWS)
        .where(_column.registration_id == registration_id, *which)
        .returning(_column.line_item_url, _column.rests_since)
    )
    return {row.line_item_url for row in rows if row.rests_since is not None}


def end_rest(db: Session, registration_id: uuid.UUID, url: str, now: dt.datetime) -> None:
    """Ask a line item again that rested, for as long as before it did."""
    db.execute(
        sa.update(_ROWS)
        .where(_column.registration_id == registration_id, _column.line_item_url == url)
        .values(answers=0, began_at=now, counted_at=now, rests_since=None)
    )


def retry_refused(db: Session, registration_id: uuid.UUID, url: str, now: dt.datetime) -> None:
    """Let the next reading send again what was refused there, however lately."""
    which = sa.and_(
        _trail.line_item_url == url,
        _trail.person_id.in_(_people(registration_id)),
        _trail.grade_status == GradeStatus.REFUSED,
    )
    # In the order of their keys, as whoever else locks several of them does.
    people = db.scalars(
        sa.select(_trail.person_id).where(which).order_by(_trail.person_id).with_for_update()
    ).all()
    if people:
        db.execute(sa.update(_TRAILS).where(which).values(refused_at=None, changed_at=now))


def _people(registration_id: uuid.UUID) -> sa.Select[uuid.UUID]:
    return sa.select(Person.id).where(Person.registration_id == registration_id)
