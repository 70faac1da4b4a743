"""Add people from a list, as a tutor does it: choose, correct, look, add, and come back."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from lti_tool.composition.jobs import make_job_runner
from lti_tool.composition.services import Services
from lti_tool.identity.models import Person
from lti_tool.identity.principal import CourseRole
from lti_tool.mentoring.enrolment.details import Details
from lti_tool.mentoring.enrolment.details_actions import save_details
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.enrolment.people.models import AwaitedPerson
from tests.builder import invitations, people_lists, situations
from tests.builder.situations import Situation
from tests.jobs.kinds import wait_until_ended
from tests.web.programmes.test_set_up import words
from tests.web.visiting import Visit

Come = Callable[..., Visit]

GOOD = "Rôle;Courriel;Nom;Pointure\nmentorée;nina@example.org;Nina <New>;44\nmentor;leo@example.org;=1+1;\n"


def give(here: Visit, content: bytes, name: str = "people.csv") -> TestResponse:
    """Send a file as its page would."""
    return here.post("cohort/adding-people/", file=(io.BytesIO(content), name))


def below(here: Visit, answer: TestResponse) -> str:
    """The page to which an answer leads, as a path below the home."""
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"].rpartition(here.home)[2]


def run_jobs(services: Services) -> None:
    runner = make_job_runner(services, sweep_seconds=0.05)
    runner.start()
    try:
        wait_until_ended(services)
    finally:
        runner.stop()


def test_one_person_is_looked_at_and_added_as_a_list_of_one(visit: Come, services: Services) -> None:
    here = visit(situations.tutor)
    wrong = here.post("cohort/adding-people/one", name="Nina", email="nina@", role="")
    assert wrong.status_code == 422
    page = html.unescape(wrong.text)
    assert "Enter an e-mail address such as name@example.org." in page
    assert "Choose whether this person learns or teaches." in page
    assert 'value="Nina"' in page
    shown = below(
        here, here.post("cohort/adding-people/one", name="Nina", email="Nina@example.org", role="mentee")
    )
    assert "1 person in this list" in here.text(shown)
    here.post(f"{shown}/add")
    run_jobs(services)
    page = words(here.get(shown))
    assert "Enrol this person in the course on your platform. They will see your invitation" in page
    assert "Not in the course yet: Nina" in page


def test_a_list_is_looked_at_and_then_added(visit: Come, services: Services) -> None:
    here = visit(situations.tutor)
    shown = below(here, give(here, GOOD.encode("cp1252")))
    page = here.text(shown)
    assert "2 people in this list" in page
    assert "2 people are not in this course yet" in page
    assert "This column is not used: Pointure." in page
    assert "Nina <New>" in page  # escaped: the entities were resolved
    assert "<New>" not in here.get(shown).text
    assert below(here, here.post(f"{shown}/add")) == shown
    assert "0 of 2 people are saved" in here.text(shown)
    run_jobs(services)
    assert here.get(f"{shown}/live").headers["HX-Refresh"] == "true"
    assert "List saved: 2 people to enrol in the course" in here.text(shown)
    again = below(here, give(here, GOOD.encode("utf-16")))
    page = here.text(again)
    assert "2 people are here already, just as the file says: nothing changes." in page
    assert f'action="{here.home}{again}/add"' not in page
    index = here.text("cohort/adding-people/")
    assert "=1+1" in index
    awaited = re.findall(r'name="awaited_id" value="([0-9a-f-]+)"', index)
    assert len(awaited) == 2
    # Whom to tell: those of the list, with the addresses that it has, and nobody else of the course.
    invitation = here.text(here.link('cohort/message/invitation[^"]*', "cohort/adding-people/"))
    assert ("Nina <New>" in invitation, "Sophie Garnier" in invitation) == (True, False)
    assert "nina@example.org" in invitation
    here.post("cohort/adding-people/awaited", awaited_id=awaited[0])
    assert here.text("cohort/adding-people/").count('name="awaited_id"') == 1
    # The group's page counts whom a list names, until the roster has them too: then they are among its people.
    group = here.text("?state=awaited")
    assert re.search(r'id="figure-awaited"[^>]*><b>1</b>', group)
    assert "10 people: 6 in pairs, 2 without a partner, 2 without a role · 1 not in the course yet" in group
    [name] = re.findall(r'class="person-row".*?<bdi>(.*?)</bdi>', group, re.DOTALL)
    with services.database.transaction() as db:
        address = db.scalars(sa.select(AwaitedPerson.email)).one()
        db.execute(sa.update(Person).where(Person.name == "Sophie Garnier").values(email=address.upper()))
    group = here.text("?state=awaited")
    assert (name in group, "not in the course yet" in group) == (False, False)


def test_what_is_wrong_is_named_and_nothing_can_be_added(visit: Come) -> None:
    here = visit(situations.tutor)
    shown = below(here, give(here, b"Role,E-mail,Wants\nboss,a@b.fr,\nmentor,nobody,Juggling\n"))
    page = here.text(shown)
    assert "3 things to correct first" in page
    for sentence in (
        "“boss” is no role.",
        "Enter an address such as",
        "“Juggling” is not among the skills",
    ):
        assert sentence in page
    assert f"{shown}/add" not in page
    refused = here.post(f"{shown}/add")
    assert (refused.status_code, "no longer fits the group" in refused.text) == (409, True)
    # A comma in a text without quotation marks moves what follows it into other columns.
    wide = here.text(below(here, give(here, b"E-mail,Department,Role\na@b.fr,Sales, France,mentor\n")))
    assert ("1 thing to correct first" in wide, "has more cells than there are columns" in wide) == (
        True,
        True,
    )
    alone = here.text(below(here, give(here, b"E-mail,Role\n")))
    assert "There is no row below the names of the columns." in alone


def test_a_list_that_no_longer_fits_says_who_changed_the_skills_and_when(visit: Come) -> None:
    here = visit(people_lists.list_gone_wrong)
    page = here.text(here.link("cohort/adding-people/[0-9a-f-]{36}", "cohort/adding-people/"))
    change = re.search(r'<time datetime="[^"]+Z"[^>]*>([^<]*)</time>', page)
    assert change
    assert "Sophie Martel changed the skills of this programme on" in change[1]
    assert f'href="{here.home}programme/skills"' in page


def test_a_file_that_is_no_list_is_refused_on_the_page(visit: Come) -> None:
    here = visit(situations.tutor)
    for answer, sentence in (
        (here.post("cohort/adding-people/"), "Choose a CSV or XLSX file."),
        (give(here, b"PK\x03\x04"), "This file cannot be read."),
    ):
        assert (answer.status_code, sentence in answer.text) == (422, True)


def test_a_file_may_be_larger_than_a_form_but_not_than_its_own_limit(
    visit: Come, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = visit(situations.tutor)
    content = GOOD.encode() + b" " * 4000
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 2000)
    assert give(here, content).status_code == 302
    monkeypatch.setattr(app.view_functions["people_import.upload"], "most_bytes", 2000)
    assert give(here, content).status_code == 413


def test_a_list_that_nobody_adds_is_gone(visit: Come) -> None:
    here = visit(situations.tutor)
    shown = below(here, give(here, GOOD.encode()))
    assert below(here, here.post(f"{shown}/drop")).startswith("cohort/adding-people/")
    assert here.get(shown).status_code == 404


def test_the_empty_list_has_columns_that_are_read_in_each_language(visit: Come) -> None:
    for locale, names in (("fr", "Rôle;Courriel;"), ("en", "Role,E-mail,")):
        here = visit(situations.tutor, locale=locale)
        content = here.get("cohort/adding-people/template.csv").data
        assert content.decode("utf-8-sig").startswith(names)
        page = here.text(
            below(here, give(here, content + b"mentor,a@b.fr\n".replace(b",", names[4:5].encode())))
        )
        assert f'action="{here.home}cohort/adding-people/' in page
        assert 'id="add-people"' in page


def test_what_is_known_of_people_stands_where_partners_are_chosen(visit: Come, services: Services) -> None:
    here = visit(situations.tutor)
    below_pairing = here.link("cohort/pairing.partner_for=[0-9a-f-]+")
    assert "Can show" not in here.text(below_pairing)
    said = Details(
        2, (("data", 4),), (("generative-ai", None),), "Finance", None, ("fr", "en"), "Europe/Paris"
    )
    with services.database.transaction() as db:
        save_details(db, dict.fromkeys(db.scalars(sa.select(Participant.id)), said))
    page = words(here.get(below_pairing))
    for line in ("Reading data and telling a story with it (very confident)", "Putting generative AI to use"):
        assert page.count(line) > 1  # the person, and those who are free
    for line in ("Department Finance", "Languages French, English", "Time zone Paris"):
        assert line in page


def test_who_has_most_in_common_stands_first_and_the_page_says_why(visit: Come) -> None:
    here = visit(people_lists.people_of_whom_much_is_known)
    of_lea = re.search(r'(cohort/pairing[^"]+)"[^>]*>[^<]*<[^>]*> – Léa', here.text("cohort/pairing"))
    assert of_lea
    page = words(here.get(of_lea[1]))
    proposed = re.findall("Propose (Olivier|Anne-Sophie|Marc) ", page)
    assert proposed == ["Olivier", "Anne-Sophie", "Marc"]
    assert "Léa can show both topics wanted In return, 1 of the 2 topics that Léa would like" in page
    assert "No language in common" in page


def test_the_invitation_of_somebody_who_has_not_answered_is_taken_back(
    visit: Come, services: Services
) -> None:
    def build(situation: Situation) -> None:
        invitations.invited(situation)
        situation.me = situation.person("Claire Fontaine", CourseRole.TUTOR)

    here = visit(build)
    with services.database.reading() as db:
        invited = db.scalars(sa.select(Participant)).one()
    page = here.get(f"cohort/people/{invited.id}")
    assert 'id="take-invitation-back"' in page.text
    answer = here.post("cohort/adding-people/take-back", participant_id=invited.id)
    assert "The invitation is taken back." in here.client.get(answer.location).text
    assert "invited, no answer yet" not in here.text()
    assert here.get(f"cohort/people/{invited.id}").status_code == 404
