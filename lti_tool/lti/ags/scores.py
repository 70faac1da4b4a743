"""Scores for a gradebook: when one is enqueued, its values, and its serialisation.

Assignment and Grade Services: https://www.imsglobal.org/spec/lti-ags/v2p0#score-publish-service. Platforms agree
on less than the specification says:

- Only FullyGraded sets a grade, and a later score that is not FullyGraded erases it (Moodle and Canvas). So once
  a FullyGraded score was recorded, nothing else ever is.
- Moodle refuses a score that is not later than the last by a whole second. Timestamps are whole seconds, and
  each is later than the one before.
- Moodle clears a comment when a score comes without one. A comment once sent goes with every later score.
- Canvas counts every score as a new submission unless ``new_submission`` is false, which it is until the end.

Sending, and what the answers mean, is in :mod:`lti_tool.lti.ags.answers`.
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

from lti_tool.database import utcnow
from lti_tool.identity.models import Course, CourseRole, Membership, Person
from lti_tool.lti.ags.models import ScoreTrail
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.platforms import platform_of
from lti_tool.lti.platforms.base import Platform
from lti_tool.lti.registration.models import Deployment, Registration
from lti_tool.messaging import outbox
from lti_tool.messaging.models import DeliveryKind

SCORE_SCOPE: Final = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
RESULT_SCOPE: Final = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
MAXIMUM: Final = 100


@dataclass(frozen=True)
class Report:
    """What a score says about one person (AGS §3.4.6 and §3.4.7)."""

    activity_progress: str
    grading_progress: str
    score: int | None
    """``scoreGiven`` of 100; None when none is given."""

    @property
    def grades(self) -> bool:
        """Whether it sets a grade."""
        return self.grading_progress == "FullyGraded"


def report_of(status: str, score: int, report: str) -> Report | None:
    """The score of a participant; None when none is to be sent and what is there stays.

    ``status``: a value of :class:`lti_tool.mentoring.completion.progress_state.ProgressState`. ``score``: 0 to 100.
    ``report``: ``final_only`` or ``live``. Raises :class:`ValueError` for any other status or report.
    """
    live = {"final_only": False, "live": True}.get(report)
    if live is None:
        raise ValueError(f"a report is final_only or live, not {report}")
    match status:
        case "onboarded":
            return Report("Initialized", "NotReady", None)
        case "agreement_signed":
            return Report("Started", "Pending", None)
        case "under_way":
            # 100 is sent once, at the end.
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
    raise ValueError(f"unknown progress: {status}")


def record_score(
    db: Session,
    *,
    resource_link_id: uuid.UUID,
    person_id: uuid.UUID,
    status: str,
    score: int,
    report: str,
    now: dt.datetime,
    comment: str | None = None,
) -> bool:
    """Enqueue a person's score for the coupled line item of one link; whether one was enqueued.

    Belongs in the transaction of the event. Nothing is enqueued when nothing changed, for a state that would erase a
    grade, for whoever is no learner of the link's course, and where the link has no line item or gave no right to
    score. A score that still waits is replaced: the latest state wins.
    """
    reported = report_of(status, score, report)
    if reported is None:
        return False
    found = db.execute(
        sa.select(ResourceLink.line_item_url, ResourceLink.scopes, Registration, Person)
        .join(Course, Course.id == ResourceLink.course_id)
        .join(Deployment, Deployment.id == Course.deployment_id)
        .join(Registration, Registration.id == Deployment.registration_id)
        .join(Person, sa.and_(Person.id == person_id, Person.registration_id == Registration.id))
        .join(
            Membership,
            sa.and_(Membership.course_id == Course.id, Membership.person_id == Person.id),
        )
        # Gradebooks have no place for a tutor: Moodle answers 400 to such a score.
        .where(ResourceLink.id == resource_link_id, Membership.role == CourseRole.LEARNER)
        # A launch may be writing the line item at this moment: whoever comes second sees what the first has written.
        .with_for_update(read=True, of=ResourceLink)
    ).one_or_none()
    if found is None:
        return False
    url, scopes, registration, person = found
    if not url or SCORE_SCOPE not in scopes:
        return False
    return _record_on(db, url, registration, person, status, reported, now, comment)


def _record_on(
    db: Session,
    url: str,
    registration: Registration,
    person: Person,
    status: str,
    reported: Report,
    now: dt.datetime,
    comment: str | None,
) -> bool:
    trail = db.get(ScoreTrail, (url, person.id), with_for_update=True)
    if trail is not None:
        if trail.graded and not reported.grades:
            return False
        comment = comment or trail.comment
        if (trail.status, trail.score, trail.comment) == (status, reported.score, comment):
            return False
    line = order_key(url, person.id)
    never_sent = outbox.supersede_waiting(db, line)
    at = now.replace(microsecond=0)
    if trail is None:
        trail = ScoreTrail(line_item_url=url, person_id=person.id, graded=False)
        db.add(trail)
    else:
        # The second of a score that was never sent is reused: timestamps must not run ahead of the clock.
        at = max(at, trail.last_timestamp if never_sent else trail.last_timestamp + dt.timedelta(seconds=1))
    trail.status, trail.score, trail.comment = status, reported.score, comment
    trail.last_timestamp, trail.graded = at, trail.graded or reported.grades
    body = score_body(
        reported,
        user_id=person.subject,
        at=at,
        comment=comment,
        platform=platform_of(registration.issuer, registration.platform_family),
    )
    outbox.enqueue(
        db,
        kind=DeliveryKind.SCORE,
        receiver=str(registration.id),
        part=part(url),
        key=uuid.uuid4(),
        order_key=line,
        body=body,
        target={"line_item_url": url, "user_id": person.subject, "person_id": str(person.id)},
        not_before=max(at, now),
    )
    return True


def part(line_item_url: str) -> str:
    """What a line item is called in the outbox; the address itself may be too long for an index."""
    return hashlib.sha256(line_item_url.encode()).hexdigest()[:32]


def order_key(line_item_url: str, person_id: uuid.UUID) -> str:
    """What keeps the order of a person's scores on one line item."""
    return f"{part(line_item_url)}:{person_id}"


def score_body(
    reported: Report,
    *,
    user_id: str,
    at: dt.datetime,
    comment: str | None = None,
    platform: Platform | None = None,
) -> bytes:
    """The score as it is posted (AGS §3.4.1). ``at``: whole seconds, aware."""
    score: dict[str, Any] = {
        "userId": user_id,
        "timestamp": timestamp(at),
        "activityProgress": reported.activity_progress,
        "gradingProgress": reported.grading_progress,
    }
    if reported.score is not None:
        score |= {"scoreGiven": reported.score, "scoreMaximum": MAXIMUM}
    if comment:
        score["comment"] = comment
    if platform is not None:
        score |= platform.score_extension(completed=reported.activity_progress == "Completed")
    return json.dumps(score, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def timestamp(at: dt.datetime) -> str:
    """A moment with a fraction of a second, as AGS §3.4.2 demands, and Z."""
    return f"{at.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S}.000Z"


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
    score["timestamp"] = timestamp(trail.last_timestamp)
    outbox.enqueue(
        db,
        kind=DeliveryKind.SCORE,
        receiver=receiver,
        part=delivery.part,
        key=uuid.uuid4(),
        order_key=delivery.order_key,
        body=json.dumps(score, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode(),
        target=target,
        not_before=max(trail.last_timestamp, utcnow()),
    )
