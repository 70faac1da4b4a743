"""What a tutor and a learner read of an activity that was copied, and what the tutor's answer opens."""

from __future__ import annotations

import re
import uuid

import sqlalchemy as sa

from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.programmes.models import Cohort, Placement
from lti_tool.messaging.models import Delivery
from tests.builder import situations

QUESTION = "This activity is a duplicate. Which group should it open?"
BEGAN = "This activity was copied from"


def count(services, model) -> int:
    with services.database.reading() as db:
        return db.scalars(sa.select(sa.func.count()).select_from(model)).one()


def test_the_tutor_of_a_duplicate_is_asked_and_nothing_is_opened(visit, services):
    page = visit(situations.tutor_of_duplicate).text()
    assert QUESTION in page
    assert "It was duplicated from “Mentorat inversé, groupe du matin” in this course." in page
    assert (count(services, Placement), count(services, Cohort)) == (1, 1)


def test_until_then_a_learner_reads_that_it_is_not_open_and_is_not_enrolled(visit, services):
    here = visit(situations.learner_of_duplicate)
    enrolled, sent = count(services, Participant), count(services, Delivery)
    assert "The programme opens soon" in here.text()
    assert here.post("join", role="mentee").status_code == 409
    assert (count(services, Participant), count(services, Delivery)) == (enrolled, sent)


def test_the_same_group_is_there_after_the_answer(visit, services):
    here = visit(situations.tutor_of_duplicate)
    asked = here.post("duplicate", answer="same")
    assert (asked.status_code, "You will not be able to undo this." in asked.text) == (200, True)
    assert count(services, Placement) == 1
    assert here.post("duplicate", answer="same", confirmed="yes").status_code == 302
    page = here.text()
    assert (QUESTION in page, BEGAN in page, "Paul Moreau" in page) == (False, False, True)
    assert (count(services, Placement), count(services, Cohort)) == (2, 1)


def test_a_new_group_begins_empty_after_the_answer(visit, services):
    here = visit(situations.tutor_of_duplicate)
    assert here.post("duplicate", answer="new", confirmed="yes").status_code == 302
    page = here.text()
    assert (QUESTION in page, BEGAN in page) == (False, True)
    with services.database.reading() as db:
        [(_first, people), (_second, none)] = db.execute(
            sa.select(Cohort.number, sa.func.count(Participant.id))
            .outerjoin(Participant, Participant.cohort_id == Cohort.id)
            .group_by(Cohort.number)
            .order_by(Cohort.number)
        ).all()
    assert (people, none) == (2, 0)


def test_a_second_answer_finds_what_the_first_has_opened(visit, services):
    here = visit(situations.tutor_of_duplicate)
    sure = {"csrf_token": here.csrf_token(), "confirmed": "yes"}
    for answer in ("same", "new"):
        sent = here.client.post(here.home + "duplicate", data={**sure, "answer": answer})
        assert sent.status_code == 302
    assert (count(services, Placement), count(services, Cohort)) == (2, 1)


def test_an_unknown_answer_asks_again_and_opens_nothing(visit, services):
    here = visit(situations.tutor_of_duplicate)
    answer = here.post("duplicate", answer="both")
    assert (answer.status_code, QUESTION in answer.get_data(as_text=True)) == (422, True)
    assert count(services, Placement) == 1


def test_an_unknown_answer_of_an_activity_that_is_no_duplicate_leads_home(visit):
    here = visit(situations.tutor)
    token = here.csrf_token()
    sent = here.client.post(here.home + "duplicate", data={"csrf_token": token, "answer": "both"})
    assert (sent.status_code, sent.location) == (302, here.home)


def test_the_tutor_of_a_copied_course_reads_what_happened_until_somebody_is_paired(visit):
    assert (
        f"{BEGAN} “Reverse mentoring” in the course “Cultures numériques, printemps”."
        in visit(situations.tutor_of_copy).text()
    )
    assert BEGAN not in visit(situations.tutor).text()


def test_the_tutor_of_the_original_answers_for_a_duplicate_on_the_page_of_its_group(visit, services):
    here = visit(situations.tutor_of_waiting_duplicate)
    live = here.get("cohort/live")
    page = live.get_data(as_text=True)
    assert (
        "The activity “<strong>Mentorat inversé, groupe du soir</strong>” is a duplicate of this one" in page
    )
    below = re.search(r"/(cohort/duplicates/[0-9a-f-]+)\"", page).group(1)
    assert "“Mentorat inversé, groupe du soir” is a duplicate" in here.text(below)
    assert here.post(below, answer="both").status_code == 422
    assert "Open a new group?" in here.post(below, answer="new").text
    sure = {"csrf_token": here.csrf_token(), "confirmed": "yes"}
    for answer in ("new", "same"):
        # A second answer finds what the first has opened.
        sent = here.client.post(here.home + below, data={**sure, "answer": answer})
        assert sent.status_code == 302
    assert (count(services, Placement), count(services, Cohort)) == (2, 2)
    later = here.client.get(here.home + "cohort/live", headers={"If-None-Match": live.headers["ETag"]})
    assert (later.status_code, "groupe du soir" in later.text) == (200, False)
    assert here.get(below).status_code == 302
    assert here.get(f"cohort/duplicates/{uuid.uuid4()}").status_code == 302


def test_a_tutor_answers_for_no_duplicate_of_another_group(visit, services):
    other = visit(situations.tutor_of_waiting_duplicate)
    below = re.search(r"/(cohort/duplicates/[0-9a-f-]+)\"", other.text()).group(1)
    here = visit(situations.tutor)
    sure = {"csrf_token": here.csrf_token(), "confirmed": "yes"}
    sent = here.client.post(here.home + below, data={**sure, "answer": "same"})
    assert (sent.status_code, here.get(below).status_code) == (404, 302)
    assert "groupe du soir" in other.text()
