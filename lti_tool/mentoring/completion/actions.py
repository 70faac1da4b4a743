"""What the tutor decides about a participant: approving what they did, and reopening a completion."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy.orm import Session

from lti_tool.events import log
from lti_tool.mentoring.completion.events import ApprovalTakenBack, CompletionReopened, TutorValidated
from lti_tool.mentoring.completion.models import CompletionRecord, Reopening, TutorValidation
from lti_tool.mentoring.completion.rule import Completion
from lti_tool.mentoring.enrolment.queries import ParticipantRecord, lock_participants
from lti_tool.mentoring.guards import NotAllowed, require
from lti_tool.mentoring.programmes.queries import scope_of


def validate_participant(db: Session, *, participant_id: uuid.UUID, now: dt.datetime) -> None:
    """The tutor approves what a participant did. Approving twice changes nothing.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``own_completion``, ``was_taken_out``).
    """
    participant = lock_participants(db, [participant_id])[participant_id]
    _require_not_own(db, participant)
    require(participant.taken_out_at is None, "was_taken_out")
    if db.get(TutorValidation, participant_id, populate_existing=True) is not None:
        return
    db.add(TutorValidation(participant_id=participant_id, validated_at=now))
    db.flush()
    scope = scope_of(db, participant.cohort_id, participant_id=participant_id)
    log.append(db, TutorValidated(), scope, at=now)


def take_approval_back(db: Session, *, participant_id: uuid.UUID, now: dt.datetime) -> None:
    """The tutor takes an approval back that has completed nobody yet. Without one, nothing changes.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``completed_since``, ``own_completion``).
    """
    participant = lock_participants(db, [participant_id])[participant_id]
    _require_not_own(db, participant)
    record = db.get(CompletionRecord, participant_id, populate_existing=True)
    require(record is None or record.completion != Completion.COMPLETED, "completed_since")
    validation = db.get(TutorValidation, participant_id, populate_existing=True)
    if validation is None:
        return
    db.delete(validation)
    db.flush()
    scope = scope_of(db, participant.cohort_id, participant_id=participant_id)
    log.append(db, ApprovalTakenBack(), scope, at=now)


def reopen(db: Session, *, participant_id: uuid.UUID, reason: str, now: dt.datetime) -> None:
    """The tutor reopens a completion, with a reason that is kept.

    What the LMS shows stays until the programme is completed again: a state that is not final would erase the grade.
    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``reason_needed``, ``not_completed``, ``own_completion``,
    ``was_taken_out``).
    """
    require(bool(reason.strip()), "reason_needed")
    participant = lock_participants(db, [participant_id])[participant_id]
    _require_not_own(db, participant)
    require(participant.taken_out_at is None, "was_taken_out")
    record = db.get(CompletionRecord, participant_id, populate_existing=True)
    if record is None or record.completion != Completion.COMPLETED:
        raise NotAllowed("not_completed")
    row = Reopening(id=uuid.uuid4(), participant_id=participant_id, reason=reason.strip(), created_at=now)
    db.add(row)
    validation = db.get(TutorValidation, participant_id)
    if validation is not None:
        db.delete(validation)
    db.flush()
    scope = scope_of(db, participant.cohort_id, participant_id=participant_id)
    log.append(db, CompletionReopened(reason_id=row.id), scope, at=now)


def _require_not_own(db: Session, participant: ParticipantRecord) -> None:
    """An owner who takes part as a learner has the right, but not about themselves."""
    require(log.acting_principal(db).person_id != participant.person_id, "own_completion")
