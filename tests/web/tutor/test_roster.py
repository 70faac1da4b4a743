"""The roster on the tutor's page: asked for, on its way, read, failed. No page waits for it or starts a thread."""

from __future__ import annotations

import datetime as dt
import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.identity.models import Course
from lti_tool.jobs.models import Job
from tests.builder import situations
from tests.builder.situations import Situation

ADDRESS = "https://lms.example/members"
MINUTE = dt.timedelta(minutes=1)
BUTTON = "Refresh the list from the course"


def with_roster(**values: Any) -> Callable[[Situation], None]:
    """The tutor's situation in a course whose platform gives a roster; times are given from now."""

    def build(situation: Situation) -> None:
        situations.tutor(situation)
        situation.course.roster_url = ADDRESS
        for name, value in values.items():
            setattr(situation.course, name, utcnow() + value if isinstance(value, dt.timedelta) else value)

    return build


def jobs(services: Services) -> list[Job]:
    with services.database.reading() as db:
        return list(db.scalars(sa.select(Job).order_by(Job.id)))


def report(services: Services, people: int) -> None:
    with services.database.transaction() as db:
        db.execute(sa.update(Job).values(status="running", phase="reading", progress=people))


def test_a_roster_is_read_again_before_a_list_is_compared_with_it(visit, services):
    """Whoever was enrolled in the course since is otherwise said not to be in it."""
    here = visit(with_roster(roster_read_at=-2 * MINUTE))
    here.text("cohort/adding-people/")
    assert jobs(services) == []
    with services.database.transaction() as db:
        db.execute(sa.update(Course).values(roster_read_at=utcnow() - 6 * MINUTE))
    here.text()
    assert jobs(services) == []
    for _ in range(2):
        assert here.get("cohort/adding-people/").status_code == 200
    assert [job.kind for job in jobs(services)] == ["read_roster"]


def test_the_first_visit_has_the_roster_read_and_shows_what_is_known(visit, services):
    here = visit(with_roster())
    page = here.text()
    assert re.search(
        r"The list of participants is being read\..{,40}This page updates by itself", page, re.DOTALL
    )
    assert "Sophie Garnier" in page
    [job] = jobs(services)
    with services.database.reading() as db:
        course_id = db.scalars(sa.select(Course.id)).one()
    assert (job.kind, job.subject_id, job.requested_by_kind) == ("read_roster", course_id, "person")


def test_no_page_starts_a_thread(visit):
    here = visit(with_roster())
    before = threading.enumerate()
    here.text()
    here.post("cohort/roster")
    assert set(threading.enumerate()) <= set(before)


def test_further_visits_ask_for_nothing_more(visit, services):
    here = visit(with_roster())
    for _ in range(3):
        here.text()
    assert len(jobs(services)) == 1


@pytest.mark.parametrize(
    "values",
    [{"roster_read_at": -MINUTE}, {"roster_paused_until": MINUTE}, {"roster_url": None}],
    ids=["read lately", "failed lately", "no address"],
)
def test_a_roster_that_is_not_due_is_not_asked_for(visit, services, values):
    visit(with_roster(**values)).text()
    assert jobs(services) == []


def test_the_people_read_so_far_are_shown(visit, services):
    here = visit(with_roster())
    here.text()
    report(services, 1500)
    assert "1,500 people so far." in here.text("cohort/live")
    report(services, 1)
    assert "1 person so far." in here.text("cohort/live")


def test_the_people_read_so_far_are_shown_in_french(visit, services):
    here = visit(with_roster(), locale="fr")
    assert "Lecture de la liste du cours…" in here.text()
    report(services, 1500)
    shown = here.text("cohort/live").replace("\u202f", " ").replace("\xa0", " ")
    assert "1 500 personnes lues pour l’instant." in shown


def test_each_step_of_the_reading_changes_the_live_part(visit, services):
    here = visit(with_roster())
    here.text()

    def end(**values: Any) -> None:
        with services.database.transaction() as db:
            db.execute(sa.update(Job).values(status="done", done_at=utcnow()))
            db.execute(sa.update(Course).values(**values))

    etag, statuses = here.get("cohort/live").headers["ETag"], []
    for change in (
        lambda: None,
        lambda: report(services, 500),
        lambda: report(services, 1000),
        lambda: end(roster_read_at=utcnow()),
        lambda: None,
    ):
        change()
        answer = here.get("cohort/live", headers={"If-None-Match": etag})
        statuses.append(answer.status_code)
        etag = answer.headers["ETag"]
    assert statuses == [304, 200, 200, 200, 304]


def test_a_roster_that_could_not_be_read_is_said_and_can_be_asked_for(visit):
    page = (
        visit(with_roster(roster_paused_until=MINUTE, roster_read_at=-dt.timedelta(days=1)))
        .text()
        .replace("\xa0", " ")
    )
    yesterday = utcnow() - dt.timedelta(days=1)
    assert "The list of participants could not be read just now." in page
    assert f"You are seeing the one from {yesterday.day} {yesterday:%B}" in re.sub(r"<[^>]+>", "", page)
    assert BUTTON in page


def test_the_button_has_a_fresh_roster_read_again(visit, services):
    here = visit(with_roster(roster_read_at=-MINUTE))
    assert BUTTON in here.text()
    answer = here.post("cohort/roster")
    assert answer.status_code == 302
    assert "The list of participants is being read." in here.client.get(answer.location).text
    assert BUTTON not in here.text()
    assert len(jobs(services)) == 1


def test_there_is_no_button_without_an_address(visit):
    assert BUTTON not in visit(situations.tutor).text()


def test_asking_without_an_address_asks_for_nothing(visit, services):
    here = visit(situations.tutor)
    assert here.post("cohort/roster").status_code == 302
    assert jobs(services) == []


def test_a_learner_cannot_have_it_read(visit, services):
    assert visit(situations.under_way).post("cohort/roster").status_code == 403
    assert jobs(services) == []


def test_an_empty_course_is_not_called_empty_while_its_roster_is_read(visit):
    def build(situation: Situation) -> None:
        situations.tutor_alone(situation)
        situation.course.roster_url = ADDRESS

    page = visit(build).text()
    assert "The list of participants is being read." in page
    assert "you can leave it and come back." in page
    assert "Nobody is in this group yet" not in page
