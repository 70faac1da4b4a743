"""Two activities in one course of a strict LMS: a group each, or one group with an activity for each role."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from lti_tool.composition.channels import make_worker
from lti_tool.config import Config
from lti_tool.demo.browser import Browser, Page
from lti_tool.demo.connect import add_activity, connect_tool, log_in_as
from lti_tool.demo.lms.settings import LmsSettings
from lti_tool.mentoring.programmes.models import Cohort, Placement, Programme
from tests.web.setup.listening import tool_and_lms
from tests.web.setup.test_strict_lms import Served, served, tool_id

__all__ = ["served", "tool_id"]

MENTOR, MENTEE = "2", "4"
"""Students of the LMS."""


@dataclass
class Course:
    """The LMS's course, as its people use it."""

    served: Served
    tool_id: str
    tutor: Browser

    @property
    def url(self) -> str:
        return self.served.lms.base_url

    def add(self, **choices: str) -> str:
        """Another activity; its id."""
        return add_activity(self.tutor, self.url, template="demo", tool_id=self.tool_id, **choices)

    def add_both(self) -> tuple[str, str]:
        """An activity for those who learn and one for those who teach, added at once; their ids."""
        before = {activity["id"] for activity in self.activities()}
        self.tutor.submit(self.picker().form(having="title"), template="demo", role_view="apart", begin="now")
        added = [activity for activity in self.activities() if activity["id"] not in before]
        for activity in added:
            if not activity["published"]:
                self.tutor.open(f"{self.url}/activities/{activity['id']}/publish", {})
        learn, teach = sorted(added, key=lambda activity: str(activity["title"]), reverse=True)
        return str(learn["id"]), str(teach["id"])

    def activities(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.tutor.json(f"{self.url}/course.json")["activities"]
        return found

    def picker(self) -> Page:
        """The page on which the tutor chooses."""
        log_in_as(self.tutor, self.url, "teacher")
        chooser = self.tutor.open(f"{self.url}/activities/new")
        placement = "&placement=link_selection" if self.served.lms.lms.settings.is_canvas else ""
        picker = chooser.link(f"/activities/new?tool={self.tool_id}{placement}")
        return self.tutor.open(self.tutor.open(picker).link("/deep-link/"))

    def launch(self, link_id: str, person_id: str | None = None) -> tuple[Browser, Page]:
        """Open an activity, as the tutor or as a student."""
        browser = self.tutor if person_id is None else Browser()
        if person_id is None:
            log_in_as(browser, self.url, "teacher")
        else:
            browser.open(f"{self.url}/login", {"person_id": person_id, "next": "/"})
        return browser, browser.open(f"{self.url}/launch/{link_id}")

    def join(self, link_id: str, person_id: str, role: str) -> None:
        browser, page = self.launch(link_id, person_id)
        browser.submit(page.form(action="/join"), button=role)

    def pair(self, link_id: str) -> None:
        """The tutor pairs the first who wants to learn with the first who can teach."""
        browser, home = self.launch(link_id)
        page = browser.open(next(link for link in home.links if link.endswith("/cohort/pairing")))
        chosen = {
            field: next(value for _text, value in page.options[field] if value)
            for field in ("mentor_id", "mentee_id")
        }
        browser.submit(page.form(having="mentor_id"), **chosen)

    def complete(self, mentor_link: str, mentee_link: str) -> None:
        """Both accept and sign; the mentor logs a meeting and the mentee confirms it: no more is asked for."""
        for link_id, person_id in ((mentor_link, MENTOR), (mentee_link, MENTEE)):
            browser, home = self.launch(link_id, person_id)
            browser.submit(home.form(action="/proposal/accept"))
        for link_id, person_id in ((mentor_link, MENTOR), (mentee_link, MENTEE)):
            browser, home = self.launch(link_id, person_id)
            charter = browser.open(home.link("/agreement"))
            browser.submit(charter.form(action="/agreement"), accepted="on")
        browser, home = self.launch(mentor_link, MENTOR)
        form = browser.open(home.link("/sessions/new")).form(having="minutes")
        browser.submit(form, mode="video", format="coaching")
        browser, home = self.launch(mentee_link, MENTEE)
        browser.submit(home.form(action="/confirm"))

    def grades(self, link_id: str) -> dict[str, Any]:
        """The grade of each student in an activity's column."""
        book = self.tutor.json(f"{self.url}/gradebook.json")
        column = next(column for column in book["columns"] if str(column["link_id"]) == link_id)
        return {
            str(student["id"]): student["grades"][str(column["line_item_id"])]["grade"]
            for student in book["students"]
        }


@pytest.fixture
def course(served: Served, tool_id: str) -> Iterator[Course]:
    worker = make_worker(served.services, poll_seconds=0.05)
    worker.start()
    yield Course(served, tool_id, Browser())
    worker.stop()


@pytest.fixture
def canvas_course(config: Config, tmp_path: Path) -> Iterator[Course]:
    """The same course under Canvas's rules."""
    settings = LmsSettings(
        data_dir=tmp_path / "canvas", port=0, grade_rules="canvas", product_family_code="canvas"
    )
    with tool_and_lms(config, settings) as (services, lms):
        served = Served(services, lms)
        yield Course(served, connect_tool(Browser(), lms.base_url, served.setup_url()), Browser())


def until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def cohorts(course: Course) -> list[Any]:
    with course.served.services.database.reading() as db:
        return list(db.scalars(sa.select(Placement.cohort_id).order_by(Placement.created_at)))


def test_a_second_activity_has_a_group_of_its_own_and_completes_by_itself(course: Course) -> None:
    first, second = course.add(), course.add()
    for link_id in (first, second):
        course.launch(link_id)
    one, other = cohorts(course)
    assert one != other
    for person_id, role in ((MENTOR, "mentor"), (MENTEE, "mentee")):
        course.join(first, person_id, role)
    course.pair(first)
    course.complete(first, first)
    assert until(lambda: course.grades(first)[MENTEE] == 100)
    assert until(lambda: course.grades(first)[MENTOR] == 100)
    # In the second activity the same people have not even chosen a role.
    _browser, page = course.launch(second, MENTEE)
    assert page.form(action="/join")
    assert set(course.grades(second).values()) == {None}


def test_the_chosen_programme_of_a_second_activity_is_its_own(course: Course) -> None:
    course.launch(course.add())
    course.launch(add_activity(course.tutor, course.url, template="digital-skills", tool_id=course.tool_id))
    with course.served.services.database.reading() as db:
        templates = db.scalars(sa.select(Programme.template).join(Cohort).order_by(Cohort.created_at)).all()
    assert templates == ["demo", "digital-skills"]


def test_the_picker_offers_a_new_group_and_those_of_the_tutor_once_there_are_some(course: Course) -> None:
    assert "group" not in course.picker().options
    course.launch(course.add())
    offered = [text for text, _value in course.picker().options["group"]]
    assert len(offered) == 2
    assert offered[1].startswith("The group of “Reverse mentoring” in ")


def test_an_activity_for_each_role_shares_the_group_and_gets_the_grades_of_its_own_people(
    course: Course,
) -> None:
    for_mentors = course.add(role_view="mentor")
    course.launch(for_mentors)
    [group] = [value for text, value in course.picker().options["group"] if text != "A new group"]
    for_mentees = course.add(role_view="mentee", group=group)
    course.launch(for_mentees)
    assert len(set(cohorts(course))) == 1
    course.join(for_mentors, MENTOR, "mentor")
    course.join(for_mentees, MENTEE, "mentee")
    course.pair(for_mentors)
    course.complete(for_mentors, for_mentees)
    assert until(lambda: course.grades(for_mentees)[MENTEE] == 100)
    assert until(lambda: course.grades(for_mentors)[MENTOR] == 100)
    assert course.grades(for_mentees)[MENTOR] is None
    assert course.grades(for_mentors)[MENTEE] is None


def test_two_activities_that_are_added_at_once_share_a_group_and_lock_the_role(course: Course) -> None:
    learn, teach = course.add_both()
    course.launch(teach)
    course.launch(learn)
    assert len(set(cohorts(course))) == 1
    for link_id, person_id, role in ((learn, MENTEE, "mentee"), (teach, MENTOR, "mentor")):
        _browser, page = course.launch(link_id, person_id)
        buttons = [value for _name, value, _action in page.form(action="/join").buttons]
        assert buttons == [role]
        course.join(link_id, person_id, role)
    assert set(course.grades(learn)) == set(course.grades(teach))
    _browser, page = course.launch(teach, MENTEE)
    assert "you are taking part as a mentee" in page.text


def test_canvas_makes_two_assignments_of_two_activities(canvas_course: Course) -> None:
    learn, teach = canvas_course.add_both()
    for link_id in (learn, teach):
        canvas_course.launch(link_id)
        assert set(canvas_course.grades(link_id).values()) == {None}
    assert len(set(cohorts(canvas_course))) == 1
    _browser, page = canvas_course.launch(learn, MENTEE)
    assert [value for _name, value, _action in page.form(action="/join").buttons] == ["mentee"]


def cancel(course: Course) -> Page:
    back = course.tutor.submit(course.picker().form(action="/deep-linking/cancel"))
    assert back.url.startswith(f"{course.url}/deep-link/return")
    assert course.activities() == []
    return back


def test_who_cancels_is_back_in_moodle_with_nothing_added(course: Course) -> None:
    # Moodle shows a message only with what is added.
    assert "Nothing was added." not in cancel(course).text


def test_who_cancels_is_back_in_canvas_with_nothing_added_and_reads_it(canvas_course: Course) -> None:
    assert "Nothing was added." in cancel(canvas_course).text


def test_an_activity_for_one_role_offers_no_other(course: Course) -> None:
    for_mentors = course.add(role_view="mentor")
    course.launch(for_mentors)
    _browser, page = course.launch(for_mentors, MENTEE)
    buttons = [value for _name, value, _action in page.form(action="/join").buttons]
    assert buttons == ["mentor"]


def test_a_copied_link_does_not_open_somebody_else_s_group(course: Course) -> None:
    """The link's own parameters say only which choice it was; the choice is kept here, for its course."""
    course.launch(course.add())
    [group] = [value for text, value in course.picker().options["group"] if text != "A new group"]
    shared = course.add(group=group)
    with course.served.lms.lms.store.transaction() as db:
        db.execute(
            "UPDATE links SET custom = replace(custom, 'content_id', 'content-id') WHERE id = ?", (shared,)
        )
    course.launch(shared)
    one, other = cohorts(course)
    assert one != other
