"""Logging a meeting, and what the partner and the logger may do with it."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.sessions.actions import (
    confirm_session,
    correct_session,
    dispute_session,
    withdraw_session,
)
from lti_tool.mentoring.sessions.models import MentoringSession, SessionStatus
from tests.builder import World
from tests.mentoring.checks import LATER, TODAY, event_names, log_meeting, refused


def test_no_session_is_logged_before_the_agreement(world: World) -> None:
    with world.transaction() as db:
        pair = world.pair(db, signed=False)
        refused("agreement_first", lambda: log_meeting(db, pair.id, world.mentor_id))


def test_a_session_cannot_be_logged_for_the_day_after_tomorrow(world: World) -> None:
    with world.transaction() as db:
        pair = world.pair(db)
        refused(
            "in_the_future",
            lambda: log_meeting(db, pair.id, world.mentor_id, held_on=TODAY + dt.timedelta(days=2)),
        )


def test_a_session_has_the_day_that_was_given(world: World) -> None:
    with world.transaction() as db:
        session = log_meeting(db, world.pair(db).id, world.mentor_id)
        assert session.held_on == TODAY


def test_the_logger_does_not_confirm_their_own_session(world: World) -> None:
    with world.transaction() as db:
        session = log_meeting(db, world.pair(db).id, world.mentor_id)
        refused(
            "own_session",
            lambda: confirm_session(db, session_id=session.id, by=world.mentor_id, now=LATER),
        )


def test_the_partner_confirms_once(world: World) -> None:
    with world.transaction() as db:
        session = log_meeting(db, world.pair(db).id, world.mentor_id)
        for _ in range(2):
            confirm_session(db, session_id=session.id, by=world.mentee_id, now=LATER)
        assert db.get_one(MentoringSession, session.id).status == SessionStatus.CONFIRMED
        assert event_names(db).count("SessionConfirmed") == 1


def test_a_disputed_session_is_corrected_and_asked_again(world: World) -> None:
    with world.transaction() as db:
        session = log_meeting(db, world.pair(db).id, world.mentor_id)
        dispute_session(db, session_id=session.id, by=world.mentee_id, reason="wrong-length", now=LATER)
        correct_session(
            db,
            session_id=session.id,
            by=world.mentor_id,
            held_on=TODAY,
            minutes=30,
            format="coaching",
            now=LATER,
        )
        row = db.get_one(MentoringSession, session.id)
        assert (row.status, row.minutes, row.revision) == (SessionStatus.HELD, 30, 1)


def test_a_withdrawn_session_cannot_be_confirmed(world: World) -> None:
    with world.transaction() as db:
        session = log_meeting(db, world.pair(db).id, world.mentor_id)
        withdraw_session(db, session_id=session.id, by=world.mentor_id, now=LATER)
        refused(
            "not_waiting",
            lambda: confirm_session(db, session_id=session.id, by=world.mentee_id, now=LATER),
        )


def test_only_the_logger_withdraws(world: World) -> None:
    with world.transaction() as db:
        session = log_meeting(db, world.pair(db).id, world.mentor_id)
        refused(
            "not_own_session",
            lambda: withdraw_session(db, session_id=session.id, by=world.mentee_id, now=LATER),
        )


def test_a_refused_action_leaves_no_trace(world: World) -> None:
    def act() -> None:
        with world.transaction() as db:
            log_meeting(db, world.pair(db).id, world.mentor_id, held_on=TODAY + dt.timedelta(days=9))

    refused("in_the_future", act)
    with world.services.database.reading() as db:
        assert db.scalars(sa.select(Pair)).all() == []
