"""A course in Canvas: the content picker, the course's menu, the people, and the roster."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from lti_tool.composition.jobs import make_job_runner
from lti_tool.demo.browser import Browser, Page, PageError
from lti_tool.demo.lms.people import add_person
from lti_tool.events.models import AuditEntry
from lti_tool.identity.models import Course, CourseRole, Membership, Person
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.nrps.roster import RosterReading, read_roster
from lti_tool.mentoring.programmes.models import Cohort
from lti_tool.mentoring.programmes.template import DEMO_TEMPLATE
from tests.canvas.conftest import CanvasSchool
from tests.jobs.kinds import wait_until_ended


@pytest.fixture
def tool_id(school: CanvasSchool) -> str:
    return school.connect()


def somebody(school: CanvasSchool, username: str) -> Browser:
    """Somebody's browser, logged in to Canvas, in English."""
    browser = Browser("en")
    people = browser.json(f"{school.lms.base_url}/people.json")
    person = next(person for person in people if person["username"] == username)
    browser.open(f"{school.lms.base_url}/login", {"person_id": person["id"], "next": "/"})
    return browser


def picked(
    school: CanvasSchool,
    tool_id: str,
    placement: str = "assignment_selection",
    username: str = "claire.dubreuil",
) -> tuple[Page, str]:
    """A teacher adds the activity, or somebody else; the page of the picker, and Canvas's id of what was made."""
    tutor = somebody(school, username)
    before = {one["id"] for one in tutor.json(f"{school.lms.base_url}/course.json")["activities"]}
    page = tutor.open(f"{school.lms.base_url}/deep-link/{tool_id}?placement={placement}")
    tutor.submit(page.form(having="title"), template=DEMO_TEMPLATE, begin="now")
    [made] = [
        one
        for one in tutor.json(f"{school.lms.base_url}/course.json")["activities"]
        if one["id"] not in before
    ]
    assert made["published"] is False
    return page, str(made["id"])


def publish(school: CanvasSchool, link_id: str) -> None:
    somebody(school, "claire.dubreuil").open(f"{school.lms.base_url}/activities/{link_id}/publish", {})


def launch(school: CanvasSchool, username: str, path: str) -> Page:
    return somebody(school, username).open(f"{school.lms.base_url}/launch/{path}")


@pytest.mark.parametrize("placement", ["assignment_selection", "link_selection"])
def test_what_is_added_is_unpublished_the_teacher_is_told_and_learners_come_once_it_is_published(
    school: CanvasSchool, tool_id: str, placement: str
) -> None:
    page, link_id = picked(school, tool_id, placement)
    assert "Canvas adds it unpublished" in page.text
    assert "press “Publish” beside it" in launch(school, "claire.dubreuil", link_id).text
    with pytest.raises(PageError):
        launch(school, "lina.haddad", link_id)
    publish(school, link_id)
    assert "how would you like to take part" in launch(school, "lina.haddad", link_id).text


PEOPLE = {
    "nora.lindqvist": "My group",
    "paul.martin": "Nothing to show for now",
    "test.student": "You are here as a test student",
    "amelie.roux": "You are here as an administrator",
}


@pytest.mark.parametrize(("username", "words"), PEOPLE.items(), ids=list(PEOPLE))
def test_everybody_has_a_page_of_their_own(
    school: CanvasSchool, tool_id: str, username: str, words: str
) -> None:
    _, link_id = picked(school, tool_id)
    publish(school, link_id)
    launch(school, "claire.dubreuil", link_id)
    for path in (link_id, f"navigation/{tool_id}"):
        page = launch(school, username, path).text
        assert words in page
        assert "how would you like to take part" not in page


def test_an_administrator_who_is_not_enrolled_adds_an_activity_and_no_more(
    school: CanvasSchool, tool_id: str
) -> None:
    page, link_id = picked(school, tool_id, username="amelie.roux")
    assert "What you add begins when a teacher of the course first opens it" in page.text
    assert "enrolled in the course as a teacher" in launch(school, "amelie.roux", link_id).text
    assert cohorts(school) == 0
    publish(school, link_id)
    assert "My group" in launch(school, "claire.dubreuil", link_id).text
    with school.services.database.reading() as db:
        actors = dict(
            db.execute(
                sa.select(AuditEntry.kind, Person.given_name).join(
                    Person, Person.id == AuditEntry.acted_by_id
                )
            ).all()
        )
    assert (actors["ActivityChosen"], actors["PlacementOpened"]) == ("Amélie", "Claire")


# The course's menu


def cohorts(school: CanvasSchool) -> int:
    with school.services.database.reading() as db:
        return db.scalar(sa.select(sa.func.count(Cohort.id))) or 0


def test_the_menu_leads_to_the_course_s_only_activity(school: CanvasSchool, tool_id: str) -> None:
    _, link_id = picked(school, tool_id)
    publish(school, link_id)
    launch(school, "claire.dubreuil", link_id)
    assert "My group" in launch(school, "claire.dubreuil", f"navigation/{tool_id}").text
    assert "how would you like" in launch(school, "lina.haddad", f"navigation/{tool_id}").text
    assert cohorts(school) == 1


def look_for_columns(school: CanvasSchool) -> None:
    runner = make_job_runner(school.services, sweep_seconds=0.02)
    runner.start()
    try:
        wait_until_ended(school.services)
    finally:
        runner.stop()


def test_what_was_opened_in_the_menu_is_open_in_a_copy_of_the_course_and_keeps_its_column(
    school: CanvasSchool, tool_id: str
) -> None:
    """There Canvas gives the course's own title to the link, which is no name for a column."""
    tutor, menu = somebody(school, "claire.dubreuil"), f"{school.lms.base_url}/launch/navigation/{tool_id}"
    page = tutor.open(menu)
    choice = tutor.submit(page.form(action="/course/programme"))
    tutor.submit(choice.form(having="template"), template=DEMO_TEMPLATE, begin="now")
    tutor.open(menu)
    look_for_columns(school)
    tutor.submit(tutor.open(menu).form(action="/line-item/make"))
    look_for_columns(school)
    tutor.open(f"{school.lms.base_url}/courses/1/copy", {})
    assert "This activity was copied from" in tutor.open(menu).text
    look_for_columns(school)
    with school.services.database.reading() as db:
        links = db.scalars(sa.select(ResourceLink).order_by(ResourceLink.created_at)).all()
    assert [link.line_item_url is not None for link in links] == [True, True]
    with school.lms.lms.store.reading() as db:
        items = db.execute("SELECT label, resource_id FROM line_items ORDER BY id").fetchall()
    assert [tuple(item) for item in items] == [("Reverse mentoring", str(link.id)) for link in links]


def test_who_takes_part_from_the_menu_takes_part_in_the_activity(school: CanvasSchool, tool_id: str) -> None:
    _, link_id = picked(school, tool_id)
    publish(school, link_id)
    launch(school, "claire.dubreuil", link_id)
    lina = somebody(school, "lina.haddad")
    home = lina.open(f"{school.lms.base_url}/launch/navigation/{tool_id}")
    lina.submit(home.form(action="/join"), button="mentor")
    assert "how would you like" not in launch(school, "lina.haddad", link_id).text
    assert "Publish" not in launch(school, "claire.dubreuil", link_id).text


def test_before_there_is_an_activity_the_menu_opens_no_group(school: CanvasSchool, tool_id: str) -> None:
    page = launch(school, "claire.dubreuil", f"navigation/{tool_id}")
    assert "With grades: add an activity" in page.text
    assert "In this course, add an assignment under" in page.text
    assert "The programme opens soon" in launch(school, "lina.haddad", f"navigation/{tool_id}").text
    assert cohorts(school) == 0


def test_a_teacher_may_open_the_programme_in_the_menu_without_grades(
    school: CanvasSchool, tool_id: str
) -> None:
    claire = somebody(school, "claire.dubreuil")
    page = claire.open(f"{school.lms.base_url}/launch/navigation/{tool_id}")
    asked = claire.submit(page.form(action="/course/programme"))
    second = claire.submit(asked.form(having="template"), template=DEMO_TEMPLATE, go_to="questions")
    assert "None: no grade is sent from the course’s menu" in second.text
    assert "The programme opens soon" in launch(school, "lina.haddad", f"navigation/{tool_id}").text
    claire.submit(second.form(having="answered_of"), begin="now")
    assert "My group" in launch(school, "claire.dubreuil", f"navigation/{tool_id}").text
    assert "how would you like" in launch(school, "lina.haddad", f"navigation/{tool_id}").text


def test_of_several_activities_one_is_chosen(school: CanvasSchool, tool_id: str) -> None:
    for _ in range(2):
        _, link_id = picked(school, tool_id)
        publish(school, link_id)
        launch(school, "claire.dubreuil", link_id)
    lina = somebody(school, "lina.haddad")
    page = lina.open(f"{school.lms.base_url}/launch/navigation/{tool_id}")
    assert "This course has several activities" in page.text
    chosen = page.text.split('name="link" value="')[1].split('"')[0]
    lina.submit(page.form(action="/course/activity"), link=chosen)
    with pytest.raises(PageError):
        lina.submit(page.form(action="/course/activity"), link="0" * 32)


# The roster


def test_a_roster_of_a_hundred_and_twenty_five_is_read_in_three_pages(
    school: CanvasSchool, tool_id: str
) -> None:
    _, link_id = picked(school, tool_id)
    launch(school, "claire.dubreuil", link_id)
    with school.lms.lms.store.transaction() as db:
        listed = 7  # four students, a teacher, an assistant and an observer
        for number in range(125 - listed):
            form = {"username": "", "given_name": f"N{number}", "family_name": "X", "email": "", "job": ""}
            add_person(db, {**form, "role": "student"})
    with school.services.database.reading() as db:
        course_id = db.scalars(sa.select(Course.id)).one()
    reading = read_roster(school.services, course_id)
    assert isinstance(reading, RosterReading)
    assert (reading.members, reading.pages, reading.unreadable) == (125, 3, 0)
    with school.services.database.reading() as db:
        roles = db.scalars(sa.select(Membership.role)).all()
    assert [roles.count(role) for role in (CourseRole.TUTOR, CourseRole.OBSERVER, CourseRole.LEARNER)] == [
        2,
        1,
        122,
    ]


def test_a_roster_is_read_though_its_link_is_not_the_tools_any_more(
    school: CanvasSchool, tool_id: str
) -> None:
    """Canvas answers 400 to whoever asks for the link's sake; the course's roster does not need it."""
    _, link_id = picked(school, tool_id)
    launch(school, "claire.dubreuil", link_id)
    with school.lms.lms.store.transaction() as db:
        db.execute("DELETE FROM links")
    with school.services.database.reading() as db:
        course_id = db.scalars(sa.select(Course.id)).one()
    assert read_roster(school.services, course_id).members == 7
    assert [status for status, _ in school.calls("/memberships")][-2:] == [200]


def test_a_launch_that_was_used_says_that_it_has_to_be_opened_again(
    school: CanvasSchool, tool_id: str
) -> None:
    base = school.services.config.base_url
    form = {
        "iss": school.lms.base_url,
        "client_id": school.registration().client_id,
        "login_hint": "2",
        "lti_message_hint": "used before",
        "target_link_uri": f"{base}/lti/launch",
        "deployment_id": school.tool()["canvas"]["deployment_id"],
    }
    page = somebody(school, "lina.haddad").open(f"{base}/lti/login", form, expect=403)
    assert "The activity did not open" in page.text
