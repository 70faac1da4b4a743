"""Who may do what after a launch, as far as the launch decides it."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.events.models import EventRow
from lti_tool.identity.models import Course, CourseRole, Membership, Person
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.registration.models import Registration
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.messaging.models import Delivery
from tests.certification.verdicts import opened, person_of, role_of
from tests.platform.platform import ABSENT, INSTRUCTOR, LEARNER, Browser, Platform

LIS = "http://purl.imsglobal.org/vocab/lis/v2/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"

ROLES: dict[str, tuple[list[str], CourseRole]] = {
    "an instructor of the course": ([INSTRUCTOR], CourseRole.TUTOR),
    "a learner whose sub-role is called Instructor": (
        [f"{LIS}membership/Learner#Instructor"],
        CourseRole.LEARNER,
    ),
    "an institution's instructor who learns here": (
        [f"{LIS}institution/person#Instructor", LEARNER],
        CourseRole.LEARNER,
    ),
    "an institution's instructor of whom no more is known": (
        [f"{LIS}institution/person#Instructor"],
        CourseRole.LEARNER,
    ),
    "an institution's administrator who learns here": (
        [f"{LIS}institution/person#Administrator", LEARNER],
        CourseRole.LEARNER,
    ),
    "a system's administrator of whom no more is known": (
        [f"{LIS}system/person#Administrator"],
        CourseRole.OBSERVER,
    ),
    "an account's administrator who is not enrolled": (
        [f"{LIS}institution/person#Administrator", f"{LIS}system/person#User"],
        CourseRole.OBSERVER,
    ),
    "a teaching assistant as Canvas writes it": (
        [f"{LIS}membership/Instructor#TeachingAssistant", INSTRUCTOR, f"{LIS}system/person#User"],
        CourseRole.TUTOR,
    ),
    "a designer": ([f"{LIS}membership#ContentDeveloper"], CourseRole.TUTOR),
    "a LIS mentor": ([f"{LIS}membership#Mentor"], CourseRole.OBSERVER),
    "a test user of Canvas": (
        ["http://purl.imsglobal.org/vocab/lti/system/person#TestUser", LEARNER],
        CourseRole.OBSERVER,
    ),
}


@pytest.mark.parametrize(("roles", "expected"), ROLES.values(), ids=list(ROLES))
def test_the_role_is_right_of(
    services: Services, platform: Platform, browser: Browser, roles: list[str], expected: CourseRole
) -> None:
    assert role_of(services, platform.launch(browser, roles=roles)) is expected


def test_an_administrator_of_the_institution_is_flagged(
    services: Services, platform: Platform, browser: Browser
) -> None:
    roles = [f"{LIS}institution/person#Administrator", LEARNER]
    assert opened(services, platform.launch(browser, roles=roles)).is_admin


def test_a_launch_without_a_subject_is_anonymous(
    services: Services, platform: Platform, browser: Browser
) -> None:
    assert opened(services, platform.launch(browser, sub=ABSENT)).person_id is None


TEST_STUDENT = [LEARNER, "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"]


@pytest.mark.parametrize(
    "changes",
    [{"sub": ABSENT}, {"sub": ABSENT, "roles": [INSTRUCTOR]}, {"roles": TEST_STUDENT}],
    ids=["no name", "a teacher without a name", "the test student"],
)
def test_whoever_is_nobody_looks_at_invented_people_and_leaves_nothing(
    services: Services, platform: Platform, browser: Browser, changes: dict[str, Any]
) -> None:
    teacher = {"sub": "teacher", "roles": [INSTRUCTOR], "custom": {"template": "demo"}}
    browser.get(platform.launch(browser, **teacher).headers["Location"])  # opens it

    def kept() -> list[int]:
        """Rows about people, and what waits to be sent."""
        tables = (Person, Membership, Participant, EventRow, Delivery)
        with services.database.reading() as db:
            return [db.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables]

    before = kept()
    home = platform.launch(browser, **changes).headers["Location"]
    page = browser.get(home).text
    assert "no grade is sent" in page
    token = re.search(r'name="csrf_token" value="([0-9a-f]+)"', page)
    assert token
    assert "The people are made up, and the buttons do nothing." in browser.get(f"{home}preview/mentor").text
    for below in ("join", "role", "agreement", "sessions/new", "cohort/pairs"):
        refused = browser.post(f"{home}{below}", data={"csrf_token": token[1], "role": "mentor"})
        assert refused.status_code == 403, below
    assert kept() == before


def test_a_later_launch_replaces_the_role(services: Services, platform: Platform, browser: Browser) -> None:
    platform.launch(browser, roles=[LEARNER])
    platform.launch(browser, roles=[INSTRUCTOR])
    with services.database.reading() as db:
        assert db.scalars(sa.select(Membership.role)).all() == [CourseRole.TUTOR]


def test_a_teacher_who_comes_as_a_learner_is_neither_until_asked(
    services: Services, platform: Platform, browser: Browser
) -> None:
    platform.launch(browser, roles=[INSTRUCTOR])
    platform.launch(browser, roles=[LEARNER])
    with services.database.reading() as db:
        assert db.scalars(sa.select(Membership.role)).all() == [CourseRole.SWITCHED]


def test_the_same_subject_at_two_tenants_is_two_people(
    services: Services, platform: Platform, other_tenant: Platform, browser: Browser
) -> None:
    first, second = platform.launch(browser), other_tenant.launch(browser)
    assert person_of(services, first).id != person_of(services, second).id


def test_the_same_subject_twice_is_one_person(
    services: Services, platform: Platform, browser: Browser
) -> None:
    first, second = platform.launch(browser), platform.launch(browser)
    assert person_of(services, first).id == person_of(services, second).id


def test_a_new_name_is_learnt(services: Services, platform: Platform, browser: Browser) -> None:
    platform.launch(browser)
    assert person_of(services, platform.launch(browser, name="Amina Diallo")).name == "Amina Diallo"


def test_a_name_that_is_no_longer_sent_is_kept(
    services: Services, platform: Platform, browser: Browser
) -> None:
    platform.launch(browser)
    assert person_of(services, platform.launch(browser, name=ABSENT)).name == "Amina Okafor"


HTML = "<script>alert(1)</script>"


EXT = "https://purl.imsglobal.org/spec/lti/claim/ext"
CUSTOM = "https://purl.imsglobal.org/spec/lti/claim/custom"


@pytest.mark.parametrize(
    ("claims", "kept"),
    [
        ({EXT: {"user_username": "LHaddad"}}, "lhaddad"),
        ({CUSTOM: {"user_username": "lhaddad"}}, "lhaddad"),
        ({CUSTOM: {"user_username": "$User.username"}}, None),
        ({EXT: {"user_username": 7}}, None),
        ({EXT: "moodle"}, None),
    ],
    ids=["Moodle", "a custom parameter", "a variable that is not known", "a number", "no object"],
)
def test_a_user_name_is_kept_and_whatever_is_none_refuses_nobody(
    services: Services, platform: Platform, browser: Browser, claims: dict[str, Any], kept: str | None
) -> None:
    assert person_of(services, platform.launch(browser, **claims)).user_name == kept


def test_html_in_a_name_is_shown_as_text(platform: Platform, browser: Browser) -> None:
    changes: dict[str, Any] = {"name": HTML, "given_name": HTML, "family_name": HTML}
    response = platform.launch(browser, roles=[INSTRUCTOR], context={"id": "c", "title": HTML}, **changes)
    assert "<script>alert" not in browser.get(response.headers["Location"]).text


def test_the_course_keeps_its_roster_s_address(
    services: Services, platform: Platform, browser: Browser
) -> None:
    platform.launch(browser, **{NRPS: {"context_memberships_url": "https://lms.example/nrps/1"}})
    platform.launch(browser)
    with services.database.reading() as db:
        assert db.scalars(sa.select(Course.roster_url)).all() == ["https://lms.example/nrps/1"]


def test_the_link_keeps_the_latest_line_item(
    services: Services, platform: Platform, browser: Browser
) -> None:
    for number in (1, 2):
        platform.launch(browser, **{AGS: {"lineitem": f"https://lms.example/items/{number}", "scope": []}})
    with services.database.reading() as db:
        assert db.scalars(sa.select(ResourceLink.line_item_url)).all() == ["https://lms.example/items/2"]


def test_the_link_loses_its_line_item_when_grading_is_switched_off(
    services: Services, platform: Platform, browser: Browser
) -> None:
    platform.launch(browser, **{AGS: {"lineitem": "https://lms.example/items/1"}})
    platform.launch(browser)
    with services.database.reading() as db:
        assert db.scalars(sa.select(ResourceLink.line_item_url)).all() == [None]


def test_the_link_keeps_its_content_id(services: Services, platform: Platform, browser: Browser) -> None:
    content_id = uuid.uuid4()
    platform.launch(browser, custom={"content_id": str(content_id)})
    with services.database.reading() as db:
        assert db.scalars(sa.select(ResourceLink.content_id)).all() == [content_id]


def test_a_content_id_that_is_none_of_ours_is_no_obstacle(
    services: Services, platform: Platform, browser: Browser
) -> None:
    assert opened(services, platform.launch(browser, custom={"content_id": "chapter 7", "level": 3}))


def test_the_registration_learns_what_platform_it_is(
    services: Services, platform: Platform, browser: Browser
) -> None:
    platform.launch(browser)
    with services.database.reading() as db:
        assert db.get_one(Registration, platform.registration_id).platform_family == "moodle"
