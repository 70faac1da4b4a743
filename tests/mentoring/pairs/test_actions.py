"""Forming a pair, and signing its agreement."""

from __future__ import annotations

import pytest

from lti_tool.mentoring.enrolment.actions import join
from lti_tool.mentoring.pairs.actions import form_pair, sign_agreement
from lti_tool.mentoring.pairs.models import Pair, PairStatus
from lti_tool.mentoring.roles import Role
from tests.builder import NOW, World
from tests.mentoring.checks import LATER, refused


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
