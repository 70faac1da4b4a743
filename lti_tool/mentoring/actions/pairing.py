"""Joining a cohort, being paired, and signing the agreement."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.mentoring import events
from lti_tool.mentoring.actions.permission import (
    lock_cohort,
    lock_pair,
    record,
    record_in_pair,
    require,
    require_member,
)
from lti_tool.mentoring.models import (
    Cohort,
    CohortState,
    Pair,
    PairState,
    Participant,
    ParticipantState,
    Role,
)
from lti_tool.people import Person


def join(db: Session, *, cohort: Cohort, person: Person, role: Role | str, now: dt.datetime) -> Participant:
    """Enrol a person in a cohort, in a role of their own choice or the tutor's.

    Joining again in the same role changes nothing. Raises :class:`NotAllowed` (``other_role``,
    ``cohort_closed``).
    """
    lock_cohort(db, cohort.id)
    found = db.scalar(
        sa.select(Participant).where(Participant.cohort_id == cohort.id, Participant.person_id == person.id)
    )
    if found is not None:
        require(found.role == role, "other_role")
        return found
    open_states = {CohortState.ENROLLING, CohortState.MATCHING, CohortState.RUNNING}
    require(cohort.state in open_states, "cohort_closed")
    participant = Participant(
        id=uuid.uuid4(),
        cohort_id=cohort.id,
        person_id=person.id,
        role=Role(role),
        state=ParticipantState.ONBOARDED,
        joined_at=now,
    )
    db.add(participant)
    record(
        db,
        events.ProgrammeJoined,
        cohort_id=cohort.id,
        at=now,
        participant_id=participant.id,
        role=participant.role,
    )
    return participant


def change_role(db: Session, *, participant: Participant, role: Role | str, now: dt.datetime) -> None:
    """Change a role chosen by mistake, as long as the person is in no pair (``already_paired``)."""
    lock_cohort(db, participant.cohort_id)
    if participant.role == role:
        return
    require(not _open_pairs(db, participant), "already_paired")
    participant.role = Role(role)
    record(
        db,
        events.RoleChanged,
        cohort_id=participant.cohort_id,
        at=now,
        participant_id=participant.id,
        role=participant.role,
    )


def form_pair(
    db: Session, *, cohort: Cohort, mentor: Participant, mentee: Participant, now: dt.datetime
) -> Pair:
    """Put a mentor and a mentee together, by the tutor's hand.

    The two show that they accept by signing the agreement. Raises :class:`NotAllowed` (``same_person``,
    ``wrong_roles``, ``other_cohort``, ``already_together``, ``mentor_full``, ``mentee_full``,
    ``cohort_closed``).
    """
    lock_cohort(db, cohort.id)
    require(cohort.state == CohortState.RUNNING, "cohort_closed")
    require(mentor.person_id != mentee.person_id, "same_person")
    require(mentor.role == Role.MENTOR and mentee.role == Role.MENTEE, "wrong_roles")
    require(mentor.cohort_id == cohort.id == mentee.cohort_id, "other_cohort")
    pairs_of_mentor = _open_pairs(db, mentor)
    pairs_of_mentee = _open_pairs(db, mentee)
    require(not any(pair.mentee_id == mentee.id for pair in pairs_of_mentor), "already_together")
    require(len(pairs_of_mentor) < mentor.capacity, "mentor_full")
    require(len(pairs_of_mentee) < mentee.capacity, "mentee_full")
    pair = Pair(
        id=uuid.uuid4(),
        cohort_id=cohort.id,
        mentor_id=mentor.id,
        mentee_id=mentee.id,
        state=PairState.PROPOSED,
        created_at=now,
    )
    db.add(pair)
    for participant in (mentor, mentee):
        if participant.state == ParticipantState.ONBOARDED:
            participant.state = ParticipantState.PAIRED
    record(
        db,
        events.PairFormed,
        cohort_id=cohort.id,
        at=now,
        pair_id=pair.id,
        mentor_id=mentor.id,
        mentee_id=mentee.id,
    )
    return pair


def _open_pairs(db: Session, participant: Participant) -> list[Pair]:
    column = Pair.mentor_id if participant.role == Role.MENTOR else Pair.mentee_id
    ended = (PairState.CLOSED, PairState.ENDED)
    return list(db.scalars(sa.select(Pair).where(column == participant.id, Pair.state.not_in(ended))))


def sign_agreement(db: Session, *, pair: Pair, by: Participant, now: dt.datetime) -> None:
    """Sign the charter for one of the two; the second signature makes the pair active.

    Signing twice changes nothing. Raises :class:`NotAllowed` (``not_in_pair``, ``pair_over``).
    """
    lock_pair(db, pair)
    require_member(pair, by)
    require(pair.state not in {PairState.CLOSED, PairState.ENDED}, "pair_over")
    signed = pair.mentor_signed_at if by.id == pair.mentor_id else pair.mentee_signed_at
    if signed is not None:
        return
    if by.id == pair.mentor_id:
        pair.mentor_signed_at = now
    else:
        pair.mentee_signed_at = now
    by_both = pair.mentor_signed_at is not None and pair.mentee_signed_at is not None
    if by_both:
        pair.state = PairState.ACTIVE
        for participant in (pair.mentor, pair.mentee):
            if participant.state in {ParticipantState.ONBOARDED, ParticipantState.PAIRED}:
                participant.state = ParticipantState.ACTIVE
    record_in_pair(
        db,
        events.AgreementSigned,
        pair,
        by,
        at=now,
        role=by.role,
        by_both=by_both,
    )
