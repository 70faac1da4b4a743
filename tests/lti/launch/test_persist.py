"""A verified launch becomes rows, once each, however many arrive at once."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import Base, utcnow
from lti_tool.identity.models import Course, Membership, OpenedLink, Person
from lti_tool.identity.principal import CourseRole
from lti_tool.lti.expiry import KEPT_AFTERWARDS, delete_expired_rows
from lti_tool.lti.launch.known_rows import KnownRows, known_rows
from lti_tool.lti.launch.models import LaunchSession, ResourceLink
from lti_tool.lti.launch.persist import PersistedLaunch, VerifiedLaunch, persist_launch
from lti_tool.lti.registration.models import Deployment
from tests.platform.platform import Platform

SECRET_HASH = "0" * 64
LIFETIME = dt.timedelta(hours=12)


@pytest.fixture
def launch(services: Services, platform: Platform) -> VerifiedLaunch:
    """A learner's launch, every value of it present."""
    with services.database.reading() as db:
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


def count(services: Services, table: type[Base]) -> int:
    with services.database.reading() as db:
        return db.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_a_launch_that_waited_as_json_is_the_same_launch(launch: VerifiedLaunch) -> None:
    assert VerifiedLaunch.from_json(json.loads(json.dumps(launch.to_json()))) == launch


def test_a_launch_with_few_claims_is_the_same_after_waiting(launch: VerifiedLaunch) -> None:
    little = VerifiedLaunch(launch.registration_id, launch.deployment_id, "x", CourseRole.OBSERVER)
    assert VerifiedLaunch.from_json(json.loads(json.dumps(little.to_json()))) == little


@pytest.mark.parametrize("table", [Person, Course, Membership, ResourceLink, OpenedLink])
def test_first_launches_at_once_make_one_row_of(
    services: Services, launch: VerifiedLaunch, table: type[Base]
) -> None:
    def come(_: int) -> uuid.UUID:
        with services.database.transaction() as db:
            return persist_launch(
                db.connection(), launch, secret_hash=SECRET_HASH, lifetime=LIFETIME
            ).session_id

    with ThreadPoolExecutor(6) as pool:
        sessions = set(pool.map(come, range(12)))
    assert (len(sessions), count(services, table)) == (12, 1)


@pytest.mark.parametrize("links", [("link-1", "link-1"), ("link-1", "link-2")])
def test_first_launches_at_once_under_two_hosts_know_one_line_item(
    services: Services,
    launch: VerifiedLaunch,
    monkeypatch: pytest.MonkeyPatch,
    links: tuple[str, str],
) -> None:
    """One link, in a course that is new, too; or two links of a known course that share a line item."""
    if links[0] != links[1]:
        come(services, launch, resource_link_id="link-0", line_item_url=None)
    both_have_read = threading.Barrier(2)

    def read(*args: Any) -> KnownRows:
        found = known_rows(*args)
        with suppress(threading.BrokenBarrierError):
            # SQLite has one writer at a time: there the second has not begun.
            both_have_read.wait(0.2)
        return found

    def arrive(number: int) -> PersistedLaunch:
        host = f"{'ab'[number]}.example"
        item = f"https://{host}/items/1"
        named = {"line_item_url": item, "service_hosts": (host,), "subject": f"person-{number}"}
        return come(services, launch, resource_link_id=links[number], **named)

    monkeypatch.setattr("lti_tool.lti.launch.persist.known_rows", read)
    with ThreadPoolExecutor(2) as pool:
        arrived = list(pool.map(arrive, range(2)))
    with services.database.reading() as db:
        rows = db.scalars(sa.select(ResourceLink).where(ResourceLink.line_item_url.is_not(None))).all()
    assert len(rows) == len(set(links))
    assert len({row.line_item_url for row in rows}) == 1
    other = {"https://a.example/items/1", "https://b.example/items/1"} - {rows[0].line_item_url}
    assert {row.line_item_address for row in rows} - {None} == other
    # Grades go out once: of one link for the first of the two launches alone.
    assert sum(one.line_item_changed for one in arrived) == len(set(links))


def test_launches_of_a_class_at_once_make_one_person_each(services: Services, launch: VerifiedLaunch) -> None:
    def come(number: int) -> None:
        with services.database.transaction() as db:
            persist_launch(
                db.connection(),
                dataclasses.replace(launch, subject=f"person-{number}"),
                secret_hash=SECRET_HASH,
                lifetime=LIFETIME,
            )

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(come, range(12)))
    assert (count(services, Person), count(services, Course), count(services, Membership)) == (12, 1, 12)


def test_a_launch_that_fails_leaves_nothing(services: Services, launch: VerifiedLaunch) -> None:
    broken = dataclasses.replace(launch, deployment_id=uuid.uuid4())
    with pytest.raises(sa.exc.IntegrityError), services.database.transaction() as db:
        persist_launch(db.connection(), broken, secret_hash=SECRET_HASH, lifetime=LIFETIME)
    assert count(services, Person) == 0


def test_a_session_is_deleted_a_day_after_its_end(services: Services, launch: VerifiedLaunch) -> None:
    with services.database.transaction() as db:
        session_id = persist_launch(
            db.connection(), launch, secret_hash=SECRET_HASH, lifetime=LIFETIME
        ).session_id
    with services.database.reading() as db:
        end = db.get_one(LaunchSession, session_id).expires_at
    with services.database.transaction() as db:
        assert delete_expired_rows(db, end + KEPT_AFTERWARDS + dt.timedelta(seconds=1)) == 1


def test_a_session_is_kept_while_it_lasts(services: Services, launch: VerifiedLaunch) -> None:
    with services.database.transaction() as db:
        persist_launch(db.connection(), launch, secret_hash=SECRET_HASH, lifetime=LIFETIME)
        assert delete_expired_rows(db, utcnow()) == 0


def come(services: Services, launch: VerifiedLaunch, **changes: object) -> PersistedLaunch:
    with services.database.transaction() as db:
        return persist_launch(
            db.connection(),
            dataclasses.replace(launch, **changes),
            secret_hash=SECRET_HASH,
            lifetime=LIFETIME,
        )


def test_a_first_launch_changes_the_line_item(services: Services, launch: VerifiedLaunch) -> None:
    assert come(services, launch).line_item_changed


def test_a_line_item_changes_once(services: Services, launch: VerifiedLaunch) -> None:
    come(services, launch)
    assert not come(services, launch, subject="person-2").line_item_changed


@pytest.mark.parametrize(
    "before", [{"line_item_url": None}, {"line_item_url": "https://lms.example/items/0"}, {"scopes": ()}]
)
def test_a_line_item_that_differs_has_changed(
    services: Services, launch: VerifiedLaunch, before: dict[str, object]
) -> None:
    come(services, launch, **before)
    assert come(services, launch).line_item_changed


def test_a_launch_without_a_line_item_changes_none(services: Services, launch: VerifiedLaunch) -> None:
    assert not come(services, launch, line_item_url=None, scopes=()).line_item_changed


def test_a_line_item_that_is_gone_is_removed(services: Services, launch: VerifiedLaunch) -> None:
    come(services, launch)
    come(services, launch, line_item_url=None)
    with services.database.reading() as db:
        assert db.scalars(sa.select(ResourceLink.line_item_url)).one() is None


@pytest.mark.parametrize(("sent", "kept"), [("Renamed", "Renamed"), (None, "Leading today")])
def test_a_course_has_the_latest_title_of_a_launch(
    services: Services, launch: VerifiedLaunch, sent: str | None, kept: str
) -> None:
    come(services, launch)
    come(services, launch, context_title=sent)
    with services.database.reading() as db:
        assert db.scalars(sa.select(Course.title)).one() == kept


def test_a_launch_of_a_known_link_leads_to_it(services: Services, launch: VerifiedLaunch) -> None:
    first, second = (come(services, launch).session_id for _ in range(2))
    with services.database.reading() as db:
        places = {
            (session.course_id, session.resource_link_id)
            for session in (db.get_one(LaunchSession, one) for one in (first, second))
        }
    assert len(places) == 1


def test_a_line_item_that_was_found_or_made_stays_where_launches_name_none(
    services: Services, launch: VerifiedLaunch
) -> None:
    come(services, launch, line_item_url=None, line_items_url="https://lms.example/items")
    with services.database.transaction() as db:
        db.execute(
            sa.update(ResourceLink).values(
                line_item_url="https://lms.example/made", own_line_item_url="https://lms.example/made"
            )
        )
    again = come(services, launch, line_item_url=None, resource_link_title="Another title")
    assert (again.line_item_changed, again.has_line_item) == (False, True)
    with services.database.reading() as db:
        link = db.scalars(sa.select(ResourceLink)).one()
        assert (link.line_item_url, link.line_items_url) == (
            "https://lms.example/made",
            "https://lms.example/items",
        )


def test_a_line_item_that_launches_name_comes_before_one_that_was_made(
    services: Services, launch: VerifiedLaunch
) -> None:
    come(services, launch, line_item_url=None)
    with services.database.transaction() as db:
        made = {"line_item_url": "https://lms.example/made", "own_line_item_url": "https://lms.example/made"}
        db.execute(sa.update(ResourceLink).values(made))
    assert come(services, launch).line_item_changed
    with services.database.reading() as db:
        assert db.scalars(sa.select(ResourceLink.line_item_url)).one() == launch.line_item_url


def test_what_a_learner_opens_is_noted_once_for_each_activity(
    services: Services, launch: VerifiedLaunch
) -> None:
    def noted() -> list[tuple[str | None, str, dt.datetime]]:
        with services.database.reading() as db:
            rows = db.execute(
                sa.select(Person.subject, ResourceLink.resource_link_id, OpenedLink.first_opened_at)
                .join(OpenedLink, OpenedLink.person_id == Person.id)
                .join(ResourceLink, ResourceLink.id == OpenedLink.resource_link_id)
                .order_by(OpenedLink.first_opened_at)
            )
            return [tuple(row) for row in rows]

    come(services, launch)
    [first] = noted()
    assert first[:2] == ("person-1", "link-1")
    come(services, launch)
    come(services, launch, resource_link_id="link-2")
    assert ([each[:2] for each in noted()], noted()[0]) == (
        [("person-1", "link-1"), ("person-1", "link-2")],
        first,
    )
    # Nobody asks it of a teacher, of an observer, or of a preview without a person.
    for other in ({"role": CourseRole.TUTOR}, {"role": CourseRole.OBSERVER}, {"subject": None}):
        come(services, launch, **({"subject": "person-2"} | other))
    assert len(noted()) == 2
