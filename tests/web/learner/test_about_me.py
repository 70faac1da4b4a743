"""“About me”: what one of a pair says of themselves, and who sees it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from lti_tool.events.models import EventRow
from lti_tool.identity.models import Person
from lti_tool.identity.principal import CourseRole
from lti_tool.mentoring.profiles.queries import Profile
from lti_tool.messaging.models import DeliveryBody
from lti_tool.web.learner.about_me import mail_address
from tests.builder import situations
from tests.builder.situations import Situation

WORDS = {
    "brings": "Reading a dashboard\nwithout being fooled",
    "wants": "Presenting to a committee",
    "job": "Junior data analyst",
    "place": "Lyon",
}
WAYS = {"email": "ines@example.org", "phone": "+33 6 12 34 56 78", "chat": "https://chat.example/ines"}


def described(build, **words):
    """The same situation, in which everybody but me has said who they are."""

    def with_words(situation: Situation) -> None:
        build(situation)
        situation.describe_everybody(Profile(**(words or WORDS | WAYS)), but=situation.me)

    with_words.__name__ = build.__name__
    return with_words


def test_what_i_say_is_kept_and_shown_to_me_again(visit):
    here = visit(situations.waiting)
    assert here.post("about-me", **WORDS, **WAYS).location.startswith(here.home + "profile?")
    for below in ("about-me", "profile"):
        page = here.text(below)
        assert all(text in page for text in (*WORDS.values(), *WAYS.values()))


def test_the_two_answers_of_the_role_page_are_kept_with_the_role(visit):
    here = visit(situations.welcome)
    answers = {"brings": WORDS["brings"], "wants": WORDS["wants"]}
    wrong = here.post("join", role="guru", **answers)
    assert (wrong.status_code, WORDS["wants"] in wrong.text) == (422, True)
    here.post("join", role="mentor", **answers)
    page = here.text("about-me")
    assert all(text in page for text in answers.values())


def test_a_partner_is_real_once_both_have_accepted(visit):
    page = visit(described(situations.begins)).text()
    assert "Junior data analyst, Lyon" in page
    assert "Reading a dashboard\nwithout being fooled" in page
    assert 'href="mailto:ines@example.org' in page
    assert 'href="tel:+33612345678"' in page
    assert 'href="https://chat.example/ines"' in page
    assert "Hello Inès," in page


def test_nobody_sees_an_address_before_both_have_accepted(visit):
    for build in (situations.proposed, situations.waits_for_acceptance):
        page = visit(described(build)).text()
        assert WORDS["wants"] in page
        assert not [text for text in WAYS.values() if text in page]


@pytest.mark.parametrize("below", ["", "cohort/live", "programme/audit"])
def test_no_tutor_reads_what_people_say_to_their_partner(visit, below):
    here = visit(described(situations.tutor))
    pages = here.text(below) + here.text(here.link("cohort/pairs/[0-9a-f-]+"))
    assert not [text for text in (*WORDS.values(), *WAYS.values()) if text in pages]


def test_no_event_and_no_statement_holds_it(visit, services):
    here = visit(situations.begins)
    here.post("about-me", **WORDS, **WAYS)
    with services.database.reading() as db:
        sent = [str(body) for body in db.scalars(sa.select(DeliveryBody.body))]
        logged = [str(details) for details in db.scalars(sa.select(EventRow.details))]
    assert sent
    assert logged
    assert not [text for text in (*WORDS.values(), *WAYS.values()) if text in "".join(sent + logged)]


def test_the_partners_page_changes_when_they_say_something_new(visit, services):
    here = visit(described(situations.begins))
    etag = here.get().headers["ETag"]
    assert here.get(headers={"If-None-Match": etag}).status_code == 304
    with services.database.transaction() as db:
        db.execute(sa.text("UPDATE profile SET place = 'Nantes'"))
    assert here.get(headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("email", "ines at example", "Enter an e-mail address such as name@example.org."),
        (
            "phone",
            "call me",
            "Enter a phone number such as +33\u00a01\u00a023\u00a045\u00a067\u00a089, or an extension such as 4512.",
        ),
        ("brings", "x" * 501, "500 characters at most: this has 501."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(visit, field, typed, sentence):
    answer = visit(situations.begins).post("about-me", **{**WORDS, field: typed})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert typed in answer.text
    assert "Presenting to a committee" in answer.text


def test_a_chat_that_is_no_web_address_and_a_phone_that_is_no_number_are_no_links(visit):
    page = visit(described(situations.begins, chat="javascript:alert(1)", phone="4512 (ask for Inès)")).text()
    assert "javascript:alert(1)" in page
    assert "4512 (ask for Inès)" in page
    assert 'href="javascript' not in page
    assert 'href="tel:' not in page


def test_a_mail_address_says_nothing_but_what_it_should():
    address = mail_address("a&b?c@example.org", subject="1 & 2", body="Salut,\nça va ?")
    assert address == "mailto:a%26b%3Fc@example.org?subject=1%20%26%202&body=Salut%2C%0D%0A%C3%A7a%20va%20%3F"


def test_the_tutor_has_a_name(visit):
    def with_tutor(situation: Situation) -> None:
        situations.waiting(situation)
        situation.person("Claire Dubreuil", CourseRole.TUTOR)

    page = visit(with_tutor).text()
    assert "Claire is putting the pairs together" in page
    assert "Your tutor is Claire Dubreuil." in page


def test_somebody_whose_pair_is_on_hold_writes_to_the_tutor(visit):
    def paused(situation: Situation, email: str | None) -> None:
        situations.paused(situation)
        tutor = situation.person("Claire Dubreuil", CourseRole.TUTOR)
        situation.db.execute(sa.update(Person).where(Person.id == tutor.id).values(email=email))

    page = visit(lambda situation: paused(situation, "claire@example.org")).text()
    assert 'href="mailto:claire@example.org?subject=Reverse%20mentoring&body=Hello%20Claire%2C' in page
    page = visit(lambda situation: paused(situation, None), family="canvas").text()
    assert "mailto:" not in page
    assert "write to Claire Dubreuil through your course." in page
