"""Launches that 1EdTech's certification suite expects every tool to accept, as a teacher and as a student."""

from __future__ import annotations

from typing import Any

import pytest

from lti_tool.composition.services import Services
from lti_tool.identity.models import CourseRole
from tests.certification.verdicts import opened, role_of
from tests.platform.platform import ABSENT, INSTRUCTOR, LEARNER, MEMBERSHIP, Browser, Platform

LIS = "http://purl.imsglobal.org/vocab/lis/v2/"
NAMELESS = {"name": ABSENT, "given_name": ABSENT, "family_name": ABSENT}

PEOPLE = {"teacher": [INSTRUCTOR], "student": [LEARNER]}

PAYLOADS: dict[str, dict[str, Any]] = {
    "normal": {},
    "email only": NAMELESS,
    "names only": {"email": ABSENT},
    "no personal data": {**NAMELESS, "email": ABSENT},
    "email without context": {**NAMELESS, "context": ABSENT},
    "unknown claims": {"https://vendor.example/claim": {"deep": [1, None]}, "picture": 7},
    "nulls for what is optional": {"email": None, "custom": None, "launch_presentation": None},
}


@pytest.mark.parametrize("roles", PEOPLE.values(), ids=list(PEOPLE))
@pytest.mark.parametrize("changes", PAYLOADS.values(), ids=list(PAYLOADS))
def test_a_valid_launch_is_accepted(
    services: Services, platform: Platform, browser: Browser, roles: list[str], changes: dict[str, Any]
) -> None:
    assert opened(services, platform.launch(browser, roles=roles, **changes))


ROLES = {
    "several roles of a teacher": ([INSTRUCTOR, f"{LIS}institution/person#Faculty"], CourseRole.TUTOR),
    "several roles of a student": ([LEARNER, f"{LIS}institution/person#Student"], CourseRole.LEARNER),
    "short role of a teacher": (["Instructor"], CourseRole.TUTOR),
    "short role of a student": (["Learner"], CourseRole.LEARNER),
    "unknown role beside a teacher's": ([INSTRUCTOR, "https://vendor.example/role#Wizard"], CourseRole.TUTOR),
    "unknown role alone": (["https://vendor.example/role#Wizard"], CourseRole.LEARNER),
    "empty roles": ([], CourseRole.LEARNER),
}


@pytest.mark.parametrize(("roles", "expected"), ROLES.values(), ids=list(ROLES))
def test_a_launch_is_accepted_with(
    services: Services, platform: Platform, browser: Browser, roles: list[str], expected: CourseRole
) -> None:
    assert role_of(services, platform.launch(browser, roles=roles)) is expected


def test_a_student_with_the_resource_link_only_is_accepted(
    services: Services, platform: Platform, browser: Browser
) -> None:
    changes = {
        **NAMELESS,
        "email": ABSENT,
        "context": ABSENT,
        "tool_platform": ABSENT,
        "launch_presentation": ABSENT,
        "custom": ABSENT,
        "resource_link": {"id": "link-1"},
    }
    assert opened(services, platform.launch(browser, **changes)).course_id is None


def test_a_deep_linking_request_opens_the_content_picker(
    services: Services, platform: Platform, browser: Browser
) -> None:
    response = platform.launch(browser, **deep_linking())
    assert response.headers["Location"].endswith("/deep-linking")


def test_a_deep_linking_request_keeps_its_settings(
    services: Services, platform: Platform, browser: Browser
) -> None:
    settings = opened(services, platform.launch(browser, **deep_linking(data="echo this"))).deep_linking
    assert settings is not None
    assert settings["data"] == "echo this"


def test_two_audiences_with_our_azp_are_accepted(
    services: Services, platform: Platform, browser: Browser
) -> None:
    response = platform.launch(browser, aud=["another", platform.client_id], azp=platform.client_id)
    assert opened(services, response)


def test_an_audience_list_with_us_alone_is_accepted(
    services: Services, platform: Platform, browser: Browser
) -> None:
    assert opened(services, platform.launch(browser, aud=[platform.client_id]))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_login_may_come_by(services: Services, platform: Platform, browser: Browser, method: str) -> None:
    parameters = platform.login_parameters()
    if method == "GET":
        response = browser.get("/lti/login", query_string=parameters)
    else:
        response = browser.post("/lti/login", data=parameters)
    assert response.status_code == 302
    assert response.headers["Location"].startswith("https://lms.example/auth?")


def deep_linking(**settings: Any) -> dict[str, Any]:
    """The changes that make a launch a deep-linking request by a teacher."""
    return {
        "roles": [f"{MEMBERSHIP}Instructor"],
        "message_type": "LtiDeepLinkingRequest",
        "resource_link": ABSENT,
        "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings": {
            "deep_link_return_url": "https://lms.example/deep_links",
            "accept_types": ["ltiResourceLink"],
            "accept_presentation_document_targets": ["iframe", "window"],
            **settings,
        },
    }
