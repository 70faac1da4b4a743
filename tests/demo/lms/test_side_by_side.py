"""Three people side by side, the two courses, and the four steps of the demonstration."""

from __future__ import annotations

import pytest

from lti_tool.demo.lms.course import Link
from lti_tool.demo.lms.second_course import PEOPLE, add_second_course
from lti_tool.demo.lms.server import RunningLms
from lti_tool.demo.lms.texts import translated
from tests.demo.lms.test_grades import Post, score
from tests.demo.lms.tool import Browser, TestTool


def steps(browser: Browser) -> list[bool]:
    found: list[bool] = browser.get("/course.json").json()["steps"]
    return found


def test_a_frame_is_launched_for_its_person_whoever_is_logged_in(
    lms: RunningLms, tool: TestTool, activity: Link, browser: Browser
) -> None:
    browser.log_in_as("claire.dubreuil")
    for person_id in ("2", "4"):
        claims = tool.launch(browser, f"/launch/{activity.id}/beside/{person_id}")
        assert claims["sub"] == person_id


def test_nobody_of_another_course_is_launched_beside(
    lms: RunningLms, activity: Link, browser: Browser
) -> None:
    with lms.lms.store.transaction() as db:
        _course, learners = add_second_course(db)
    assert browser.get(f"/launch/{activity.id}/beside/{learners[0].id}").status_code == 404


def test_each_course_has_its_own_people_and_activities(
    lms: RunningLms, activity: Link, browser: Browser
) -> None:
    with lms.lms.store.transaction() as db:
        course, learners = add_second_course(db)
        assert add_second_course(db) == (course, learners)
    browser.log_in_as("claire.dubreuil")
    assert len(browser.get("/gradebook.json").json()["students"]) == 4
    browser.get(f"/courses/{course.id}")
    assert len(browser.get("/gradebook.json").json()["students"]) == len(PEOPLE)
    assert browser.get("/course.json").json()["activities"] == []
    browser.log_in_as("tn.1")
    browser.get("/courses/1")
    assert browser.get("/course.json").json()["person"] is None


def test_the_steps_follow_what_the_tool_reports(
    lms: RunningLms, tool: TestTool, activity: Link, browser: Browser, post: Post
) -> None:
    assert steps(browser) == [False, False, False, False]
    roster = f"{lms.base_url}/services/1/bindings/{tool.registered.id}/memberships"
    assert tool.call("GET", roster, tool.token()).status_code == 200
    for number, progress in enumerate(("Initialized", "Started", "Completed")):
        for person in ("2", "4"):
            post(
                score(
                    number,
                    userId=person,
                    activityProgress=progress,
                    gradingProgress="FullyGraded" if progress == "Completed" else "NotReady",
                )
            )
        assert steps(browser) == [True, *(place <= number for place in range(3))]


@pytest.mark.parametrize(("language", "title"), [("fr", "Mentorat inversé"), ("en", "Reverse mentoring")])
def test_a_title_of_the_demo_is_shown_in_the_language_of_the_page(
    activity: Link, browser: Browser, language: str, title: str
) -> None:
    browser.log_in_as("helene.marchand")
    page = browser.get(f"/?lang={language}").text
    assert f">{title}</a>" in page
    browser.log_in_as("claire.dubreuil")
    assert f'<th scope="col">{title}<' in browser.get(f"/gradebook?lang={language}").text
    assert translated("fr", "Learn from each other, in pairs.") == "Apprendre en binôme, dans les deux sens."
