"""One commit: an event and its statements; and which statements each event makes."""

import datetime as dt
import json
import re
import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.events.models import EventRow
from lti_tool.identity.models import Course, Person
from lti_tool.mentoring.enrolment.actions import change_role, invite, join
from lti_tool.mentoring.feedback.actions import give_feedback
from lti_tool.mentoring.objectives.actions import (
    agree_to_objective,
    claim_objective,
    edit_objective,
    propose_objective,
    undo_step,
    withdraw_objective,
)
from lti_tool.mentoring.objectives.models import Objective
from lti_tool.mentoring.objectives.refusals import decline_objective, dispute_claim
from lti_tool.mentoring.pairs.actions import undo_acceptance
from lti_tool.mentoring.pairs.models import TimelineEntry
from lti_tool.mentoring.programmes.template import load_template
from lti_tool.mentoring.reflections.actions import remove_reflection, write_reflection
from lti_tool.mentoring.roles import Role
from lti_tool.mentoring.sessions.actions import (
    accept_proposal,
    correct_session,
    dispute_session,
    undo_answer,
    withdraw_session,
)
from lti_tool.messaging.statement_log import EmittedStatement, StatementTrail
from tests.enqueued import actor_of, statements, verbs
from xapi import vocabulary


def test_a_logged_session_makes_a_statement_about_each(services, world, pair):
    world.log_session()
    actors = [statement["actor"]["account"]["name"] for statement in statements(services)]
    assert actors == [actor_of(world, world.mentor_id), actor_of(world, world.mentee_id)]


def test_the_event_and_its_statements_commit_together(services, world, pair):
    world.log_session()
    with services.database.reading() as db:
        assert db.scalar(sa.select(EventRow.kind).where(EventRow.kind == "SessionLogged")) == "SessionLogged"
    assert verbs(services) == ["attended", "attended"]


def test_what_fails_leaves_neither_event_nor_statement(services, world, pair):
    def log_and_fail() -> None:
        with world.acting():
            world.log_session()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        log_and_fail()
    with services.database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).where(EventRow.kind == "SessionLogged")) == 0
    assert statements(services) == []


def test_the_worker_in_this_process_is_woken(services, world, pair):
    world.log_session()
    assert services.wake.is_set()


def test_a_transaction_without_events_wakes_nobody(services, world):
    with world.acting() as db:
        db.get_one(Course, world.course_id).title = "Renamed"
    assert not services.wake.is_set()


def test_joining_has_the_enrolments_own_registration(services, world):
    with world.acting() as db:
        person = world.another_person(db)
        joined = join(db, cohort_id=world.cohort_id, person_id=person.id, role=Role.MENTEE, now=utcnow()).id
    [statement] = statements(services)
    assert (verbs(services), statement["context"]["registration"]) == (["registered"], str(joined))


def test_a_role_chosen_by_mistake_is_voided_and_stated_again(services, world):
    with world.acting() as db:
        person = world.another_person(db)
        joined = join(db, cohort_id=world.cohort_id, person_id=person.id, role=Role.MENTEE, now=utcnow())
        change_role(db, participant_id=joined.id, role=Role.MENTOR, now=utcnow())
    assert verbs(services) == ["registered", "voided", "registered"]


def test_a_pair_makes_a_statement_about_each(services, world):
    pair_id = world.pair(signed=False).id
    assert [(s["verb"]["display"]["en"], s["context"]["registration"]) for s in statements(services)] == [
        ("joined", str(pair_id))
    ] * 2


def test_a_pair_that_one_has_accepted_or_declined_makes_none(services, world):
    pair = world.proposed()
    pair.accept(pair.mentor)
    pair.decline(pair.mentee)
    assert statements(services) == []


def test_an_acceptance_taken_back_voids_the_pair_s_statements_and_the_next_have_new_ids(services, world):
    pair = world.pair(signed=False)
    with world.acting() as db:
        undo_acceptance(db, pair_id=pair.id, by=pair.mentee.id, now=world.build.now)
    pair.accept(pair.mentee)
    made = statements(services)
    assert verbs(services) == ["joined"] * 2 + ["voided"] * 2 + ["joined"] * 2
    assert len({statement["id"] for statement in made}) == len(made)


def test_a_pair_that_ends_early_is_left_by_both_for_a_coded_reason(services, world):
    world.pair(signed=False).end("match")
    left = statements(services)[2:]
    reasons = [list(statement["result"]["extensions"].values()) for statement in left]
    assert (verbs(services)[2:], reasons) == (["left"] * 2, [["match"]] * 2)


def test_a_pair_that_ends_before_both_accepted_makes_none(services, world):
    world.proposed().end()
    assert statements(services) == []


def test_a_confirmation_points_to_the_loggers_own_statement(services, world, pair):
    world.confirm(world.log_session())
    held, _, confirmed = statements(services)[:3]
    assert confirmed["context"]["statement"]["id"] == held["id"]


def test_a_dispute_voids_both_attended_statements(services, world, pair):
    session_id = world.log_session()
    world.dispute(session_id)
    made = statements(services)
    voided = {s["object"]["id"] for s in made if s["verb"]["display"]["en"] == "voided"}
    assert voided == {s["id"] for s in made[:2]}


def test_a_correction_voids_the_statements_and_states_the_right_session(services, world, pair):
    world.correct(world.log_session())
    assert verbs(services) == ["attended"] * 2 + ["voided"] * 2 + ["attended"] * 2


def test_a_correction_voids_the_confirmation_too(services, world, pair):
    session_id = world.log_session()
    world.confirm(session_id)
    world.correct(session_id)
    [confirmed] = [s["id"] for s in statements(services) if s["verb"]["display"]["en"] == "confirmed"]
    assert confirmed in {
        s["object"].get("id") for s in statements(services) if s["verb"]["display"]["en"] == "voided"
    }


def test_a_corrected_session_is_stated_with_its_new_length(services, world, pair):
    world.correct(world.log_session())
    assert [
        statements(services)[-1]["result"]["duration"],
        statements(services)[0]["result"]["duration"],
    ] == ["PT30M", "PT45M"]


def reporters(services: Services) -> list[str]:
    """Who reported the session, by each attended statement."""
    return [
        statement["context"]["extensions"][vocabulary.EXT_REPORTED_BY]
        for statement in statements(services)
        if statement["verb"]["id"] == vocabulary.ATTENDED.iri
    ]


def test_both_attended_statements_say_who_logged_the_session(services, world, pair):
    world.log_session()
    assert reporters(services) == ["mentor", "mentor"]


def test_whoever_corrects_a_session_reports_it(services, world, pair):
    session_id = world.log_session()
    with world.acting() as db:
        correct_session(
            db,
            session_id=session_id,
            by=world.mentee_id,
            held_on=utcnow().date(),
            minutes=20,
            format="audio",
            now=utcnow(),
        )
    assert reporters(services) == ["mentor", "mentor", "mentee", "mentee"]


def test_a_disputed_session_that_is_withdrawn_is_voided_once(services, world, pair):
    session_id = world.log_session()
    world.dispute(session_id)
    with world.acting() as db:
        withdraw_session(db, session_id=session_id, by=world.mentor_id, now=utcnow())
    assert verbs(services) == ["attended"] * 2 + ["voided"] * 2


def test_completion_is_stated_of_each_with_the_time_spent(services, world, pair):
    world.confirm(world.log_session())
    completed = [s for s in statements(services) if s["verb"]["display"]["en"] == "completed"]
    assert [s["result"]["duration"] for s in completed] == ["PT45M"] * 2


def test_the_actor_of_an_objective_is_the_one_who_learns(services, world, pair):
    world.agree("Spreadsheets")
    [statement] = statements(services)
    assert statement["actor"]["account"]["name"] == actor_of(world, world.mentee_id)


def test_no_word_that_a_person_wrote_is_in_a_statement(services, world, pair):
    world.agree("My secret")
    with services.database.reading() as db:
        assert db.scalars(sa.select(Objective.title)).one() == "My secret"
    assert "My secret" not in json.dumps(statements(services))


def test_timestamps_of_one_registration_rise_strictly(services, world, pair):
    session_id = world.log_session()
    world.dispute(session_id)
    moments = [statement["timestamp"] for statement in statements(services)]
    assert moments == sorted(set(moments))


def test_statements_are_ordered_when_the_clock_is_set_back(services, world, pair):
    world.log_session()
    with services.database.transaction() as db:
        db.execute(sa.update(StatementTrail).values(last_timestamp=utcnow() + dt.timedelta(hours=1)))
    world.log_session()
    moments = [statement["timestamp"] for statement in statements(services)]
    assert moments == sorted(set(moments))


def test_the_course_has_an_iri_under_its_issuer(services, world, pair):
    world.log_session()
    grouping = statements(services)[0]["context"]["contextActivities"]["grouping"]
    assert "https://lms.example/lti/deployments/1/contexts/course-7" in {
        activity["id"] for activity in grouping
    }


def group_names(statement: dict[str, Any]) -> list[dict[str, str] | None]:
    """The names of course, programme and cohort."""
    groups = statement["context"]["contextActivities"]["grouping"]
    return [group["definition"].get("name") for group in groups]


def test_course_programme_and_cohort_are_named(services, world, pair):
    world.log_session()
    title = load_template("demo").document()["title"]
    assert group_names(statements(services)[0]) == [
        {"und": "Digital cultures"},
        title,
        {"en": f"{title['en']}, from 2026-11-12", "fr": f"{title['fr']}, à partir du 2026-11-12"},
    ]


@pytest.mark.parametrize(("title", "name"), [("Renamed", {"und": "Renamed"}), ("", None), (None, None)])
def test_a_statement_has_the_course_s_title_of_its_moment(services, world, pair, title, name):
    world.log_session()
    with world.acting() as db:
        db.get_one(Course, world.course_id).title = title
    world.log_session()
    assert [group_names(each)[0] for each in statements(services)[::2]] == [{"und": "Digital cultures"}, name]


def test_a_reopened_completion_is_voided(services, world, pair):
    world.confirm(world.log_session())
    world.built_mentee.reopen("An error")
    [voided] = [s for s in statements(services) if s["verb"]["display"]["en"] == "voided"]
    completed = {s["id"]: s for s in statements(services) if s["verb"]["display"]["en"] == "completed"}
    assert completed[voided["object"]["id"]]["actor"]["account"]["name"] == actor_of(world, world.mentee_id)


def test_who_was_registered_under_another_id_is_not_registered_again(services, world):
    """The first version did so when a tutor paired somebody, perhaps at another address."""
    with world.acting() as db:
        person = world.another_person(db)
        invited = invite(db, cohort_id=world.cohort_id, person_id=person.id, role=Role.MENTEE, now=utcnow())
        db.add(
            EmittedStatement(
                statement_id=uuid.uuid4(),
                xapi_registration=invited.id,
                subject_id=invited.id,
                verb=vocabulary.REGISTERED.iri,
                revision=0,
                actor=str(db.get_one(Person, person.id).pseudonym),
            )
        )
    with world.acting() as db:
        join(db, cohort_id=world.cohort_id, person_id=person.id, role=Role.MENTEE, now=utcnow())
    assert verbs(services) == []


def test_a_confirmation_points_to_the_attended_statement_that_was_written(services, world, pair):
    session_id, written = world.log_session(), uuid.uuid4()
    with services.database.transaction() as db:
        db.execute(
            sa.update(EmittedStatement)
            .where(EmittedStatement.actor == actor_of(world, world.mentor_id))
            .values(statement_id=written)
        )
    world.confirm(session_id)
    [confirmation] = [each for each in statements(services) if each["verb"]["display"]["en"] == "confirmed"]
    assert confirmation["context"]["statement"]["id"] == str(written)


def test_an_undone_confirmation_is_voided_and_the_next_points_to_the_same_session_held(services, world):
    """In a programme of six meetings: the one that completes a programme is not undone."""
    session = world.build.cohort("digital-skills").pair().session(confirmed=True)
    with world.acting() as db:
        undo_answer(db, session_id=session.id, by=session.pair.mentee.id, now=world.build.now)
    session.confirm()
    said = [
        s for s in statements(services) if s["verb"]["display"]["en"] in ("attended", "confirmed", "voided")
    ]
    kinds = [s["verb"]["display"]["en"] for s in said]
    assert kinds == ["attended", "attended", "confirmed", "voided", "confirmed"]
    assert said[3]["object"]["id"] == said[2]["id"]
    assert said[4]["context"]["statement"]["id"] == said[0]["id"]


def test_an_undone_dispute_states_the_session_again_on_its_logger_s_word(services, world, pair):
    session_id = world.log_session()
    world.dispute(session_id)
    with world.acting() as db:
        undo_answer(db, session_id=session_id, by=world.mentee_id, now=world.build.now)
    again = [s for s in statements(services) if s["verb"]["display"]["en"] == "attended"][2:]
    reported = {s["context"]["extensions"][vocabulary.EXT_REPORTED_BY] for s in again}
    assert (len(again), reported) == (2, {"mentor"})


def test_an_accepted_proposal_is_confirmed_by_who_proposed_it(services, world, pair):
    session_id = world.log_session()
    with world.acting() as db:
        dispute_session(
            db, session_id=session_id, by=world.mentee_id, reason="wrong-length", proposed_minutes=60,
            now=world.build.now,
        )  # fmt: skip
    with world.acting() as db:
        accept_proposal(db, session_id=session_id, by=world.mentor_id, now=world.build.now)
    [confirmed] = [s for s in statements(services) if s["verb"]["display"]["en"] == "confirmed"]
    held = [s for s in statements(services) if s["verb"]["display"]["en"] == "attended"][2:]
    assert confirmed["actor"] == held[1]["actor"] != held[0]["actor"]
    assert {s["result"]["duration"] for s in held} == {"PT1H"}


@pytest.mark.parametrize("direction", ["mentee", "mentor"])
def test_what_one_alone_proposed_makes_no_statement_nor_does_a_no_to_it(services, world, pair, direction):
    with world.acting() as db:
        objective_id = propose_objective(
            db,
            pair_id=pair,
            by=world.mentor_id,
            title="Lire un bilan",
            direction=direction,
            tag="skills",
            required=True,
            now=utcnow(),
        ).id
    for act in (decline_objective, undo_step, decline_objective):
        with world.acting() as db:
            act(db, objective_id=objective_id, by=world.mentee_id, now=utcnow())
    assert verbs(services) == []


def test_a_claim_that_is_not_reached_yet_leaves_what_was_stated(services, world, pair):
    objective_id = world.agree("Lire un bilan")
    for act, by in ((claim_objective, world.mentee_id), (dispute_claim, world.mentor_id)):
        with world.acting() as db:
            act(db, objective_id=objective_id, by=by, now=utcnow())
    assert verbs(services) == ["defined"]


def test_an_edit_voids_what_was_agreed_and_agreeing_again_says_it_under_another_id(services, world, pair):
    objective_id = world.agree("Lire un bilan")
    with world.acting() as db:
        edit_objective(
            db, objective_id=objective_id, by=world.mentee_id, title="Lire deux bilans", tag="culture",
            target_on=None, now=utcnow(),
        )  # fmt: skip
    assert verbs(services) == ["defined"]
    with world.acting() as db:
        agree_to_objective(db, objective_id=objective_id, by=world.mentor_id, now=utcnow())
    assert verbs(services) == ["defined", "voided", "defined"]
    first, voiding, second = statements(services)
    assert voiding["object"]["id"] == first["id"] != second["id"]


def test_a_withdrawn_objective_voids_what_was_agreed(services, world, pair):
    objective_id = world.agree("Lire un bilan")
    with world.acting() as db:
        withdraw_objective(db, objective_id=objective_id, by=world.mentee_id, now=utcnow())
    assert verbs(services) == ["defined", "voided"]


def test_a_reflection_and_feedback_are_stated_without_a_word_of_them(services, world, pair):
    session_id = world.log_session()
    with world.acting() as db:
        give_feedback(
            db,
            pair_id=pair,
            by=world.mentee_id,
            session_id=session_id,
            points=["listening"],
            words="Thank you",
            now=utcnow(),
        )
        kept = write_reflection(
            db, pair_id=pair, by=world.mentee_id, words="I listen more", shared=True, now=utcnow()
        ).id
    assert verbs(services) == ["attended"] * 2 + ["commented", "created"]
    commented, created = statements(services)[2:]
    assert commented["actor"]["account"]["name"] == actor_of(world, world.mentee_id)
    assert not {"listening", "listen", "Thank"} & set(re.findall(r"\w+", json.dumps([commented, created])))
    with world.acting() as db:
        remove_reflection(db, pair_id=pair, reflection_id=kept, by=world.mentee_id, now=utcnow())
    assert verbs(services)[4:] == ["voided"]


def test_what_the_two_write_to_each_other_is_not_in_the_timeline(services, world, pair):
    with world.acting() as db:
        write_reflection(db, pair_id=pair, by=world.mentee_id, words="Less", shared=True, now=utcnow())
    with services.database.reading() as db:
        assert "ReflectionWritten" in db.scalars(sa.select(EventRow.kind)).all()
        assert "ReflectionWritten" not in db.scalars(sa.select(TimelineEntry.kind)).all()
