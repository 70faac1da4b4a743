"""What is known of grades, read for the sender of scores and written with what became of them."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Collection, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import table_of, utcnow
from lti_tool.identity.models import Course, Person
from lti_tool.lti.ags import missing_line_items, unreadable_results
from lti_tool.lti.ags.answers import KnownGrade
from lti_tool.lti.ags.models import GradeStatus, ScoreTrail
from lti_tool.lti.ags.reconciliation import GradeRecord, Result
from lti_tool.lti.ags.results import RESULT_SCOPE, Reading
from lti_tool.lti.ags.score_outcomes import (
    LineItemGone,
    NotInstalledHere,
    Refused,
    UnreadAlone,
    UnreadAnywhere,
    UnreadHere,
)
from lti_tool.lti.ags.scores import is_reopened, order_key, with_score
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.platforms.base import ScoreRefusal
from lti_tool.lti.registration.models import Deployment
from lti_tool.messaging.outbox import ClaimedDelivery
from lti_tool.messaging.outcomes import (
    Blocked,
    Dead,
    GroupUnavailable,
    NotTried,
    Outcome,
    PartMissing,
    PartUnavailable,
    Retry,
    Sent,
    Unavailable,
)

_TRAILS: Final = table_of(ScoreTrail)
_column = _TRAILS.c
_UNSETTLED: Final = (GradeStatus.ON_ITS_WAY.value, GradeStatus.WAITING.value)


def grade_record(row: Any) -> GradeRecord:
    """The record of a row of :class:`ScoreTrail`."""
    return GradeRecord(
        wanted=row.score,
        status=GradeStatus(row.grade_status),
        unanswered_scores=frozenset(row.unanswered_scores),
        accepted_score=row.accepted_score,
        accepted_at=row.accepted_at,
        refused_at=row.refused_at,
        was_gone=(
            row.refusal == ScoreRefusal.LINE_ITEM_GONE
            and row.accepted_score is not None
            and row.accepted_score == row.score
        ),
        shown_at=row.shown_at,
        deletions=row.deletions,
        stays=is_reopened(row),
    )


def last_result(row: Any) -> Result | None:
    """The result that was read last for a row of :class:`ScoreTrail`; None where there was none."""
    if row.result_score is None:
        return None
    return Result(row.result_score, row.result_maximum or 1.0)


def known_grades(
    db: Session, registration_id: uuid.UUID, deliveries: Sequence[ClaimedDelivery]
) -> dict[str, KnownGrade]:
    """What is known of the grades that these deliveries are about, by their ``order_key``; in four statements."""
    grades = {grade_of(delivery) for delivery in deliveries}
    urls = {url for url, _ in grades}
    links = _links(db, registration_id, urls)
    unreadable = {link.line_item_url for link in links if RESULT_SCOPE not in link.scopes}
    addresses = {link.line_item_url: link.line_item_address for link in links}
    own = {link.line_item_url for link in links if link.line_item_url == link.own_line_item_url}
    failures = unreadable_results.failures_of(db, registration_id, urls)
    missing = missing_line_items.answers_of(db, registration_id, urls, utcnow())
    rows = db.execute(
        sa.select(_TRAILS).where(sa.tuple_(_column.line_item_url, _column.person_id).in_(grades))
    )
    return {
        order_key(row.line_item_url, row.person_id): KnownGrade(
            grade_record(row),
            may_read=row.line_item_url not in unreadable,
            last_result=last_result(row),
            failures=failures.get(row.line_item_url),
            missing=missing.get(row.line_item_url),
            address=addresses.get(row.line_item_url),
            is_uncoupled=row.line_item_url in own,
            is_used=row.line_item_url in addresses,
        )
        for row in rows
    }


def _links(
    db: Session, registration_id: uuid.UUID, urls: set[str]
) -> Sequence[sa.Row[str | None, str | None, str | None, list[str]]]:
    """What the launches of the activities with these line items said of them."""
    return db.execute(
        sa.select(
            ResourceLink.line_item_url,
            ResourceLink.line_item_address,
            ResourceLink.own_line_item_url,
            ResourceLink.scopes,
        )
        .join(Course, Course.id == ResourceLink.course_id)
        .join(Deployment, Deployment.id == Course.deployment_id)
        .where(Deployment.registration_id == registration_id, ResourceLink.line_item_url.in_(urls))
        .order_by(ResourceLink.created_at, ResourceLink.id)
    ).all()


Grade = tuple[str, uuid.UUID]
"""The key of a record: line item and person."""


Became = Sequence[tuple[ClaimedDelivery, Outcome]]
"""Scores, each with what became of it."""


def grade_of(delivery: ClaimedDelivery) -> Grade:
    """The grade that a score is about."""
    target = delivery.target or {}
    return target["line_item_url"], uuid.UUID(target["person_id"])


def lock_grades(db: Session, grades: Collection[Grade], urls: Collection[str] = ()) -> None:
    """Lock the records of these grades, in the order of their keys, as whoever else locks several of them does.

    ``urls``: line items whose every grade is locked.
    """
    if grades or urls:
        key = (_column.line_item_url, _column.person_id)
        chosen = sa.or_(sa.tuple_(*key).in_(grades), _column.line_item_url.in_(urls))
        db.execute(sa.select(*key).where(chosen).order_by(*key).with_for_update()).all()


def missing_reasons(became: Became) -> dict[str, tuple[str, ScoreRefusal]]:
    """The line items that were said to be missing, with the platform's words and what they mean."""
    found: dict[str, tuple[str, ScoreRefusal]] = {}
    for delivery, outcome in became:
        url, _ = grade_of(delivery)
        if isinstance(outcome, PartMissing):
            found[url] = outcome.reason, refusal_of_missing(outcome)
        elif isinstance(outcome, Refused) and outcome.is_missing:
            found[url] = outcome.reason, outcome.refusal
    return found


def refusal_of_missing(outcome: PartMissing) -> ScoreRefusal:
    """Why the scores of a line item wait, and are refused once it rests."""
    match outcome:
        case NotInstalledHere():
            return ScoreRefusal.NOT_INSTALLED
        case LineItemGone():
            return ScoreRefusal.LINE_ITEM_GONE
    return ScoreRefusal.OTHER


def urls_that_answered(became: Became) -> set[str]:
    """The line items that took a score, now or before, or refused one for a reason of its own."""
    return {
        grade_of(delivery)[0]
        for delivery, outcome in became
        if isinstance(outcome, Sent) or (isinstance(outcome, Refused) and not outcome.is_missing)
    }


def note_failed_readings(db: Session, became: Became, now: dt.datetime) -> None:
    """Count the line items whose results could not be read before posting, each once."""
    failed = {
        grade_of(delivery): outcome.reason
        for delivery, outcome in became
        if isinstance(outcome, UnreadAlone | UnreadAnywhere | UnreadHere)
    }
    by_url = {url: (person_id, reason) for (url, person_id), reason in failed.items()}
    for url, (person_id, reason) in sorted(by_url.items()):
        registration_id = db.scalar(sa.select(Person.registration_id).where(Person.id == person_id))
        if registration_id is not None:
            unreadable_results.note_failure(db, registration_id, url, reason, now)


def note_outcome(db: Session, delivery: ClaimedDelivery, outcome: Outcome, now: dt.datetime) -> None:
    """Write what became of a score into the record of its grade, in the transaction that marks the delivery.

    Whatever was recorded since stays: an answer to an earlier score says nothing about the later one.
    """
    if isinstance(outcome, NotTried):
        return
    grade, score = grade_of(delivery), json.loads(delivery.body)
    given = score.get("scoreGiven")
    is_latest = sa.and_(
        _column.last_timestamp <= dt.datetime.fromisoformat(score["timestamp"]),
        _column.grade_status.in_(_UNSETTLED),
    )
    values: dict[str, Any] = {}
    match outcome:
        case Sent():
            values = {"unanswered_scores": [], "accepted_score": given, "accepted_at": now}
            latest: dict[str, Any] = {"grade_status": GradeStatus.RECORDED.value, "reason": None}
        case Refused(reason=reason, refusal=refusal):
            latest = {
                "grade_status": GradeStatus.REFUSED.value,
                "reason": reason,
                "refusal": refusal.value,
                "refused_at": now,
            }
        case Dead(reason):
            latest = {"grade_status": GradeStatus.REFUSED.value, "reason": reason, "refused_at": now}
        case Blocked(reason):
            latest = {"grade_status": GradeStatus.WAITING.value, "reason": reason}
        case Retry(reason) | PartUnavailable(reason) | GroupUnavailable(reason) | Unavailable(reason):
            if outcome.may_have_arrived and given is not None:
                values = {"unanswered_scores": _with_unanswered(db, grade, given)}
            latest = {"grade_status": GradeStatus.WAITING.value, "reason": reason}
            if isinstance(outcome, NotInstalledHere | LineItemGone):
                latest["refusal"] = refusal_of_missing(outcome).value
        case _:
            return
    latest.setdefault("refusal", None)
    url, person_id = grade
    mine = sa.and_(_column.line_item_url == url, _column.person_id == person_id)
    if values:
        db.execute(sa.update(_TRAILS).where(mine).values(**values))
    changed = sa.or_(*(_column[name].is_distinct_from(value) for name, value in latest.items()))
    db.execute(sa.update(_TRAILS).where(mine, is_latest, changed).values(**latest, changed_at=now))


def _with_unanswered(db: Session, grade: Grade, score: int) -> list[int]:
    """The scores of a record, which is locked, that may have arrived, with one more."""
    url, person_id = grade
    before = db.scalar(
        sa.select(_column.unanswered_scores).where(
            _column.line_item_url == url, _column.person_id == person_id
        )
    )
    return with_score(before or [], score)


def note_withheld(
    db: Session, *, delivery: ClaimedDelivery, reading: Reading | None, now: dt.datetime
) -> None:
    """Write that a score was not posted: over somebody's own grade, or where nobody knows whether there is one."""
    url, person_id = grade_of(delivery)
    values: dict[str, Any] = {"grade_status": GradeStatus.RECORDED.value}
    if reading is not None:
        result = reading.results.get((delivery.target or {})["user_id"])
        values = {
            "grade_status": GradeStatus.SOMEBODY_ELSES.value,
            "read_at": reading.began_at,
            "result_score": result.score if result else None,
            "result_maximum": result.maximum if result else None,
        }
    stamp = dt.datetime.fromisoformat(json.loads(delivery.body)["timestamp"])
    db.execute(
        sa.update(_TRAILS)
        .where(
            _column.line_item_url == url,
            _column.person_id == person_id,
            _column.last_timestamp <= stamp,
            _column.grade_status.in_(_UNSETTLED),
        )
        .values(**values, reason=None, changed_at=now)
    )
