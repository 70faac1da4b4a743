"""The switch of languages on a page with a form: what was typed is shown again, and nothing else happens."""

from __future__ import annotations

import html
import re

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.events.models import EventRow
from lti_tool.identity.models import Person
from lti_tool.lti.forms.models import FormSubmission
from tests.builder import situations
from tests.web.forms.typed import OBJECTIVE, filled, meeting, value_of

FRENCH = {"form_language": "fr"}


def written(services: Services) -> list[int]:
    """How many events and submissions there are."""
    with services.database.reading() as db:
        return [
            db.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in (EventRow, FormSubmission)
        ]


@pytest.mark.parametrize(
    ("below", "form_id"), [("objectives", "objective"), ("sessions/new", "session")], ids=str
)
def test_the_switch_is_a_button_of_the_form(visit, below, form_id):
    page = visit(situations.begins).text(below)
    assert re.search(
        rf'<button [^>]*form="{form_id}" name="form_language" value="fr"[^>]*>Français</button>', page
    )


def test_a_page_without_anything_typed_has_a_switch_of_its_own(visit):
    assert 'name="form_language"' not in visit(situations.begins).text()


@pytest.mark.parametrize("title", ["Lire un bilan", "x", "", 'Dire « oui » & "non" <b>', "x" * 300])
def test_what_was_typed_is_shown_in_the_other_language(visit, services, title):
    here = visit(situations.begins)
    action, fields = filled(here, "objectives", "objective", **{**OBJECTIVE, "title": title})
    before = written(services)
    answer = here.client.post(action, data={**fields, **FRENCH})
    assert answer.status_code == 200
    page = answer.text
    assert '<html lang="fr"' in page
    assert html.unescape(value_of(page, "title")) == title
    assert re.search(r'value="mentor" checked', page)
    assert re.search(r'value="culture" checked', page)
    assert "aria-invalid" not in page
    assert written(services) == before


def test_the_language_stays(visit, services):
    here = visit(situations.begins)
    action, fields = filled(here, "sessions/new", "session", **meeting())
    here.client.post(action, data={**fields, **FRENCH})
    assert '<html lang="fr"' in here.text()
    with services.database.reading() as db:
        assert "fr" in db.scalars(sa.select(Person.locale)).all()


def test_what_was_wrong_is_said_in_the_other_language(visit):
    here = visit(situations.begins)
    action, fields = filled(here, "objectives", "objective", **{**OBJECTIVE, "title": "ab"})
    wrong = here.client.post(action, data=fields)
    assert 'name="form_checked"' in wrong.text
    answer = here.client.post(action, data={**fields, "form_checked": "yes", **FRENCH})
    assert answer.status_code == 422
    assert value_of(answer.text, "title") == "ab"
    assert "Écrivez au moins 3\u00a0caractères." in html.unescape(answer.text)


def test_the_form_in_the_other_language_can_be_sent(visit, services):
    here = visit(situations.begins)
    action, fields = filled(here, "sessions/new", "session", **meeting())
    page = here.client.post(action, data={**fields, **FRENCH}).text
    assert f'action="{action}"' in html.unescape(page)
    assert here.client.post(action, data=fields).status_code == 302


def test_the_tutors_choice_of_two_people_is_kept(visit):
    here = visit(situations.tutor)
    [person, *_] = re.findall(r'<option value="([0-9a-f-]{36})">Marc Tessier', here.text("cohort/pairing"))
    action, fields = filled(here, "cohort/pairing", "pair-form")
    answer = here.client.post(action, data={**fields, "mentee_id": person, **FRENCH})
    assert '<html lang="fr"' in answer.text
    assert f'<option value="{person}" selected>' in answer.text


def test_a_reason_typed_for_one_person_is_kept_for_that_person(visit, services):
    here = visit(situations.tutor_of_complete)
    [person, *_] = re.findall(r"cohort/people/[0-9a-f-]+", here.text(here.link(r"cohort/pairs/[0-9a-f-]+")))
    action, fields = filled(here, person, "reopen", reason="Compté deux fois")
    before = written(services)
    answer = here.client.post(action, data={**fields, **FRENCH})
    assert answer.text.count("Compté deux fois</textarea>") == 1
    assert re.search(r'<textarea[^>]* id="reason"[^>]*>\nCompté deux fois</textarea>', answer.text)
    assert f'name="participant_id" value="{fields["participant_id"]}"' in answer.text
    assert written(services) == before


def test_a_choice_of_content_is_kept(picker):
    page = picker.choose(picker.open(), title="Mon titre", role_view="mentor", **FRENCH)
    assert value_of(page.text, "title") == "Mon titre"
    assert re.search(r'name="role_view" value="mentor" checked', page.text)


@pytest.mark.parametrize("language", ["xx", "", "\0"])
def test_an_unknown_language_is_refused(visit, language):
    here = visit(situations.begins)
    assert here.post("objectives", form_language=language, **OBJECTIVE).status_code == 400


def test_the_switch_of_a_page_whose_form_was_for_nobody_still_works(visit):
    answer = visit(situations.tutor_of_complete).post("cohort/reopen", participant_id="nobody", reason="x")
    assert answer.status_code == 400
    for form_id in re.findall(r'<button [^>]*form="([^"]+)"', answer.text):
        assert f'id="{form_id}"' in answer.text


@pytest.mark.parametrize("control", ["form_language", "form_kept"])
@pytest.mark.parametrize("below", ["role", "cohort/validate"])
def test_a_button_has_nothing_to_show_again_and_does_nothing(visit, services, below, control):
    here = visit(situations.waiting if below == "role" else situations.tutor_to_validate)
    before = written(services)
    found = re.search(r'name="participant_id" value="([0-9a-f-]+)"', here.text())
    about = {"participant_id": found[1], "validated": "yes"} if found else {"role": "mentor"}
    assert here.post(below, **about, **{control: "fr"}).status_code == 400
    assert written(services) == before


def test_the_first_button_of_a_form_sends_it(visit):
    """Enter in a field presses the first button of its form in the page, and the switch stands above the form."""
    page = visit(situations.begins).text("objectives")
    [first, *_] = re.findall(r'<button [^>]*form="objective"[^>]*>', page)
    assert "name=" not in first
