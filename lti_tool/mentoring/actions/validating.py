"""What the tutor decides about a participant: validating a journey, and reopening one."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from lti_tool.mentoring import events
from lti_tool.mentoring.actions.permission import (
    NotAllowed,
    lock_cohort,
    record,
    require,
)
from lti_tool.mentoring.models import (
    CompletionRecord,
    Participant,
    ParticipantState,
)
from lti_tool.mentoring.rule_types import Completion


def validate_participant(db: Session, *, participant: Participant, now: dt.datetime) -> None:
    """The tutor validates a participant's journey. Validating twice changes nothing."""
    lock_cohort(db, participant.cohort_id)
    db.refresh(participant)
    if participant.tutor_validated_at is not None:
        return
    participant.tutor_validated_at = now
    record(
        db,
        events.TutorValidated,
        cohort_id=participant.cohort_id,
        at=now,
        about_id=participant.id,
    )


def reopen(db: Session, *, participant: Participant, reason: str, now: dt.datetime) -> None:
    """The tutor reopens a completed journey, with a reason that the audit keeps.

    What the LMS shows stays until the journey is completed again: a state that is not final would erase the
    grade. Raises :class:`NotAllowed` (``reason_needed``, ``not_completed``).
    """
    require(bool(reason.strip()), "reason_needed")
    lock_cohort(db, participant.cohort_id)
    completion = db.get(CompletionRecord, participant.id, populate_existing=True)
    if completion is None or completion.completion != Completion.COMPLETED:
        raise NotAllowed("not_completed")
    completion.completion = Completion.REOPENED
    participant.tutor_validated_at = None
    if participant.state == ParticipantState.COMPLETED:
        participant.state = ParticipantState.ACTIVE
    record(
        db,
        events.CompletionReopened,
        cohort_id=participant.cohort_id,
        at=now,
        about_id=participant.id,
        reason=reason.strip(),
    )
