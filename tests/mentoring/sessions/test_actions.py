"""Logging a meeting, and what the partner and the logger may do with it."""

from __future__ import annotations

import datetime as dt
from functools import partial

import pytest
import sqlalchemy as sa

from lti_tool.events.models import EventRow
from lti_tool.mentoring.guards import UNDO_WITHIN
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.sessions.actions import (
    accept_proposal,
    confirm_session,
    correct_session,
    dispute_session,
    undo_answer,
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


def test_a_second_session_on_one_day_is_asked_about(world: World) -> None:
    with world.transaction() as db:
        pair = world.pair(db)
        first = log_meeting(db, pair.id, world.mentor_id, is_another=False)
        for by in (world.mentor_id, world.mentee_id):
            refused("same_day", partial(log_meeting, db, pair.id, by, is_another=False))
        log_meeting(db, pair.id, world.mentee_id)
        log_meeting(db, pair.id, world.mentor_id, held_on=TODAY - dt.timedelta(days=1), is_another=False)
        assert db.scalar(sa.select(sa.func.count()).select_from(MentoringSession)) == 3
        assert db.get_one(MentoringSession, first.id).logged_at == LATER


def test_what_the_partner_proposes_is_accepted_in_one_tap_and_is_theirs_to_confirm(world: World) -> None:
    yesterday = TODAY - dt.timedelta(days=1)
    with world.acting() as db:
        session = log_meeting(db, world.pair(db).id, world.mentor_id)
        refused(
            "not_waiting", lambda: accept_proposal(db, session_id=session.id, by=world.mentor_id, now=LATER)
        )
        dispute_session(
            db, session_id=session.id, by=world.mentee_id, reason="other", now=LATER,
            proposed_on=yesterday, proposed_minutes=60,
        )  # fmt: skip
        refused(
            "not_own_session",
            lambda: accept_proposal(db, session_id=session.id, by=world.mentee_id, now=LATER),
        )
        accept_proposal(db, session_id=session.id, by=world.mentor_id, revision=0, now=LATER)
        row = db.get_one(MentoringSession, session.id, populate_existing=True)
        assert (row.status, row.held_on, row.minutes, row.revision) == ("confirmed", yesterday, 60, 1)
        assert (row.proposed_on, row.proposed_minutes, row.dispute_reason) == (None, None, None)
        latest = db.scalars(sa.select(EventRow).order_by(EventRow.sequence.desc()).limit(1)).one()
        assert (latest.kind, latest.participant_id) == ("SessionConfirmed", world.mentee_id)


@pytest.mark.parametrize("answer", ["confirmed", "disputed"])
def test_an_answer_is_taken_back_until_it_is_old_or_acted_on(world: World, answer: str) -> None:
    with world.transaction() as db:
        session = log_meeting(db, world.pair(db).id, world.mentor_id)
        undo = partial(undo_answer, db, session_id=session.id, by=world.mentee_id)

        def say() -> None:
            if answer == "confirmed":
                confirm_session(db, session_id=session.id, by=world.mentee_id, now=LATER)
            else:
                dispute_session(db, session_id=session.id, by=world.mentee_id, reason=None, now=LATER)

        say()
        refused("too_late_to_undo", lambda: undo(now=LATER + UNDO_WITHIN + dt.timedelta(seconds=1)))
        refused("own_session", lambda: undo_answer(db, session_id=session.id, by=world.mentor_id, now=LATER))
        undo(revision=0, now=LATER + UNDO_WITHIN)
        row = db.get_one(MentoringSession, session.id, populate_existing=True)
        assert (row.status, row.revision, event_names(db)[-1]) == ("held", 1, "SessionAnswerUndone")
        say()
        correct_session(
            db,
            session_id=session.id,
            by=world.mentor_id,
            held_on=TODAY,
            minutes=30,
            format="coaching",
            now=LATER,
        )
        refused("too_late_to_undo", lambda: undo(now=LATER))


def test_the_answer_that_completes_the_programme_is_not_taken_back(world: World) -> None:
    pair = world.build.cohort("demo").pair()
    session = pair.session(confirmed=True)
    with world.acting() as db:
        refused(
            "too_late_to_undo",
            lambda: undo_answer(db, session_id=session.id, by=pair.mentee.id, now=world.build.now),
        )
