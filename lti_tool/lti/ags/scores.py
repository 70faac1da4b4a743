"""Scores for a gradebook: when one is enqueued, and what is written of it.

Assignment and Grade Services: https://www.imsglobal.org/spec/lti-ags/v2p0#score-publish-service. Platforms agree
on less than the specification says:

- Only FullyGraded sets a grade, and a later score that is not FullyGraded erases it (Moodle and Canvas). So once
  a FullyGraded score was recorded, nothing else ever is.
- Moodle refuses a score that is not later than the last by a whole second. Timestamps are whole seconds, and
  each is later than the one before.
- Moodle clears a comment when a score comes without one. A comment once sent goes with every later score.
- What else a platform wants to be told with a score is in :mod:`lti_tool.lti.platforms`.

What a score says is in :mod:`lti_tool.lti.ags.reports`; sending, and what the answers mean, in
:mod:`lti_tool.lti.ags.answers`; comparing with what the gradebook shows in :mod:`lti_tool.lti.ags.comparison`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import insert_for, table_of, utcnow
from lti_tool.lti.ags import unsent_scores
from lti_tool.lti.ags.columns import SCORE_SCOPE as SCORE_SCOPE
from lti_tool.lti.ags.columns import GradeColumn, grade_columns
from lti_tool.lti.ags.models import MAXIMUM, GradeStatus, ScoreTrail
from lti_tool.lti.ags.reports import Report, as_posted, report_of, score_body, timestamp
from lti_tool.lti.platforms.base import Platform
from lti_tool.messaging import outbox
from lti_tool.messaging.models import DeliveryKind
from lti_tool.messaging.pauses import GROUP_END
from lti_tool.outbound.origins import host_of

RECORDED_AT_ONCE: Final = 2000
"""Scores in one statement: SQLite takes 32,766 parameters."""


@dataclass(frozen=True, slots=True)
class ReachedScore:
    """How far a person is, for the activity of one link; :func:`report_of` says what is sent."""

    resource_link_id: uuid.UUID
    person_id: uuid.UUID
    status: str
    score: int
    report: str
    comment: str | None = None


def record_scores(db: Session, reached: Sequence[ReachedScore], now: dt.datetime) -> int:
    """Enqueue scores for the coupled line items of links; return how many were enqueued.

    Six statements at most, for each :data:`RECORDED_AT_ONCE` of them.

    Belongs in the transaction of the event. Nothing is enqueued when nothing changed, for a state that would erase a
    grade, for whoever is no learner of the link's course, and where the link has no line item or gave no right to
    score. A score that still waits is replaced: the latest state wins. A grade that was twice missing is not
    enqueued until a tutor asks for it; what should stand is kept. Of somebody whose completion was reopened nothing is
    enqueued until they complete again: the grade that is there stays.
    """
    # In one order: what one slice locks, it holds while the next one is locked.
    reached = sorted(reached, key=lambda each: (each.resource_link_id, each.person_id))
    slices = (reached[start : start + RECORDED_AT_ONCE] for start in range(0, len(reached), RECORDED_AT_ONCE))
    return sum(_record_slice(db, each, now) for each in slices)


def _record_slice(db: Session, reached: Sequence[ReachedScore], now: dt.datetime) -> int:
    sent = [each for each in reached if report_of(each.status, each.score, each.report) is not None]
    columns = grade_columns(db, [(each.resource_link_id, each.person_id) for each in sent])
    # By line item and person: two links may share a line item.
    found = {
        column.key: (column, each, reported)
        for everything in sent
        if (column := columns.get((everything.resource_link_id, everything.person_id))) is not None
        and (each := _for_platform(everything, column.platform))
        and (reported := report_of(each.status, each.score, each.report)) is not None
    }
    trails = _lock_trails(db, list(found))
    new, reopened = [], []
    for key, (column, each, reported) in found.items():
        trail = trails.get(key)
        if trail is not None and trail.score == MAXIMUM and reported.score != MAXIMUM:
            reopened.append({"of_url": column.url, "of_person": column.person_id, "status": each.status})
        elif _is_new(trail, each, reported):
            new.append((column, each, reported))
    if reopened:
        of_each = sa.and_(
            _TRAILS.c.line_item_url == sa.bindparam("of_url"),
            _TRAILS.c.person_id == sa.bindparam("of_person"),
        )
        db.connection().execute(sa.update(_TRAILS).where(of_each), reopened)
    return _enqueue(db, new, trails, now)


def _for_platform(reached: ReachedScore, platform: Platform) -> ReachedScore:
    """What is sent to a platform of how far a person is: some get the final grade alone, with its comment."""
    if platform.only_final_grades_note is None or reached.status == "satisfied":
        return reached
    return replace(reached, report="final_only", comment=None)


def send_again(
    db: Session, resource_link_id: uuid.UUID, trails: Sequence[sa.Row[Any]], now: dt.datetime
) -> int:
    """Enqueue what should stand once more, of rows of :class:`ScoreTrail` that are locked; return how many were.

    Left out is whoever is none of the :func:`lti_tool.lti.ags.columns.graded_people`, and whose completion was
    reopened.
    """
    stands = [
        ReachedScore(
            resource_link_id,
            trail.person_id,
            trail.status,
            trail.score or 0,
            "final_only" if trail.score is None else "live",
        )
        for trail in trails
        if not is_reopened(trail)
    ]
    columns = grade_columns(db, [(each.resource_link_id, each.person_id) for each in stands])
    again = []
    for each in stands:
        column = columns.get((each.resource_link_id, each.person_id))
        reported = report_of(each.status, each.score, each.report)
        if column is not None and reported is not None:
            again.append((column, each, reported))
    locked = {(trail.line_item_url, trail.person_id): trail for trail in trails}
    return _enqueue(db, again, locked, now, may_be_in_flight=False)


def _enqueue(
    db: Session,
    scores: Sequence[tuple[GradeColumn, ReachedScore, Report]],
    trails: Mapping[tuple[str, uuid.UUID], sa.Row[Any]],
    now: dt.datetime,
    *,
    may_be_in_flight: bool = True,
) -> int:
    """Enqueue scores in place of those that wait, and write what should stand now; return how many were enqueued.

    ``trails``: the rows as they are, locked, by line item and person. ``may_be_in_flight``: whether a worker may have
    claimed the scores before these.
    """
    # A first score replaces nothing.
    replaced = [order_key(*column.key) for column, *_ in scores if column.key in trails]
    withdrawn = unsent_scores.supersede_waiting(db, replaced) if replaced else {}
    refused = [key for key, trail in trails.items() if trail.grade_status == GradeStatus.REFUSED]
    unsent_scores.supersede_dead(db, [order_key(*key) for key in refused])
    rows, deliveries = [], []
    for column, each, reported in scores:
        line, before = order_key(*column.key), trails.get(column.key)
        claims = withdrawn.get(line)
        never_sent = claims == 0
        unknown = may_be_in_flight if claims is None else claims > 1
        trail = _next_trail(column, before, each, reported, now, never_sent, unknown)
        rows.append(trail)
        if trail["grade_status"] not in LEFT:
            deliveries.append(_delivery(column, trail, before, reported, line, now, never_sent))
    _store_trails(db, rows)
    outbox.enqueue_all(db, deliveries)
    return len(deliveries)


_TRAILS: Final = table_of(ScoreTrail)
_UNSETTLED: Final = (GradeStatus.ON_ITS_WAY, GradeStatus.WAITING)
LEFT: Final = (GradeStatus.REMOVED, GradeStatus.NOT_SHOWN)
"""Not sent again until a tutor asks for it."""


def _lock_trails(
    db: Session, keys: Sequence[tuple[str, uuid.UUID]]
) -> dict[tuple[str, uuid.UUID], sa.Row[Any]]:
    """The latest scores recorded, by line item and person, locked in the order of their keys."""
    if not keys:
        return {}
    columns = (_TRAILS.c.line_item_url, _TRAILS.c.person_id)
    rows = db.execute(
        sa.select(_TRAILS).where(sa.tuple_(*columns).in_(keys)).order_by(*columns).with_for_update()
    )
    return {(row.line_item_url, row.person_id): row for row in rows}


def _is_new(trail: sa.Row[Any] | None, reached: ReachedScore, reported: Report) -> bool:
    """Whether a score says something that the latest did not, and would not erase the grade."""
    if trail is None:
        return True
    if trail.graded and not reported.grades:
        return False
    # A comment in another language is no news: it goes with the next score.
    return (trail.status, trail.score) != (reached.status, reported.score)


def _next_trail(
    column: GradeColumn,
    before: sa.Row[Any] | None,
    reached: ReachedScore,
    reported: Report,
    now: dt.datetime,
    never_sent: bool,
    unknown: bool,
) -> dict[str, Any]:
    """The row of :class:`ScoreTrail` once this score is recorded.

    ``unknown``: whether the score before it may have arrived without anybody having recorded so.
    """
    at = now.replace(microsecond=0)
    removed = before is not None and before.grade_status in LEFT
    unanswered: list[int] = before.unanswered_scores if before is not None else []
    if unknown and before is not None and before.grade_status in _UNSETTLED and before.score is not None:
        # Its worker may be killed once the platform has it: then nobody ever writes that it was sent.
        unanswered = with_score(unanswered, before.score)
    if before is not None:
        # The second of a score that was never sent is reused: timestamps must not run ahead of the clock.
        last: dt.datetime = before.last_timestamp
        at = last if removed else max(at, last if never_sent else last + dt.timedelta(seconds=1))
    return {
        "line_item_url": column.url,
        "person_id": column.person_id,
        "status": reached.status,
        "score": reported.score,
        "comment": reached.comment or (before.comment if before is not None else None),
        "last_timestamp": at,
        "graded": reported.grades or (before is not None and before.graded),
        "grade_status": before.grade_status if before is not None and removed else GradeStatus.ON_ITS_WAY,
        "reason": None,
        "refusal": before.refusal if before is not None and removed else None,
        "refused_at": None,
        "unanswered_scores": unanswered,
        "changed_at": now,
        "deletions": before.deletions if before is not None else 0,
    }


def _store_trails(db: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows, whose keys are locked where they are there already."""
    if not rows:
        return
    # Nobody can lock new rows first: whoever else writes some of them at this moment takes them in the same order.
    rows = sorted(rows, key=lambda row: (row["line_item_url"], row["person_id"]))
    insert = insert_for(db, _TRAILS)
    key = [column.name for column in _TRAILS.primary_key]
    changes = {name: insert.excluded[name] for name in rows[0] if name not in key}
    statement = insert.on_conflict_do_update(index_elements=key, set_=changes)
    db.execute(statement.returning(_TRAILS.c.person_id), rows)


def _delivery(
    column: GradeColumn,
    trail: dict[str, Any],
    before: sa.Row[Any] | None,
    reported: Report,
    line: str,
    now: dt.datetime,
    never_sent: bool,
) -> outbox.NewDelivery:
    at: dt.datetime = trail["last_timestamp"]
    return outbox.NewDelivery(
        kind=DeliveryKind.SCORE,
        receiver=str(column.registration_id),
        part=part(column.url),
        key=uuid.uuid4(),
        order_key=line,
        body=score_body(
            reported,
            user_id=column.subject,
            at=at,
            comment=trail["comment"],
            platform=column.platform,
            replaces_own=_another_may_be_there(before, reported, never_sent),
            completed_before=before is not None and before.accepted_score == MAXIMUM,
        ),
        target={
            "line_item_url": column.url,
            "user_id": column.subject,
            "person_id": str(column.person_id),
        },
        not_before=max(at, now),
    )


def _another_may_be_there(before: sa.Row[Any] | None, reported: Report, never_sent: bool) -> bool:
    """Whether a grade of ours, and another one than this, may be in the gradebook."""
    if before is None:
        return False
    arrived = {before.accepted_score, *before.unanswered_scores}
    if before.graded and not never_sent:
        # One that a worker has claimed: its answer may come any moment.
        arrived.add(before.score)
    return bool(arrived - {None, reported.score})


def with_score(scores: Sequence[int], score: int) -> list[int]:
    """Scores that may have arrived, each once, with the latest last."""
    return [*(each for each in scores if each != score), score]


def part(line_item_url: str) -> str:
    """What a line item is called in the outbox, grouped by its host; addresses may be too long for an index."""
    return f"{_digest(host_of(line_item_url) or '')[:16]}{GROUP_END}{_digest(line_item_url)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def is_reopened(trail: Any) -> bool:
    """Whether a row of :class:`ScoreTrail` is of somebody whose completion was reopened: their grade stays."""
    return bool(trail.score == MAXIMUM and trail.status != "satisfied")


def order_key(line_item_url: str, person_id: uuid.UUID) -> str:
    """What keeps the order of a person's scores on one line item."""
    return f"{_digest(line_item_url)}:{person_id}"


def person_of(key: str) -> uuid.UUID | None:
    """The person in what :func:`order_key` makes; None in anything else."""
    try:
        return uuid.UUID(key.rpartition(":")[2])
    except ValueError:
        return None


def restamp(db: Session, delivery: outbox.ClaimedDelivery, receiver: str, *, later_than: dt.datetime) -> None:
    """Enqueue a refused score again with a later timestamp, unless a newer one already waits.

    For the answer "not later than what is here" about a result that is not ours. The caller marks the refused
    delivery superseded in the same transaction.
    """
    target = delivery.target or {}
    trail = db.get(
        ScoreTrail, (target["line_item_url"], uuid.UUID(target["person_id"])), with_for_update=True
    )
    score = json.loads(delivery.body)
    sent_at = dt.datetime.fromisoformat(score["timestamp"])
    if trail is None or trail.last_timestamp > sent_at:
        return
    base = max(sent_at, later_than)
    trail.last_timestamp = base.replace(microsecond=0) + dt.timedelta(seconds=1)
    target = {**target, "restamps": target.get("restamps", 0) + 1}
    score["timestamp"] = timestamp(trail.last_timestamp)
    outbox.enqueue(
        db,
        kind=DeliveryKind.SCORE,
        receiver=receiver,
        part=delivery.part,
        key=uuid.uuid4(),
        order_key=delivery.order_key,
        body=as_posted(score),
        target=target,
        not_before=max(trail.last_timestamp, utcnow()),
    )
