"""The platform's role URIs, one by one."""

from __future__ import annotations

import pytest

from lti_tool.identity.principal import CourseRole
from lti_tool.lti.roles import resolve

LIS = "http://purl.imsglobal.org/vocab/lis/v2/"

TUTORS = [
    f"{LIS}membership#Instructor",
    f"{LIS}membership#Administrator",
    f"{LIS}membership#ContentDeveloper",
    f"{LIS}membership/Instructor#TeachingAssistant",
    f"{LIS}membership/Instructor#PrimaryInstructor",
    "Instructor",
    "Administrator",
    "ContentDeveloper",
]


@pytest.mark.parametrize("uri", TUTORS)
def test_a_tutor_is(uri: str) -> None:
    assert resolve([uri]).role is CourseRole.TUTOR


LEARNERS = [
    f"{LIS}membership#Learner",
    f"{LIS}membership/Learner#Instructor",
    f"{LIS}membership/Learner#NonCreditLearner",
    f"{LIS}institution/person#Instructor",
    f"{LIS}institution/person#Faculty",
    f"{LIS}institution/person#Mentor",
    f"{LIS}membership#Manager",
    f"{LIS}membership#instructor",
    f"{LIS}membership#Instructor ",
    f"{LIS}membership#InstructorOfNothing",
    f"https://evil.example/?{LIS}membership#Instructor",
    f"{LIS}membership/Instructor",
    f"{LIS}membership/Instructor#Learner",
    "http://purl.imsglobal.org/vocab/lis/v1/membership#Instructor",
    "urn:lti:role:ims/lis/Instructor",
    "instructor",
    "TeachingAssistant",
    "Learner",
    "",
]


@pytest.mark.parametrize("uri", LEARNERS)
def test_a_learner_and_no_more_is(uri: str) -> None:
    assert resolve([uri]).role is CourseRole.LEARNER


def test_nobody_in_particular_is_a_learner() -> None:
    assert resolve([]).role is CourseRole.LEARNER


@pytest.mark.parametrize("uri", [f"{LIS}membership#Mentor", f"{LIS}membership/Mentor#Advisor", "Mentor"])
def test_an_observer_is(uri: str) -> None:
    assert resolve([uri]).role is CourseRole.OBSERVER


def test_who_learns_and_observes_is_a_learner() -> None:
    assert resolve(["Mentor", "Learner"]).role is CourseRole.LEARNER


def test_who_teaches_and_learns_is_a_tutor() -> None:
    assert resolve(["Learner", "Instructor"]).role is CourseRole.TUTOR


ADMINISTRATORS = [
    f"{LIS}institution/person#Administrator",
    f"{LIS}system/person#Administrator",
    f"{LIS}system/person#SysAdmin",
]


@pytest.mark.parametrize("uri", ADMINISTRATORS)
def test_an_administrator_is(uri: str) -> None:
    assert resolve([uri]).is_admin


@pytest.mark.parametrize("uri", ADMINISTRATORS)
def test_an_administrator_without_a_role_in_the_course_is_no_learner_and_no_tutor(uri: str) -> None:
    assert resolve([uri, f"{LIS}system/person#User"]).role is CourseRole.OBSERVER


@pytest.mark.parametrize("uri", ADMINISTRATORS)
@pytest.mark.parametrize(
    ("role", "expected"), [("Learner", CourseRole.LEARNER), ("Instructor", CourseRole.TUTOR)]
)
def test_an_administrator_who_is_enrolled_has_that_role(uri: str, role: str, expected: CourseRole) -> None:
    assert resolve([uri, f"{LIS}membership#{role}"]).role is expected


def test_a_course_s_administrator_is_none_of_the_site() -> None:
    assert not resolve([f"{LIS}membership#Administrator"]).is_admin


@pytest.mark.parametrize("vocabulary", [LIS, "http://purl.imsglobal.org/vocab/lti/"])
def test_a_test_user_is_known_by(vocabulary: str) -> None:
    assert resolve([f"{vocabulary}system/person#TestUser"]).is_test_user


def test_a_test_user_is_no_learner_although_the_platform_says_so() -> None:
    held = resolve([f"{LIS}membership#Learner", "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"])
    assert held.role is CourseRole.OBSERVER


def test_a_learner_is_no_test_user() -> None:
    assert not resolve(["Learner"]).is_test_user
