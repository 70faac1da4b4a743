"""Scores of the outbox that cannot be sent as they are stored: what is wrong with one, and what its grade then says."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import table_of
from lti_tool.lti.ags import unsent_scores
from lti_tool.lti.ags.grade_records import Grade
from lti_tool.lti.ags.models import MAXIMUM, GradeStatus, ScoreTrail
from lti_tool.lti.ags.scores import order_key, person_of
from lti_tool.lti.platforms.base import ScoreRefusal
from lti_tool.messaging.outbox import ClaimedDelivery

_TRAILS: Final = table_of(ScoreTrail)
_column = _TRAILS.c


def fault_of(target: dict[str, Any] | None, key: str, body: bytes) -> str | None:
    """Why a score cannot be sent as it is stored; None where it can.

    ``key``: its ``order_key``, which is made of the line item and the person that its target names.
    """
    fault = _fault_of_target(target or {}, key)
    if fault is not None:
        return f"its target cannot be read: {fault}"
    fault = _fault_of_body(body, (target or {})["user_id"])
    return None if fault is None else f"its body cannot be read: {fault}"


def _fault_of_target(target: dict[str, Any], key: str) -> str | None:
    for name in ("line_item_url", "user_id", "person_id"):
        if not isinstance(target.get(name), str) or not target[name]:
            return f"{name} is not a text"
    if not isinstance(target.get("restamps", 0), int):
        return "restamps is not a number"
    try:
        named = order_key(target["line_item_url"], uuid.UUID(target["person_id"]))
    except ValueError:
        named = None
    return None if named == key else "line item and person are not those of its order_key"


def _fault_of_body(body: bytes, user_id: str) -> str | None:
    try:
        score = json.loads(body)
    except (ValueError, RecursionError) as error:
        return f"it is not JSON: {error}"
    if not isinstance(score, dict):
        return "it is not a JSON object"
    if score.get("userId") != user_id:
        return "userId is not that of its target"
    given = score.get("scoreGiven")
    if given is not None and not (type(given) is int and 0 <= given <= MAXIMUM):
        return f"scoreGiven is not a whole number of at most {MAXIMUM}"
    return None if _is_moment(score.get("timestamp")) else "timestamp is not a moment"


def _is_moment(value: object) -> bool:
    try:
        moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else None
        return moment is not None and moment.tzinfo is not None and moment.astimezone(dt.UTC).year > 1
    except (ValueError, OverflowError):
        return False


def note(db: Session, grade: Grade, delivery: ClaimedDelivery, reason: str, now: dt.datetime) -> None:
    """Write into the record of a grade, which is locked, that a score was not sent.

    Not into one that has a later score, which is still on its way.
    """
    if unsent_scores.has_later(db, order_key(*grade), delivery.id):
        return
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


def find_grade(db: Session, target: dict[str, Any] | None, key: str) -> Grade | None:
    """The grade that a score is about, by its target, or by its ``order_key``, which has a digest of the line item.

    None where neither can be read, or where the latter is of no grade that is recorded.
    """
    target = target or {}
    if _fault_of_target(target, key) is None:
        return target["line_item_url"], uuid.UUID(target["person_id"])
    person_id = person_of(key)
    if person_id is None:
        return None
    urls = db.scalars(sa.select(_column.line_item_url).where(_column.person_id == person_id))
    return next(((url, person_id) for url in urls if order_key(url, person_id) == key), None)
