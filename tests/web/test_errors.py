"""Friendly errors: what happened, what was kept, a reference; the right status; never a traceback."""

from __future__ import annotations

import re

import pytest
from flask import abort
from flask.testing import FlaskClient

from lti_tool.app import create_app
from lti_tool.composition.services import Services
from lti_tool.config import Config
from tests.builder import situations

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def broken(config: Config, services: Services) -> FlaskClient:
    """The application with pages that fail."""
    app = create_app(config, services)
    app.add_url_rule("/broken", "broken", lambda: 1 // 0, methods=["GET", "POST"])
    app.add_url_rule("/busy", "busy", lambda: abort(429))
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app.test_client()


@pytest.mark.parametrize(
    ("path", "status", "heading"),
    [
        ("/nothing-here", 404, "Page not found"),
        ("/broken", 500, "Something went wrong on our side"),
        ("/busy", 429, "Too many requests"),
    ],
)
def test_an_error_is_a_page_with_a_heading(broken, path, status, heading):
    answer = broken.get(path)
    assert answer.status_code == status
    assert f"<h1>{heading}</h1>" in answer.text


def test_no_traceback_reaches_a_person(broken):
    page = broken.get("/broken").text
    assert "Traceback" not in page
    assert "ZeroDivisionError" not in page


def test_the_log_has_the_cause_under_the_reference_that_the_page_shows(broken, capsys):
    page = broken.get("/broken").text
    reference = re.search(r'class="reference">([0-9a-f]+)<', page)
    assert reference
    log = capsys.readouterr()
    assert reference[1] in log.out + log.err
    assert "ZeroDivisionError" in log.out + log.err


def test_a_form_that_failed_says_that_nothing_was_changed(broken):
    assert "Nothing was changed." in broken.post("/broken").text


def test_a_wrong_method_names_the_right_one(visit):
    answer = visit(situations.begins).get("kept-forms/decline")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_too_large_a_form_is_refused_in_words(visit):
    answer = visit(situations.begins).post("objectives", title="x" * 600_000)
    assert answer.status_code == 413
    assert "What you sent is too large" in answer.text


def test_an_error_inside_a_launch_leads_back_home(visit):
    here = visit(situations.begins)
    answer = here.get("nothing-here")
    assert answer.status_code == 404
    assert f'class="btn btn-primary" href="{here.home}"' in answer.text


@pytest.mark.parametrize(
    ("build", "path", "fields", "heading", "leads_to"),
    [
        (situations.waiting, "role", {"role": "king"}, "Your role was not changed", ""),
        (situations.under_way, "reflections/move", {"move": "x"}, "Your note was not changed", "reflections"),
        (situations.begins, "kept-forms/decline", {"kept": ""}, "Nothing was deleted", ""),
        (situations.under_way, "undo", {"step": "x"}, "Nothing was undone", ""),
        (
            situations.under_way,
            f"objectives/{UNKNOWN}",
            {"move": "reach"},
            "This objective is no longer there",
            "objectives",
        ),
        (
            situations.to_confirm,
            f"sessions/{UNKNOWN}/confirm",
            {},
            "This meeting is no longer there",
            "sessions",
        ),
        (situations.waiting, "proposal/accept", {}, "This suggestion is no longer open", ""),
    ],
)
def test_what_was_not_done_is_named_and_leads_to_where_it_is_done_again(
    visit, build, path, fields, heading, leads_to
):
    here = visit(build)
    bar = re.search(r'<h1 class="where"><strong>(.*?)</strong>', here.text())
    assert bar
    answer = here.post(path, **fields)
    assert answer.status_code in (400, 404, 409)
    assert f"<h1>{heading}</h1>" in answer.text
    assert f'class="where"><strong>{bar[1]}</strong>' in answer.text, "the programme keeps its name"
    # Only where something could not be read is there a fault to look for; what was typed is offered again all the same.
    is_fault = answer.status_code == 400 and heading != "Nothing was deleted"
    assert ('class="reference"' in answer.text) is is_fault
    assert f'class="btn btn-primary" href="{here.home}{leads_to}"' in answer.text


def test_an_error_outside_a_launch_says_where_to_go(client):
    assert "open the activity again" in client.get("/nothing-here").text


def test_an_error_is_in_the_persons_language(client):
    answer = client.get("/nothing-here", headers={"Accept-Language": "fr-FR,fr;q=0.9"})
    assert "Page introuvable" in answer.text
