"""Who sees a learner's progress: a teacher from the gradebook, and an observer whom the platform lets observe them."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from lti_tool.composition.services import Services
from tests.certification.verdicts import assert_refused
from tests.platform.platform import ABSENT, INSTRUCTOR, Browser, Platform

AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
LINE_ITEM = {"lineitem": "https://lms.example/items/1", "scope": []}
MENTOR = "http://purl.imsglobal.org/vocab/lis/v2/membership#Mentor"
REVIEW: dict[str, Any] = {"message_type": "LtiSubmissionReviewRequest", AGS: LINE_ITEM}
NOTHING = "There is nothing to review yet"


def page(browser: Browser, response: Any) -> str:
    """The first page of a launch."""
    shown = browser.get(response.headers["Location"])
    assert shown.status_code == 200, shown.text
    return html.unescape(shown.text)


@pytest.fixture
def at_work(platform: Platform, browser: Browser) -> Platform:
    """A teacher has opened the activity; Amina Okafor (``person-1``) and Bruno Keller (``person-2``) learn there."""
    teacher = {"sub": "teacher", "name": "Tess", "roles": [INSTRUCTOR], "custom": {"template": "demo"}}
    browser.get(platform.launch(browser, **teacher, **{AGS: LINE_ITEM}).headers["Location"])
    for changes in ({}, {"sub": "person-2", "name": "Bruno Keller", "given_name": "Bruno"}):
        home = platform.launch(browser, **changes, **{AGS: LINE_ITEM}).headers["Location"]
        token = re.search(r'name="csrf_token" value="([0-9a-f]+)"', browser.get(home).text)
        assert token
        joined = browser.post(f"{home}join", data={"csrf_token": token[1], "role": "mentee"})
        assert joined.status_code == 302
    return platform


def review(platform: Platform, browser: Browser, **changes: Any) -> Any:
    values = {"sub": "teacher", "name": "Tess", "roles": [INSTRUCTOR], "for_user": {"user_id": "person-1"}}
    return platform.launch(browser, **(REVIEW | values | changes))


def test_a_teacher_sees_that_learner_and_nothing_to_press(at_work: Platform, browser: Browser) -> None:
    """As Moodle does; without the resource link; by the line item alone; without the line item."""
    bare = {"resource_link": ABSENT}
    for changes in ({}, bare, {**bare, "context": ABSENT}, {AGS: ABSENT}):
        shown = page(browser, review(at_work, browser, **changes))
        assert "<h1><bdi>Amina Okafor</bdi></h1>" in shown, changes
        assert "What is still needed?" in shown
        assert "Keller" not in shown
        assert "cohort/" not in shown


def test_a_review_of_somebody_who_takes_no_part_there_is_a_plain_page(
    at_work: Platform, browser: Browser
) -> None:
    elsewhere = {AGS: {"lineitem": "https://lms.example/items/2"}, "resource_link": ABSENT}
    people = ({"for_user": {"user_id": "nobody"}}, {"for_user": {"user_id": "teacher"}})
    for changes in (*people, {"context": {"id": "course-2"}}, elsewhere):
        shown = page(browser, review(at_work, browser, **changes))
        assert NOTHING in shown, changes
        assert "Okafor" not in shown


@pytest.mark.parametrize(
    ("changes", "reason", "status"),
    [
        ({"sub": "person-2", "roles": ["Learner"]}, "review_of_another", 403),
        ({"sub": "aunt", "roles": [MENTOR], "role_scope_mentor": ["person-1"]}, "review_of_another", 403),
        ({"sub": ABSENT, "roles": []}, "review_of_another", 403),
        ({"for_user": ABSENT}, "claim_missing", 400),
        ({"for_user": {"user_id": 7}}, "claims_malformed", 400),
        ({"for_user": ["person-1"]}, "claims_malformed", 400),
    ],
    ids=["a learner", "an observer", "nobody", "of nobody", "a number", "a list"],
)
def test_a_review_is_refused(
    services: Services,
    platform: Platform,
    browser: Browser,
    changes: dict[str, Any],
    reason: str,
    status: int,
) -> None:
    assert_refused(services, review(platform, browser, **changes), reason, status=status)


def test_a_learner_who_reviews_their_own_work_is_at_home(at_work: Platform, browser: Browser) -> None:
    shown = page(browser, review(at_work, browser, sub="person-1", name="Amina Okafor", roles=["Learner"]))
    assert "is putting the pairs together" in shown


def observe(platform: Platform, browser: Browser, scope: Any) -> str:
    response = platform.launch(browser, sub="aunt", name="Aunt", roles=[MENTOR], role_scope_mentor=scope)
    return page(browser, response)


def test_an_observer_sees_the_progress_of_those_whom_the_platform_names(
    at_work: Platform, browser: Browser
) -> None:
    shown = observe(at_work, browser, ["person-1", "somebody elsewhere"])
    assert "Amina Okafor" in shown
    assert "Keller" not in shown


def test_an_observer_of_nobody_sees_a_plain_page(at_work: Platform, browser: Browser) -> None:
    """The claim is absent or empty, malformed as a whole or in part, or names nobody of the course."""
    malformed = ("person-1", {"person-1": 1}, ["person-1", 7])
    for scope in (ABSENT, None, [], *malformed, ["somebody elsewhere"]):
        shown = observe(at_work, browser, scope)
        assert "has not linked you to anybody yet" in shown, scope
        assert "Okafor" not in shown
