"""A pair's life: proposed, accepted or declined, signed, paused, ended."""

from __future__ import annotations

import datetime as dt
import uuid
from functools import partial

import pytest

from lti_tool.mentoring.enrolment.actions import join
from lti_tool.mentoring.guards import UNDO_WITHIN
from lti_tool.mentoring.pairs.actions import (
    accept_pair,
    close_pair,
    decline_pair,
    end_pair,
    form_pair,
    pause_pair,
    remind_of_pair,
    resume_pair,
    sign_agreement,
    undo_acceptance,
    undo_decline,
)
from lti_tool.mentoring.pairs.models import Pair, PairStatus
from lti_tool.mentoring.roles import Role
from tests.builder import NOW, World
from tests.mentoring.checks import LATER, event_names, log_meeting, refused


def test_two_mentees_do_not_make_a_pair(world: World) -> None:
    with world.transaction() as db:
        other = join(
            db,
            cohort_id=world.cohort_id,
            person_id=world.another_person(db).id,
            role=Role.MENTEE,
            now=NOW,
        )
        refused(
            "wrong_roles",
            lambda: form_pair(
                db, cohort_id=world.cohort_id, mentor_id=other.id, mentee_id=world.mentee_id, now=LATER
            ),
        )


def test_a_pair_is_formed_once(world: World) -> None:
    with world.transaction() as db:
        world.pair(db, signed=False)
        refused("already_together", lambda: world.pair(db, signed=False))


def test_a_mentor_takes_no_more_mentees_than_their_capacity(world: World) -> None:
    with world.transaction() as db:
        world.pair(db, signed=False)
        second = join(
            db,
            cohort_id=world.cohort_id,
            person_id=world.another_person(db).id,
            role=Role.MENTEE,
            now=NOW,
        )
        refused(
            "mentor_full",
            lambda: form_pair(
                db, cohort_id=world.cohort_id, mentor_id=world.mentor_id, mentee_id=second.id, now=LATER
            ),
        )


@pytest.mark.parametrize("first", ["mentor", "mentee"])
def test_the_second_signature_makes_the_pair_active(world: World, first: str) -> None:
    ids = {"mentor": world.mentor_id, "mentee": world.mentee_id}
    pair_id = world.pair(signed=False).id
    statuses = []
    for by in sorted(ids, key=lambda role: role != first):
        with world.acting() as db:
            sign_agreement(db, pair_id=pair_id, by=ids[by], now=LATER)
        with world.services.database.reading() as db:
            statuses.append((db.get_one(Pair, pair_id).status, world.mentor(db).status))
    assert statuses == [(PairStatus.ACCEPTED, "paired"), (PairStatus.ACTIVE, "active")]


def test_somebody_outside_the_pair_signs_nothing(world: World) -> None:
    with world.transaction() as db:
        pair = world.pair(db, signed=False)
        stranger = join(
            db,
            cohort_id=world.cohort_id,
            person_id=world.another_person(db).id,
            role=Role.MENTEE,
            now=NOW,
        )
        refused("not_in_pair", lambda: sign_agreement(db, pair_id=pair.id, by=stranger.id, now=LATER))


def test_a_pair_is_formed_once_both_have_accepted_and_nobody_signs_before(world: World) -> None:
    pair = world.proposed()
    statuses = []
    for by in (world.mentee_id, world.mentor_id):
        with world.acting() as db:
            refused("accept_first", partial(sign_agreement, db, pair_id=pair.id, by=by, now=LATER))
            for _twice in range(2):
                accept_pair(db, pair_id=pair.id, by=by, now=LATER)
        with world.services.database.reading() as db:
            statuses.append((pair.row(db).status, world.mentor(db).status, event_names(db)[-1]))
    assert statuses == [("proposed", "onboarded", "PairAccepted"), ("accepted", "paired", "PairAccepted")]


def test_a_declined_pair_frees_both_and_they_can_be_proposed_again(world: World) -> None:
    pair = world.proposed()
    pair.accept(world.built_mentor)
    with world.acting() as db:
        decline_pair(db, pair_id=pair.id, by=world.mentee_id, reason="too-close", now=LATER)
        row = pair.row(db)
        assert (row.status, row.end_reason, row.decline_reason) == ("ended", "declined", "too-close")
        refused("pair_over", lambda: accept_pair(db, pair_id=pair.id, by=world.mentee_id, now=LATER))
        world.pair(db, signed=False)


def test_what_both_have_accepted_is_not_declined(world: World) -> None:
    with world.acting() as db:
        pair = world.pair(db, signed=False)
        refused(
            "already_accepted",
            lambda: decline_pair(db, pair_id=pair.id, by=world.mentee_id, reason=None, now=LATER),
        )


def test_an_acceptance_is_taken_back_within_ten_minutes(world: World) -> None:
    pair = world.proposed()
    for by in (world.mentor_id, world.mentee_id):
        with world.acting() as db:
            accept_pair(db, pair_id=pair.id, by=by, now=LATER)
    with world.acting() as db:
        undo_acceptance(db, pair_id=pair.id, by=world.mentee_id, now=LATER + UNDO_WITHIN)
    with world.services.database.reading() as db:
        row = pair.row(db)
        assert (row.status, row.mentee_accepted_at, world.mentor(db).status) == (
            "proposed",
            None,
            "onboarded",
        )
        assert row.mentor_accepted_at is not None


@pytest.mark.parametrize("act", ["time", "partner", "signature"])
def test_an_acceptance_stays_once_it_is_old_or_acted_on(world: World, act: str) -> None:
    pair = world.proposed()
    later = LATER + (UNDO_WITHIN if act == "time" else dt.timedelta()) + dt.timedelta(seconds=1)
    with world.acting() as db:
        accept_pair(db, pair_id=pair.id, by=world.mentee_id, now=LATER)
        if act != "time":
            accept_pair(db, pair_id=pair.id, by=world.mentor_id, now=later)
        if act == "signature":
            sign_agreement(db, pair_id=pair.id, by=world.mentee_id, now=later)
        by = world.mentor_id if act == "signature" else world.mentee_id
        refused("too_late_to_undo", lambda: undo_acceptance(db, pair_id=pair.id, by=by, now=later))


def test_a_decline_is_taken_back_while_both_are_free(world: World) -> None:
    pair = world.proposed()
    with world.acting() as db:
        decline_pair(db, pair_id=pair.id, by=world.mentee_id, reason=None, now=LATER)
        refused("too_late_to_undo", lambda: undo_decline(db, pair_id=pair.id, by=world.mentor_id, now=LATER))
        undo_decline(db, pair_id=pair.id, by=world.mentee_id, now=LATER)
        assert pair.row(db).status == "proposed"
        decline_pair(db, pair_id=pair.id, by=world.mentee_id, reason=None, now=LATER)
        world.pair(db, signed=False)
        refused("already_together", lambda: undo_decline(db, pair_id=pair.id, by=world.mentee_id, now=LATER))


def test_a_pair_on_hold_does_nothing_and_goes_on_from_where_it_was(world: World) -> None:
    with world.acting() as db:
        pair = world.pair(db)
        for _twice in range(2):
            pause_pair(db, pair_id=pair.id, now=LATER)
        refused("agreement_first", lambda: log_meeting(db, pair.id, world.mentor_id))
        for _twice in range(2):
            resume_pair(db, pair_id=pair.id, now=LATER)
        assert pair.row(db).status == "active"
        assert event_names(db)[-2:] == ["PairPaused", "PairResumed"]


def test_an_ended_pair_keeps_what_it_did_and_frees_both(world: World) -> None:
    pair = world.pair()
    session = pair.session()
    pair.end("match")
    with world.acting() as db:
        row = pair.row(db)
        assert (row.status, row.end_reason, world.mentor(db).status) == ("ended", "match", "onboarded")
        assert session.row(db).status == "held"
        refused("pair_over", lambda: log_meeting(db, pair.id, world.mentor_id))
        end_pair(db, pair_id=pair.id, reason="time", now=LATER)
        assert row.end_reason == "match"
        world.pair(db, signed=False)


def test_only_a_pair_that_began_is_closed(world: World) -> None:
    with world.acting() as db:
        pair = world.pair(db, signed=False)
        refused("agreement_first", lambda: close_pair(db, pair_id=pair.id, now=LATER))
        for by in (pair.mentor, pair.mentee):
            pair.sign(by)
        close_pair(db, pair_id=pair.id, now=LATER)
        refused("pair_over", lambda: pause_pair(db, pair_id=pair.id, now=LATER))
        assert (pair.row(db).status, event_names(db)[-1]) == ("closed", "PairClosed")


def test_a_tutor_reminds_each_of_a_pair_at_most_once_in_two_days(world: World) -> None:
    with world.transaction() as db:
        pair = world.pair(db, signed=False)
        both = {world.mentor_id, world.mentee_id}

        def remind(whom: set[uuid.UUID], days: int) -> int:
            return remind_of_pair(db, pair_id=pair.id, whom=whom, now=LATER + dt.timedelta(days=days))

        assert [remind({world.mentee_id}, 0), remind(both, 1), remind(both, 2), remind(both, 3)] == [
            1,
            1,
            1,
            1,
        ]
        assert event_names(db)[-4:] == ["TutorReminded"] * 4
        pause_pair(db, pair_id=pair.id, now=LATER)
        assert remind(both, 9) == 0
        row = db.get_one(Pair, pair.id, populate_existing=True)
        assert (row.mentee_reminded_at, row.mentor_reminded_at) == (
            LATER + dt.timedelta(days=2),
            LATER + dt.timedelta(days=3),
        )
