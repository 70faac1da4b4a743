"""Reflections, feedback and thanks: what people write to themselves and to each other, and who sees it."""

from __future__ import annotations

import html
import re

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.mentoring.feedback.models import Feedback
from lti_tool.mentoring.reflections.models import Reflection
from lti_tool.mentoring.sessions.models import MentoringSession
from lti_tool.messaging.models import DeliveryBody
from tests.builder import situations
from tests.builder.situations import Situation
from tests.forms import forms_of

NOTE = "<b>J’écoute</b> avant de répondre"


def partner_wrote(situation: Situation) -> None:
    """The mentor wrote two notes, shared one, and thanks me, the mentee."""
    situation.open()
    pair = situation.pair()
    for words, shared in (("Shared with you", True), ("For myself alone", False)):
        pair.reflection(words, by=pair.mentor, shared=shared)
    pair.thanks(by=pair.mentor, words="A great year")
    situation.me = pair.mentee.person


@pytest.mark.parametrize("below", ["reflections", "feedback", "feedback/thanks", "sessions/new"])
def test_a_form_is_left_without_sending_it(visit, below):
    here = visit(situations.under_way)
    pages = [here.text(below), here.text(here.link(r"sessions/[0-9a-f-]{36}/correct"))]
    assert all(re.search(r'class="btn btn-link" href="[^"]*/\?pair=[^"]*">Cancel<', page) for page in pages)


@pytest.mark.parametrize(("readers", "shared"), [("me", False), ("pair", True)])
def test_a_note_is_kept_with_who_may_read_it(visit, services, readers, shared):
    here = visit(situations.under_way)
    answer = here.post("reflections", words=NOTE, readers=readers)
    page = here.client.get(answer.location).text
    assert NOTE in html.unescape(page)
    assert "<b>J" not in page
    with services.database.reading() as db:
        assert db.scalars(sa.select(Reflection.shared)).all() == [shared]
        assert not [body for body in db.scalars(sa.select(DeliveryBody.body)) if b"coute" in body]


def test_a_note_needs_words(visit):
    answer = visit(situations.under_way).post("reflections", words=" ", readers="")
    assert answer.status_code == 422
    assert "Write your note." in answer.text
    assert re.search(r'name="readers" value="me"[^>]* checked', answer.text), "as on a page that nobody sent"


def test_the_partner_s_note_is_read_where_it_is_shared(visit):
    page = visit(partner_wrote).text("reflections")
    assert "Shared with you" in page
    assert "For myself alone" not in page


def quoted(page: str) -> list[str]:
    """What a first page quotes of notes."""
    return [html.unescape(words) for words in re.findall(r"<blockquote>(.*?)</blockquote>", page)]


def test_the_first_page_quotes_the_latest_note_that_one_may_read(visit):
    here = visit(partner_wrote)
    assert quoted(here.text()) == ["Shared with you"]
    here.post("reflections", words=NOTE, readers="me")
    assert quoted(here.text()) == [NOTE]


def test_a_note_of_one_s_own_is_shared_and_deleted_later(visit, services):
    here = visit(situations.under_way)
    here.post("reflections", words=NOTE, readers="me")
    with services.database.reading() as db:
        reflection_id = db.scalars(sa.select(Reflection.id)).one()
    for move, said in (("share", "Your partner can read it."), ("remove", "Note deleted.")):
        answer = here.post("reflections/move", reflection_id=reflection_id, move=move)
        assert said in here.client.get(answer.location).text


def latest(services: Services) -> str:
    with services.database.reading() as db:
        newest = sa.select(MentoringSession.id).order_by(MentoringSession.held_on.desc()).limit(1)
        return str(db.scalars(newest).one())


def test_feedback_is_given_once_about_the_latest_meeting(visit, services):
    here = visit(situations.under_way)
    page = here.text("feedback")
    assert f'name="session_id" value="{latest(services)}"' in page
    assert "Only Inès will read it." in page
    sent = {"session_id": latest(services), "points": ["listening", "examples"], "words": "Merci !"}
    answer = here.post("feedback", **sent)
    page = here.client.get(answer.location).text
    assert "Attentive listening\u00a0· Concrete examples" in page
    assert 'name="points"' not in page
    assert here.post("feedback", **sent).status_code == 409
    with services.database.reading() as db:
        assert db.scalars(sa.select(Feedback.points)).all() == [["listening", "examples"]]


def test_feedback_says_something(visit, services):
    here = visit(situations.under_way)
    answer = here.post("feedback", session_id=latest(services))
    assert answer.status_code == 422
    assert "Tick at least one answer, or write a sentence." in answer.text


def test_thanks_stand_on_the_partner_s_first_page_until_they_are_read(visit):
    here = visit(partner_wrote)
    page = here.text()
    assert "A great year" in page
    assert "thanks you" in page
    here.post(here.link(r"feedback/thanks/seen\?pair=[0-9a-f-]+"))
    assert "A great year" not in here.text()


def test_all_news_are_marked_as_read_at_once(visit):
    here = visit(situations.words_of_both)
    page = here.text()
    assert ("News from Inès" in page, "I have read it" in page) == (True, False)
    here.post(here.link(r"feedback/news/seen\?pair=[0-9a-f-]+"))
    page = here.text()
    assert "News from" not in page
    assert "Inès thanks you" not in page


def test_whoever_completed_thanks_their_partner(visit, services):
    here = visit(situations.complete)
    [form] = [form for form in forms_of(here.get()) if "/feedback/thanks" in form.action]
    answer = here.client.post(form.action, data={**form.fields, "words": "A great year"})
    assert "Your thanks are sent" in here.client.get(answer.location).text
    assert "/feedback/thanks" not in here.text()
