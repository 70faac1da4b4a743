"""One commit: a fact, its statements and its scores; and what each fact tells."""

import datetime as dt
import json
import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from lti_tool import recording
from lti_tool.database import utcnow
from lti_tool.lti.models import Registration, ResourceLink, ScoreTrail
from lti_tool.mentoring import actions
from lti_tool.mentoring.models import FactRow, MentoringSession, Objective, Pair, Participant, Role
from lti_tool.outbox import Delivery, DeliveryKind, StatementTrail
from lti_tool.people import Course, Membership, Person
from lti_tool.tool import Tool
from tests.world import World

SCORE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
LINE_ITEM = "https://lms.example/lineitems/1/lineitem?type_id=1"


def bodies(tool: Tool, kind: DeliveryKind) -> list[dict[str, Any]]:
    """What was enqueued of one kind, in order, but for scores that others replaced."""
    with tool.database.reading() as db:
        rows = db.scalars(sa.select(Delivery).where(Delivery.kind == kind.value).order_by(Delivery.id))
        return [json.loads(row.body) for row in rows if row.status != "superseded"]


def told(tool: Tool) -> list[dict[str, Any]]:
    return bodies(tool, DeliveryKind.STATEMENT)


def verbs(tool: Tool) -> list[str]:
    return [statement["verb"]["display"]["en"] for statement in told(tool)]


def scores(tool: Tool) -> list[dict[str, Any]]:
    return bodies(tool, DeliveryKind.SCORE)


def actor_of(world: World, participant_id: uuid.UUID) -> str:
    with world.database.reading() as db:
        return str(
            db.scalars(
                sa.select(Person.pseudonym)
                .join(Participant, Participant.person_id == Person.id)
                .where(Participant.id == participant_id)
            ).one()
        )


def grade_column(tool: Tool, world: World, url: str = LINE_ITEM, scopes: list[str] | None = None) -> None:
    """Let the course have an activity that accepts grades."""
    with tool.database.transaction() as db:
        db.add(
            ResourceLink(
                course_id=world.course_id,
                resource_link_id=url[:40],
                line_item_url=url,
                scopes=[SCORE] if scopes is None else scopes,
            )
        )


@pytest.fixture
def pair(tool: Tool, world: World) -> uuid.UUID:
    """A pair that has signed, told to nobody."""
    with world.database.transaction() as db:
        return world.pair(db, now=utcnow()).id


def log(tool: Tool, world: World) -> uuid.UUID:
    """The mentor logs a session of 45 minutes."""
    with recording.transaction(tool) as db:
        mentor = world.mentor(db)
        [pair] = db.scalars(sa.select(Pair))
        return actions.log_session(
            db,
            pair=pair,
            by=mentor,
            held_on=utcnow().date(),
            minutes=45,
            format="video",
            form_key=uuid.uuid4(),
            now=utcnow(),
        ).id


def confirm(tool: Tool, world: World, session_id: uuid.UUID) -> None:
    with recording.transaction(tool) as db:
        session = db.get_one(MentoringSession, session_id)
        actions.confirm_session(db, session=session, by=world.mentee(db), now=utcnow())


def dispute(tool: Tool, world: World, session_id: uuid.UUID) -> None:
    with recording.transaction(tool) as db:
        session = db.get_one(MentoringSession, session_id)
        actions.dispute_session(db, session=session, by=world.mentee(db), reason="did-not-meet", now=utcnow())


def correct(tool: Tool, world: World, session_id: uuid.UUID) -> None:
    """The mentor says that it was 30 minutes."""
    with recording.transaction(tool) as db:
        session = db.get_one(MentoringSession, session_id)
        actions.correct_session(
            db,
            session=session,
            by=world.mentor(db),
            held_on=session.held_on,
            minutes=30,
            format="video",
            now=utcnow(),
        )


def test_a_logged_session_is_told_of_both(tool, world, pair):
    log(tool, world)
    actors = [statement["actor"]["account"]["name"] for statement in told(tool)]
    assert actors == [actor_of(world, world.mentor_id), actor_of(world, world.mentee_id)]


def test_the_fact_and_its_statements_commit_together(tool, world, pair):
    log(tool, world)
    with tool.database.reading() as db:
        assert db.scalar(sa.select(FactRow.kind).where(FactRow.kind == "SessionLogged")) == "SessionLogged"
    assert verbs(tool) == ["attended", "attended"]


def test_what_fails_leaves_neither_fact_nor_statement(tool, world, pair):
    def log_and_fail() -> None:
        with recording.transaction(tool) as db:
            mentor = world.mentor(db)
            [found] = db.scalars(sa.select(Pair))
            actions.log_session(
                db,
                pair=found,
                by=mentor,
                held_on=utcnow().date(),
                minutes=45,
                format="video",
                form_key=uuid.uuid4(),
                now=utcnow(),
            )
            raise RuntimeError

    with pytest.raises(RuntimeError):
        log_and_fail()
    with tool.database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).where(FactRow.kind == "SessionLogged")) == 0
    assert told(tool) == []


def test_the_worker_in_this_process_is_woken(tool, world, pair):
    log(tool, world)
    assert tool.wake.is_set()


def test_a_transaction_without_facts_wakes_nobody(tool, world):
    with recording.transaction(tool) as db:
        db.get_one(Course, world.course_id).title = "Renamed"
    assert not tool.wake.is_set()


def test_joining_is_told_in_the_enrolments_own_registration(tool, world):
    with recording.transaction(tool) as db:
        person = Person(registration_id=world.registration_id, subject="new")
        db.add(person)
        db.flush()
        joined = actions.join(db, cohort=world.cohort(db), person=person, role=Role.MENTEE, now=utcnow()).id
    [statement] = told(tool)
    assert (verbs(tool), statement["context"]["registration"]) == (["registered"], str(joined))


def test_a_role_chosen_by_mistake_is_voided_and_told_anew(tool, world):
    with recording.transaction(tool) as db:
        person = Person(registration_id=world.registration_id, subject="new")
        db.add(person)
        db.flush()
        joined = actions.join(db, cohort=world.cohort(db), person=person, role=Role.MENTEE, now=utcnow())
        actions.change_role(db, participant=joined, role=Role.MENTOR, now=utcnow())
    assert verbs(tool) == ["registered", "voided", "registered"]


def test_a_pair_is_told_of_both(tool, world):
    with recording.transaction(tool) as db:
        pair_id = world.pair(db, now=utcnow(), signed=False).id
    assert [(s["verb"]["display"]["en"], s["context"]["registration"]) for s in told(tool)] == [
        ("joined", str(pair_id))
    ] * 2


def test_a_confirmation_points_to_the_loggers_own_statement(tool, world, pair):
    confirm(tool, world, log(tool, world))
    held, _, confirmed = told(tool)[:3]
    assert confirmed["context"]["statement"]["id"] == held["id"]


def test_a_dispute_voids_both_attended_statements(tool, world, pair):
    session_id = log(tool, world)
    dispute(tool, world, session_id)
    statements = told(tool)
    voided = {s["object"]["id"] for s in statements if s["verb"]["display"]["en"] == "voided"}
    assert voided == {s["id"] for s in statements[:2]}


def test_a_correction_voids_what_was_told_and_tells_the_right_session(tool, world, pair):
    correct(tool, world, log(tool, world))
    assert verbs(tool) == ["attended"] * 2 + ["voided"] * 2 + ["attended"] * 2


def test_a_correction_voids_the_confirmation_too(tool, world, pair):
    session_id = log(tool, world)
    confirm(tool, world, session_id)
    correct(tool, world, session_id)
    [confirmed] = [s["id"] for s in told(tool) if s["verb"]["display"]["en"] == "confirmed"]
    assert confirmed in {s["object"].get("id") for s in told(tool) if s["verb"]["display"]["en"] == "voided"}


def test_a_corrected_session_is_told_with_its_new_length(tool, world, pair):
    correct(tool, world, log(tool, world))
    assert [told(tool)[-1]["result"]["duration"], told(tool)[0]["result"]["duration"]] == ["PT30M", "PT45M"]


def test_a_disputed_session_that_is_withdrawn_is_voided_once(tool, world, pair):
    session_id = log(tool, world)
    dispute(tool, world, session_id)
    with recording.transaction(tool) as db:
        session = db.get_one(MentoringSession, session_id)
        actions.withdraw_session(db, session=session, by=world.mentor(db), now=utcnow())
    assert verbs(tool) == ["attended"] * 2 + ["voided"] * 2


def test_completion_is_told_of_each_with_the_time_spent(tool, world, pair):
    confirm(tool, world, log(tool, world))
    completed = [s for s in told(tool) if s["verb"]["display"]["en"] == "completed"]
    assert [s["result"]["duration"] for s in completed] == ["PT45M"] * 2


def test_an_objective_is_told_by_the_one_who_learns(tool, world, pair):
    with recording.transaction(tool) as db:
        [found] = db.scalars(sa.select(Pair))
        actions.agree_objective(
            db,
            pair=found,
            by=world.mentor(db),
            direction=Role.MENTEE,
            title="Spreadsheets",
            tag="skills",
            required=True,
            now=utcnow(),
        )
    [statement] = told(tool)
    assert statement["actor"]["account"]["name"] == actor_of(world, world.mentee_id)


def test_no_word_that_a_person_wrote_is_told(tool, world, pair):
    with recording.transaction(tool) as db:
        [found] = db.scalars(sa.select(Pair))
        actions.agree_objective(
            db,
            pair=found,
            by=world.mentor(db),
            direction=Role.MENTEE,
            title="My secret",
            tag="skills",
            required=True,
            now=utcnow(),
        )
        assert db.scalars(sa.select(Objective.title)).one() == "My secret"
    assert "My secret" not in json.dumps(told(tool))


def test_timestamps_of_one_registration_rise_strictly(tool, world, pair):
    session_id = log(tool, world)
    dispute(tool, world, session_id)
    moments = [statement["timestamp"] for statement in told(tool)]
    assert moments == sorted(set(moments))


def test_a_clock_set_back_stops_nobody(tool, world, pair):
    log(tool, world)
    with tool.database.transaction() as db:
        db.execute(sa.update(StatementTrail).values(last_timestamp=utcnow() + dt.timedelta(hours=1)))
    log(tool, world)
    moments = [statement["timestamp"] for statement in told(tool)]
    assert moments == sorted(set(moments))


def test_the_course_has_an_iri_under_its_issuer(tool, world, pair):
    log(tool, world)
    grouping = told(tool)[0]["context"]["contextActivities"]["grouping"]
    assert "https://lms.example/lti/deployments/1/contexts/course-7" in {
        activity["id"] for activity in grouping
    }


def test_completion_reports_a_full_score_for_both(tool, world, pair):
    grade_column(tool, world)
    confirm(tool, world, log(tool, world))
    assert [(s["scoreGiven"], s["gradingProgress"]) for s in scores(tool)] == [(100, "FullyGraded")] * 2


def test_every_coupled_line_item_is_told(tool, world, pair):
    grade_column(tool, world)
    grade_column(tool, world, "https://lms.example/lineitems/2/lineitem")
    confirm(tool, world, log(tool, world))
    assert len(scores(tool)) == 4


def test_progress_replaces_what_still_waits(tool, world, pair):
    grade_column(tool, world)
    log(tool, world)
    session_id = log(tool, world)
    confirm(tool, world, session_id)
    assert [s["activityProgress"] for s in scores(tool)] == ["Completed"] * 2


def test_what_did_not_change_is_not_reported_again(tool, world, pair):
    grade_column(tool, world)
    log(tool, world)
    before = len(scores(tool))
    log(tool, world)
    assert len(scores(tool)) == before


def test_a_state_after_the_grade_is_never_reported(tool, world, pair):
    grade_column(tool, world)
    session_id = log(tool, world)
    confirm(tool, world, session_id)
    with recording.transaction(tool) as db:
        actions.reopen(db, participant=world.mentee(db), reason="An error", now=utcnow())
    assert [s["gradingProgress"] for s in scores(tool)] == ["FullyGraded"] * 2


def test_a_reopened_journey_has_its_completion_voided(tool, world, pair):
    confirm(tool, world, log(tool, world))
    with recording.transaction(tool) as db:
        actions.reopen(db, participant=world.mentee(db), reason="An error", now=utcnow())
    [voided] = [s for s in told(tool) if s["verb"]["display"]["en"] == "voided"]
    completed = {s["id"]: s for s in told(tool) if s["verb"]["display"]["en"] == "completed"}
    assert completed[voided["object"]["id"]]["actor"]["account"]["name"] == actor_of(world, world.mentee_id)


def test_a_tutor_who_takes_part_has_no_grade(tool, world, pair):
    grade_column(tool, world)
    with tool.database.transaction() as db:
        mentor = world.mentor(db)
        db.execute(sa.update(Membership).where(Membership.person_id == mentor.person_id).values(role="tutor"))
    confirm(tool, world, log(tool, world))
    assert [s["userId"] for s in scores(tool)] == ["Paul Moreau"]


def test_a_line_item_without_the_right_to_score_is_left_alone(tool, world, pair):
    grade_column(tool, world, scopes=[])
    confirm(tool, world, log(tool, world))
    assert scores(tool) == []


def test_a_line_item_known_only_later_is_caught_up_with(tool, world, pair):
    confirm(tool, world, log(tool, world))
    grade_column(tool, world)
    with recording.transaction(tool) as db:
        recording.catch_up(db, world.course_id)
    assert [s["scoreGiven"] for s in scores(tool)] == [100, 100]


def test_catching_up_twice_reports_once(tool, world, pair):
    confirm(tool, world, log(tool, world))
    grade_column(tool, world)
    with recording.transaction(tool) as db:
        recording.catch_up(db, world.course_id)
    with recording.transaction(tool) as db:
        assert recording.catch_up(db, world.course_id) == 0


def test_what_another_platform_recorded_for_the_same_address_holds_nothing_back(tool, world, pair):
    """Anybody can launch with the line item's address of somebody else."""
    confirm(tool, world, log(tool, world))
    with tool.database.transaction() as db:
        other = Registration(
            issuer="https://other.example",
            client_id="other",
            auth_login_url="https://other.example/auth",
            auth_token_url="https://other.example/token",
            jwks_url="https://other.example/jwks",
        )
        db.add(other)
        db.flush()
        stranger = Person(id=uuid.uuid4(), registration_id=other.id, subject="stranger")
        db.add(stranger)
        db.flush()
        db.add(
            ScoreTrail(
                line_item_url=LINE_ITEM, person_id=stranger.id, standing="onboarded", last_timestamp=utcnow()
            )
        )
    grade_column(tool, world)
    with recording.transaction(tool) as db:
        assert recording.catch_up(db, world.course_id) == 2


def test_catching_up_wakes_the_worker(tool, world, pair):
    confirm(tool, world, log(tool, world))
    grade_column(tool, world)
    tool.wake.clear()
    with recording.transaction(tool) as db:
        recording.catch_up(db, world.course_id)
    assert tool.wake.is_set()


def test_the_trail_remembers_the_latest_score(tool, world, pair):
    grade_column(tool, world)
    confirm(tool, world, log(tool, world))
    with tool.database.reading() as db:
        trails = db.scalars(sa.select(ScoreTrail)).all()
    assert [(trail.score, trail.graded) for trail in trails] == [(100, True)] * 2
