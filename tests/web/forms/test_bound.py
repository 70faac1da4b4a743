"""What a form shows when something is wrong with it, and what a screen reader says of it."""

from __future__ import annotations

import html
import re

import pytest

from lti_tool.mentoring.journey.views import Progress
from lti_tool.web.forms.bound import blank_form
from schemas.objective_forms import ObjectiveForm
from schemas.session_forms import SessionForm
from tests.builder import situations
from tests.web.forms.typed import OBJECTIVE, filled, form_of, meeting, value_of


@pytest.fixture
def wrong(visit):
    """The page of an objective whose title is too short and whose direction is missing."""
    answer = visit(situations.begins).post("objectives", title="ab", tag="culture", direction="")
    assert answer.status_code == 422
    return html.unescape(answer.text)


def test_the_summary_names_each_wrong_field_and_links_to_it(wrong):
    summary = re.search(r'class="alert alert-danger error-summary".*?</ul>', wrong, re.DOTALL)[0]
    assert re.findall(r'<a href="#(\w+)">([^<]+)</a>', summary) == [
        ("title", "The objective needs at least 3\u00a0characters."),
        ("direction", "Choose who learns."),
    ]


@pytest.mark.parametrize(
    ("situation", "below", "field"),
    [(situations.welcome, "join", "role"), (situations.to_sign, "agreement", "accepted")],
)
def test_the_summary_of_a_form_of_buttons_links_to_them(visit, situation, below, field):
    answer = visit(situation).post(below)
    assert answer.status_code == 422
    assert re.search(rf'error-summary.*?<li><a href="#{field}">', answer.text, re.DOTALL)
    assert f'id="{field}"' in answer.text


@pytest.mark.parametrize("field", ["direction", "title"])
def test_each_link_of_the_summary_leads_to_a_control(wrong, field):
    assert re.search(rf'<input [^>]*id="{field}"', wrong)


def test_the_summary_stands_above_the_heading(wrong):
    assert wrong.index("error-summary") < wrong.index("<h1")


def test_the_title_of_the_page_says_that_something_is_wrong(wrong):
    assert "<title>Error: " in wrong


def test_a_wrong_field_is_said_to_be_invalid_and_described_by_its_error(wrong):
    control = re.search(r'<input [^>]*id="title"[^>]*>', wrong)[0]
    assert 'aria-invalid="true"' in control
    assert 'aria-describedby="title-hint title-error"' in control
    assert 'id="title-error"' in wrong


def test_a_hint_is_read_before_a_long_field_and_after_a_short_one(visit, wrong):
    about_me = visit(situations.begins).text("about-me")
    assert about_me.index('id="brings-hint"') < about_me.index('<textarea class="form-control" id="brings"')
    assert wrong.index('id="title"') < wrong.index('id="title-hint"')


def test_a_wrong_group_of_choices_is_described_by_its_error(wrong):
    assert re.search(r'role="radiogroup"[^>]*aria-describedby="direction-error"[^>]*>', wrong)


def test_what_was_typed_and_chosen_is_kept(wrong):
    assert value_of(wrong, "title") == "ab"
    assert re.search(r'value="culture" checked', wrong)


def test_a_box_that_was_not_ticked_stays_unticked(visit, monkeypatch):
    monkeypatch.setattr(Progress, "counts_required_objectives", True)
    answer = visit(situations.begins).post("objectives", title="ab", direction="mentor")
    box = re.search(r'<input type="checkbox" id="required"[^>]*>', answer.text)[0]
    assert "checked" not in box


def test_a_right_field_is_not_said_to_be_invalid(visit):
    page = visit(situations.begins).text("objectives")
    assert "aria-invalid" not in page
    assert "error-summary" not in page


@pytest.mark.parametrize(
    ("below", "form_id", "control", "attributes"),
    [
        ("objectives", "objective", "title", ['maxlength="200"', "required"]),
        ("sessions/new", "session", "minutes", ['min="5"', 'max="480"', 'type="number"']),
        ("sessions/new", "session", "held_on", ['type="date"', "required"]),
    ],
)
def test_a_control_has_the_bounds_of_its_schema(visit, below, form_id, control, attributes):
    found = re.search(rf'<input [^>]*id="{control}"[^>]*>', visit(situations.begins).text(below))[0]
    assert [attribute for attribute in attributes if attribute not in found] == []


def test_a_refusal_is_said_above_the_form_with_what_was_typed(visit):
    answer = visit(situations.waits_for_signature).post("sessions/new", **meeting())
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text
    assert value_of(answer.text, "minutes") == "50"


def test_a_form_says_its_token_and_its_key(visit):
    fields = form_of(visit(situations.begins), "objectives", "objective").fields
    assert {"csrf_token", "form_key", "form_id"} <= set(fields)


def test_each_page_has_a_key_of_its_own(visit):
    here = visit(situations.begins)
    assert len({form_of(here, "objectives", "objective").fields["form_key"] for _ in range(3)}) == 3


def test_the_form_of_an_error_keeps_its_key(visit):
    here = visit(situations.begins)
    action, fields = filled(here, "objectives", "objective", title="ab")
    assert f'name="form_key" value="{fields["form_key"]}"' in here.client.post(action, data=fields).text


def test_ids_of_a_page_with_several_forms_are_unique(visit):
    page = visit(situations.tutor_of_complete).text()
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_a_wrong_reason_is_shown_beside_the_reason_of_that_person(visit):
    here = visit(situations.tutor_of_complete)
    [person, *_] = re.findall(r"/people/([0-9a-f-]+)", here.text(here.link(r"cohort/pairs/[0-9a-f-]+")))
    answer = here.post("cohort/reopen", participant_id=person, reason="no")
    assert answer.status_code == 422
    assert 'id="reason-error"' in answer.text
    assert 'href="#reason"' in answer.text
    assert f'name="participant_id" value="{person}"' in answer.text


@pytest.mark.parametrize("name", ObjectiveForm().fields)
def test_every_field_of_an_objective_has_a_label(name):
    assert ObjectiveForm().fields[name].metadata["label"]


def test_every_field_of_a_meeting_has_a_label():
    schema = SessionForm(today=None)  # type: ignore[arg-type]  # the day is not asked for
    assert all(field.metadata["label"] for field in schema.fields.values())


def test_a_good_form_is_answered_with_a_redirect(visit):
    here = visit(situations.begins)
    action, fields = filled(here, "objectives", "objective", **OBJECTIVE)
    assert here.client.post(action, data=fields).status_code == 302


@pytest.mark.parametrize(("id", "prefix"), [("title", ""), ("first-title", "first-")])
def test_a_form_may_not_have_the_id_of_one_of_its_fields(app, id, prefix):
    with app.test_request_context("/"), pytest.raises(ValueError, match="is that of one of its fields"):
        blank_form(ObjectiveForm(), id=id, prefix=prefix)


def test_a_form_may_have_the_name_of_a_field_whose_id_has_a_prefix(app):
    with app.test_request_context("/"):
        assert blank_form(ObjectiveForm(), id="title", prefix="first-")["title"].id == "first-title"
