"""A platform that answers under two hosts: each grade goes out once, to the host that the latest launch named."""

from __future__ import annotations

import datetime as dt
import uuid
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
import sqlalchemy as sa

from lti_tool.database import utcnow
from lti_tool.identity.models import Course
from lti_tool.identity.principal import CourseRole
from lti_tool.lti.ags import own_line_items
from lti_tool.lti.ags.addresses import addresses_of
from lti_tool.lti.ags.models import GradeStatus
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.launch.persist import PersistedLaunch, VerifiedLaunch, persist_launch
from lti_tool.lti.registration.models import Registration
from lti_tool.messaging.models import Delivery
from lti_tool.subscribers.scores import backfill_scores
from tests.builder.connected import MENTEE, MENTOR, Connected
from tests.lti.ags.reading_back import ReadingBack


class TwoHosts(ReadingBack):
    """An LMS at localhost that answers at 127.0.0.1, too."""

    def __init__(self, connected: Connected) -> None:
        super().__init__(connected)
        self.first = connected.line_item
        self.second = self.first.replace("localhost", "127.0.0.1")
        connected.has_services_at(self.second)

    def launch(self, line_item: str | None, link: str | None = None) -> PersistedLaunch:
        """Somebody launches, and what a launch brings about follows."""
        world, services = self.connected.world, self.services
        with services.database.reading() as db:
            course = db.get_one(Course, world.course_id)
            known = db.get_one(ResourceLink, world.resource_link_id)
        launch = VerifiedLaunch(
            registration_id=world.registration_id,
            deployment_id=course.deployment_id,
            message_type="LtiResourceLinkRequest",
            role=CourseRole.LEARNER,
            subject=MENTEE,
            context_id=course.context_id,
            resource_link_id=link or known.resource_link_id,
            line_item_url=line_item,
            scopes=tuple(known.scopes),
        )
        with services.database.transaction() as db:
            persisted = persist_launch(
                db.connection(), launch, secret_hash="0" * 64, lifetime=dt.timedelta(hours=1)
            )
            if persisted.line_item_changed and persisted.resource_link_id is not None:
                backfill_scores(db, persisted.resource_link_id, utcnow())
        return persisted

    def waits_for(self) -> dict[str, str]:
        """The line items to which scores wait to be sent, by the platform's ids of their people."""
        with self.services.database.reading() as db:
            targets = db.scalars(sa.select(Delivery.target).where(Delivery.done_at.is_(None))).all()
        return {target["user_id"]: target["line_item_url"] for target in targets if target is not None}

    def link(self, link_id: uuid.UUID | None = None) -> ResourceLink:
        with self.services.database.reading() as db:
            return db.get_one(ResourceLink, link_id or self.connected.world.resource_link_id)


@pytest.fixture
def book(connected: Connected) -> TwoHosts:
    return TwoHosts(connected)


def test_a_grade_goes_out_once_whichever_host_is_named_by_turns(book: TwoHosts) -> None:
    book.complete()
    for _ in range(2):
        for line_item in (book.second, book.first):
            assert not book.launch(line_item).line_item_changed
            book.deliver()
    assert (book.posted, book.trail().line_item_url) == (1, book.first)


def test_a_launch_under_the_second_host_knows_the_grade(book: TwoHosts) -> None:
    book.complete()
    assert [book.launch(book.second).has_grade for _ in range(2)] == [True, True]


def test_scores_and_readings_go_to_the_host_that_was_named_last(book: TwoHosts) -> None:
    """The LMS answers at localhost alone here: at 127.0.0.1 it redirects."""
    with book.services.database.transaction() as db:
        db.execute(sa.update(ResourceLink).values(line_item_url=book.second))
    book.launch(book.first)
    book.complete()
    assert (book.grade(), book.status(), book.trail().line_item_url) == (
        100,
        GradeStatus.RECORDED,
        book.second,
    )
    assert book.read()["readable"] is True


def test_the_same_path_on_a_host_that_is_not_the_platforms_is_another_line_item(book: TwoHosts) -> None:
    with book.services.database.transaction() as db:
        db.execute(sa.update(Registration).values(service_hosts=[]))
    assert book.launch(book.second).line_item_changed
    assert (book.link().line_item_url, book.link().line_item_address) == (book.second, None)


_MOODLE = "http://localhost/mod/lti/services.php/2/lineitems/7/lineitem?type_id=1"
_CANVAS = "http://localhost/api/lti/courses/12/line_items/7"


@pytest.mark.parametrize(
    ("family", "first", "later", "is_one"),
    [
        ("moodle", _MOODLE, _MOODLE.replace("/mod/lti/", "/ltix/"), True),
        ("moodle", _MOODLE, _MOODLE.replace("/2/", "/3/").replace("localhost", "127.0.0.1"), True),
        ("moodle", _MOODLE, _MOODLE.replace("/7/", "/8/"), False),
        (
            "canvas",
            _CANVAS,
            "http://localhost/api/lti/courses/10000000000012/line_items/10000000000007",
            True,
        ),
        ("canvas", _CANVAS, "http://127.0.0.1/api/lti/courses/1~12/line_items/1~7", True),
        ("canvas", _CANVAS, "http://elsewhere/api/lti/courses/12/line_items/7", False),
        ("canvas", _CANVAS, "http://localhost/api/lti/courses/12/line_items/17", False),
        (None, _MOODLE, _MOODLE.replace("/2/", "/3/"), False),
    ],
)
def test_one_line_item_is_known_by_what_names_it_on_its_platform(
    book: TwoHosts, family: str | None, first: str, later: str, is_one: bool
) -> None:
    with book.services.database.transaction() as db:
        hosts = ["localhost", "127.0.0.1"]
        db.execute(sa.update(Registration).values(platform_family=family, service_hosts=hosts))
        db.execute(sa.update(ResourceLink).values(line_item_url=first))
    assert book.launch(later).line_item_changed is not is_one
    known = (first, later) if is_one else (later, None)
    assert (book.link().line_item_url, book.link().line_item_address) == known


def test_another_activity_of_the_course_with_the_line_item_shares_its_address(book: TwoHosts) -> None:
    other = book.link(book.launch(book.second, link="another").resource_link_id)
    assert (other.line_item_url, other.line_item_address) == (book.first, book.second)


def test_one_that_was_found_under_another_host_keeps_its_address(book: TwoHosts) -> None:
    link_id = book.connected.world.resource_link_id
    with book.services.database.transaction() as db:
        db.execute(sa.update(ResourceLink).values(own_line_item_url=book.first))
        own_line_items.ask(db, link_id, make=False)
        changed = own_line_items.note_there(db, link_id, book.second, utcnow(), label=None, is_ours=False)
    assert not changed
    assert (book.link().line_item_url, book.link().line_item_address) == (book.first, book.second)
    # A launch that names none leaves it so.
    assert not book.launch(None).line_item_changed
    assert (book.link().line_item_url, book.link().line_item_address) == (book.first, book.second)


@pytest.mark.parametrize("launched_first", [True, False])
def test_one_that_is_found_beside_a_launch_that_names_it_has_one_address(
    book: TwoHosts, launched_first: bool
) -> None:
    """The launch is another activity's. Where it comes second, the job has not committed yet when it begins."""
    link_id = book.connected.world.resource_link_id
    with book.services.database.transaction() as db:
        db.execute(sa.update(ResourceLink).values(line_item_url=None))
        own_line_items.ask(db, link_id, make=False)
    if launched_first:
        book.launch(book.first, link="another")
    with ThreadPoolExecutor(1) as pool:
        with book.services.database.transaction() as db:
            own_line_items.note_there(db, link_id, book.second, utcnow(), label=None, is_ours=False)
            launch = None if launched_first else pool.submit(book.launch, book.first, link="another")
            if launch is not None:
                wait([launch], timeout=0.3)
        if launch is not None:
            launch.result()
    with book.services.database.reading() as db:
        addresses = set(db.scalars(sa.select(ResourceLink.line_item_url)))
    assert addresses == {book.first if launched_first else book.second}


def test_an_address_is_the_platforms_under_each_of_its_hosts_alone() -> None:
    hosts = {"a.example", "b.example:8443"}
    assert "https://b.example:8443/items/1?type_id=2" in addresses_of(
        "https://a.example/items/1?type_id=2", hosts
    )
    assert addresses_of("https://c.example/items/1", hosts) == ["https://c.example/items/1"]


def test_a_host_that_is_allowed_later_gets_no_grade_that_the_first_one_took(book: TwoHosts) -> None:
    book.complete()
    with book.services.database.transaction() as db:
        db.execute(sa.update(Registration).values(service_hosts=[]))
    assert book.launch(book.second).line_item_changed
    book.record("satisfied", 100)
    book.deliver()
    assert (book.posted, book.waits_for()) == (1, {MENTEE: book.second, MENTOR: book.second})
    book.connected.has_services_at(book.second)
    assert (book.link().line_item_url, book.link().line_item_address) == (book.first, book.second)
    # Nothing was ever sent of the other person: that is still to come.
    assert book.waits_for() == {MENTOR: book.first}
    assert (book.trail().accepted_score, book.trail().line_item_url) == (100, book.first)


def test_what_another_activity_has_stays_its_own_when_a_host_is_allowed(book: TwoHosts) -> None:
    book.complete()
    with book.services.database.transaction() as db:
        db.execute(sa.update(Registration).values(service_hosts=[]))
    other = book.launch(book.second, link="another").resource_link_id
    book.connected.has_services_at(book.second)
    assert (book.link().line_item_url, book.link(other).line_item_url) == (book.first, book.second)
