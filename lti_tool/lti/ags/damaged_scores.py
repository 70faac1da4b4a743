"""Scores of the outbox that cannot be sent as they are stored: what is wrong with one, and what its grade then says."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import table_of
from lti_tool.lti.ags import grade_records, unsent_scores
from lti_tool.lti.ags.models import GradeStatus, ScoreTrail
from lti_tool.lti.ags.scores import order_key, person_of
from lti_tool.lti.platforms.base import ScoreRefusal
from lti_tool.messaging.outbox import ClaimedDelivery

_TRAILS: Final = table_of(ScoreTrail)
_column = _TRAILS.c


def fault_of(target: dict[str, Any] | None, body: bytes) -> str | None:
    """Why a score cannot be sent as it is stored; None where it can.

    Its target needs ``line_item_url``, ``user_id`` and ``person_id``; its body is a score (AGS §3.4.1).
    """
    fault = _fault_of_target(target or {})
    if fault is not None:
        return f"its target cannot be read: {fault}"
    fault = _fault_of_body(body)
    return None if fault is None else f"its body cannot be read: {fault}"


def _fault_of_target(target: dict[str, Any]) -> str | None:
    for name in ("line_item_url", "user_id"):
        if not isinstance(target.get(name), str) or not target[name]:
            return f"{name} is not a text"
    if _uuid(target.get("person_id")) is None:
        return "person_id is not a UUID"
    return None if isinstance(target.get("restamps", 0), int) else "restamps is not a number"


def _uuid(value: object) -> uuid.UUID | None:
    try:
        return uuid.UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _fault_of_body(body: bytes) -> str | None:
    try:
        score = json.loads(body)
    except (ValueError, RecursionError) as error:
        return f"it is not JSON: {error}"
    if not isinstance(score, dict):
        return "it is not a JSON object"
    given = score.get("scoreGiven")
    if not (given is None or isinstance(given, int)) or isinstance(given, bool):
        return "scoreGiven is not a number"
    try:
        moment = dt.datetime.fromisoformat(score["timestamp"])
    except (ValueError, TypeError, KeyError):
        moment = None
    return None if moment is not None and moment.tzinfo is not None else "timestamp is not a moment"


def note(db: Session, deliveries: Sequence[tuple[ClaimedDelivery, str]], now: dt.datetime) -> None:
    """Write into the records of their grades that scores were not sent, with the reason of each.

    Not into one that has a later score, which is still on its way.
    """
    grades = [
        (delivery, grade_of(db, delivery.target, delivery.order_key), reason)
        for delivery, reason in deliveries
    ]
    grade_records.lock_grades(db, {grade for _, grade, _ in grades if grade is not None})
    for delivery, grade, reason in grades:
        if grade is None or unsent_scores.has_later(db, order_key(*grade), delivery.id):
            continue
        url, person_id = grade
        db.execute(
            sa.update(_TRAILS)
            .where(
                _column.line_item_url == url,
                _column.person_id == person_id,
                _column.grade_status.in_([GradeStatus.ON_ITS_WAY.value, GradeStatus.WAITING.value]),
            )
            .values(
                grade_status=GradeStatus.REFUSED.value,
                reason=reason,
                refusal=ScoreRefusal.NOT_SENT.value,
                refused_at=now,
                changed_at=now,
            )
        )


def grade_of(db: Session, target: dict[str, Any] | None, key: str) -> tuple[str, uuid.UUID] | None:
    """Line item and person of a score: what its target says, or its ``order_key``, which has a digest of the former.

    None where neither can be read, or where there is no record of such a grade.
    """
    target = target or {}
    if _fault_of_target(target) is None:
        return target["line_item_url"], uuid.UUID(target["person_id"])
    person_id = person_of(key)
    if person_id is None:
        return None
    urls = db.scalars(sa.select(_column.line_item_url).where(_column.person_id == person_id))
    return next(((url, person_id) for url in urls if order_key(url, person_id) == key), None)
