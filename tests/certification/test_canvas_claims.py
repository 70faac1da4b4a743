"""Launches with claims as Canvas writes them, and the people that Canvas sends."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.identity.models import Course, CourseRole, Membership
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.web.security import csrf_token
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
    "an observer": ([f"{LIS}membership#Mentor", USER], "You are here to observe"),
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
    assert "You are here without a name" in page


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
