"""A form that is added as docs/architecture.md says: its schema, views and template are taken from there."""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import jinja2
import pytest
import sqlalchemy as sa
from flask import Flask
from marshmallow import Schema, ValidationError
from marshmallow.fields import Field

from lti_tool import app as application
from lti_tool.events.base import KINDS
from lti_tool.events.models import EventRow
from lti_tool.identity.models import Person
from lti_tool.mentoring.enrolment import actions, events
from lti_tool.web.forms.fields import bound_field
from schemas import fields as form_fields
from schemas import learner_forms
from tests.builder import situations
from tests.documented import add_to_policy, block, run
from tests.web.forms.typed import expire, filled, launch_again, value_of

SCHEMA, FIELDS, POLICY, EVENT, ACTION, VIEWS, TEMPLATE = (
    block("## A form", beginning)
    for beginning in (
        "class ",
        "several_lines",
        "    CHOOSE_NAME",
        "@dataclass",
        "def choose_name",
        "from flask",
        "{% extends",
    )
)


@pytest.fixture
def app(config, services, monkeypatch) -> Iterator[Flask]:
    """The application with the documented form."""
    known = dict(KINDS)
    run(SCHEMA, learner_forms, monkeypatch)
    add_to_policy(POLICY, monkeypatch)
    run(EVENT, events, monkeypatch)
    monkeypatch.setattr(actions, "NameChosen", vars(events)["NameChosen"], raising=False)
    monkeypatch.setattr(actions, "Person", Person, raising=False)
    run(ACTION, actions, monkeypatch)
    views = ModuleType("lti_tool.web.learner.name")
    monkeypatch.setitem(sys.modules, views.__name__, views)
    exec(compile(VIEWS, "the documented views", "exec"), vars(views))
    monkeypatch.setattr(application, "PAGES", (*application.PAGES, views))
    made = application.create_app(config, services)
    assert made.jinja_loader is not None
    made.jinja_loader = jinja2.ChoiceLoader(
        [jinja2.DictLoader({"learner/name.html": TEMPLATE}), made.jinja_loader]
    )
    made.jinja_env.loader = made.jinja_loader
    yield made
    KINDS.clear()
    KINDS.update(known)


def names(services) -> set[str | None]:
    with services.database.reading() as db:
        return set(db.scalars(sa.select(Person.given_name)))


def test_the_page_shows_the_field_with_its_label_and_its_hint(visit):
    page = visit(situations.begins).text("name")
    assert '<label class="form-label" for="given_name">What should we call you?</label>' in page
    assert 'aria-describedby="given_name-hint"' in page
    assert value_of(page, "given_name") == "Paul"


def test_the_form_is_saved(visit, services):
    here = visit(situations.begins)
    action, fields = filled(here, "name", "name", given_name="Paulo")
    answer = here.client.post(action, data=fields)
    assert (answer.status_code, answer.location) == (302, here.home)
    assert "Paulo" in names(services)
    with services.database.reading() as db:
        [chosen] = db.scalars(sa.select(EventRow).where(EventRow.kind == "NameChosen"))
    assert (chosen.details, chosen.acted_by_kind) == ({}, "person")


def test_a_learner_who_has_not_joined_is_sent_home(visit):
    here = visit(situations.welcome)
    assert (here.get("name").status_code, here.post("name", given_name="Paulo").status_code) == (302, 409)


def test_the_further_fields_read_what_a_form_sends():
    made = Schema.from_dict(_fields_of(FIELDS))()
    typed = {"several_lines": "a\r\nb", "a_choice": "video", "a_date": "2027-01-31", "a_number": "7"}
    assert made.load(typed) == {
        "several_lines": "a\nb",
        "a_choice": "video",
        "a_date": dt.date(2027, 1, 31),
        "a_number": 7,
    }
    for written in ("20270131", "2027-W04-7"):
        with pytest.raises(ValidationError):
            made.load({**typed, "a_date": written})
    widgets = {name: bound_field(made, name, prefix="", value="", problems=()).widget for name in made.fields}
    assert widgets == {
        "several_lines": "textarea",
        "a_choice": "choices",
        "a_date": "date",
        "a_number": "number",
    }


def _fields_of(code: str) -> dict[str, Field[Any]]:
    names: dict[str, Any] = {**vars(form_fields), "N_": str}
    exec(compile(code, "the documented fields", "exec"), names)
    return {name: names[name] for name in re.findall(r"^(\w+) = ", code, re.MULTILINE)}


def test_what_is_wrong_is_said_above_and_at_the_field(visit):
    answer = visit(situations.begins).post("name", given_name="P")
    assert answer.status_code == 422
    assert '<a href="#given_name">What should we call you? Write at least 2 characters.</a>' in answer.text
    assert 'aria-describedby="given_name-hint given_name-error" aria-invalid="true"' in answer.text
    assert value_of(answer.text, "given_name") == "P"


def test_the_switch_of_languages_keeps_what_was_typed(visit, services):
    here = visit(situations.begins)
    action, fields = filled(here, "name", "name", given_name="Paulo")
    answer = here.client.post(action, data={**fields, "form_language": "fr"})
    assert '<html lang="fr"' in answer.text
    assert value_of(answer.text, "given_name") == "Paulo"
    assert "Paulo" not in names(services)


def test_the_form_is_kept_after_its_session(visit, services):
    here = visit(situations.begins)
    action, fields = filled(here, "name", "name", given_name="Paulo")
    expire(services, here)
    here.client.post(action, data=fields)
    page = launch_again(services, here).text()
    assert "Not saved yet: a form" in page
    assert 'name="given_name" value="Paulo"' in page


def test_a_form_without_its_token_is_refused(visit, services):
    here = visit(situations.begins)
    action, fields = filled(here, "name", "name", given_name="Paulo")
    assert here.client.post(action, data={**fields, "csrf_token": ""}).status_code == 403
    assert "Paulo" not in names(services)
