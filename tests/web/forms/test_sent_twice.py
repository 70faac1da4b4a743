"""A form that is sent twice, by a double click or after a lost answer: one effect, and both answers lead alike."""

from __future__ import annotations

import threading
import uuid

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.lti.expiry import delete_expired_rows
from lti_tool.lti.forms.models import FormSubmission
from lti_tool.lti.forms.submissions import SUBMISSIONS_KEPT
from lti_tool.mentoring.objectives.models import Objective
from lti_tool.mentoring.sessions.models import MentoringSession
from tests.builder import situations
from tests.web.forms.typed import OBJECTIVE, filled, form_of, launch_again, meeting


def count(services: Services, table: type) -> int:
    with services.database.reading() as db:
        return db.scalar(sa.select(sa.func.count()).select_from(table)) or 0


FORMS = {
    "objective": ("objectives", "objective", lambda: OBJECTIVE, Objective),
    "meeting": ("sessions/new", "session", meeting, MentoringSession),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_sent_twice_has_one_effect_and_one_answer(visit, services, name):
    below, form_id, typed, table = FORMS[name]
    here = visit(situations.begins)
    action, fields = filled(here, below, form_id, **typed())
    answers = [here.client.post(action, data=fields) for _ in range(2)]
    assert count(services, table) == 1
    assert answers[0].location == answers[1].location


@pytest.mark.parametrize("name", FORMS)
def test_a_form_sent_twice_at_once_has_one_effect_and_one_answer(visit, services, name):
    below, form_id, typed, table = FORMS[name]
    here = visit(situations.begins)
    action, fields = filled(here, below, form_id, **typed())
    answers: list[tuple[int, str]] = []
    together = threading.Barrier(4)

    def send() -> None:
        client = here.client.application.test_client()
        together.wait()
        answer = client.post(action, data=fields)
        answers.append((answer.status_code, answer.location))

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert count(services, table) == 1
    assert len(answers) == 4
    assert set(answers) == {(302, answers[0][1])}


def test_the_page_after_a_repeated_form_says_what_was_done(visit):
    here = visit(situations.begins)
    action, fields = filled(here, "objectives", "objective", **OBJECTIVE)
    location = here.client.post(action, data=fields).location
    here.client.get(location)
    here.client.post(action, data=fields)
    assert "Proposed. Your partner will be asked to agree." in here.client.get(location).text


def test_what_was_done_is_said_once(visit):
    here = visit(situations.begins)
    action, fields = filled(here, "objectives", "objective", **OBJECTIVE)
    location = here.client.post(action, data=fields).location
    assert "Proposed. Your partner will be asked to agree." in here.client.get(location).text
    again = here.client.get(location)
    assert again.status_code == 200
    assert "Proposed. Your partner will be asked to agree." not in again.text


def test_what_one_person_did_is_not_said_to_another(visit):
    here = visit(situations.begins)
    action, fields = filled(here, "objectives", "objective", **OBJECTIVE)
    done = here.client.post(action, data=fields).location.partition("done=")[2]
    other = visit(situations.begins)
    assert "Proposed. Your partner will be asked to agree." not in other.text(f"objectives?done={done}")


@pytest.mark.parametrize("done", ["joined", "", "x", "2250a9d2-635d-4b8b-82be-6e30e1f838c9"])
def test_an_address_alone_says_nothing_was_done(visit, done):
    assert "alert-success" not in visit(situations.begins).text(f"?done={done}")


def test_a_form_that_was_changed_is_another_one(visit, services):
    here = visit(situations.begins)
    action, fields = filled(here, "objectives", "objective", **OBJECTIVE)
    here.client.post(action, data=fields)
    here.client.post(action, data={**fields, "title": "Présenter un bilan"})
    assert count(services, Objective) == 2


def test_the_same_words_from_a_new_page_are_another_form(visit, services):
    here = visit(situations.begins)
    for _ in range(2):
        action, fields = filled(here, "objectives", "objective", **OBJECTIVE)
        here.client.post(action, data=fields)
    assert count(services, Objective) == 2


@pytest.mark.parametrize("key", [None, "", "not a key"])
def test_a_form_without_a_key_is_taken_each_time(visit, services, key):
    here = visit(situations.begins)
    for _ in range(2):
        here.post("objectives", **OBJECTIVE, **({} if key is None else {"form_key": key}))
    assert count(services, Objective) == 2


def test_a_form_that_was_wrong_can_be_put_right_and_sent_with_its_key(visit, services):
    here = visit(situations.begins)
    action, fields = filled(here, "objectives", "objective", **{**OBJECTIVE, "title": "ab"})
    assert here.client.post(action, data=fields).status_code == 422
    assert here.client.post(action, data={**fields, "title": "abc"}).status_code == 302
    assert count(services, Objective) == 1


def test_a_form_that_was_refused_has_not_been_sent(visit, services):
    here = visit(situations.waits_for_signature)
    here.post("sessions/new", form_key=str(uuid.uuid4()), **meeting())
    assert count(services, FormSubmission) == 0


def test_the_answer_to_a_repetition_has_the_secret_of_its_own_session(visit, services):
    """The address of a page may be the session's secret: it is not stored with the form."""
    here = visit(situations.begins)
    action, fields = filled(here, "objectives", "objective", **OBJECTIVE)
    here.client.post(action, data=fields)
    with services.database.reading() as db:
        [row] = db.scalars(sa.select(FormSubmission)).all()
    assert situations.SECRET not in row.next_page
    assert not row.next_page.startswith("/")
    again = launch_again(services, here)
    fields["csrf_token"] = form_of(again, "objectives", "objective").fields["csrf_token"]
    location = here.client.post(action.replace(here.home, again.home), data=fields).location
    assert location.startswith(again.home)
    assert count(services, Objective) == 1


def test_what_is_stored_of_a_form_is_deleted_after_three_days(visit, services):
    here = visit(situations.begins)
    here.post("objectives", **OBJECTIVE)
    with services.database.transaction() as db:
        delete_expired_rows(db, utcnow())
        assert db.scalar(sa.select(sa.func.count()).select_from(FormSubmission)) == 1
        while delete_expired_rows(db, utcnow() + SUBMISSIONS_KEPT):
            pass
        assert db.scalar(sa.select(sa.func.count()).select_from(FormSubmission)) == 0


def test_a_choice_of_content_sent_twice_names_one_activity(picker):
    page = picker.open()
    first, second = (picker.claims(picker.choose(page, title="Mentorat")) for _ in range(2))
    name = "https://purl.imsglobal.org/spec/lti-dl/claim/content_items"
    assert first[name] == second[name]
