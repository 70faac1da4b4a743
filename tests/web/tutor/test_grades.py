"""Grades on the tutor's and the learner's page: where each is, in words, and sending one again."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.identity.models import Person
from lti_tool.jobs.models import Job
from lti_tool.lti.ags.grade_queries import NEEDS_SOMEBODY
from lti_tool.lti.ags.models import READING_FAILED, GradeStatus, MissingLineItem, ScoreTrail
from lti_tool.lti.ags.read_results_job import READ_AGAIN_AFTER
from lti_tool.lti.ags.unreadable_results import note_failure
from lti_tool.lti.launch.models import LaunchSession
from lti_tool.lti.registration.models import Registration
from lti_tool.mentoring.enrolment.models import Participant
from tests.builder import situations
from tests.web.test_sql_budgets import LEARNERS_PAGE, TUTORS_PAGE, cost_of_page
from tests.web.visiting import Visit

URL = "https://lms.example/grades/1"


def set_grades(services: Services, status: GradeStatus, **values: Any) -> list[uuid.UUID]:
    """Let the newest activity's line item have a grade with this status for everybody; their people."""
    with services.database.transaction() as db:
        launch = db.scalars(sa.select(LaunchSession).order_by(LaunchSession.created_at.desc())).first()
        assert launch is not None
        assert launch.resource_link is not None
        launch.resource_link.line_item_url = URL
        people = list(db.scalars(sa.select(Participant.person_id).order_by(Participant.person_id)))
        for person_id in people:
            db.add(
                ScoreTrail(
                    line_item_url=URL,
                    person_id=person_id,
                    **{
                        "status": "satisfied",
                        "score": 100,
                        "graded": True,
                        "last_timestamp": utcnow(),
                        "grade_status": status,
                        **values,
                    },
                )
            )
        return people


SENTENCES = [
    (GradeStatus.RECORDED, {}, "It is recorded in your course.", "C’est enregistré dans votre cours."),
    (GradeStatus.ON_ITS_WAY, {}, "on its way to your course", "en route vers votre cours"),
    (GradeStatus.WAITING, {"reason": "HTTP 503"}, "takes no grades right now", "aucune note pour le moment"),
    (GradeStatus.REFUSED, {"refusal": "other"}, "has not taken your grade", "n’a pas accepté votre note"),
    (
        GradeStatus.REFUSED,
        {"refusal": "not_a_learner"},
        "not on its list of learners",
        "plus dans sa liste de participants",
    ),
    (GradeStatus.REFUSED, {"refusal": "not_sent"}, "could not be sent", "n’a pas pu être envoyée"),
    (GradeStatus.REMOVED, {"deletions": 1}, "was deleted in your course", "a été supprimée dans votre cours"),
    (GradeStatus.NOT_SHOWN, {"deletions": 1}, "and does not show it", "et ne l’affiche pas"),
    (
        GradeStatus.SOMEBODY_ELSES,
        {"result_score": 12.5, "result_maximum": 20.0},
        "12.5 out of 20",
        "12,5\xa0sur\xa020",
    ),
]


@pytest.mark.parametrize(("status", "values", "english", "french"), SENTENCES)
@pytest.mark.parametrize("locale", ["en", "fr"])
def test_a_learner_reads_where_their_grade_is(
    visit, services, status, values, english, french, locale
) -> None:
    here = visit(situations.complete, locale=locale)
    set_grades(services, status, **values)
    page = here.text()
    assert (french if locale == "fr" else english) in page
    others = [each[3 if locale == "fr" else 2] for each in SENTENCES]
    assert sum(other in page for other in others) == 1


def test_a_learner_without_a_gradebook_reads_nothing_of_it(visit, services) -> None:
    here = visit(situations.complete)
    assert "It is recorded in your course" in here.text()
    with services.database.transaction() as db:
        db.execute(sa.delete(ScoreTrail))
    assert "It is recorded in your course" not in here.text()


def test_a_learners_page_changes_with_their_grade_alone(visit, services) -> None:
    here = visit(situations.complete)
    set_grades(services, GradeStatus.ON_ITS_WAY)
    tag = here.get().headers["ETag"]
    assert here.get(headers={"If-None-Match": tag}).status_code == 304
    with services.database.transaction() as db:
        db.execute(sa.update(ScoreTrail).values(grade_status=GradeStatus.RECORDED.value, changed_at=utcnow()))
    assert here.get(headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    ("status", "values", "words"),
    [
        (GradeStatus.RECORDED, {}, "In the gradebook"),
        (GradeStatus.ON_ITS_WAY, {}, "On its way"),
        (GradeStatus.WAITING, {"reason": "HTTP 503"}, "sent again by itself"),
        (
            GradeStatus.SOMEBODY_ELSES,
            {"result_score": 11.0, "result_maximum": 20.0},
            "The gradebook keeps 11 out of 20, entered by hand, instead of 20 out of 20",
        ),
        (
            GradeStatus.REFUSED,
            {"refusal": "course_ended", "reason": "HTTP 422: This course has concluded"},
            "This course has concluded",
        ),
        (
            GradeStatus.REFUSED,
            {"refusal": "not_sent", "reason": "its target cannot be read: it is not a JSON object"},
            "It could not be sent: what was stored for sending it is damaged. Send it again.",
        ),
        (GradeStatus.REMOVED, {"deletions": 1}, "sent again, and deleted a second time"),
        (GradeStatus.NOT_SHOWN, {"deletions": 1}, "accepted it twice, and its gradebook does not show it"),
    ],
)
def test_a_tutor_reads_where_each_grade_is_and_why(visit, services, status, values, words) -> None:
    here = visit(situations.tutor_of_complete)
    set_grades(services, status, **values)
    person = here.text(persons_page(here))
    assert words in person
    for page in (person, here.text(), here.text("cohort/live")):
        assert bool(re.search("Send the grade again|Try again", page)) == (status in NEEDS_SOMEBODY)


def test_no_answer_is_shown_of_a_grade_that_was_not_sent(visit, services) -> None:
    here = visit(situations.tutor_of_complete)
    set_grades(services, GradeStatus.REFUSED, refusal="not_sent", reason="its target cannot be read")
    person = here.text(persons_page(here))
    assert ("Not sent" in person, "Refused" in person) == (True, False)
    assert ("The answer was" in person, "cannot be read" in person) == (False, False)


def persons_page(here: Visit) -> str:
    """The path of the page of somebody in the tutor's first pair."""
    found = re.search(r"cohort/people/[0-9a-f-]+", here.text(here.link(r"cohort/pairs/[0-9a-f-]+")))
    assert found
    return found[0]


def test_what_a_tutor_leaves_as_it_is_asks_for_nothing_until_it_changes(visit, services) -> None:
    here = visit(situations.tutor_of_complete)
    set_grades(services, GradeStatus.REMOVED, deletions=1)
    found = re.search(r'name="participant_id" value="([0-9a-f-]+)"', here.text())
    assert found
    before = here.text().count("Leave it as it is")
    answer = here.post("cohort/grades/leave", participant_id=found[1])
    said = here.client.get(answer.location).text
    assert ("asks for nothing any more" in said, 'id="undo"' in said) == (True, True)
    assert here.text().count("Leave it as it is") == before - 1
    here.post("cohort/grades/ask", participant_id=found[1])
    assert here.text().count("Leave it as it is") == before
    here.post("cohort/grades/leave", participant_id=found[1])
    with services.database.transaction() as db:
        db.execute(sa.update(ScoreTrail).values(changed_at=utcnow()))
    assert here.text().count("Leave it as it is") == before


def test_the_live_part_changes_with_a_grade(visit, services) -> None:
    here = visit(situations.tutor_of_complete)
    set_grades(services, GradeStatus.ON_ITS_WAY)
    tag = here.get("cohort/live").headers["ETag"]
    assert here.get("cohort/live", headers={"If-None-Match": tag}).status_code == 304
    with services.database.transaction() as db:
        db.execute(sa.update(ScoreTrail).values(grade_status="recorded", changed_at=utcnow()))
    assert here.get("cohort/live", headers={"If-None-Match": tag}).status_code == 200


def test_a_tutor_reads_that_a_grade_waits_until_it_is_known_what_is_there(visit, services) -> None:
    here = visit(situations.tutor_of_complete)
    set_grades(services, GradeStatus.WAITING, reason=f"{READING_FAILED}the answer is not JSON")
    assert "sent all the same after a day" in here.text(persons_page(here))


def test_a_tutor_reads_that_a_grade_was_sent_without_knowing_what_was_there(visit, services) -> None:
    here = visit(situations.tutor_of_complete)
    set_grades(services, GradeStatus.RECORDED, accepted_at=utcnow() + dt.timedelta(minutes=1))
    tag = here.get("cohort/live").headers["ETag"]
    person = persons_page(here)
    assert "without knowing what was there" not in here.text(person)
    with services.database.transaction() as db:
        registration_id = db.scalars(sa.select(Person.registration_id)).first()
        note_failure(db, registration_id, URL, "not JSON", utcnow())
    assert "without knowing what was there" in here.text(person)
    assert here.get("cohort/live", headers={"If-None-Match": tag}).status_code == 200


def test_the_page_says_that_the_grade_of_a_reopened_completion_stays(visit, services) -> None:
    here = visit(situations.complete)
    set_grades(services, GradeStatus.RECORDED)
    assert "goes on showing" not in here.text()
    with services.database.transaction() as db:
        db.execute(sa.update(ScoreTrail).values(status="awaiting_tutor", changed_at=utcnow()))
    assert "goes on showing the grade of your completed programme" in here.text()


def test_a_tutor_reads_that_deleted_grades_were_sent_again_and_how_to_stop_it(visit, services) -> None:
    here = visit(situations.tutor_of_complete)
    set_grades(services, GradeStatus.RECORDED)
    assert "so they were sent again" not in here.text()
    with services.database.transaction() as db:
        db.execute(sa.update(ScoreTrail).values(deletions=1, changed_at=utcnow()))
    page = here.text()
    assert re.search(r"\d grades were deleted from the gradebook, so they were sent again", page)
    assert "delete it once more: it will then stay deleted" in page


def test_a_tutor_reads_that_nothing_is_sent_to_a_column_that_is_gone(visit, services) -> None:
    here = visit(situations.tutor_of_complete)
    set_grades(services, GradeStatus.REFUSED, refusal="line_item_gone", reason="HTTP 404: no such item")
    assert "nothing is sent there any more" not in here.text()
    with services.database.transaction() as db:
        db.add(
            MissingLineItem(
                registration_id=db.scalars(sa.select(Person.registration_id)).first(),
                line_item_url=URL,
                answers=5,
                began_at=utcnow(),
                reason="HTTP 404",
                rests_since=utcnow(),
            )
        )
    page = here.text()
    assert "nothing is sent there any more" in page
    assert "Try again" in page
    assert "HTTP 404" not in page
    assert "HTTP 404: no such item" in here.text(persons_page(here))


def test_a_tutor_in_canvas_reads_that_grades_come_at_the_end(visit, services) -> None:
    here = visit(situations.tutor_of_complete)
    set_grades(services, GradeStatus.RECORDED)
    words = "Canvas gets the grade of a completed programme alone"
    assert words not in here.text()
    with services.database.transaction() as db:
        db.execute(sa.update(Registration).values(platform_family="canvas"))
    assert words in here.text()
    assert words in here.text("cohort/live")


def jobs(services: Services) -> list[Job]:
    with services.database.reading() as db:
        return list(db.scalars(sa.select(Job).where(Job.kind == "read_results").order_by(Job.id)))


def test_sending_again_counts_deletions_anew_and_asks_for_a_reading(visit, services) -> None:
    here = visit(situations.tutor_of_complete)
    set_grades(services, GradeStatus.REMOVED, deletions=1)
    found = re.search(r'name="participant_id" value="([0-9a-f-]+)"', here.text())
    assert found
    assert here.post("cohort/grades/send", participant_id=found[1]).status_code == 302
    with services.database.reading() as db:
        person_id = db.get_one(Participant, uuid.UUID(found[1])).person_id
        anew = db.scalars(sa.select(ScoreTrail.person_id).where(ScoreTrail.deletions == 0)).all()
    assert anew == [person_id]
    assert [job.arguments["person_id"] for job in jobs(services)] == [str(person_id)]


def test_the_gradebook_is_read_when_the_tutor_asks(visit, services) -> None:
    here = visit(situations.tutor_of_complete)
    set_grades(services, GradeStatus.RECORDED)
    assert "Check the gradebook" in here.text()
    assert here.post("cohort/grades/read").status_code == 302
    [job] = jobs(services)
    assert (job.arguments["person_id"], job.requested_by_kind) == (None, "person")


def test_the_gradebook_is_read_when_a_tutor_opens_the_page_and_knows_old_grades_alone(
    visit, services
) -> None:
    here = visit(situations.tutor_of_complete)
    long_ago = utcnow() - READ_AGAIN_AFTER - dt.timedelta(minutes=1)
    set_grades(services, GradeStatus.RECORDED, accepted_at=long_ago, read_at=utcnow())
    here.text()
    assert jobs(services) == []
    with services.database.transaction() as db:
        db.execute(sa.update(ScoreTrail).values(read_at=long_ago))
    here.get("cohort/live")
    assert jobs(services) == []
    here.text()
    [job] = jobs(services)
    assert (job.arguments["person_id"], job.requested_by_kind) == (None, "tool")
    with services.database.transaction() as db:
        db.execute(sa.update(Job).values(status="failed", done_at=utcnow() - dt.timedelta(minutes=5)))
    here.text()
    assert len(jobs(services)) == 1
    with services.database.transaction() as db:
        db.execute(sa.update(Job).values(done_at=long_ago))
    here.text()
    assert len(jobs(services)) == 2


def test_the_grade_of_another_cohort_cannot_be_sent(visit, services) -> None:
    visit(situations.tutor_of_complete)
    with services.database.reading() as db:
        other = db.scalars(sa.select(Participant.id)).first()
    here = visit(situations.tutor)
    assert here.post("cohort/grades/send", participant_id=other).status_code == 404


@pytest.mark.parametrize("status", [GradeStatus.RECORDED, GradeStatus.ON_ITS_WAY])
@pytest.mark.parametrize(
    ("build", "below", "budget"),
    [
        (situations.complete, "", LEARNERS_PAGE),
        (situations.tutor_of_complete, "", TUTORS_PAGE),
        (situations.tutor_of_complete, "cohort/live", TUTORS_PAGE),
    ],
)
def test_pages_with_grades_keep_their_budgets(visit, services, build, below, budget, status) -> None:
    here = visit(build)
    set_grades(services, status)
    cost_of_page(services, here, below).require_at_most(budget)
