"""A verified launch becomes rows, once each, however many arrive at once."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from lti_tool.database import Base, utcnow
from lti_tool.lti.arrivals import Arrival, VerifiedLaunch, arrive
from lti_tool.lti.expiry import KEPT_AFTERWARDS, forget_expired
from lti_tool.lti.models import Deployment, LaunchSession, ResourceLink
from lti_tool.people import Course, CourseRole, Membership, Person
from lti_tool.tool import Tool
from tests.platform.platform import Platform

SECRET_HASH = "0" * 64


@pytest.fixture
def launch(tool: Tool, platform: Platform) -> VerifiedLaunch:
    """A learner's launch, every value of it present."""
    with tool.database.reading() as db:
        deployment_id = db.scalars(sa.select(Deployment.id)).one()
    return VerifiedLaunch(
        registration_id=platform.registration_id,
        deployment_id=deployment_id,
        message_type="LtiResourceLinkRequest",
        role=CourseRole.LEARNER,
        subject="person-1",
        name="Amina Okafor",
        locale="fr",
        context_id="course-1",
        context_title="Leading today",
        resource_link_id="link-1",
        content_id=uuid.uuid4(),
        line_item_url="https://lms.example/items/1",
        scopes=("https://purl.imsglobal.org/spec/lti-ags/scope/score",),
        roster_url="https://lms.example/nrps",
        platform_family="moodle",
        deep_linking={"data": "x"},
    )


def count(tool: Tool, table: type[Base]) -> int:
    with tool.database.reading() as db:
        return db.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_a_launch_that_waited_as_json_is_the_same_launch(launch: VerifiedLaunch) -> None:
    assert VerifiedLaunch.from_json(json.loads(json.dumps(launch.to_json()))) == launch


def test_a_launch_that_says_little_is_the_same_after_waiting(launch: VerifiedLaunch) -> None:
    little = VerifiedLaunch(launch.registration_id, launch.deployment_id, "x", CourseRole.OBSERVER)
    assert VerifiedLaunch.from_json(json.loads(json.dumps(little.to_json()))) == little


@pytest.mark.parametrize("table", [Person, Course, Membership, ResourceLink])
def test_first_launches_at_once_make_one_row_of(
    tool: Tool, launch: VerifiedLaunch, table: type[Base]
) -> None:
    def come(_: int) -> uuid.UUID:
        with tool.database.transaction() as db:
            return arrive(db, launch, secret_hash=SECRET_HASH).session_id

    with ThreadPoolExecutor(6) as pool:
        sessions = set(pool.map(come, range(12)))
    assert (len(sessions), count(tool, table)) == (12, 1)


def test_launches_of_a_class_at_once_make_one_person_each(tool: Tool, launch: VerifiedLaunch) -> None:
    def come(number: int) -> None:
        with tool.database.transaction() as db:
            arrive(db, dataclasses.replace(launch, subject=f"person-{number}"), secret_hash=SECRET_HASH)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(come, range(12)))
    assert (count(tool, Person), count(tool, Course), count(tool, Membership)) == (12, 1, 12)


def test_a_launch_that_fails_leaves_nothing(tool: Tool, launch: VerifiedLaunch) -> None:
    broken = dataclasses.replace(launch, deployment_id=uuid.uuid4())
    with pytest.raises(sa.exc.IntegrityError), tool.database.transaction() as db:
        arrive(db, broken, secret_hash=SECRET_HASH)
    assert count(tool, Person) == 0


def test_a_session_is_forgotten_a_day_after_its_end(tool: Tool, launch: VerifiedLaunch) -> None:
    with tool.database.transaction() as db:
        session_id = arrive(db, launch, secret_hash=SECRET_HASH).session_id
    with tool.database.reading() as db:
        end = db.get_one(LaunchSession, session_id).expires_at
    with tool.database.transaction() as db:
        assert forget_expired(db, end + KEPT_AFTERWARDS + dt.timedelta(seconds=1)) == 1


def test_a_session_is_kept_while_it_lasts(tool: Tool, launch: VerifiedLaunch) -> None:
    with tool.database.transaction() as db:
        arrive(db, launch, secret_hash=SECRET_HASH)
        assert forget_expired(db, utcnow()) == 0


def come(tool: Tool, launch: VerifiedLaunch, **changes: object) -> Arrival:
    with tool.database.transaction() as db:
        return arrive(db, dataclasses.replace(launch, **changes), secret_hash=SECRET_HASH)


def test_a_first_launch_brings_news_of_its_line_item(tool: Tool, launch: VerifiedLaunch) -> None:
    assert come(tool, launch).line_item_is_news


def test_a_line_item_is_news_once(tool: Tool, launch: VerifiedLaunch) -> None:
    come(tool, launch)
    assert not come(tool, launch, subject="person-2").line_item_is_news


@pytest.mark.parametrize(
    "before", [{"line_item_url": None}, {"line_item_url": "https://lms.example/items/0"}, {"scopes": ()}]
)
def test_a_line_item_that_differs_is_news(
    tool: Tool, launch: VerifiedLaunch, before: dict[str, object]
) -> None:
    come(tool, launch, **before)
    assert come(tool, launch).line_item_is_news


def test_a_launch_without_a_line_item_brings_no_news(tool: Tool, launch: VerifiedLaunch) -> None:
    assert not come(tool, launch, line_item_url=None, scopes=()).line_item_is_news


def test_a_line_item_that_is_gone_is_forgotten(tool: Tool, launch: VerifiedLaunch) -> None:
    come(tool, launch)
    come(tool, launch, line_item_url=None)
    with tool.database.reading() as db:
        assert db.scalars(sa.select(ResourceLink.line_item_url)).one() is None


@pytest.mark.parametrize(("told", "kept"), [("Renamed", "Renamed"), (None, "Leading today")])
def test_a_course_has_the_latest_title_told(
    tool: Tool, launch: VerifiedLaunch, told: str | None, kept: str
) -> None:
    come(tool, launch)
    come(tool, launch, context_title=told)
    with tool.database.reading() as db:
        assert db.scalars(sa.select(Course.title)).one() == kept


def test_a_launch_of_a_known_place_leads_to_it(tool: Tool, launch: VerifiedLaunch) -> None:
    first, second = (come(tool, launch).session_id for _ in range(2))
    with tool.database.reading() as db:
        places = {
            (session.course_id, session.resource_link_id)
            for session in (db.get_one(LaunchSession, one) for one in (first, second))
        }
    assert len(places) == 1
