"""What ``tandem doctor`` says of what must be sent: who fails, since when, in their own words, and for whom."""

from __future__ import annotations

import json
import uuid

import pytest
import sqlalchemy as sa
from pytest_httpserver import HTTPServer

from lti_tool.composition.channels import make_worker
from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.health_checks import Finding, Verdict
from lti_tool.health_checks.deliveries import MOST_NAMED
from lti_tool.identity import organisations
from lti_tool.lti.ags import reports, scores
from lti_tool.lti.ags.models import GradeStatus, OwnLineItemRecord, OwnLineItemStatus, ScoreTrail
from lti_tool.lti.ags.unreadable_results import note_failure
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.registration.models import Registration
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.messaging import outbox, setting_record_stores
from lti_tool.messaging.models import LRS, DeliveryKind
from lti_tool.messaging.record_stores import INSTALLATION, Scope
from tests.builder import World, add_registration
from tests.builder.rows import add_course, add_link, add_organisation
from tests.health_checks.test_doctor import findings
from tests.messaging.flaky_lrs import flaky_lrs


def messages(services: Services) -> list[str]:
    return [found.message for found in findings(services, "deliveries")]


def only(services: Services) -> Finding:
    [found] = findings(services, "deliveries")
    return found


def enqueue_score(world: World, url: str, *, person: bool = True) -> None:
    """A score of the world's mentee for the line item at ``url``."""
    with world.services.database.transaction() as db:
        db.execute(sa.update(ResourceLink).values(line_item_url=url))
        person_id = db.get_one(Participant, world.mentee_id).person_id if person else uuid.uuid4()
        outbox.enqueue(
            db,
            kind=DeliveryKind.SCORE,
            receiver=str(world.registration_id),
            part=scores.part(url),
            key=uuid.uuid4(),
            order_key=scores.order_key(url, person_id),
            body=json.dumps({"userId": "2", "timestamp": reports.timestamp(utcnow())}).encode(),
            target={"line_item_url": url, "user_id": "2", "person_id": str(person_id)},
        )


@pytest.fixture
def platform(world: World, httpserver: HTTPServer) -> HTTPServer:
    """The world's platform, which gives tokens unless a test says otherwise."""
    with world.services.database.transaction() as db:
        host = httpserver.url_for("").removeprefix("http://").rstrip("/")
        db.execute(
            sa.update(Registration).values(
                auth_token_url=httpserver.url_for("/token"), service_hosts=[host], label="Our Moodle"
            )
        )
    return httpserver


def gives_tokens(platform: HTTPServer) -> None:
    platform.expect_request("/token").respond_with_json({"access_token": "abc", "expires_in": 3600})


def deliver_scores(world: World) -> None:
    make_worker(world.services).deliver(DeliveryKind.SCORE, str(world.registration_id))


def test_nothing_that_waits_is_right(services):
    assert only(services).verdict is Verdict.OK


def test_a_platform_that_refuses_the_token_is_an_error_at_once_in_its_words(services, world, platform):
    page = "<!DOCTYPE html><html><head><title>Error</title><script>x()</script></head><body><p>Unknown client"
    platform.expect_request("/token").respond_with_data(page, 400)
    enqueue_score(world, platform.url_for("/item"))
    deliver_scores(world)
    found = only(services)
    assert (
        found.verdict,
        "1 score waiting for Our Moodle, which refuses the tool since" in found.message,
    ) == (
        Verdict.ERROR,
        True,
    )
    assert found.message.endswith("the token endpoint answered HTTP 400: Error Unknown client")


def test_a_platform_that_is_broken_is_mentioned_at_once(services, world, platform):
    gives_tokens(platform)
    platform.expect_request("/item/scores").respond_with_data("down for maintenance", 503)
    enqueue_score(world, platform.url_for("/item"))
    deliver_scores(world)
    found = only(services)
    assert (found.verdict, found.message.endswith("HTTP 503: down for maintenance")) == (
        Verdict.WARNING,
        True,
    )


def test_a_locked_line_item_is_mentioned_as_one(services, world, platform):
    gives_tokens(platform)
    platform.expect_request("/item/scores").respond_with_data("locked", 500)
    enqueue_score(world, platform.url_for("/item"))
    deliver_scores(world)
    found = only(services)
    assert (found.verdict, "1 line item fails: HTTP 500: locked" in found.message) == (Verdict.WARNING, True)


def test_a_dead_score_names_person_and_course(services, world, platform):
    gives_tokens(platform)
    platform.expect_request("/item/scores").respond_with_data("not enrolled", 422)
    enqueue_score(world, platform.url_for("/item"))
    deliver_scores(world)
    assert messages(services) == [
        "the grade of Paul Moreau in Digital cultures was refused for good by Our Moodle: HTTP 422: not enrolled"
    ]


@pytest.mark.parametrize(("later", "named"), [(422, 1), (200, 0)])
def test_a_score_that_was_refused_is_not_named_once_a_later_one_was_answered(
    services, world, platform, later, named
):
    """The later one was enqueued before the earlier one was refused."""
    gives_tokens(platform)
    platform.expect_request("/item/scores").respond_with_data("not enrolled", 422)
    enqueue_score(world, platform.url_for("/item"))
    deliver_scores(world)
    platform.clear()
    gives_tokens(platform)
    platform.expect_request("/item/scores").respond_with_data("", later)
    enqueue_score(world, platform.url_for("/item"))
    deliver_scores(world)
    assert len([message for message in messages(services) if "was refused for good" in message]) == named


def test_a_dead_score_names_the_course_of_its_own_platform(services, world, platform):
    """Another platform may have a line item at the same address."""
    gives_tokens(platform)
    platform.expect_request("/item/scores").respond_with_data("not enrolled", 422)
    enqueue_score(world, platform.url_for("/item"))
    deliver_scores(world)
    with services.database.transaction() as db:
        _registration, deployment = add_registration(db, add_organisation(db), "https://second.example")
        course = add_course(db, deployment.id, title="Somebody else's course")
        add_link(db, course, line_item_url=platform.url_for("/item"))
        db.execute(
            sa.update(ResourceLink).where(ResourceLink.course_id != course.id).values(line_item_url=None)
        )
    [message] = messages(services)
    assert "in a course that is gone was refused" in message


def test_a_gradebook_that_cannot_be_read_is_named_with_why(services, world, platform):
    with services.database.transaction() as db:
        db.execute(sa.update(ResourceLink).values(line_item_url="https://lms.example/item"))
        note_failure(
            db, world.registration_id, "https://lms.example/item", "the answer is not JSON", utcnow()
        )
    found = only(services)
    assert found.verdict is Verdict.WARNING
    assert "what Our Moodle shows in the gradebook of Digital cultures cannot be read since" in found.message
    assert found.message.endswith("(1 reading failed): the answer is not JSON")


def test_a_dead_score_of_somebody_unknown_is_still_a_finding(services, world, platform):
    gives_tokens(platform)
    platform.expect_request("/item/scores").respond_with_data("gone", 422)
    enqueue_score(world, platform.url_for("/item"), person=False)
    deliver_scores(world)
    with services.database.transaction() as db:
        db.execute(sa.update(ResourceLink).values(line_item_url=None))
    [message] = messages(services)
    assert "a person who is gone in a course that is gone" in message


def test_of_many_dead_scores_the_latest_are_named(services, world, platform):
    gives_tokens(platform)
    platform.expect_request("/item/scores").respond_with_data("gone", 422)
    for _ in range(MOST_NAMED + 2):
        enqueue_score(world, platform.url_for("/item"), person=False)
    deliver_scores(world)
    found = messages(services)
    assert (len(found), found[-1]) == (MOST_NAMED + 1, "2 scores more refused by Our Moodle, or not sent")


def test_each_store_is_named(services, world):
    with flaky_lrs() as lrs, services.database.transaction() as db:
        for scope in (INSTALLATION, Scope(world.organisation_id)):
            values = {
                "name": "primary",
                "endpoint": lrs.url,
                "username": "u",
                "password": "p",
                "version": "1.0.3",
            }
            store, _ = setting_record_stores.set_store(db, services.vault, scope, values, settings=None)
            receiver = store.receiver
    with services.database.transaction() as db:
        outbox.enqueue(
            db, kind=DeliveryKind.STATEMENT, receiver=receiver, key=uuid.uuid4(), order_key="a", body=b"{}"
        )
    make_worker(services).deliver(DeliveryKind.STATEMENT, receiver)
    make_worker(services).deliver(DeliveryKind.STATEMENT, LRS)
    found = only(services)
    assert "1 statement waiting for the LRS primary of Example, which fails since" in found.message
    stores = [each.message for each in findings(services, "LRS")]
    assert (len(stores), stores[1].startswith("primary of Example: http://127.0.0.1:")) == (2, True)


def test_a_store_that_was_set_comes_before_that_of_the_settings(services, world):
    with services.database.transaction() as db:
        values = {
            "name": "primary",
            "endpoint": "http://127.0.0.1:9/xapi",
            "username": "u",
            "password": "p",
            "version": "1.0.3",
        }
        setting_record_stores.set_store(db, services.vault, INSTALLATION, values, settings=None)
    settings = {"lrs_endpoint": "https://lrs.example/xapi", "lrs_username": "u", "lrs_password": "p"}
    found = findings(services, "LRS", **settings)
    assert (
        found[0].message.startswith("primary: http://127.0.0.1:9/xapi"),
        "is not used" in found[1].message,
    ) == (
        True,
        True,
    )


def test_the_installation_needs_no_store_when_every_organisation_has_one(services, world):
    with flaky_lrs() as lrs:
        with services.database.transaction() as db:
            values = {
                "name": "primary",
                "endpoint": lrs.url,
                "username": "u",
                "password": "p",
                "version": "1.0.3",
            }
            setting_record_stores.set_store(
                db, services.vault, Scope(world.organisation_id), values, settings=None
            )
        assert not any("no LRS is set" in found.message for found in findings(services, "LRS"))


def set_store(services: Services, scope: Scope, endpoint: str = "http://127.0.0.1:9/xapi") -> None:
    values = {
        "name": "primary",
        "endpoint": endpoint,
        "username": "u",
        "password": "p",
        "version": "1.0.3",
    }
    with services.database.transaction() as db:
        setting_record_stores.set_store(db, services.vault, scope, values, settings=None)


def test_an_organisation_with_a_store_for_one_platform_alone_is_mentioned(services, world):
    with services.database.transaction() as db:
        organisation = organisations.find(db, str(world.organisation_id))
        add_registration(db, organisation, "https://second.example")
    set_store(services, Scope(world.organisation_id, world.registration_id))
    found = [each for each in findings(services, "LRS") if "other platforms" in each.message]
    assert found == [
        Finding(
            "LRS",
            Verdict.WARNING,
            "Example has an LRS for some of its platforms alone: statements of its other platforms wait: "
            "https://second.example",
            'set one for the whole organisation: tandem lrs set --organisation "Example" …',
        )
    ]
    set_store(services, Scope(world.organisation_id))
    assert not [each for each in findings(services, "LRS") if "other platforms" in each.message]


def test_statements_that_wait_for_no_store_are_counted(services, world):
    with services.database.transaction() as db:
        organisation = organisations.find(db, str(world.organisation_id))
        other, _ = add_registration(db, organisation, "https://second.example")
        scope = Scope(world.organisation_id, other.id)
    set_store(services, scope)
    world.pair(signed=False)
    assert any(
        "statements of its other platforms wait (2 now)" in each.message for each in findings(services, "LRS")
    )


def test_who_has_a_store_for_its_only_platform_lacks_none(services, world):
    set_store(services, Scope(world.organisation_id, world.registration_id))
    assert not any("wait" in each.message for each in findings(services, "LRS"))


def add_refused(world: World, url: str) -> None:
    """A grade of the world's mentee that counts as refused."""
    with world.services.database.transaction() as db:
        db.execute(sa.update(ResourceLink).values(line_item_url=url))
        db.add(
            ScoreTrail(
                line_item_url=url,
                person_id=db.get_one(Participant, world.mentee_id).person_id,
                status="satisfied",
                score=100,
                graded=True,
                last_timestamp=utcnow(),
                grade_status=GradeStatus.REFUSED,
                refusal="line_item_gone",
                reason="HTTP 404: Grade item 7 doesn't exist.",
            )
        )


def test_a_grade_that_a_reading_found_refused_is_named_with_the_platforms_words(services, world) -> None:
    add_refused(world, "https://lms.example/items/7")
    [found] = findings(services, "deliveries")
    assert found.message.endswith("refused for good: HTTP 404: Grade item 7 doesn't exist.")
    assert "Paul Moreau" in found.message
    assert "tandem scores resend --person" in found.fix


@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [
        (OwnLineItemStatus.REFUSED, "HTTP 403: not for tools", "or made none: HTTP 403: not for tools"),
        (OwnLineItemStatus.UNSURE, None, "its answer was lost, and it lists none"),
    ],
)
def test_an_activity_whose_line_item_was_refused_or_is_unsure_is_named(
    services, world, status, reason, words
) -> None:
    with world.services.database.transaction() as db:
        db.execute(sa.update(ResourceLink).values(line_item_url=None))
        db.add(
            OwnLineItemRecord(
                resource_link_id=world.resource_link_id, status=status, reason=reason, looked_at=utcnow()
            )
        )
    [message] = messages(services)
    assert message.endswith(words)
