"""Scores on their way to a gradebook: what to say, when to say nothing, and the bytes that say it.

Assignment and Grade Services: https://www.imsglobal.org/spec/lti-ags/v2p0#score-publish-service. Platforms agree
on less than the specification says:

- Only FullyGraded sets a grade, and a later score that is not FullyGraded erases it (Moodle and Canvas). So once
  a FullyGraded score was recorded, nothing else ever is.
- Moodle refuses a score that is not later than the last by a whole second. Timestamps are whole seconds, and
  each is later than the one before.
- Moodle clears a comment when a score comes without one. A comment once sent goes with every later score.
- Canvas counts every score as a new submission unless told otherwise: it is told so until the end.

Sending, and what the answers mean, is in :mod:`lti_tool.lti.grade_answers`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool import outbox
from lti_tool.database import utcnow
from lti_tool.lti.models import Deployment, Registration, ResourceLink, ScoreTrail
from lti_tool.outbox import DeliveryKind
from lti_tool.people import Course, CourseRole, Membership, Person

SCORE_SCOPE: Final = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
RESULT_SCOPE: Final = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
MAXIMUM: Final = 100
_CANVAS_SUBMISSION: Final = "https://canvas.instructure.com/lti/submission"


@dataclass(frozen=True)
class Report:
    """What a gradebook is told about one person (AGS §3.4.6 and §3.4.7)."""

    activity_progress: str
    grading_progress: str
    score: int | None
    """``scoreGiven`` of 100; None when none is given."""

    @property
    def grades(self) -> bool:
        """Whether it sets a grade."""
        return self.grading_progress == "FullyGraded"


def report_of(standing: str, score: int, report: str) -> Report | None:
    """What to say of a participant; None when nothing is to be said and what is there stays.

    ``standing``: a value of :class:`lti_tool.mentoring.standing.Standing`. ``score``: 0 to 100. ``report``:
    ``final_only`` or ``live``. Raises :class:`ValueError` for any other word.
    """
    live = {"final_only": False, "live": True}.get(report)
    if live is None:
        raise ValueError(f"a report is final_only or live, not {report}")
    match standing:
        case "onboarded":
            return Report("Initialized", "NotReady", None)
        case "agreement_signed":
            return Report("Started", "Pending", None)
        case "under_way":
            # 100 is said once, when it is over.
            below = max(0, min(score, MAXIMUM - 1))
            return (
                Report("InProgress", "FullyGraded", below) if live else Report("InProgress", "Pending", None)
            )
        case "awaiting_tutor":
            if live:
                return Report("Submitted", "FullyGraded", MAXIMUM - 1)
            return Report("Submitted", "PendingManual", None)
        case "satisfied":
            return Report("Completed", "FullyGraded", MAXIMUM)
        case "withdrawn":
            return None
    raise ValueError(f"unknown standing: {standing}")


def record_score(
    db: Session,
    *,
    course_id: uuid.UUID,
    person_id: uuid.UUID,
    standing: str,
    score: int,
    report: str,
    now: dt.datetime,
    comment: str | None = None,
) -> int:
    """Enqueue where a person stands for every coupled line item of the course; return how many were enqueued.

    Belongs in the transaction of the fact. Nothing is enqueued when nothing changed, for a state that would
    erase a grade, for whoever is no learner of the course, and where the platform gave no right to score. A
    score that still waits is replaced: the latest state wins.
    """
    told = report_of(standing, score, report)
    if told is None or not _is_learner(db, course_id, person_id):
        return 0
    person = db.get_one(Person, person_id)
    links = db.execute(
        sa.select(
            ResourceLink.line_item_url, ResourceLink.scopes, Registration.id, Registration.platform_family
        )
        .join(Course, Course.id == ResourceLink.course_id)
        .join(Deployment, Deployment.id == Course.deployment_id)
        .join(Registration, Registration.id == Deployment.registration_id)
        .where(ResourceLink.course_id == course_id, ResourceLink.line_item_url.is_not(None))
        .order_by(ResourceLink.line_item_url)
    )
    targets: dict[str, tuple[uuid.UUID, str | None]] = {}
    for url, scopes, registration_id, family in links:
        if url and SCORE_SCOPE in scopes:
            targets[url] = (registration_id, family)
    return sum(
        _record_on(db, url, registration_id, family, person, standing, told, now, comment)
        for url, (registration_id, family) in targets.items()
    )


def _is_learner(db: Session, course_id: uuid.UUID, person_id: uuid.UUID) -> bool:
    """Gradebooks have no place for a tutor: Moodle answers 400 to such a score."""
    role = db.scalar(
        sa.select(Membership.role).where(Membership.course_id == course_id, Membership.person_id == person_id)
    )
    return role in (None, CourseRole.LEARNER)


def _record_on(
    db: Session,
    url: str,
    registration_id: uuid.UUID,
    family: str | None,
    person: Person,
    standing: str,
    told: Report,
    now: dt.datetime,
    comment: str | None,
) -> bool:
    trail = db.get(ScoreTrail, (url, person.id), with_for_update=True)
    if trail is not None:
        if trail.graded and not told.grades:
            return False
        comment = comment or trail.comment
        if (trail.standing, trail.score, trail.comment) == (standing, told.score, comment):
            return False
    line = line_of(url, person.id)
    never_sent = outbox.supersede_waiting(db, line)
    at = now.replace(microsecond=0)
    if trail is None:
        trail = ScoreTrail(line_item_url=url, person_id=person.id, graded=False)
        db.add(trail)
    else:
        # What nobody ever sent leaves its second free: timestamps do not run ahead of the clock.
        at = max(at, trail.last_timestamp if never_sent else trail.last_timestamp + dt.timedelta(seconds=1))
    trail.standing, trail.score, trail.comment = standing, told.score, comment
    trail.last_timestamp, trail.graded = at, trail.graded or told.grades
    body = score_body(told, user_id=person.subject, at=at, comment=comment, canvas=family == "canvas")
    outbox.enqueue(
        db,
        kind=DeliveryKind.SCORE,
        receiver=str(registration_id),
        key=uuid.uuid4(),
        order_key=line,
        body=body,
        target={"line_item_url": url, "user_id": person.subject, "person_id": str(person.id)},
        not_before=max(at, now),
    )
    return True


def line_of(line_item_url: str, person_id: uuid.UUID) -> str:
    """The order key of a person's scores on one line item; the address itself may be too long for a key."""
    return f"{hashlib.sha256(line_item_url.encode()).hexdigest()[:32]}:{person_id}"


def score_body(
    told: Report, *, user_id: str, at: dt.datetime, comment: str | None = None, canvas: bool = False
) -> bytes:
    """The score as it is posted (AGS §3.4.1). ``at``: whole seconds, aware."""
    score: dict[str, Any] = {
        "userId": user_id,
        "timestamp": spelt(at),
        "activityProgress": told.activity_progress,
        "gradingProgress": told.grading_progress,
    }
    if told.score is not None:
        score |= {"scoreGiven": told.score, "scoreMaximum": MAXIMUM}
    if comment:
        score["comment"] = comment
    if canvas:
        score[_CANVAS_SUBMISSION] = {"new_submission": told.activity_progress == "Completed"}
    return json.dumps(score, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def spelt(at: dt.datetime) -> str:
    """A moment with a fraction of a second, as AGS §3.4.2 demands, and Z."""
    return f"{at.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def restamp(db: Session, parcel: outbox.Parcel, receiver: str, *, later_than: dt.datetime) -> None:
    """Enqueue a refused score again with a later timestamp, unless a newer one already waits.

    For the answer "not later than what is here" about a result that is not ours. The caller marks the refused
    delivery superseded in the same transaction.
    """
    target = parcel.target or {}
    trail = db.get(
        ScoreTrail, (target["line_item_url"], uuid.UUID(target["person_id"])), with_for_update=True
    )
    score = json.loads(parcel.body)
    sent_at = dt.datetime.fromisoformat(score["timestamp"])
    if trail is None or trail.last_timestamp > sent_at:
        return
    base = max(sent_at, later_than)
    trail.last_timestamp = base.replace(microsecond=0) + dt.timedelta(seconds=1)
    score["timestamp"] = spelt(trail.last_timestamp)
    outbox.enqueue(
        db,
        kind=DeliveryKind.SCORE,
        receiver=receiver,
        key=uuid.uuid4(),
        order_key=parcel.order_key,
        body=json.dumps(score, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode(),
        target=target,
        not_before=max(trail.last_timestamp, utcnow()),
    )
