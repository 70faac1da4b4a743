"""Launches with claims as Canvas writes them, and the people that Canvas sends."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.identity.models import Course, CourseRole, Membership
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.registration.models import Deployment
from lti_tool.web.security import csrf_token
from tests.builder.rows import add_deployment, add_organisation
from tests.certification.verdicts import opened
from tests.platform.platform import ABSENT, INSTRUCTOR, LEARNER, LTI, Browser, Platform

LIS = "http://purl.imsglobal.org/vocab/lis/v2/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
COURSE = "4dde05e8ca1973bcca9bffc13e1548820eee93a3"
MODELLED = {"validation_context": None, "errors": {"errors": {}}}
"""What Canvas leaves in its claims of the objects that they were made of."""
USER = f"{LIS}system/person#User"


def canvas_claims(**changes: Any) -> dict[str, Any]:
    """What a launch of an assignment says; changes as in :meth:`Platform.claims`."""
    claims: dict[str, Any] = {
        "azp": "client-1",
        "errors": {"errors": {}},
        "locale": "fr-CA",
        "picture": "https://canvas.example/images/avatar-50.png",
        "https://purl.imsglobal.org/spec/lti/claim/lti1p1": {
            "user_id": "535fa085f22b4655f48cd5a36a9215f64c062838",
            **MODELLED,
        },
        "https://purl.imsglobal.org/spec/lti/claim/lis": {
            "person_sourcedid": "",
            "course_offering_sourcedid": "$CourseSection.sourcedId",
            **MODELLED,
        },
        "context": {
            "id": COURSE,
            "label": "RM",
            "title": "Leading today",
            "type": ["http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering"],
            **MODELLED,
        },
        "resource_link": {
            "id": "a-link",
            "title": "Reverse mentoring",
            "description": None,
            **MODELLED,
        },
        "tool_platform": {
            "guid": "7db438071375c02373713c12c73869ff2f470b68.canvas.instructure.com",
            "name": "Canvas School",
            "version": "cloud",
            "product_family_code": "canvas",
            **MODELLED,
        },
        "launch_presentation": {
            "document_target": "iframe",
            "height": None,
            "width": None,
            "return_url": "https://lms.example/courses/1/external_content/success/external_tool_redirect",
            "locale": "fr-CA",
            **MODELLED,
        },
        "roles": sorted([LEARNER, USER, f"{LIS}institution/person#Student"]),
        "custom": {
            "context_id_history": "$Context.id.history",
            "level": 3,
            "nothing": None,
            "template": "digital-skills",
        },
        AGS: {
            "scope": ["https://purl.imsglobal.org/spec/lti-ags/scope/score"],
            "lineitems": "https://lms.example/api/lti/courses/1/line_items",
            "lineitem": "https://lms.example/api/lti/courses/1/line_items/2",
            **MODELLED,
        },
        NRPS: {
            "context_memberships_url": "https://lms.example/api/lti/courses/1/names_and_roles",
            "service_versions": ["2.0"],
            **MODELLED,
        },
        "https://www.instructure.com/placement": None,
        "role_scope_mentor": [],
    }
    return claims | changes


def launch(platform: Platform, browser: Browser, **changes: Any) -> Any:
    return platform.launch(browser, **canvas_claims(**changes))


def home(platform: Platform, browser: Browser, **changes: Any) -> str:
    arrived = launch(platform, browser, launch_presentation={"locale": "en"}, locale="en", **changes)
    assert arrived.status_code == 303, arrived.text
    return browser.get(arrived.headers["Location"]).text


def test_what_canvas_leaves_in_its_claims_is_no_obstacle(
    services: Services, platform: Platform, browser: Browser
) -> None:
    session = opened(services, launch(platform, browser))
    assert (session.locale, session.role) == ("fr-CA", CourseRole.LEARNER)
    with services.database.reading() as db:
        link = db.scalars(sa.select(ResourceLink)).one()
    assert link.line_item_url == "https://lms.example/api/lti/courses/1/line_items/2"


def test_claims_that_hold_nothing_but_errors_are_claims_that_are_not_there(
    services: Services, platform: Platform, browser: Browser
) -> None:
    bare = {AGS: MODELLED, NRPS: MODELLED, f"{LTI}lis": MODELLED, "custom": None}
    assert opened(services, launch(platform, browser, **bare))
    with services.database.reading() as db:
        assert db.scalars(sa.select(Course.roster_url)).all() == [None]


TUTOR: dict[str, Any] = {"sub": "tutor", "roles": [INSTRUCTOR], "custom": {"template": "demo"}}
"""A tutor of a link that names its programme, which their launch opens."""
PEOPLE: dict[str, tuple[list[str], str]] = {
    "an observer": ([f"{LIS}membership#Mentor", USER], "Nothing to show for now"),
    "the test student": (
        [LEARNER, "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"],
        "You are here as a test student",
    ),
    "an account administrator who is not enrolled": (
        [f"{LIS}institution/person#Administrator", USER],
        "You are here as an administrator",
    ),
    "a teaching assistant": (
        [f"{LIS}membership/Instructor#TeachingAssistant", INSTRUCTOR, USER],
        "My group",
    ),
    "a learner of a concluded course": (
        [f"{LIS}institution/person#Student", USER],
        "Nothing to show for now",
    ),
    "a teacher who is not enrolled": (
        [f"{LIS}institution/person#Instructor", USER],
        "Nothing to show for now",
    ),
}


@pytest.mark.parametrize(("roles", "words"), PEOPLE.values(), ids=list(PEOPLE))
def test_everybody_sees_their_own_page(
    platform: Platform, browser: Browser, roles: list[str], words: str
) -> None:
    home(platform, browser, **TUTOR)
    page = home(platform, browser, sub="somebody", roles=roles)
    assert words in page
    assert "how would you like to take part" not in page


def test_somebody_who_is_not_logged_in_looks_and_takes_no_part(
    services: Services, platform: Platform, browser: Browser
) -> None:
    home(platform, browser, **TUTOR)
    page = home(platform, browser, sub=ABSENT, name=ABSENT, roles=[f"{LIS}system/person#None"])
    assert "Your course did not say who you are" in page


@pytest.mark.parametrize("roles", [value[0] for value in list(PEOPLE.values())[:3]], ids=list(PEOPLE)[:3])
def test_who_only_looks_cannot_take_part(
    services: Services, platform: Platform, browser: Browser, roles: list[str]
) -> None:
    tutor = home(platform, browser, **TUTOR)
    assert "My group" in tutor
    statuses = []
    for subject, held in (("learner", [LEARNER]), ("somebody", roles)):
        arrived = launch(platform, browser, sub=subject, roles=held)
        session = opened(services, arrived)
        fields = {"role": "mentee", "csrf_token": csrf_token(session), "form_key": str(uuid.uuid4())}
        statuses.append(browser.post(f"{arrived.headers['Location']}join", data=fields).status_code)
    assert statuses == [302, 403]
    with services.database.reading() as db:
        # The test student is nobody.
        placed = sorted(db.scalars(sa.select(Membership.role)))
        assert placed == (["learner", "tutor"] if LEARNER in roles else ["learner", "observer", "tutor"])


@pytest.mark.parametrize("held", [[f"{LIS}institution/person#Student", USER], [USER]])
def test_whoever_has_no_part_in_the_course_now_gets_none(
    services: Services, platform: Platform, browser: Browser, held: list[str]
) -> None:
    """A concluded enrolment, or somebody who looks into a public course; and who had left is not back by looking."""
    opened(services, launch(platform, browser, sub="before"))
    with services.database.transaction() as db:
        db.execute(sa.update(Membership).values(active=False))
    for subject in ("before", "visitor"):
        launch(platform, browser, sub=subject, roles=held)
    with services.database.reading() as db:
        assert [(row.role, row.active) for row in db.scalars(sa.select(Membership))] == [("learner", False)]


def install_again(services: Services, platform: Platform, *, organisation: str | None = None) -> str:
    """Another deployment of the registration, in the first one's organisation or in another; its id in Canvas."""
    with services.database.transaction() as db:
        first = db.scalars(sa.select(Deployment)).one()
        owner = add_organisation(db, organisation).id if organisation else first.organisation_id
        return add_deployment(db, platform.registration_id, "2:another", organisation_id=owner).deployment_id


def launch_from(platform: Platform, browser: Browser, deployment_id: str) -> Any:
    """A launch from one of the registration's deployments."""
    changes = canvas_claims(**{f"{LTI}deployment_id": deployment_id})
    return platform.launch(browser, login={"lti_deployment_id": deployment_id}, **changes)


def test_a_tool_that_was_installed_again_finds_its_course(
    services: Services, platform: Platform, browser: Browser
) -> None:
    """Canvas deletes the old deployment and makes one with another id; the course and its activities are the same."""
    first = opened(services, launch(platform, browser))
    again = install_again(services, platform)
    second = opened(services, launch_from(platform, browser, again))
    assert (second.course_id, second.resource_link_id) == (first.course_id, first.resource_link_id)


def test_a_course_stays_with_its_organisation(
    services: Services, platform: Platform, browser: Browser
) -> None:
    first = opened(services, launch(platform, browser))
    other = install_again(services, platform, organisation="Another company")
    second = opened(services, launch_from(platform, browser, other))
    assert second.course_id != first.course_id
    with services.database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(Course)) == 2
