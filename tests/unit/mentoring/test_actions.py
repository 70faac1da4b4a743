"""What people may do, what they may not, and the fact that each deed leaves."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.mentoring import actions, progress
from lti_tool.mentoring.events import PENDING
from lti_tool.mentoring.models import (
    Cohort,
    CompletionRecord,
    FactRow,
    MentoringSession,
    Pair,
    PairState,
    ParticipantState,
    Role,
    SessionStatus,
)
from lti_tool.people import Course
from tests.world import NOW, World, add_person

LATER = NOW + dt.timedelta(hours=1)
TODAY = NOW.date()


def refused(code: str, deed: Callable[[], object]) -> None:
    with pytest.raises(actions.NotAllowed) as caught:
        deed()
    assert caught.value.code == code


def facts(db: Session) -> list[str]:
    db.flush()
    return [type(fact).__name__ for fact in db.info.get(PENDING, [])]


def log(db: Session, pair: Pair, by: object, **changes: object) -> MentoringSession:
    values = {"held_on": TODAY, "minutes": 45, "format": "coaching", "form_key": uuid.uuid4(), "now": LATER}
    return actions.log_session(db, pair=pair, by=by, **(values | changes))  # type: ignore[arg-type]


def test_the_first_tutor_launch_opens_a_running_cohort_that_lacks_nothing(world: World) -> None:
    with world.database.reading() as db:
        cohort = world.cohort(db)
        assert cohort.state == "running"
        assert actions.missing_for_ready(db, cohort) == []
        assert cohort.kpis
        assert cohort.baseline["items"]


def test_opening_again_returns_the_cohort_that_is_there(world: World) -> None:
    from lti_tool.mentoring.programme_templates import load_template

    with world.database.transaction() as db:
        course = db.get_one(Course, world.course_id)
        again = actions.open_programme(db, course=course, template=load_template("digital-skills"), now=LATER)
        assert again.id == world.cohort_id


def test_joining_twice_in_the_same_role_is_one_enrolment(world: World) -> None:
    with world.database.transaction() as db:
        mentor = world.mentor(db)
        again = actions.join(db, cohort=world.cohort(db), person=mentor.person, role=Role.MENTOR, now=LATER)
        assert again is mentor
        assert facts(db) == []


def test_joining_in_the_other_role_is_refused(world: World) -> None:
    with world.database.transaction() as db:
        mentor = world.mentor(db)
        refused(
            "other_role",
            lambda: actions.join(
                db, cohort=world.cohort(db), person=mentor.person, role=Role.MENTEE, now=LATER
            ),
        )


def test_a_role_chosen_by_mistake_can_be_changed_before_pairing_only(world: World) -> None:
    with world.database.transaction() as db:
        mentor = world.mentor(db)
        actions.change_role(db, participant=mentor, role=Role.MENTEE, now=LATER)
        actions.change_role(db, participant=mentor, role=Role.MENTOR, now=LATER)
        world.pair(db, signed=False)
        refused(
            "already_paired", lambda: actions.change_role(db, participant=mentor, role=Role.MENTEE, now=LATER)
        )


def test_two_mentees_do_not_make_a_pair(world: World) -> None:
    with world.database.transaction() as db:
        mentee = world.mentee(db)
        course = db.get_one(Course, world.course_id)
        other = actions.join(
            db,
            cohort=world.cohort(db),
            person=add_person(db, world.registration_id, course, "Anne Roy"),
            role=Role.MENTEE,
            now=NOW,
        )
        refused(
            "wrong_roles",
            lambda: actions.form_pair(db, cohort=world.cohort(db), mentor=other, mentee=mentee, now=LATER),
        )


def test_a_pair_is_formed_once(world: World) -> None:
    with world.database.transaction() as db:
        world.pair(db, signed=False)
        refused("already_together", lambda: world.pair(db, signed=False))


def test_a_mentor_takes_no_more_mentees_than_their_capacity(world: World) -> None:
    with world.database.transaction() as db:
        world.pair(db, signed=False)
        course = db.get_one(Course, world.course_id)
        person = add_person(db, world.registration_id, course, "Anne Roy")
        second = actions.join(db, cohort=world.cohort(db), person=person, role=Role.MENTEE, now=NOW)
        refused(
            "mentor_full",
            lambda: actions.form_pair(
                db, cohort=world.cohort(db), mentor=world.mentor(db), mentee=second, now=LATER
            ),
        )


def test_the_second_signature_makes_the_pair_active(world: World) -> None:
    with world.database.transaction() as db:
        pair = world.pair(db, signed=False)
        actions.sign_agreement(db, pair=pair, by=world.mentee(db), now=LATER)
        assert pair.state == PairState.PROPOSED
        actions.sign_agreement(db, pair=pair, by=world.mentor(db), now=LATER)
        assert pair.state == PairState.ACTIVE
        assert world.mentor(db).state == ParticipantState.ACTIVE


def test_a_stranger_signs_nothing(world: World) -> None:
    with world.database.transaction() as db:
        pair = world.pair(db, signed=False)
        course = db.get_one(Course, world.course_id)
        person = add_person(db, world.registration_id, course, "Anne Roy")
        stranger = actions.join(db, cohort=world.cohort(db), person=person, role=Role.MENTEE, now=NOW)
        refused("not_in_pair", lambda: actions.sign_agreement(db, pair=pair, by=stranger, now=LATER))


def test_no_session_is_logged_before_the_agreement(world: World) -> None:
    with world.database.transaction() as db:
        pair = world.pair(db, signed=False)
        refused("agreement_first", lambda: log(db, pair, world.mentor(db)))


def test_a_double_tap_logs_one_session(world: World) -> None:
    with world.database.transaction() as db:
        pair = world.pair(db)
        key = uuid.uuid4()
        first = log(db, pair, world.mentor(db), form_key=key)
        second = log(db, pair, world.mentor(db), form_key=key)
        assert first is second
        assert facts(db).count("SessionLogged") == 1


def test_a_session_cannot_be_logged_for_the_day_after_tomorrow(world: World) -> None:
    with world.database.transaction() as db:
        pair = world.pair(db)
        refused(
            "in_the_future", lambda: log(db, pair, world.mentor(db), held_on=TODAY + dt.timedelta(days=2))
        )


def test_a_session_of_today_did_not_start_in_the_future(world: World) -> None:
    with world.database.transaction() as db:
        session = log(db, world.pair(db), world.mentor(db))
        assert session.started_at <= LATER


def test_the_logger_does_not_confirm_their_own_session(world: World) -> None:
    with world.database.transaction() as db:
        session = log(db, world.pair(db), world.mentor(db))
        refused(
            "own_session",
            lambda: actions.confirm_session(db, session=session, by=world.mentor(db), now=LATER),
        )


def test_the_partner_confirms_once(world: World) -> None:
    with world.database.transaction() as db:
        session = log(db, world.pair(db), world.mentor(db))
        for _ in range(2):
            actions.confirm_session(db, session=session, by=world.mentee(db), now=LATER)
        assert session.status == SessionStatus.CONFIRMED
        assert facts(db).count("SessionConfirmed") == 1


def test_a_disputed_session_is_corrected_and_asked_again(world: World) -> None:
    with world.database.transaction() as db:
        session = log(db, world.pair(db), world.mentor(db))
        actions.dispute_session(db, session=session, by=world.mentee(db), reason="wrong-length", now=LATER)
        actions.correct_session(
            db, session=session, by=world.mentor(db), held_on=TODAY, minutes=30, format="coaching", now=LATER
        )
        assert (session.status, session.minutes, session.revision) == (SessionStatus.HELD, 30, 1)


def test_a_withdrawn_session_cannot_be_confirmed(world: World) -> None:
    with world.database.transaction() as db:
        session = log(db, world.pair(db), world.mentor(db))
        actions.withdraw_session(db, session=session, by=world.mentor(db), now=LATER)
        refused(
            "not_waiting",
            lambda: actions.confirm_session(db, session=session, by=world.mentee(db), now=LATER),
        )


def test_only_the_logger_withdraws(world: World) -> None:
    with world.database.transaction() as db:
        session = log(db, world.pair(db), world.mentor(db))
        refused(
            "not_own_session",
            lambda: actions.withdraw_session(db, session=session, by=world.mentee(db), now=LATER),
        )


@pytest.mark.parametrize(
    ("direction", "learner", "helper"), [("mentee", "mentee", "mentor"), ("mentor", "mentor", "mentee")]
)
def test_an_objective_is_claimed_by_who_learns_and_reached_by_the_partners_word(
    world: World, direction: str, learner: str, helper: str
) -> None:
    with world.database.transaction() as db:
        pair = world.pair(db)
        people = {"mentor": world.mentor(db), "mentee": world.mentee(db)}
        objective = actions.agree_objective(
            db,
            pair=pair,
            by=people[helper],
            title="Write good prompts",
            direction=direction,
            tag="skills",
            required=True,
            now=LATER,
        )
        refused(
            "not_your_objective",
            lambda: actions.claim_objective(db, objective=objective, by=people[helper], now=LATER),
        )
        actions.claim_objective(db, objective=objective, by=people[learner], now=LATER)
        refused(
            "own_objective",
            lambda: actions.confirm_objective(db, objective=objective, by=people[learner], now=LATER),
        )
        actions.confirm_objective(db, objective=objective, by=people[helper], now=LATER)
        assert (objective.status, objective.evidence) == ("reached", "partner")


def test_a_reached_objective_is_not_dropped(world: World) -> None:
    with world.database.transaction() as db:
        pair = world.pair(db)
        objective = actions.agree_objective(
            db,
            pair=pair,
            by=world.mentor(db),
            title="A",
            direction="mentee",
            tag="skills",
            required=True,
            now=LATER,
        )
        actions.confirm_objective(db, objective=objective, by=world.mentor(db), now=LATER)
        refused(
            "objective_over",
            lambda: actions.drop_objective(db, objective=objective, by=world.mentor(db), now=LATER),
        )


def test_each_fact_moves_the_cohorts_revision(world: World) -> None:
    def revision(db: Session) -> int:
        return db.scalars(sa.select(Cohort.revision)).one()

    with world.database.transaction() as db:
        before = revision(db)
        world.pair(db, signed=False)
        assert revision(db) == before + 1


def test_each_fact_leaves_a_row(world: World) -> None:
    with world.database.transaction() as db:
        log(db, world.pair(db), world.mentor(db))
    with world.database.reading() as db:
        kinds = db.scalars(sa.select(FactRow.kind).order_by(FactRow.at)).all()
    assert kinds.count("ProgrammeJoined") == 2
    assert kinds.count("SessionLogged") == 1


def completed(world: World, db: Session) -> None:
    session = log(db, world.pair(db), world.mentor(db))
    actions.confirm_session(db, session=session, by=world.mentee(db), now=LATER)
    progress.refresh(db, [world.mentor_id, world.mentee_id], LATER)


def test_the_agreement_and_a_confirmed_session_complete_both(world: World) -> None:
    with world.database.transaction() as db:
        completed(world, db)
        for who in (world.mentor_id, world.mentee_id):
            record = db.get_one(CompletionRecord, who)
            assert (record.score, record.standing, record.completion) == (100, "satisfied", "completed")
        assert facts(db).count("ProgrammeCompleted") == 2


def test_completing_is_told_once(world: World) -> None:
    with world.database.transaction() as db:
        completed(world, db)
        assert progress.refresh(db, [world.mentor_id, world.mentee_id], LATER) == []
        assert facts(db).count("ProgrammeCompleted") == 2


def test_withdrawing_the_session_later_leaves_the_completion(world: World) -> None:
    with world.database.transaction() as db:
        completed(world, db)
        session = db.scalars(sa.select(MentoringSession)).one()
        actions.withdraw_session(db, session=session, by=world.mentor(db), now=LATER)
        assert progress.refresh(db, [world.mentor_id, world.mentee_id], LATER) == []
        assert db.get_one(CompletionRecord, world.mentor_id).score == 100


def test_a_tutor_reopens_with_a_reason_only(world: World) -> None:
    with world.database.transaction() as db:
        completed(world, db)
        mentor = world.mentor(db)
        refused("reason_needed", lambda: actions.reopen(db, participant=mentor, reason=" ", now=LATER))
        actions.reopen(db, participant=mentor, reason="The session was another pair's", now=LATER)
        (change,) = progress.refresh(db, [world.mentor_id], LATER)
        assert change.score == 99


def test_what_is_not_completed_cannot_be_reopened(world: World) -> None:
    with world.database.transaction() as db:
        refused(
            "not_completed",
            lambda: actions.reopen(db, participant=world.mentor(db), reason="why not", now=LATER),
        )


def test_a_refused_deed_leaves_no_trace(world: World) -> None:
    def deed() -> None:
        with world.database.transaction() as db:
            log(db, world.pair(db), world.mentor(db), held_on=TODAY + dt.timedelta(days=9))

    refused("in_the_future", deed)
    with world.database.reading() as db:
        assert db.scalars(sa.select(Pair)).all() == []
