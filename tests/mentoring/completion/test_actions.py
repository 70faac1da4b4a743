"""Completing, approving and reopening, with what they cause."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.identity.principal import Principal, PrincipalKind
from lti_tool.mentoring.completion.actions import reopen, validate_participant
from lti_tool.mentoring.completion.models import CompletionRecord, Reopening, TutorValidation
from lti_tool.mentoring.sessions.actions import confirm_session, withdraw_session
from lti_tool.mentoring.sessions.models import MentoringSession
from tests.builder import World
from tests.mentoring.checks import LATER, event_names, log_meeting, refused


def completed(world: World) -> None:
    """The pair signs, meets and confirms: all that the demo's rule asks for."""
    with world.acting() as db:
        session = log_meeting(db, world.pair(db).id, world.mentor_id)
        confirm_session(db, session_id=session.id, by=world.mentee_id, now=LATER)


def record(db: Session, participant_id: uuid.UUID) -> tuple[int, str, str]:
    found = db.get_one(CompletionRecord, participant_id)
    return found.score, found.status, found.completion


def test_the_agreement_and_a_confirmed_session_complete_both(world: World) -> None:
    completed(world)
    with world.services.database.reading() as db:
        for who in (world.mentor_id, world.mentee_id):
            assert record(db, who) == (100, "satisfied", "completed")
        assert event_names(db).count("ProgrammeCompleted") == 2


def test_completing_is_an_event_once(world: World) -> None:
    completed(world)
    with world.acting() as db:
        log_meeting(db, db.scalars(sa.select(MentoringSession.pair_id)).one(), world.mentor_id)
    with world.services.database.reading() as db:
        assert event_names(db).count("ProgrammeCompleted") == 2


def test_withdrawing_the_session_later_leaves_the_completion(world: World) -> None:
    completed(world)
    with world.acting() as db:
        session_id = db.scalars(sa.select(MentoringSession.id)).one()
        withdraw_session(db, session_id=session_id, by=world.mentor_id, now=LATER)
    with world.services.database.reading() as db:
        assert record(db, world.mentor_id) == (100, "satisfied", "completed")


def test_a_tutor_reopens_with_a_reason_only(world: World) -> None:
    completed(world)
    with world.acting() as db:
        refused("reason_needed", lambda: reopen(db, participant_id=world.mentor_id, reason=" \n", now=LATER))
        reopen(db, participant_id=world.mentor_id, reason="The session was another pair's", now=LATER)
    with world.services.database.reading() as db:
        assert record(db, world.mentor_id) == (99, "awaiting_tutor", "reopened")
        assert db.scalars(sa.select(Reopening.reason)).all() == ["The session was another pair's"]


def test_what_is_not_completed_cannot_be_reopened(world: World) -> None:
    with world.transaction() as db:
        refused(
            "not_completed",
            lambda: reopen(db, participant_id=world.mentor_id, reason="why not", now=LATER),
        )


def test_what_is_reopened_cannot_be_reopened_again(world: World) -> None:
    completed(world)
    with world.acting() as db:
        reopen(db, participant_id=world.mentor_id, reason="why not", now=LATER)
    with world.transaction() as db:
        refused(
            "not_completed",
            lambda: reopen(db, participant_id=world.mentor_id, reason="why not", now=LATER),
        )


def test_reopening_takes_an_approval_away(world: World) -> None:
    completed(world)
    with world.acting() as db:
        validate_participant(db, participant_id=world.mentor_id, now=LATER)
        reopen(db, participant_id=world.mentor_id, reason="why not", now=LATER)
    with world.services.database.reading() as db:
        assert db.scalars(sa.select(TutorValidation)).all() == []


def test_approving_twice_is_approving_once(world: World) -> None:
    with world.acting() as db:
        for _ in range(2):
            validate_participant(db, participant_id=world.mentor_id, now=LATER)
    with world.services.database.reading() as db:
        assert event_names(db).count("TutorValidated") == 1


@pytest.mark.parametrize(
    "decide", [validate_participant, partial(reopen, reason="a reason")], ids=["approve", "reopen"]
)
def test_nobody_decides_about_their_own_completion(world: World, decide: Callable[..., None]) -> None:
    """An owner of the programme may take part in it, as a learner."""
    completed(world)
    with world.services.database.reading() as db:
        person_id = world.mentee(db).person_id
    owner = world.acting_as(Principal(kind=PrincipalKind.PERSON, person_id=person_id))
    with owner.transaction() as db:
        before = event_names(db)
        refused("own_completion", lambda: decide(db, participant_id=world.mentee_id, now=LATER))
        assert event_names(db) == before
        decide(db, participant_id=world.mentor_id, now=LATER)
