"""The accounts that statements show: the tool's own, or those of the learning platform."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from lti_tool.composition import transaction as composition
from lti_tool.composition.actor_accounts import StatementsWritten, accounts_of_people, choose_account
from lti_tool.database import utcnow
from lti_tool.events.models import EventRow
from lti_tool.identity.models import Organisation, Person
from lti_tool.identity.principal import OPERATOR
from lti_tool.lti.registration.models import ActorAccount, Registration
from lti_tool.mentoring.enrolment.actions import join
from lti_tool.messaging.statement_log import EmittedStatement
from tests.builder import Builder, World, add_registration
from tests.enqueued import actor_of, statements, verbs

TOOL = "http://127.0.0.1:5000"
LMS = "https://lms.example"


def choose(world: World, account: ActorAccount = ActorAccount.LMS) -> None:
    with composition.transaction(world.services, OPERATOR) as db:
        choose_account(db, world.registration_id, account)


def account(world: World) -> str:
    with world.services.database.reading() as db:
        return db.get_one(Registration, world.registration_id).actor_account


def people(world: World) -> list[tuple[str, str]]:
    """Home page and name of the actor of each statement, those of the tool's own left out."""
    accounts = [
        statement["actor"]["account"]
        for statement in statements(world.services)
        if statement["object"]["objectType"] != "StatementRef"
    ]
    return [(one["homePage"], one["name"]) for one in accounts]


def test_by_default_accounts_are_the_tool_s(world, pair):
    world.log_session()
    assert people(world) == [(TOOL, actor_of(world, each)) for each in (world.mentor_id, world.mentee_id)]


def test_a_registration_may_show_the_platform_s_accounts(world, pair):
    choose(world)
    world.log_session()
    assert people(world) == [(LMS, "Inès Benali"), (LMS, "Paul Moreau")]


def test_the_instructor_has_the_platform_s_account_too(world, pair):
    choose(world)
    world.log_session()
    assert statements(world.services)[1]["context"]["instructor"]["account"]["name"] == "Inès Benali"


def test_what_is_kept_of_a_statement_names_the_pseudonym(world, pair):
    choose(world)
    world.log_session()
    with world.services.database.reading() as db:
        kept = set(db.scalars(sa.select(EmittedStatement.actor)))
    assert kept == {actor_of(world, each) for each in (world.mentor_id, world.mentee_id)}


def test_everything_works_with_the_platform_s_accounts(world, pair):
    choose(world)
    world.agree("Short videos")
    session_id = world.log_session()
    world.correct(session_id)
    world.confirm(session_id)
    made = statements(world.services)
    held = [each["id"] for each in made if each["verb"]["display"]["en"] == "attended"]
    voided = [each["object"]["id"] for each in made if each["verb"]["display"]["en"] == "voided"]
    [confirmed] = [each for each in made if each["verb"]["display"]["en"] == "confirmed"]
    assert verbs(world.services).count("completed") == 2
    assert sorted(voided) == sorted(held[:2])
    assert confirmed["context"]["statement"]["id"] == held[2]


def test_the_account_is_that_of_the_person_s_own_registration_not_of_the_course_s(world, pair):
    with world.services.database.transaction() as db:
        other, _ = add_registration(db, db.get_one(Organisation, world.organisation_id), "https://b.example")
        other.actor_account = ActorAccount.LMS
        db.get_one(Person, world.mentee(db).person_id).registration_id = other.id
    world.log_session()
    assert people(world) == [
        (TOOL, actor_of(world, world.mentor_id)),
        ("https://b.example", "Paul Moreau"),
    ]
    [course] = {
        activity["id"]
        for statement in statements(world.services)
        for activity in statement["context"]["contextActivities"]["grouping"]
        if "/contexts/" in activity["id"]
    }
    assert course.startswith(f"{LMS}/lti/deployments/")


@pytest.mark.parametrize("subject", ["tool", " ", "4217", "x" * 255, "a\tb|ç"])
def test_any_id_that_a_platform_gives_can_be_shown(world, pair, subject):
    with world.services.database.transaction() as db:
        db.get_one(Person, world.mentor(db).person_id).subject = subject
    choose(world)
    world.confirm(world.log_session())
    assert (LMS, subject) in people(world)


def test_the_choice_is_an_event_of_the_operator(world):
    choose(world)
    with world.services.database.reading() as db:
        row = db.scalars(sa.select(EventRow).where(EventRow.kind == "ActorAccountChosen")).one()
    assert (row.acted_by_kind, row.details) == (
        "operator",
        {"registration_id": str(world.registration_id), "actor_account": "lms"},
    )


def test_before_the_first_statement_it_can_be_chosen_back(world):
    choose(world)
    choose(world, ActorAccount.OPAQUE)
    assert account(world) == "opaque"


@pytest.mark.parametrize(
    "act", [World.log_session, lambda world: world.agree("Short videos")], ids=["log_session_of", "<lambda>"]
)
def test_after_a_statement_of_a_pair_it_is_kept(world, pair, act):
    act(world)
    with pytest.raises(StatementsWritten, match=r"https://lms\.example .*nothing was changed"):
        choose(world)
    assert account(world) == "opaque"


def test_after_a_statement_of_an_enrolment_it_is_kept(world):
    with world.acting() as db:
        person = world.another_person(db)
        join(db, cohort_id=world.cohort_id, person_id=person.id, role="mentee", now=utcnow())
    with pytest.raises(StatementsWritten):
        choose(world)


def test_choosing_what_is_chosen_changes_nothing(world, pair):
    world.log_session()
    choose(world, ActorAccount.OPAQUE)
    with world.services.database.reading() as db:
        assert db.scalars(sa.select(EventRow).where(EventRow.kind == "ActorAccountChosen")).all() == []


def test_statements_of_another_registration_keep_nothing(world, pair):
    world.log_session()
    with world.services.database.transaction() as db:
        other, _ = add_registration(db, db.get_one(Organisation, world.organisation_id), "https://b.example")
        identity = other.id
    with composition.transaction(world.services, OPERATOR) as db:
        assert choose_account(db, identity, ActorAccount.LMS).actor_account == "lms"


def test_a_first_statement_at_the_same_moment_is_waited_for(world, pair):
    """Else one statement would show one account, and the next another."""
    outcome: list[Any] = []

    def choose_meanwhile() -> None:
        try:
            choose(world)
            outcome.append(None)
        except Exception as error:
            outcome.append(error)

    choosing = threading.Thread(target=choose_meanwhile)
    with world.acting():
        world.log_session()
        choosing.start()
        choosing.join(0.5)
        assert choosing.is_alive()
    choosing.join(30)
    assert [type(each) for each in outcome] == [StatementsWritten]
    assert account(world) == "opaque"


def test_everybody_who_is_enrolled_has_both_accounts_in_the_map(world):
    with world.services.database.reading() as db:
        found = list(accounts_of_people(db, TOOL))
    assert [
        (one.tool_home_page, one.tool_account, one.lms_home_page, one.lms_account, one.shown) for one in found
    ] == [
        (TOOL, actor_of(world, world.mentor_id), LMS, "Inès Benali", "opaque"),
        (TOOL, actor_of(world, world.mentee_id), LMS, "Paul Moreau", "opaque"),
    ]


def test_the_map_of_an_organisation_has_the_people_of_its_programmes_alone(world):
    with world.services.database.transaction() as db:
        other = Organisation(id=uuid.uuid4(), name="Other Ltd")
        db.add(other)
        db.flush()
        identity = other.id
    with world.services.database.reading() as db:
        ours = list(accounts_of_people(db, TOOL, world.organisation_id))
        theirs = list(accounts_of_people(db, TOOL, identity))
    assert (len(ours), theirs) == (2, [])


def test_the_map_has_the_address_of_the_first_start(services):
    world = Builder(services).world()
    world.pair()
    with services.database.reading() as db:
        [home_page] = {one.tool_home_page for one in accounts_of_people(db, "https://moved.example")}
    assert home_page == TOOL
