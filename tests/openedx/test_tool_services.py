"""The tool's services against the independent platform: its assertion, the roster page by page, scores."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from pytest_httpserver import HTTPServer

from lti_tool.composition import transaction as composition
from lti_tool.composition.services import Services
from lti_tool.identity.models import Membership, Person
from lti_tool.identity.principal import OPERATOR, CourseRole
from lti_tool.lti.ags import line_items, reports, results
from lti_tool.lti.ags import scores as grades
from lti_tool.lti.ags.answers import KnownGrade, deliver_scores
from lti_tool.lti.ags.line_items import OwnLineItem
from lti_tool.lti.ags.models import GradeStatus
from lti_tool.lti.ags.reconciliation import GradeRecord, Result
from lti_tool.lti.ags.results import read_results
from lti_tool.lti.ags.score_outcomes import ScoreOutcome, Withheld
from lti_tool.lti.nrps import roster
from lti_tool.lti.platform_service import PlatformService, TokenRefused
from lti_tool.lti.platforms import platform_of_family
from lti_tool.lti.registration import registrations
from lti_tool.lti.registration.models import Deployment
from lti_tool.messaging.outbox import ClaimedDelivery
from lti_tool.messaging.outcomes import Sent
from tests.builder import add_course, add_link
from tests.openedx.fixtures import PEOPLE, RunningPlatform, openedx_python, start_openedx
from tests.openedx.tiny_tool import LINE_ITEM, LINE_ITEM_TYPE, LINE_ITEMS_TYPE, ROSTER

NOW = dt.datetime(2026, 11, 12, 9, 30, tzinfo=dt.UTC)


@dataclass
class Connected:
    """The tool and the platform that know each other."""

    platform: RunningPlatform
    services: Services
    registration_id: uuid.UUID
    course_id: uuid.UUID

    @property
    def service(self) -> PlatformService:
        """The tool's way to the platform's services."""
        return PlatformService(self.services, self.registration_id)

    def line_item(self) -> str:
        """Makes a line item for the block, with the tool's own call; returns its address."""
        item = {
            "label": "Reverse mentoring",
            "scoreMaximum": 100,
            "resourceId": "programme",
            "resourceLinkId": self.platform.info["resource_link_id"],
        }
        made = self.service.call(
            "POST",
            self.platform.info["line_items_url"],
            [LINE_ITEM],
            accept=LINE_ITEM_TYPE,
            body=json.dumps(item).encode(),
            content_type=LINE_ITEM_TYPE,
        )
        assert made.status == 201, made.words
        address: str = made.json()["id"]
        return address

    def deliver(
        self,
        line_item: str,
        status: str,
        at: dt.datetime = NOW,
        comment: str | None = None,
        *,
        user: str = "maya",
        known: KnownGrade | None = None,
    ) -> ScoreOutcome:
        """Delivers where somebody stands, as the worker does; returns what became of it."""
        report = reports.report_of(status, 100, "final_only")
        assert report is not None
        user_id = self.platform.user_id(user)
        delivery = ClaimedDelivery(
            id=1,
            key=uuid.uuid4(),
            order_key=user,
            body=reports.score_body(report, user_id=user_id, at=at, comment=comment),
            target={"line_item_url": line_item, "user_id": user_id, "person_id": str(uuid.uuid4())},
            failures=0,
            part=grades.part(line_item),
        )
        return deliver_scores(self.service, [delivery], {user: known} if known else None)[0]

    def roles(self) -> dict[str, CourseRole]:
        """The role of each person whom the tool knows in the course, by subject."""
        with self.services.database.reading() as db:
            rows = db.execute(
                sa.select(Person.subject, Membership.role)
                .join(Membership, Membership.person_id == Person.id)
                .where(Membership.course_id == self.course_id)
            )
            return {subject: CourseRole(role) for subject, role in rows}


def connect(platform: RunningPlatform, services: Services, keys_at: HTTPServer) -> Connected:
    """Registers the platform in the tool, with its course, and shows the platform the tool's keys."""
    services.keys.ensure()
    keys_at.expect_request("/jwks.json").respond_with_json(services.keys.published_jwks())
    platform.reset()
    platform.connect_tool(
        login_url=keys_at.url_for("/lti/login"),
        launch_url=keys_at.url_for("/lti/launch"),
        jwks_url=keys_at.url_for("/jwks.json"),
    )
    known = platform.info
    with composition.transaction(services, OPERATOR) as db:
        registration = registrations.add(
            db,
            registrations.NewRegistration(
                issuer=known["issuer"],
                client_id=known["client_id"],
                auth_login_url=known["auth_login_url"],
                auth_token_url=known["auth_token_url"],
                jwks_url=known["jwks_url"],
                deployment_ids=(known["deployment_id"],),
            ),
        )
        deployment_id = db.scalar(
            sa.select(Deployment.id).where(Deployment.registration_id == registration.id)
        )
        course = add_course(
            db, deployment_id, known["context_id"], title=None, roster_url=known["memberships_url"]
        )
        add_link(db, course, known["resource_link_id"])
        return Connected(platform, services, registration.id, course.id)


@pytest.fixture
def connected(openedx: RunningPlatform, httpserver: HTTPServer, services: Services) -> Connected:
    """The tool and the platform of the whole run."""
    return connect(openedx, services, httpserver)


@pytest.fixture(scope="module")
def crowded() -> Iterator[RunningPlatform]:
    """A platform whose course has more people than one page of the tool's asking."""
    crowd = [{"username": f"learner{number}"} for number in range(roster.PAGE_SIZE)]
    platform = start_openedx(openedx_python(), {"people": PEOPLE + crowd})
    yield platform
    platform.stop()


# Tokens


def test_the_platform_takes_the_tool_s_assertion(connected: Connected) -> None:
    assert connected.service.get_access_token([ROSTER])


def test_an_assertion_by_a_key_that_is_not_published_is_refused(
    connected: Connected, httpserver: HTTPServer
) -> None:
    httpserver.clear()
    httpserver.expect_request("/jwks.json").respond_with_json({"keys": []})
    with pytest.raises(TokenRefused, match="invalid_client"):
        connected.service.get_access_token([ROSTER])


# The roster


def test_the_tool_reads_the_whole_roster_over_its_pages(
    crowded: RunningPlatform, httpserver: HTTPServer, services: Services
) -> None:
    connected = connect(crowded, services, httpserver)
    reading = roster.read_roster(services, connected.course_id)
    everyone = {person["user_id"] for person in crowded.info["people"].values()}
    assert (reading.pages, reading.unreadable, set(connected.roles())) == (2, 0, everyone)


def test_a_teacher_whom_the_roster_also_calls_a_learner_is_a_teacher(connected: Connected) -> None:
    roster.read_roster(connected.services, connected.course_id)
    roles = connected.roles()
    assert {name: roles[connected.platform.user_id(name)] for name in ("tess", "stan", "maya")} == {
        "tess": CourseRole.TUTOR,
        "stan": CourseRole.TUTOR,
        "maya": CourseRole.LEARNER,
    }


# Line items and scores


def test_the_tool_makes_a_line_item_that_the_platform_lists(connected: Connected) -> None:
    made = connected.line_item()
    url = connected.platform.info["line_items_url"]
    listed = connected.service.call("GET", url, [LINE_ITEM], accept=LINE_ITEMS_TYPE)
    assert [item["id"] for item in listed.json()] == [made]


def test_the_tool_makes_the_activitys_own_line_item_finds_it_again_and_its_grades_are_published(
    connected: Connected,
) -> None:
    url, block = connected.platform.info["line_items_url"], connected.platform.info["resource_link_id"]
    own = OwnLineItem("content-1", block, "Reverse mentoring")
    assert line_items.find(connected.service, url, own, [LINE_ITEM]) is None
    made = line_items.make(connected.service, url, own)
    found = line_items.find(connected.service, url, own, [LINE_ITEM])
    assert (found.url if found else None, found.resource_link_id if found else None) == (made.url, block)
    outcome = connected.deliver(made.url, "satisfied")
    assert (outcome, connected.platform.published("maya")) == (Sent(), [100.0])


def test_a_line_item_that_the_tool_made_gets_another_label(connected: Connected) -> None:
    url, block = connected.platform.info["line_items_url"], connected.platform.info["resource_link_id"]
    own = OwnLineItem("content-1", block, "Reverse mentoring")
    made = line_items.make(connected.service, url, own)
    line_items.change(connected.service, made, label="Mentorat inversé")
    found = line_items.find(connected.service, url, own, [LINE_ITEM])
    assert found is not None
    assert (found.url, found.label) == (made.url, "Mentorat inversé")


def test_the_platform_deletes_no_line_item_whatever_the_scope(connected: Connected) -> None:
    """Its permissions name an action that its framework calls otherwise."""
    line_item = connected.line_item()
    with pytest.raises(line_items.LineItemRefused, match="HTTP 403"):
        line_items.delete(connected.service, line_item)


def test_a_completion_arrives_as_the_full_grade(connected: Connected) -> None:
    outcome = connected.deliver(connected.line_item(), "satisfied")
    assert (outcome, connected.platform.published("maya")) == (Sent(), [100.0])


@pytest.mark.parametrize("status", ["onboarded", "agreement_signed", "under_way", "awaiting_tutor"])
def test_a_state_before_completion_is_accepted_and_sets_no_grade(connected: Connected, status: str) -> None:
    outcome = connected.deliver(connected.line_item(), status)
    assert (outcome, connected.platform.published("maya")) == (Sent(), [])


def test_a_completion_a_second_after_another_state_is_accepted(connected: Connected) -> None:
    line_item = connected.line_item()
    connected.deliver(line_item, "under_way")
    outcome = connected.deliver(line_item, "satisfied", NOW + dt.timedelta(seconds=1))
    assert (outcome, connected.platform.published("maya")) == (Sent(), [100.0])


@pytest.mark.parametrize("status", ["satisfied", "under_way"])
def test_a_score_that_arrived_already_counts_as_sent(connected: Connected, status: str) -> None:
    line_item = connected.line_item()
    connected.deliver(line_item, status)
    assert connected.deliver(line_item, status) == Sent()


def test_the_comment_arrives_with_its_accents(connected: Connected) -> None:
    connected.deliver(connected.line_item(), "satisfied", comment="Six rencontres confirmées — bravo")
    published = connected.platform.grades()["published"]
    assert [grade["comment"] for grade in published] == ["Six rencontres confirmées — bravo"]


# Results


def test_a_grade_is_read_back_among_all_and_alone(connected: Connected) -> None:
    line_item, maya = connected.line_item(), connected.platform.user_id("maya")
    connected.deliver(line_item, "satisfied")
    shown = Result(100.0, 100.0)
    readings = [read_results(connected.service, line_item), read_results(connected.service, line_item, maya)]
    assert [
        (reading.unreadable, {user: (each.score, each.maximum) for user, each in reading.results.items()})
        for reading in readings
    ] == [(frozenset(), {maya: (shown.score, shown.maximum)})] * 2


def test_a_grade_is_read_back_from_the_persons_own_address(connected: Connected) -> None:
    line_item, maya = connected.line_item(), connected.platform.user_id("maya")
    connected.deliver(line_item, "satisfied")
    service = connected.service
    service.platform = platform_of_family("openedx")
    assert list(read_results(service, line_item, maya).results) == [maya]
    assert read_results(service, line_item, connected.platform.user_id("tess")).results == {}


def test_a_list_that_the_platform_cuts_is_read_whole(
    connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no pages of results: a limit alone cuts the list, and nothing says so."""
    line_item = connected.line_item()
    for number, user in enumerate(("maya", "zoé")):
        connected.deliver(line_item, "satisfied", NOW + dt.timedelta(seconds=number), user=user)
    monkeypatch.setattr(results, "PAGE_SIZE", 1)
    assert set(read_results(connected.service, line_item).results) == {
        connected.platform.user_id(user) for user in ("maya", "zoé")
    }


def test_a_state_is_not_posted_over_a_grade_that_is_there(connected: Connected) -> None:
    line_item = connected.line_item()
    connected.deliver(line_item, "satisfied")
    unknown = KnownGrade(GradeRecord(wanted=None, status=GradeStatus.ON_ITS_WAY))
    outcome = connected.deliver(line_item, "under_way", NOW + dt.timedelta(seconds=1), known=unknown)
    assert isinstance(outcome, Withheld)
    assert connected.platform.published("maya") == [100.0]
