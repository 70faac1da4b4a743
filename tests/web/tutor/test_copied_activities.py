"""What a tutor and a learner read of an activity that was copied, and what the tutor's answer opens."""

from __future__ import annotations

import sqlalchemy as sa

from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.programmes.models import Cohort, Placement
from lti_tool.messaging.models import Delivery
from lti_tool.web.tutor.waiting_copies import waiting_copies
from tests.builder import situations

QUESTION = "This activity is a duplicate. Which group does it open?"
BEGAN = "This group comes from a copied activity"


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
    assert "Not open yet" in here.text()
    assert here.post("join", role="mentee").status_code == 409
    assert (count(services, Participant), count(services, Delivery)) == (enrolled, sent)


def test_the_same_group_is_there_after_the_answer(visit, services):
    here = visit(situations.tutor_of_duplicate)
    assert here.post("duplicate", answer="same").status_code == 302
    page = here.text()
    assert (QUESTION in page, BEGAN in page, "Paul Moreau" in page) == (False, False, True)
    assert (count(services, Placement), count(services, Cohort)) == (2, 1)


def test_a_new_group_begins_empty_after_the_answer(visit, services):
    here = visit(situations.tutor_of_duplicate)
    assert here.post("duplicate", answer="new").status_code == 302
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
    token = here.csrf_token()
    for answer in ("same", "new"):
        sent = here.client.post(here.home + "duplicate", data={"csrf_token": token, "answer": answer})
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
    assert BEGAN in visit(situations.tutor_of_copy).text()
    assert BEGAN not in visit(situations.tutor).text()


def test_the_group_of_the_original_is_told_of_a_duplicate_that_waits_until_it_is_answered(visit, services):
    here = visit(situations.tutor_of_duplicate)

    def waiting() -> int:
        with services.database.reading() as db:
            cohort_id = db.scalars(sa.select(Placement.cohort_id).order_by(Placement.created_at)).first()
            return len(waiting_copies(db, cohort_id))

    assert waiting() == 1
    here.post("duplicate", answer="new")
    assert waiting() == 0
