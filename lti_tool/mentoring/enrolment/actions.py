"""Joining a cohort, being invited to it, and changing role."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import LOCK_ROW, insert_for
from lti_tool.events import log
from lti_tool.mentoring.enrolment.events import (
    InvitationRefused,
    InvitationTakenBack,
    JoiningUndone,
    ParticipantInvited,
    ProgrammeJoined,
    RoleChanged,
)
from lti_tool.mentoring.enrolment.models import (
    Participant,
    ParticipantSkill,
    ParticipantStatus,
    ParticipantTraits,
)
from lti_tool.mentoring.enrolment.queries import lock_participants
from lti_tool.mentoring.guards import UNDO_WITHIN, NotAllowed, require
from lti_tool.mentoring.pairs.queries import latest_ended_pair, open_pairs_of
from lti_tool.mentoring.programmes import queries as programmes
from lti_tool.mentoring.roles import Role

_FOLLOWS_PAIRS: Final = (ParticipantStatus.ONBOARDED, ParticipantStatus.PAIRED, ParticipantStatus.ACTIVE)


def join(
    db: Session, *, cohort_id: uuid.UUID, person_id: uuid.UUID, role: Role | str, now: dt.datetime
) -> Participant:
    """Enrol a person in a role of their own choice: that is their consent to take part.

    Joining again in the same role changes nothing. Somebody whom a tutor invited, and who is in no pair, may choose
    either role, also after they refused. Raises
    :class:`~lti_tool.mentoring.guards.NotAllowed` (``other_role``, ``cohort_closed``, ``taken_out`` for somebody
    who was taken out of the programme).
    """
    participant, is_new = _enrol(db, cohort_id, person_id, Role(role), ParticipantStatus.ONBOARDED, now)
    if not is_new:
        require(participant.status != ParticipantStatus.TAKEN_OUT, "taken_out")
        if participant.status not in (
            ParticipantStatus.INVITED,
            ParticipantStatus.REFUSED,
            ParticipantStatus.WITHDRAWN,
        ):
            require(participant.role == role, "other_role")
            return participant
        if participant.role != role:
            require(not open_pairs_of(db, participant.id), "other_role")
            participant.role = Role(role)
        participant.status, participant.joined_at = ParticipantStatus.ONBOARDED, now
        participant.refused_at = participant.refusal_reason = None
        db.flush()
    _joined(db, participant, now)
    return participant


def invite(
    db: Session, *, cohort_id: uuid.UUID, person_id: uuid.UUID, role: Role | str, now: dt.datetime
) -> Participant:
    """Enrol a person in a role that a tutor gives them; they take part once they say so.

    Somebody who is enrolled already stays as they are, unless their invitation was taken back. Raises
    :class:`~lti_tool.mentoring.guards.NotAllowed` (``cohort_closed``).
    """
    participant, is_new = _enrol(db, cohort_id, person_id, Role(role), ParticipantStatus.INVITED, now)
    if participant.status == ParticipantStatus.WITHDRAWN:
        participant.status, participant.role, participant.joined_at = (
            ParticipantStatus.INVITED,
            Role(role),
            now,
        )
        db.flush()
        is_new = True
    if is_new:
        scope = programmes.scope_of(db, cohort_id, participant_id=participant.id)
        log.append(db, ParticipantInvited(role=str(participant.role)), scope, at=now)
    return participant


def _enrol(
    db: Session,
    cohort_id: uuid.UUID,
    person_id: uuid.UUID,
    role: Role,
    status: ParticipantStatus,
    now: dt.datetime,
) -> tuple[Participant, bool]:
    """The person's enrolment, made if there is none, and whether it was made: of two at once, one makes it."""
    find = sa.select(Participant).where(
        Participant.cohort_id == cohort_id, Participant.person_id == person_id
    )
    found = db.scalar(find.with_for_update(**LOCK_ROW))
    if found is not None:
        return found, False
    # Who is invited is not judged yet, so that no rule that is applied meanwhile has to know them.
    read = programmes.cohort if status is ParticipantStatus.INVITED else programmes.cohort_to_join
    require(read(db, cohort_id).accepts_participants, "cohort_closed")
    insert = insert_for(db, Participant).values(
        id=uuid.uuid4(),
        cohort_id=cohort_id,
        person_id=person_id,
        role=role,
        status=status,
        capacity=1,
        joined_at=now,
    )
    made = db.execute(insert.on_conflict_do_nothing().returning(Participant.id)).scalar_one_or_none()
    return db.scalars(find.with_for_update(**LOCK_ROW)).one(), made is not None


def _joined(db: Session, participant: Participant, now: dt.datetime) -> None:
    scope = programmes.scope_of(db, participant.cohort_id, participant_id=participant.id)
    log.append(db, ProgrammeJoined(role=str(participant.role)), scope, at=now)


def take_back_invitation(
    db: Session, *, participant_id: uuid.UUID, cohort_id: uuid.UUID, now: dt.datetime
) -> None:
    """A tutor takes back the invitation of somebody who has not answered it. They can be invited again, or join.

    What a list said of them is deleted. Doing so twice changes nothing. Raises
    :class:`~lti_tool.mentoring.guards.NotAllowed` (``has_answered``, also for one of another cohort;
    ``already_paired``).
    """
    lock_participants(db, [participant_id])
    participant = db.get(Participant, participant_id, populate_existing=True)
    if participant is None or participant.cohort_id != cohort_id:
        raise NotAllowed("has_answered")
    if participant.status == ParticipantStatus.WITHDRAWN:
        return
    require(participant.status == ParticipantStatus.INVITED, "has_answered")
    paired = open_pairs_of(db, participant_id) or latest_ended_pair(db, participant_id)
    require(not paired, "already_paired")
    participant.status = ParticipantStatus.WITHDRAWN
    for table in (ParticipantSkill, ParticipantTraits):
        db.execute(sa.delete(table).where(table.participant_id == participant_id))
    db.flush()
    scope = programmes.scope_of(db, cohort_id, participant_id=participant_id)
    log.append(db, InvitationTakenBack(role=str(participant.role)), scope, at=now)


def refuse_invitation(
    db: Session, *, participant_id: uuid.UUID, reason: str | None, now: dt.datetime
) -> None:
    """Somebody who was invited does not take part, which is nobody's fault. ``reason``: a code.

    A partner who was proposed to them meanwhile is free again. Refusing twice changes nothing. Raises
    :class:`~lti_tool.mentoring.guards.NotAllowed` (``already_joined``).
    """
    # The partners too, whom the end of a proposal concerns: in one go, so that nobody waits for each other.
    members = {member for pair in open_pairs_of(db, participant_id) for member in pair.members}
    lock_participants(db, {participant_id, *members})
    participant = db.get_one(Participant, participant_id, populate_existing=True)
    if participant.status == ParticipantStatus.REFUSED:
        return
    require(participant.status == ParticipantStatus.INVITED, "already_joined")
    participant.status, participant.refused_at = ParticipantStatus.REFUSED, now
    participant.refusal_reason = reason
    db.flush()
    scope = programmes.scope_of(db, participant.cohort_id, participant_id=participant_id)
    log.append(db, InvitationRefused(role=str(participant.role), reason=reason), scope, at=now)


def change_role(db: Session, *, participant_id: uuid.UUID, role: Role | str, now: dt.datetime) -> None:
    """Change a role chosen by mistake, as long as the person is in no pair.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``already_paired``, ``not_joined`` for somebody who was
    only invited, or ``taken_out``).
    """
    lock_participants(db, [participant_id])
    participant = db.get_one(Participant, participant_id, populate_existing=True)
    require(participant.status not in (ParticipantStatus.INVITED, ParticipantStatus.REFUSED), "not_joined")
    require(participant.status != ParticipantStatus.TAKEN_OUT, "taken_out")
    if participant.role == role:
        return
    require(not open_pairs_of(db, participant_id), "already_paired")
    participant.role = Role(role)
    db.flush()
    scope = programmes.scope_of(db, participant.cohort_id, participant_id=participant_id)
    log.append(db, RoleChanged(role=str(participant.role)), scope, at=now)


def undo_joining(db: Session, *, participant_id: uuid.UUID, now: dt.datetime) -> None:
    """Take back within ten minutes that one takes part, as long as no tutor has proposed anybody.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``too_late_to_undo``).
    """
    lock_participants(db, [participant_id])
    participant = db.get_one(Participant, participant_id, populate_existing=True)
    require(participant.status == ParticipantStatus.ONBOARDED, "too_late_to_undo")
    require(now - participant.joined_at <= UNDO_WITHIN, "too_late_to_undo")
    require(not open_pairs_of(db, participant_id), "too_late_to_undo")
    participant.status = ParticipantStatus.INVITED
    db.flush()
    scope = programmes.scope_of(db, participant.cohort_id, participant_id=participant_id)
    log.append(db, JoiningUndone(role=str(participant.role)), scope, at=now)


def accept_invitation(db: Session, *, participant_id: uuid.UUID, now: dt.datetime) -> None:
    """Accepting a pair is how an invited person says that they take part. Nothing changes for anybody else."""
    participant = db.get_one(Participant, participant_id)
    if participant.status == ParticipantStatus.INVITED:
        participant.status, participant.joined_at = ParticipantStatus.ONBOARDED, now
        db.flush()
        _joined(db, participant, now)


def activate(db: Session, *, participant_ids: Collection[uuid.UUID]) -> None:
    """These participants are in a pair that both have signed."""
    _set_status(db, participant_ids, ParticipantStatus.ACTIVE)


def update_status_from_pairs(db: Session, *, participant_ids: Collection[uuid.UUID]) -> None:
    """Let these participants be where their pairs that go on are: signed, accepted by both, or neither.

    Nothing changes for who has not joined, has completed or has withdrawn.
    """
    pairs = open_pairs_of(db, *participant_ids)
    for participant_id in participant_ids:
        own = [pair for pair in pairs if participant_id in pair.members]
        status = ParticipantStatus.ONBOARDED
        if any(pair.accepted for pair in own):
            status = ParticipantStatus.PAIRED
        if any(pair.signed for pair in own):
            status = ParticipantStatus.ACTIVE
        _set_status(db, [participant_id], status)


def _set_status(db: Session, ids: Collection[uuid.UUID], status: ParticipantStatus) -> None:
    update = sa.update(Participant).where(
        Participant.id.in_(ids), Participant.status.in_(_FOLLOWS_PAIRS), Participant.status != status
    )
    db.execute(update.values(status=status))


def update_status_for_completion(
    db: Session, *, participant_ids: Collection[uuid.UUID], completed: bool
) -> None:
    """Participants have completed the programme, or it was reopened."""
    for participant in db.scalars(sa.select(Participant).where(Participant.id.in_(participant_ids))):
        if completed:
            participant.status = ParticipantStatus.COMPLETED
        elif participant.status == ParticipantStatus.COMPLETED:
            participant.status = ParticipantStatus.ACTIVE
    db.flush()
