"""A database of the first version is brought up to date and used: nothing lost, nothing sent again."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from pytest_httpserver import HTTPServer

from lti_tool.app import create_app
from lti_tool.commands.migrate import prepare_to_serve
from lti_tool.composition import transaction as composition
from lti_tool.composition.actor_accounts import StatementsWritten, choose_account
from lti_tool.composition.channels import make_worker
from lti_tool.composition.projections import check_projections
from lti_tool.composition.services import Services, make_services
from lti_tool.config import Config
from lti_tool.database import Database, utcnow
from lti_tool.events import log
from lti_tool.events.models import EventRow
from lti_tool.identity.installation import stored_iri_base
from lti_tool.identity.models import Membership, Organisation, Person
from lti_tool.identity.principal import OPERATOR, TOOL, PrincipalKind
from lti_tool.lti.ags.scores import order_key
from lti_tool.lti.launch import handoffs
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.registration.models import ActorAccount, Deployment, Invitation, Registration
from lti_tool.mentoring.completion.models import CompletionRecord, Reopening, TutorValidation
from lti_tool.mentoring.enrolment.actions import join
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.objectives.models import Objective
from lti_tool.mentoring.pairs.actions import sign_agreement
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.programmes.models import Cohort, Placement, Programme, ProgrammeSettings
from lti_tool.mentoring.sessions.actions import confirm_session, log_session
from lti_tool.mentoring.sessions.events import SessionEvent, SessionLogged
from lti_tool.mentoring.sessions.models import MentoringSession
from lti_tool.messaging.models import LRS, Delivery, DeliveryKind
from lti_tool.messaging.statement_log import EmittedStatement
from lti_tool.migrations import is_current
from tests.databases import KeptCopies
from tests.migrations.first_version import NOTES, ROWS, fill
from tests.xapi.scripted import ScriptedLRS
from xapi.identity import statement_id

PARTICIPANTS = {name: uuid.UUID(value) for name, value in NOTES["participants"].items()}
PAIRS = {name: uuid.UUID(value) for name, value in NOTES["pairs"].items()}


@pytest.fixture
def services(empty_database_url: str, kept_copies: KeptCopies, config: Config) -> Iterator[Services]:
    """The tool of this version, started on the database of the first one at another address."""

    def make() -> None:
        database = Database(empty_database_url)
        fill(database)
        database.dispose()
        services = make_services(config)
        prepare_to_serve(services)
        services.http.close()
        services.database.dispose()

    kept_copies.copy_to(empty_database_url, "first_version_upgraded", make)
    services = make_services(config)
    yield services
    services.http.close()
    services.database.dispose()


@pytest.fixture
def app(services: Services) -> Flask:
    return create_app(services.config, services)


def rows(services: Services, statement: sa.Select[Any]) -> list[Any]:
    with services.database.reading() as db:
        return [row if len(row) > 1 else row[0] for row in db.execute(statement)]


def test_it_is_at_the_newest_migration(services):
    assert is_current(services.database)


# Organisations, programmes, placements


def test_each_registration_has_an_organisation_of_its_label_or_host(services):
    found = rows(services, sa.select(Registration.issuer, Organisation.name).join(Organisation))
    assert sorted(map(tuple, found)) == [
        ("https://canvas.instructure.com", "canvas.instructure.com"),
        ("https://lms.example", "Example Ltd"),
    ]


def test_approved_deployments_belong_to_their_organisation_and_waiting_ones_to_none(services):
    found = rows(
        services,
        sa.select(Deployment.deployment_id, Organisation.name).outerjoin(
            Organisation, Organisation.id == Deployment.organisation_id
        ),
    )
    assert dict(map(tuple, found)) == {
        "1": "Example Ltd",
        "tenant-a": "canvas.instructure.com",
        "tenant-b": None,
    }


def test_a_used_invitation_has_the_organisation_that_used_it(services):
    found = dict(
        map(
            tuple,
            rows(
                services,
                sa.select(Invitation.label, Organisation.name).outerjoin(
                    Organisation, Organisation.id == Invitation.organisation_id
                ),
            ),
        )
    )
    assert found == {"Open": None, "Used": "Example Ltd"}


def test_a_programme_s_settings_are_their_first_version(services):
    found = rows(
        services,
        sa.select(Programme.id, ProgrammeSettings.number, ProgrammeSettings.settings)
        .join(ProgrammeSettings, ProgrammeSettings.programme_id == Programme.id)
        .join(Cohort, Cohort.settings_id == ProgrammeSettings.id),
    )
    expected = {uuid.UUID(row["id"]): row["settings"] for row in ROWS["programme"]}
    assert {programme_id: settings for programme_id, _number, settings in found} == expected
    assert {number for _programme_id, number, _settings in found} == {1}


def test_every_link_of_a_course_with_a_programme_opens_its_cohort(services):
    found = rows(
        services,
        sa.select(ResourceLink.resource_link_id, Placement.cohort_id, Placement.role_view).outerjoin(
            Placement, Placement.resource_link_id == ResourceLink.id
        ),
    )
    opened = {link: (cohort_id, role_view) for link, cohort_id, role_view in found}
    cohort = uuid.UUID(NOTES["cohort"])
    assert opened["one"] == opened["two"] == (cohort, "both")
    assert opened["solo"] == (None, None)
    assert opened["x"][0] not in (None, cohort)


# People and pairs


def test_whom_a_tutor_enrolled_and_who_never_came_is_invited(services):
    statuses = dict(map(tuple, rows(services, sa.select(Participant.id, Participant.status))))
    before = {uuid.UUID(row["id"]): row["state"] for row in ROWS["participant"]}
    invited = {PARTICIPANTS["never1"], PARTICIPANTS["never2"]}
    assert statuses == {
        participant_id: "invited" if participant_id in invited else state
        for participant_id, state in before.items()
    }


def test_a_pair_is_accepted_once_one_has_signed(services):
    statuses = dict(map(tuple, rows(services, sa.select(Pair.id, Pair.status))))
    assert statuses == {
        PAIRS["main"]: "active",
        PAIRS["half"]: "accepted",
        PAIRS["unsigned"]: "proposed",
    }


def test_an_objective_that_was_dropped_is_withdrawn(services):
    statuses = dict(map(tuple, rows(services, sa.select(Objective.id, Objective.status))))
    assert {name: statuses[uuid.UUID(value)] for name, value in NOTES["objectives"].items()} == {
        "reached": "reached",
        "dropped": "withdrawn",
        "claimed": "claimed",
    }


def test_a_tutor_s_approval_and_the_reason_of_a_reopening_are_rows(services):
    assert rows(services, sa.select(TutorValidation.participant_id)) == [PARTICIPANTS["marc"]]
    assert rows(services, sa.select(Reopening.participant_id, Reopening.reason)) == [
        (PARTICIPANTS["paul"], "The meeting was another pair's")
    ]


def test_who_launched_in_a_course_is_known_by_what_is_left_of_it(services):
    found = rows(
        services,
        sa.select(Person.subject, Membership.launched_at).join(Person, Person.id == Membership.person_id),
    )
    never = {subject for subject, launched_at in found if launched_at is None}
    assert never == {"never1", "never2"}


# Events


def test_every_fact_is_an_event_with_its_id_in_the_order_in_which_it_was_recorded(services):
    ids = rows(services, sa.select(EventRow.id).order_by(EventRow.sequence))
    assert ids[: len(ROWS["fact"])] == [uuid.UUID(row["id"]) for row in ROWS["fact"]]


def test_nobody_is_recorded_as_acting(services):
    with services.database.reading() as db:
        kinds = [logged.acted_by.kind for logged in log.read(db)]
    facts = len(ROWS["fact"])
    assert set(kinds[:facts]) == {PrincipalKind.NOT_RECORDED}
    assert set(kinds[facts:]) == {PrincipalKind.TOOL}


def test_every_event_belongs_to_its_organisation_and_programme(services):
    found = rows(
        services, sa.select(EventRow.cohort_id, EventRow.programme_id, EventRow.organisation_id).distinct()
    )
    expected = rows(services, sa.select(Cohort.id, Programme.id, Programme.organisation_id).join(Programme))
    assert {tuple(row) for row in found} == {tuple(row) for row in expected}


def test_the_days_of_meetings_are_those_that_people_gave(services):
    """A person east of Greenwich gave a day that UTC had not reached: the first version's moment was a day early."""
    with services.database.reading() as db:
        logged = [each.event for each in log.read(db) if isinstance(each.event, SessionEvent)]
        days = {row.id: row.held_on for row in db.scalars(sa.select(MentoringSession))}
    tomorrow = uuid.UUID(NOTES["meetings"]["tomorrow"])
    [found] = [
        event.held_on for event in logged if isinstance(event, SessionLogged) and event.session_id == tomorrow
    ]
    assert found == days[tomorrow]


def test_no_event_holds_the_words_of_a_tutor(services):
    assert "another pair" not in json.dumps(rows(services, sa.select(EventRow.details)))


def test_what_the_log_makes_is_what_the_first_version_had_stored(services):
    found = rows(
        services,
        sa.select(
            CompletionRecord.participant_id,
            CompletionRecord.score,
            CompletionRecord.completion,
            CompletionRecord.status,
        ),
    )
    assert {tuple(row) for row in found} == {
        (uuid.UUID(row["participant_id"]), row["score"], row["completion"], row["standing"])
        for row in ROWS["completion_record"]
    }


def test_a_replay_makes_every_projection_identically(services):
    compared = check_projections(services)
    assert {each.name: each.differences for each in compared if not each.identical} == {}
    assert {each.name for each in compared if each.rows} == {
        "completion", "scores", "audit", "timeline", "counters",
    }  # fmt: skip


# Statements and scores


def test_the_base_of_iris_is_that_of_the_stored_statements(services):
    with services.database.reading() as db:
        assert stored_iri_base(db) == "https://tandem.example"


def test_the_id_of_every_stored_statement_is_computed_again(services):
    found = rows(services, sa.select(EmittedStatement))
    assert {
        row.statement_id: statement_id(
            row.xapi_registration, row.subject_id, row.revision, row.verb, "https://tandem.example", row.actor
        )
        for row in found
    } == {row.statement_id: row.statement_id for row in found}
    stored = rows(services, sa.select(Delivery.key).where(Delivery.kind == "statement"))
    assert {row.statement_id for row in found} == set(stored)


def test_what_was_voided_is_known_to_be(services):
    voided = set(rows(services, sa.select(EmittedStatement.statement_id).where(EmittedStatement.voided)))
    bodies = [json.loads(row["body"]["text"]) for row in ROWS["delivery_body"]]
    assert {str(each) for each in voided} == {
        body["object"]["id"] for body in bodies if body.get("object", {}).get("objectType") == "StatementRef"
    }


def test_nothing_is_enqueued_by_the_upgrade(services):
    assert len(rows(services, sa.select(Delivery.id))) == len(ROWS["delivery"])


def test_what_waited_is_delivered_with_the_same_bytes(services, httpserver: HTTPServer):
    lrs = ScriptedLRS(httpserver)
    config = services.config
    with_lrs = make_services(
        Config(
            base_url=config.base_url,
            data_dir=config.data_dir,
            database_url=config.database_url,
            secret_key=config.secret_key,
            allow_private_networks=True,
            lrs_endpoint=httpserver.url_for("/xAPI"),
            lrs_username="someone",
            lrs_password="secret",
        )
    )
    make_worker(with_lrs).deliver(DeliveryKind.STATEMENT, LRS)
    with_lrs.http.close()
    with_lrs.database.dispose()
    waiting = {
        row["id"] for row in ROWS["delivery"] if row["kind"] == "statement" and row["status"] == "waiting"
    }
    expected = [row["body"]["text"] for row in ROWS["delivery_body"] if row["delivery_id"] in waiting]
    assert lrs.bodies == [("[" + ",".join(expected) + "]").encode()]
    assert len(expected) > 5


def test_a_score_that_waited_is_posted_to_its_line_item(services, httpserver: HTTPServer):
    httpserver.expect_request("/token").respond_with_json({"access_token": "abc", "expires_in": 3600})
    got: list[bytes] = []

    def take(request: Any) -> Any:
        from werkzeug import Response

        got.append(request.get_data())
        return Response(status=200)

    httpserver.expect_request("/item/scores").respond_with_handler(take)
    with services.database.transaction() as db:
        registration = db.scalars(
            sa.select(Registration).where(Registration.issuer == "https://lms.example")
        ).one()
        registration.auth_token_url = httpserver.url_for("/token")
        registration.service_hosts = [f"localhost:{httpserver.port}"]
        for row in db.scalars(
            sa.select(Delivery).where(Delivery.kind == "score", Delivery.status == "waiting")
        ):
            item, target = httpserver.url_for("/item"), row.target or {}
            assert row.order_key == order_key(target["line_item_url"], uuid.UUID(target["person_id"]))
            row.target = {**target, "line_item_url": item}
            row.order_key = order_key(item, uuid.UUID(target["person_id"]))
            row.not_before = utcnow()
        receiver = str(registration.id)
    make_worker(services).deliver(DeliveryKind.SCORE, receiver)
    waiting = {row["id"] for row in ROWS["delivery"] if row["kind"] == "score" and row["status"] == "waiting"}
    stored = {row["body"]["text"] for row in ROWS["delivery_body"] if row["delivery_id"] in waiting}
    assert got
    assert {body.decode() for body in got} <= stored


# Sessions, logins and launches under way


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("tutor", "Mon groupe"),
        ("second", "Mon groupe"),
        ("paul", "Person ines"),
        ("learner_elsewhere", "ouvre bientôt"),
    ],
)
def test_a_live_session_goes_on(app: Flask, name: str, sentence: str):
    page = app.test_client().get(f"/l/{NOTES['sessions'][name]}.{NOTES['session_secret']}/")
    assert (page.status_code, sentence in page.text) == (200, True)


def test_a_login_under_way_is_to_be_begun_again(app: Flask):
    page = app.test_client().post("/lti/launch", data={"state": NOTES["state"], "id_token": "a.b.c"})
    assert (page.status_code, "open the activity again" in page.text) == (403, True)


def test_a_launch_that_waits_for_its_tab_goes_on(app: Flask, services):
    with services.database.reading() as db:
        assert handoffs.get(db, NOTES["handoff"]).subject == "marc"
    page = app.test_client().post(f"/lti/continue/{NOTES['handoff']}")
    assert page.status_code == 303
    assert app.test_client().get(page.headers["Location"]).status_code in (200, 302, 403)


# Going on


def statements_after(services: Services, act: Any) -> list[str]:
    """The verbs of the statements that an action makes."""
    before = set(rows(services, sa.select(Delivery.id)))
    with composition.transaction(services, TOOL) as db:
        act(db)
    added = [row for row in rows(services, sa.select(Delivery).order_by(Delivery.id)) if row.id not in before]
    with services.database.reading() as db:
        bodies = [json.loads(db.merge(row, load=True).body) for row in added if row.kind == "statement"]
    return [body["verb"]["display"]["en"] for body in bodies]


def test_who_was_registered_by_the_tutor_is_not_registered_again(services):
    with services.database.reading() as db:
        person_id = db.get_one(Participant, PARTICIPANTS["never2"]).person_id
    cohort = uuid.UUID(NOTES["cohort"])
    made = statements_after(
        services, lambda db: join(db, cohort_id=cohort, person_id=person_id, role="mentee", now=utcnow())
    )
    assert made == []
    assert rows(services, sa.select(Participant.status).where(Participant.id == PARTICIPANTS["never2"])) == [
        "onboarded"
    ]


def test_the_second_signature_of_a_pair_of_before_makes_it_active(services):
    statements_after(
        services,
        lambda db: sign_agreement(db, pair_id=PAIRS["half"], by=PARTICIPANTS["marc"], now=utcnow()),
    )
    assert rows(services, sa.select(Pair.status).where(Pair.id == PAIRS["half"])) == ["active"]


def test_a_pair_of_before_goes_on_and_sends_what_is_new_alone(services):
    def meet(db: Any) -> None:
        session = log_session(
            db,
            pair_id=PAIRS["main"],
            by=PARTICIPANTS["ines"],
            held_on=utcnow().date(),
            minutes=30,
            format="audio",
            is_another=True,
            now=utcnow(),
        )
        confirm_session(db, session_id=session.id, by=PARTICIPANTS["paul"], now=utcnow())

    assert statements_after(services, meet) == ["attended", "attended", "confirmed"]
    assert {each.name for each in check_projections(services) if not each.identical} == set()


def test_people_of_whom_statements_were_written_keep_their_accounts(services):
    registration_id = rows(
        services, sa.select(Registration.id).where(Registration.issuer == "https://lms.example")
    )[0]
    with pytest.raises(StatementsWritten), composition.transaction(services, OPERATOR) as db:
        choose_account(db, registration_id, ActorAccount.LMS)


def test_nobody_passed_a_milestone_before_they_were_recorded(services):
    assert set(rows(services, sa.select(CompletionRecord.milestone))) == {0}
    assert not rows(services, sa.select(EventRow.id).where(EventRow.kind == "ProgressReached"))


def test_no_grade_is_sent_again(services):
    """What happens next changes nothing that the gradebooks were told."""
    statements_after(
        services,
        lambda db: log_session(
            db,
            pair_id=PAIRS["main"],
            by=PARTICIPANTS["ines"],
            held_on=utcnow().date(),
            minutes=30,
            format="audio",
            is_another=True,
            now=utcnow(),
        ),
    )
    before = sum(row["kind"] == "score" for row in ROWS["delivery"])
    assert len(rows(services, sa.select(Delivery.id).where(Delivery.kind == "score"))) == before
