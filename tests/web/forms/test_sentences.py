"""Each field of a form has sentences of its own for what can be wrong with it."""

import datetime as dt
import pkgutil
from importlib import import_module

import pytest
from marshmallow import fields, validate

import schemas
from lti_tool.web.forms.fields import bound_field
from lti_tool.web.forms.sentences import own_sentence
from schemas.answers_form import answers_form
from schemas.fields import Choice, Identifier, Text
from schemas.form_schema import FormSchema
from schemas.learner_forms import ThanksForm
from schemas.problem import MESSAGES, Problem
from schemas.programme_sections import kpis_form
from schemas.session_forms import ProposalForm, SessionForm

for module in pkgutil.iter_modules(schemas.__path__):
    import_module(f"schemas.{module.name}")

GENERAL = {"forbidden_characters", "not_text", "too_long"}
"""These name no field, and say all the same what to do. A browser keeps to the length of a field by itself."""


def _forms(kind=FormSchema):
    for form in kind.__subclasses__():
        if form.__module__.startswith("schemas."):
            yield form
            yield from _forms(form)


def _codes(field):
    """What can be wrong with a field by itself."""
    if field.required:
        yield "required"
    match field:
        case fields.List():
            yield from _codes(field.inner)
        case fields.Integer():
            yield "not_a_number"
        case fields.Date():
            yield "not_a_date"
        case fields.Boolean():
            yield "not_yes_or_no"
        case Identifier():
            yield "not_an_id"
        case Choice() | Text():
            pass
        case _:
            yield str(field.error_messages["invalid"])
    for validator in field.validators:
        match validator:
            case validate.Length(min=0 | None, max=None):
                pass
            case validate.Length(min=0 | None) if "too_short" in validator.error:
                pass
            case validate.Length(min=0) if validator.error == "empty":
                pass
            case _ if getattr(validator, "error", None):
                yield str(validator.error).split(" ")[0]


MADE = [
    type(answers_form(["data"], ["fr"], ["Europe/Paris"])),
    type(kpis_form([("hours", "Hours", 100)])),
]
"""Forms whose fields depend on a programme."""
LACKING = [
    (form.__name__, name, code)
    for form in [*_forms(), *MADE]
    for name, field in form._declared_fields.items()
    if "label" in field.metadata
    for code in _codes(field)
    if code in MESSAGES and code not in GENERAL and own_sentence(form, name, code) is None
]


def test_every_field_that_can_be_refused_says_so_in_its_own_words():
    assert LACKING == [], "write their sentences in lti_tool/web/forms/sentences.py or setup_sentences.py"


def test_a_form_has_the_sentences_of_the_form_it_is_made_from():
    assert own_sentence(ProposalForm, "held_on", "required") == own_sentence(
        SessionForm, "held_on", "required"
    )


@pytest.mark.parametrize(
    ("field", "value", "problem", "said"),
    [
        ("minutes", "3", Problem("too_small", min=5), "Enter a length of at least 5 minutes."),
        ("held_on", "", Problem("required"), "Enter the date of the meeting."),
        ("format", "a\r\nb", Problem("forbidden_characters"), MESSAGES["forbidden_characters"]),
    ],
)
def test_a_sentence_is_filled_in(field, value, problem, said):
    found = bound_field(
        SessionForm(today=dt.date(2026, 11, 26)), field, prefix="", value=value, problems=[problem]
    )
    assert found.problems == [said]


def test_too_long_a_text_says_how_long_it_is():
    found = bound_field(
        ThanksForm(), "words", prefix="", value="a\r\n" * 200, problems=[Problem("too_long", max=300)]
    )
    assert found.problems == ["Your text has 399 characters. The limit is 300."]
