"""Taking somebody out of a programme who takes no part in it any more, and putting aside who never will."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import insert_for
from lti_tool.events import log
from lti_tool.mentoring.enrolment.events import (
    ParticipantTakenBackIn,
    ParticipantTakenOut,
    PersonPutAside,
    PersonTakenBack,
)
from lti_tool.mentoring.enrolment.models import Participant, ParticipantStatus, PutAside
from lti_tool.mentoring.enrolment.queries import lock_participants, participant_of_person
from lti_tool.mentoring.guards import NotAllowed, require
from lti_tool.mentoring.pairs.queries import open_pairs_of
from lti_tool.mentoring.programmes import queries as programmes


def take_out(
    db: Session, *, participant_id: uuid.UUID, cohort_id: uuid.UUID, reason: str | None, now: dt.datetime
) -> None:
    """Take a participant out of the programme, which is nobody's fault. ``reason``: a code.

    What they did is kept. A pair of theirs that goes on ends in the same transaction, and the partner is free. Whoever
    has completed the programme stays as somebody who has, and is in no further pair. Doing so twice changes nothing.
    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``moved_elsewhere`` for one of another cohort,
    ``not_taking_part`` for somebody who refused their invitation, or whose invitation was taken back).
    """
    participant = _locked(db, participant_id, cohort_id)
    if participant.taken_out_at is not None:
        return
    none = (ParticipantStatus.REFUSED, ParticipantStatus.WITHDRAWN)
    require(participant.status not in none, "not_taking_part")
    had_completed = participant.status == ParticipantStatus.COMPLETED
    participant.taken_out_at, participant.taken_out_reason = now, reason
    participant.taken_out_from = participant.status
    if not had_completed:
        participant.status = ParticipantStatus.TAKEN_OUT
    db.flush()
    event = ParticipantTakenOut(role=str(participant.role), reason=reason, had_completed=had_completed)
    log.append(db, event, programmes.scope_of(db, cohort_id, participant_id=participant_id), at=now)


def take_back_in(db: Session, *, participant_id: uuid.UUID, cohort_id: uuid.UUID, now: dt.datetime) -> None:
    """Take a participant back in who was taken out: as they were, but in no pair. Doing so twice changes nothing.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``moved_elsewhere`` for one of another cohort).
    """
    participant = _locked(db, participant_id, cohort_id)
    if participant.taken_out_at is None:
        return
    if participant.status == ParticipantStatus.TAKEN_OUT:
        has_joined = participant.taken_out_from != ParticipantStatus.INVITED
        participant.status = ParticipantStatus.ONBOARDED if has_joined else ParticipantStatus.INVITED
    participant.taken_out_at = participant.taken_out_reason = participant.taken_out_from = None
    db.flush()
    scope = programmes.scope_of(db, cohort_id, participant_id=participant_id)
    log.append(db, ParticipantTakenBackIn(role=str(participant.role)), scope, at=now)


def _locked(db: Session, participant_id: uuid.UUID, cohort_id: uuid.UUID) -> Participant:
    """The participant, so that no pair of theirs begins, changes or ends meanwhile."""
    # As whoever proposes a pair does; the partners too, whom the end of a pair concerns, in one go.
    programmes.lock_cohort(db, cohort_id)
    members = {member for pair in open_pairs_of(db, participant_id) for member in pair.members}
    lock_participants(db, {participant_id, *members})
    participant = db.get(Participant, participant_id, populate_existing=True)
    if participant is None or participant.cohort_id != cohort_id:
        raise NotAllowed("moved_elsewhere")
    return participant


def put_aside(db: Session, *, person_id: uuid.UUID, cohort_id: uuid.UUID, now: dt.datetime) -> None:
    """Note that somebody of a cohort's courses, who has no role in it, will take no part.

    Doing so twice changes nothing. Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``has_role``).
    """
    programmes.lock_cohort(db, cohort_id)
    require(participant_of_person(db, cohort_id, person_id) is None, "has_role")
    row = insert_for(db, PutAside).values(cohort_id=cohort_id, person_id=person_id, put_aside_at=now)
    made = db.execute(row.on_conflict_do_nothing().returning(PutAside.person_id)).scalar_one_or_none()
    if made is not None:
        log.append(db, PersonPutAside(person_id=person_id), programmes.scope_of(db, cohort_id), at=now)


def take_back(db: Session, *, person_id: uuid.UUID, cohort_id: uuid.UUID, now: dt.datetime) -> None:
    """Expect somebody again who was put aside. Doing so twice changes nothing."""
    theirs = PutAside.cohort_id == cohort_id, PutAside.person_id == person_id
    found = db.execute(sa.delete(PutAside).where(*theirs).returning(PutAside.person_id)).scalar_one_or_none()
    if found is not None:
        log.append(db, PersonTakenBack(person_id=person_id), programmes.scope_of(db, cohort_id), at=now)
