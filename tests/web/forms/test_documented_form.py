"""A form that is added as docs/architecture.md says: its schema, views and template are taken from there."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import jinja2
import pytest
import sqlalchemy as sa
from flask import Flask

import lti_tool
from lti_tool import app as application
from lti_tool.identity.models import Person
from schemas import mentoring_forms
from tests.builder import situations
from tests.web.forms.typed import expire, filled, launch_again, value_of

DOCUMENT = Path(lti_tool.__file__).parent.parent / "docs" / "architecture.md"
SECTION = DOCUMENT.read_text(encoding="utf-8").partition("## A form\n")[2].partition("\n## ")[0]
BLOCKS = dict(re.findall(r"```(python\nclass|python\nfrom|jinja\n)(.*?)```", SECTION, re.DOTALL))
SCHEMA, VIEWS, TEMPLATE = (
    "class" + BLOCKS["python\nclass"],
    "from" + BLOCKS["python\nfrom"],
    BLOCKS["jinja\n"],
)


@pytest.fixture
def app(config, services, compiled_templates, monkeypatch) -> Iterator[Flask]:
    """The application with the documented form."""
    exec(compile(SCHEMA, "the documented schema", "exec"), vars(mentoring_forms))
    views = ModuleType("lti_tool.web.learner.name")
    monkeypatch.setitem(sys.modules, views.__name__, views)
    exec(compile(VIEWS, "the documented views", "exec"), vars(views))
    monkeypatch.setattr(application, "PAGES", (*application.PAGES, views))
    made = application.create_app(config, services)
    made.jinja_env.bytecode_cache = compiled_templates
    assert made.jinja_loader is not None
    made.jinja_loader = jinja2.ChoiceLoader(
        [jinja2.DictLoader({"learner/name.html": TEMPLATE}), made.jinja_loader]
    )
    made.jinja_env.loader = made.jinja_loader
    yield made
    del mentoring_forms.NameForm  # type: ignore[attr-defined]  # the documented schema


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


def test_what_is_wrong_is_said_above_and_at_the_field(visit):
    answer = visit(situations.begins).post("name", given_name="P")
    assert answer.status_code == 422
    assert (
        '<a href="#given_name">What should we call you? Please write at least 2 characters.</a>'
        in answer.text
    )
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
