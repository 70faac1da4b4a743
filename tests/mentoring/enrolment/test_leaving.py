"""Taking people out of a programme and back in, and putting aside who will take no part."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.composition.projections import check_projections
from lti_tool.mentoring.completion.actions import reopen
from lti_tool.mentoring.completion.models import CompletionRecord
from lti_tool.mentoring.enrolment.actions import change_role, invite, join, refuse_invitation
from lti_tool.mentoring.enrolment.leaving import put_aside, take_back, take_back_in, take_out
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.overview.queries import overview_of
from lti_tool.mentoring.pairs.actions import decline_pair, form_pair, undo_decline
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.roles import Role
from tests.builder import World
from tests.builder.rules import apply, document, meetings
from tests.enqueued import statements
from tests.mentoring.checks import LATER, event_names, refused


def out(
    db: Session, world: World, participant_id: uuid.UUID | None = None, reason: str | None = None
) -> None:
    take_out(
        db,
        participant_id=participant_id or world.mentee_id,
        cohort_id=world.cohort_id,
        reason=reason,
        now=LATER,
    )


def status(world: World, participant_id: uuid.UUID) -> str:
    with world.services.database.reading() as db:
        return db.get_one(Participant, participant_id).status


def unchanged_by_replay(world: World) -> bool:
    return all(each.identical for each in check_projections(world.services))


def test_whoever_is_taken_out_leaves_their_pair_without_fault_and_is_in_none_until_taken_back(
    world: World,
) -> None:
    apply(world, document(meetings(2)))
    pair = world.pair()
    world.confirm(world.log_session())
    for _each in range(2):
        with world.acting() as db:
            out(db, world, reason="left-organisation")
    assert (status(world, world.mentee_id), status(world, world.mentor_id)) == ("taken_out", "onboarded")
    left = [each for each in statements(world.services) if each["verb"]["id"].endswith("/leave")]
    assert len(left) == 2
    again = {"cohort_id": world.cohort_id, "mentor_id": world.mentor_id, "mentee_id": world.mentee_id}
    with world.transaction() as db:
        ended = db.get_one(Pair, pair.id)
        assert (ended.status, ended.end_reason) == ("ended", "left-organisation")
        assert event_names(db).count("ParticipantTakenOut") == event_names(db).count("PairEnded") == 1
        overview = overview_of(db, world.cohort_id)
        assert [line.id for line in overview.taken_out] == [world.mentee_id]
        assert [line.id for line in overview.waiting_for_a_pair] == [world.mentor_id]
        assert (overview.gone, overview.finished_alone, overview.ended_pairs) == ((), (), 1)
        refused("was_taken_out", lambda: form_pair(db, **again, now=LATER))
        person_id = world.mentee(db).person_id
        refused(
            "taken_out",
            lambda: join(db, cohort_id=world.cohort_id, person_id=person_id, role=Role.MENTEE, now=LATER),
        )
        refused(
            "taken_out",
            lambda: change_role(db, participant_id=world.mentee_id, role=Role.MENTOR, now=LATER),
        )
    assert unchanged_by_replay(world)
    for _each in range(2):
        with world.acting() as db:
            take_back_in(db, participant_id=world.mentee_id, cohort_id=world.cohort_id, now=LATER)
    assert status(world, world.mentee_id) == "onboarded"
    with world.acting() as db:
        assert event_names(db).count("ParticipantTakenBackIn") == 1
        form_pair(db, **again, now=LATER)
    assert unchanged_by_replay(world)


def test_whoever_was_only_invited_is_so_again_and_their_proposal_is_over(world: World) -> None:
    with world.acting() as db:
        person = world.another_person(db)
        invited = invite(db, cohort_id=world.cohort_id, person_id=person.id, role=Role.MENTEE, now=LATER).id
        form_pair(db, cohort_id=world.cohort_id, mentor_id=world.mentor_id, mentee_id=invited, now=LATER)
    with world.acting() as db:
        out(db, world, invited)
    assert status(world, invited) == "taken_out"
    assert unchanged_by_replay(world)
    with world.acting() as db:
        assert [pair.status for pair in db.scalars(sa.select(Pair))] == ["ended"]
        take_back_in(db, participant_id=invited, cohort_id=world.cohort_id, now=LATER)
    # Nobody takes part who has not said so.
    assert status(world, invited) == "invited"
    with world.acting() as db:
        refuse_invitation(db, participant_id=invited, reason=None, now=LATER)
        refused("not_taking_part", lambda: out(db, world, invited))


def test_who_has_completed_stays_so_and_is_in_no_further_pair(world: World) -> None:
    apply(world, document(meetings(1)))
    world.pair()
    world.confirm(world.log_session())
    assert status(world, world.mentee_id) == "completed"
    with world.acting() as db:
        out(db, world)
    assert status(world, world.mentee_id) == "completed"
    again = {"cohort_id": world.cohort_id, "mentor_id": world.mentor_id, "mentee_id": world.mentee_id}
    with world.transaction() as db:
        record = db.get_one(CompletionRecord, world.mentee_id)
        assert (record.completion, record.status, record.score) == ("completed", "satisfied", 100)
        refused("was_taken_out", lambda: form_pair(db, **again, now=LATER))
        refused(
            "was_taken_out", lambda: reopen(db, participant_id=world.mentee_id, reason="early", now=LATER)
        )
        assert [line.id for line in overview_of(db, world.cohort_id).taken_out] == [world.mentee_id]
        assert world.mentee_id not in {line.id for line in overview_of(db, world.cohort_id).free_mentees}
    assert unchanged_by_replay(world)
    with world.acting() as db:
        take_back_in(db, participant_id=world.mentee_id, cohort_id=world.cohort_id, now=LATER)
    assert status(world, world.mentee_id) == "completed"


def test_a_rule_that_asks_for_less_completes_them_only_once_they_are_back(world: World) -> None:
    apply(world, document(meetings(2)))
    world.pair()
    world.confirm(world.log_session())
    with world.acting() as db:
        out(db, world)
    apply(world, document(meetings(1)))
    assert (status(world, world.mentee_id), status(world, world.mentor_id)) == ("taken_out", "completed")
    with world.transaction() as db:
        record = db.get_one(CompletionRecord, world.mentee_id)
        assert (record.completion, record.status) == ("open", "withdrawn")
    assert unchanged_by_replay(world)
    with world.acting() as db:
        take_back_in(db, participant_id=world.mentee_id, cohort_id=world.cohort_id, now=LATER)
    assert status(world, world.mentee_id) == "completed"
    assert unchanged_by_replay(world)


def test_a_partner_who_takes_their_no_back_does_not_bring_them_back(world: World) -> None:
    pair = world.proposed()
    with world.acting() as db:
        decline_pair(db, pair_id=pair.id, by=world.mentor_id, reason=None, now=LATER)
        out(db, world)
    with world.acting() as db:
        refused("was_taken_out", lambda: undo_decline(db, pair_id=pair.id, by=world.mentor_id, now=LATER))


def test_whoever_is_put_aside_is_asked_for_no_role_and_can_still_choose_one(world: World) -> None:
    person = world.course.person("Zoé Roux", launched=True)
    theirs = {"person_id": person.id, "cohort_id": world.cohort_id, "now": LATER}
    with world.acting() as db:
        refused(
            "has_role",
            lambda: put_aside(db, person_id=world.mentee(db).person_id, cohort_id=world.cohort_id, now=LATER),
        )
        for _each in range(2):
            put_aside(db, **theirs)
        assert event_names(db).count("PersonPutAside") == 1
        overview = overview_of(db, world.cohort_id)
        assert person.id not in {each.person_id for each in overview.newcomers}
        assert [each.person_id for each in overview.put_aside] == [person.id]
        for _each in range(2):
            take_back(db, **theirs)
        assert event_names(db).count("PersonTakenBack") == 1
        assert person.id in {each.person_id for each in overview_of(db, world.cohort_id).without_role}
        put_aside(db, **theirs)
        join(db, cohort_id=world.cohort_id, person_id=person.id, role=Role.MENTOR, now=LATER)
        overview = overview_of(db, world.cohort_id)
        assert overview.put_aside == ()
        assert person.id in {line.person_id for line in overview.waiting_for_a_pair}
