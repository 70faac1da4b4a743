"""Joining, being invited, and changing role."""

from __future__ import annotations

import uuid

from lti_tool.mentoring.enrolment.actions import (
    change_role,
    invite,
    join,
    refuse_invitation,
    take_back_invitation,
)
from lti_tool.mentoring.enrolment.details import Details
from lti_tool.mentoring.enrolment.details_actions import save_details
from lti_tool.mentoring.enrolment.details_queries import details_of
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.enrolment.queries import participant_of_person
from lti_tool.mentoring.pairs.actions import accept_pair, decline_pair, form_pair
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.roles import Role
from tests.builder import World
from tests.mentoring.checks import LATER, event_names, refused


def test_joining_twice_in_the_same_role_is_one_enrolment(world: World) -> None:
    with world.transaction() as db:
        mentor, before = world.mentor(db), event_names(db)
        again = join(db, cohort_id=world.cohort_id, person_id=mentor.person_id, role=Role.MENTOR, now=LATER)
        assert again is mentor
        assert event_names(db) == before


def test_joining_in_the_other_role_is_refused(world: World) -> None:
    with world.transaction() as db:
        person_id = world.mentor(db).person_id
        refused(
            "other_role",
            lambda: join(db, cohort_id=world.cohort_id, person_id=person_id, role=Role.MENTEE, now=LATER),
        )


def test_a_role_chosen_by_mistake_can_be_changed_before_pairing_only(world: World) -> None:
    with world.transaction() as db:
        for role in (Role.MENTEE, Role.MENTOR):
            change_role(db, participant_id=world.mentor_id, role=role, now=LATER)
        world.pair(db, signed=False)
        refused(
            "already_paired",
            lambda: change_role(db, participant_id=world.mentor_id, role=Role.MENTEE, now=LATER),
        )


def test_whom_a_tutor_enrols_is_invited(world: World) -> None:
    with world.transaction() as db:
        person = world.another_person(db)
        invited = invite(db, cohort_id=world.cohort_id, person_id=person.id, role=Role.MENTEE, now=LATER)
        assert invited.status == "invited"
        assert event_names(db)[-1] == "ParticipantInvited"


def test_an_invitation_is_taken_back_as_long_as_nobody_has_answered_it(world: World) -> None:
    with world.acting() as db:
        person = world.another_person(db)

        def invited() -> Participant:
            return invite(db, cohort_id=world.cohort_id, person_id=person.id, role=Role.MENTEE, now=LATER)

        def take_back(participant_id: uuid.UUID) -> None:
            take_back_invitation(db, participant_id=participant_id, cohort_id=world.cohort_id, now=LATER)

        participant = invited()
        save_details(db, {participant.id: Details(1, (("data", 4),), None, "Finance")})
        for _twice in range(2):
            take_back(participant.id)
        assert participant_of_person(db, world.cohort_id, person.id) is None
        assert details_of(db, [participant.id])[participant.id].details == Details(1)
        assert event_names(db).count("InvitationTakenBack") == 1
        assert (invited().status, event_names(db)[-1]) == ("invited", "ParticipantInvited")
        take_back(participant.id)
        joined = join(db, cohort_id=world.cohort_id, person_id=person.id, role=Role.MENTOR, now=LATER)
        assert (joined.status, joined.role) == ("onboarded", "mentor")
        refused("has_answered", lambda: take_back(participant.id))
        refused("has_answered", lambda: take_back(world.mentor_id))


def test_an_invited_person_may_choose_either_role(world: World) -> None:
    with world.transaction() as db:
        person = world.another_person(db)
        for act, role in ((invite, Role.MENTEE), (join, Role.MENTOR)):
            participant = act(db, cohort_id=world.cohort_id, person_id=person.id, role=role, now=LATER)
        assert (participant.status, participant.role) == ("onboarded", "mentor")


def test_an_invited_person_in_a_pair_keeps_the_role_of_the_pair(world: World) -> None:
    with world.transaction() as db:
        person = world.another_person(db)
        invited = invite(db, cohort_id=world.cohort_id, person_id=person.id, role=Role.MENTEE, now=LATER)
        form_pair(db, cohort_id=world.cohort_id, mentor_id=world.mentor_id, mentee_id=invited.id, now=LATER)
        refused(
            "other_role",
            lambda: join(db, cohort_id=world.cohort_id, person_id=person.id, role=Role.MENTOR, now=LATER),
        )


def test_accepting_is_an_invited_person_s_consent(world: World) -> None:
    with world.acting() as db:
        person = world.another_person(db)
        invited = invite(db, cohort_id=world.cohort_id, person_id=person.id, role=Role.MENTEE, now=LATER)
        pair = form_pair(
            db, cohort_id=world.cohort_id, mentor_id=world.mentor_id, mentee_id=invited.id, now=LATER
        )
    with world.acting() as db:
        accept_pair(db, pair_id=pair.id, by=invited.id, now=LATER)
    with world.services.database.reading() as db:
        assert db.get_one(Participant, invited.id).status == "onboarded"
        assert event_names(db)[-2:] == ["PairAccepted", "ProgrammeJoined"]


def test_who_was_invited_and_declines_has_not_joined(world: World) -> None:
    with world.acting() as db:
        person = world.another_person(db)
        invited = invite(db, cohort_id=world.cohort_id, person_id=person.id, role=Role.MENTEE, now=LATER)
        pair = form_pair(
            db, cohort_id=world.cohort_id, mentor_id=world.mentor_id, mentee_id=invited.id, now=LATER
        )
        decline_pair(db, pair_id=pair.id, by=invited.id, reason=None, now=LATER)
    with world.services.database.reading() as db:
        assert db.get_one(Participant, invited.id).status == "invited"
        assert event_names(db)[-1] == "PairDeclined"


def test_who_refuses_is_in_no_pair_until_they_join_after_all(world: World) -> None:
    with world.acting() as db:
        person = world.another_person(db)
        invited = invite(db, cohort_id=world.cohort_id, person_id=person.id, role=Role.MENTEE, now=LATER)
        proposal = {"cohort_id": world.cohort_id, "mentor_id": world.mentor_id, "mentee_id": invited.id}
        pair = form_pair(db, **proposal, now=LATER)
    with world.acting() as db:
        refuse_invitation(db, participant_id=invited.id, reason="later", now=LATER)
    with world.acting() as db:
        assert db.get_one(Pair, pair.id).end_reason == "declined"
        assert event_names(db)[-2:] == ["InvitationRefused", "PairDeclined"]
        assert (
            invite(db, cohort_id=world.cohort_id, person_id=person.id, role=Role.MENTEE, now=LATER).status
            == "refused"
        )
        refused("has_refused", lambda: form_pair(db, **proposal, now=LATER))
        join(db, cohort_id=world.cohort_id, person_id=person.id, role=Role.MENTEE, now=LATER)
        form_pair(db, **proposal, now=LATER)
        refused(
            "already_joined",
            lambda: refuse_invitation(db, participant_id=invited.id, reason=None, now=LATER),
        )


def test_an_invited_person_who_has_chosen_nothing_has_no_role_to_change(world: World) -> None:
    with world.transaction() as db:
        person = world.another_person(db)
        invited = invite(db, cohort_id=world.cohort_id, person_id=person.id, role=Role.MENTEE, now=LATER)
        before = event_names(db)
        refused("not_joined", lambda: change_role(db, participant_id=invited.id, role=Role.MENTOR, now=LATER))
        assert event_names(db) == before
